//! For a pull request, or pasted into a chat: short lists, no tables.

use super::lines::{Heading, idle_waivers, label, mark, said};
use gonogo_api::{Check, Finding, Severity};
use gonogo_core::say;
use gonogo_engine::Outcome;
use std::fmt::Write;

/// Findings of one severity that are shown.
const SHOWN: usize = 50;

pub(super) fn text(outcome: &Outcome, verbose: bool) -> String {
    let check = &outcome.check;
    let heading = Heading::of(check);
    let mut out = format!("### {}\n\n", say::markdown(&heading.verdict));
    let _ = writeln!(out, "**{}** {}  ", say::markdown(&check.service), say::markdown(&heading.range));
    let _ = writeln!(out, "{}", say::markdown(&heading.counts));
    for remark in &outcome.remarks {
        let _ = writeln!(out, "_{}_  ", say::markdown(remark));
    }
    for severity in [Severity::Block, Severity::Wait, Severity::Warn, Severity::Note] {
        if severity == Severity::Note && !verbose {
            continue;
        }
        let all: Vec<&Finding> =
            check.findings.iter().filter(|f| f.severity == severity && f.waiver.is_none()).collect();
        if all.is_empty() {
            continue;
        }
        out.push('\n');
        for finding in all.iter().take(SHOWN) {
            item(&mut out, check, finding);
        }
        if all.len() > SHOWN {
            let _ = writeln!(out, "- and {} more", all.len() - SHOWN);
        }
    }
    let waived: Vec<&Finding> = check.findings.iter().filter(|f| f.waiver.is_some()).collect();
    if !waived.is_empty() || idle_waivers(check).next().is_some() {
        out.push('\n');
    }
    for finding in waived {
        if let Some(waiver) = &finding.waiver {
            let text = format!(
                "waived by {} until {}: {} ({})",
                waiver.by,
                say::minute_of(&waiver.until),
                finding.message,
                waiver.why
            );
            let _ = writeln!(out, "- ⚑ {}", say::markdown(&text));
        }
    }
    for said in idle_waivers(check) {
        let _ = writeln!(out, "- ⚑ {}", say::markdown(&said));
    }
    if let Some(line) = heading.newest_go {
        let _ = writeln!(out, "\n{}", say::markdown(&line));
    }
    out
}

fn item(out: &mut String, check: &Check, finding: &Finding) {
    let subject = label(check, finding);
    let url = check.stories.iter().find(|s| s.key == finding.subject.id).and_then(|s| s.url.as_deref());
    let subject = match url.and_then(link_target) {
        Some(target) if finding.subject.kind == "story" => format!("[{}]({target}) ", say::markdown(&subject)),
        _ if subject.is_empty() => String::new(),
        _ => format!("{} ", say::markdown(&subject)),
    };
    let (said, fix) = (say::markdown(said(check, finding)), say::markdown(&finding.fix));
    let _ = writeln!(out, "- {} {subject}{said} (`{}`)  \n  → {fix}", mark(finding.severity), finding.code);
}

/// An address that can stand in a Markdown link without ending it.
fn link_target(url: &str) -> Option<String> {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    is_web.then(|| {
        let encoded = |c: char| match c {
            c if c.is_ascii_alphanumeric() || "-._~:/?#@!$&'*+,;=%".contains(c) => c.to_string(),
            c => {
                let mut bytes = [0; 4];
                c.encode_utf8(&mut bytes).bytes().fold(String::new(), |text, b| format!("{text}%{b:02X}"))
            }
        };
        url.chars().map(encoded).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::link_target;

    #[test]
    fn an_address_cannot_end_its_link() {
        assert_eq!(link_target("https://j/a) b<"), Some("https://j/a%29%20b%3C".to_owned()));
        assert_eq!(link_target("javascript:alert(1)"), None);
    }
}
