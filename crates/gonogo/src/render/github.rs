//! Workflow commands of GitHub Actions: annotations on the run.

use super::lines::{Heading, idle_waivers};
use gonogo_api::{Check, Finding, Severity};
use gonogo_core::say::{minute_of, printable};
use std::fmt::Write;

pub(super) fn text(check: &Check) -> String {
    let heading = Heading::of(check);
    let mut out = String::new();
    for finding in check.findings.iter().filter(|f| f.waiver.is_none()) {
        let _ = writeln!(out, "{}", command(finding));
    }
    for finding in &check.findings {
        if let Some(waiver) = &finding.waiver {
            let text = format!(
                "waived by {} until {}: {} ({})",
                waiver.by,
                minute_of(&waiver.until),
                finding.message,
                waiver.why
            );
            let _ = writeln!(out, "::notice title={}::{}", property(&finding.code), data(&printable(&text)));
        }
    }
    for said in idle_waivers(check) {
        let _ = writeln!(out, "::notice title=waiver::{}", data(&printable(&said)));
    }
    // A line of our own words: it cannot be taken for a command.
    let line = format!("{} · {} · {}", heading.verdict, heading.range, heading.counts);
    let _ = writeln!(out, "gonogo: {}", printable(&line));
    out
}

fn command(finding: &Finding) -> String {
    let kind = match finding.severity {
        Severity::Block => "error",
        Severity::Wait | Severity::Warn => "warning",
        Severity::Note => "notice",
    };
    let place =
        finding.at.as_ref().map(|at| format!("file={},line={},", property(&at.path), at.line)).unwrap_or_default();
    let text = format!("{}\n→ {}", printable(&finding.message), printable(&finding.fix));
    format!("::{kind} {place}title={}::{}", property(&finding.code), data(&text))
}

/// What ends a command's data must not stand in it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{data, property};

    #[test]
    fn outside_text_cannot_begin_a_command() {
        assert_eq!(data("a\n::set-output name=x::y"), "a%0A::set-output name=x::y");
        assert_eq!(property("a,b:c%\r"), "a%2Cb%3Ac%25%0D");
    }
}
