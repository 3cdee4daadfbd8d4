//! The same report in each format.

mod github;
mod human;
mod junit;
mod lines;
mod markdown;
mod sarif;

use crate::cli::{Format, OutputArgs};
use gonogo_api::Check;
use gonogo_core::policy::PolicyError;
use gonogo_core::say;
use gonogo_engine::{LocateError, Outcome};
use std::collections::BTreeSet;
use std::io::{BufWriter, IsTerminal, Write};

/// Prints the report on standard output. `details` is where people see more of it.
pub(crate) fn print(outcome: &Outcome, output: &OutputArgs, details: &str) -> anyhow::Result<()> {
    let check = &outcome.check;
    let mut out = BufWriter::new(std::io::stdout().lock());
    match output.format {
        Format::Human => {
            let text = human::text(outcome, output, human::Terminal::of_stdout(), details);
            write!(anstream::AutoStream::auto(std::io::stdout()), "{text}")?;
        }
        Format::Json => json(&mut out, check)?,
        Format::Sarif => json(&mut out, &sarif::log(check))?,
        Format::Markdown => write!(out, "{}", markdown::text(outcome, output.verbose))?,
        Format::Junit => write!(out, "{}", junit::xml(check)?)?,
        Format::Github => write!(out, "{}", github::text(check))?,
    }
    out.flush()?;
    Ok(())
}

fn json(out: &mut impl Write, value: &impl serde::Serialize) -> std::io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

/// An error that ends the program: what happened, to what, what to do.
pub(crate) fn error(error: &anyhow::Error) -> String {
    let styled = std::io::stderr().is_terminal();
    let policy = error.downcast_ref::<PolicyError>();
    let located = error.chain().find_map(|e| e.downcast_ref::<LocateError>());
    match (policy, located) {
        (Some(policy), _) => policy.render(styled),
        (None, Some(LocateError::Policy(policy))) => policy.render(styled),
        _ => {
            let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
            let mut text = chain.first().cloned().unwrap_or_default();
            for cause in chain.iter().skip(1).filter(|cause| !chain[0].contains(cause.as_str())) {
                text = format!("{text}: {cause}");
            }
            // Names in it may be anybody's; the line breaks are ours.
            let lines: Vec<String> = text.lines().map(say::printable).collect();
            format!("error: {}", lines.join("\n"))
        }
    }
}

/// What differs between two results, a line for each finding and the verdict.
pub(crate) fn difference(recorded: &Check, now: &Check) -> Vec<String> {
    let lines = |check: &Check| -> BTreeSet<String> {
        let findings = check.findings.iter().map(|f| format!("{} {}: {}", word(f.severity), f.code, f.message));
        findings.chain([format!("verdict {:?}", check.verdict)]).map(|l| say::printable(&l)).collect()
    };
    let (before, after) = (lines(recorded), lines(now));
    let gone = before.difference(&after).map(|l| format!("- {l}"));
    let new = after.difference(&before).map(|l| format!("+ {l}"));
    let lines: Vec<String> = gone.chain(new).collect();
    if lines.is_empty() { vec!["the verdict and the findings are the same, details differ".to_owned()] } else { lines }
}

pub(crate) fn word(severity: gonogo_api::Severity) -> &'static str {
    match severity {
        gonogo_api::Severity::Block => "block",
        gonogo_api::Severity::Wait => "wait",
        gonogo_api::Severity::Warn => "warn",
        gonogo_api::Severity::Note => "note",
    }
}
