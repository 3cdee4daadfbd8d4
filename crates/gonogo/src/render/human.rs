//! For people at a terminal, or reading a log: the answer first, then who must
//! do what, then the evidence.

use super::lines::{Heading, idle_waivers, label, mark, said, short};
use crate::cli::OutputArgs;
use anstyle::{AnsiColor, Style};
use gonogo_api::{Check, CheckState, Finding, Severity, Verdict};
use gonogo_core::say;
use gonogo_core::verdict::PRODUCTION_UNKNOWN;
use gonogo_engine::Outcome;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::IsTerminal;
use unicode_width::UnicodeWidthStr;

/// Findings of one severity that are shown without `-v`.
const SHOWN: usize = 40;

/// What the output goes to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terminal {
    width: usize,
    has_links: bool,
}

impl Terminal {
    /// What is no terminal is 100 wide.
    pub(super) fn of_stdout() -> Self {
        if !std::io::stdout().is_terminal() {
            return Self { width: 100, has_links: false };
        }
        let width = terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0));
        Self { width: width.clamp(40, 160), has_links: supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout) }
    }
}

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

fn style_of(severity: Severity) -> Style {
    match severity {
        Severity::Block => AnsiColor::Red.on_default(),
        Severity::Wait | Severity::Warn => AnsiColor::Yellow.on_default(),
        Severity::Note => DIM,
    }
}

pub(super) fn text(outcome: &Outcome, output: &OutputArgs, terminal: Terminal, details: &str) -> String {
    let page = Page { check: &outcome.check, terminal, verbose: output.verbose, details };
    let mut out = String::new();
    if output.quiet {
        line(&mut out, &page.verdict());
        return out;
    }
    page.header(&mut out, &outcome.remarks);
    line(&mut out, "");
    line(&mut out, &page.verdict());
    page.findings(&mut out);
    page.waivers(&mut out);
    page.newest_go(&mut out);
    if output.verbose {
        page.commits(&mut out);
        page.passed(&mut out);
    }
    page.footer(&mut out);
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}

struct Page<'a> {
    check: &'a Check,
    terminal: Terminal,
    verbose: bool,
    /// Where there is more.
    details: &'a str,
}

impl Page<'_> {
    fn header(&self, out: &mut String, remarks: &[String]) {
        let heading = Heading::of(self.check);
        let service = say::printable(&self.check.service);
        line(out, &format!("{BOLD}{service}{BOLD:#}  {}", say::printable(&heading.range)));
        line(out, &heading.counts);
        for remark in remarks {
            line(out, &format!("{DIM}{}{DIM:#}", say::printable(remark)));
        }
    }

    fn verdict(&self) -> String {
        let colour = match self.check.verdict {
            Verdict::Go => AnsiColor::Green,
            Verdict::Waiting => AnsiColor::Yellow,
            Verdict::NoGo => AnsiColor::Red,
        };
        let style = colour.on_default().bold();
        format!("{style}{}{style:#}", Heading::of(self.check).verdict)
    }

    fn findings(&self, out: &mut String) {
        for severity in [Severity::Block, Severity::Wait, Severity::Warn, Severity::Note] {
            if severity == Severity::Note && !self.verbose {
                continue;
            }
            let all: Vec<&Finding> =
                self.check.findings.iter().filter(|f| f.severity == severity && f.waiver.is_none()).collect();
            let shown = if self.verbose { all.len() } else { all.len().min(SHOWN) };
            let mut last_subject = None;
            for finding in &all[..shown] {
                if last_subject != Some(&finding.subject) {
                    if last_subject.is_none() {
                        line(out, "");
                    }
                    self.subject(out, finding);
                    last_subject = Some(&finding.subject);
                }
                self.finding(out, finding);
            }
            if shown < all.len() {
                line(out, &format!("  and {} more that {} ({})", all.len() - shown, verb_of(severity), self.details));
            }
        }
    }

    /// `STORY-12  Charge in euros`, or a commit's id and subject.
    fn subject(&self, out: &mut String, finding: &Finding) {
        let id = say::printable(&finding.subject.id);
        match finding.subject.kind.as_str() {
            "story" => {
                let story = self.check.stories.iter().find(|s| s.key == finding.subject.id);
                let title = story.and_then(|s| s.title.as_deref()).map(say::printable).unwrap_or_default();
                let url = story.and_then(|s| s.url.as_deref());
                let room = self.terminal.width.saturating_sub(4 + id.width());
                let id = self.linked(&format!("{BOLD}{id}{BOLD:#}"), url);
                line(out, &format!("  {id}  {}", say::cut(&title, room)));
            }
            "commit" => line(out, &format!("  {BOLD}{}{BOLD:#}", say::printable(&label(self.check, finding)))),
            "candidate" => line(out, &format!("  {BOLD}{}{BOLD:#}", say::printable(&self.check.service))),
            _ => line(out, &format!("  {BOLD}{id}{BOLD:#}")),
        }
    }

    fn finding(&self, out: &mut String, finding: &Finding) {
        let (mark, style) = (mark(finding.severity), style_of(finding.severity));
        let said = say::printable(said(self.check, finding));
        let room = self.terminal.width.saturating_sub(6);
        let mut rows = wrap(&said, room);
        let code = &finding.code;
        if let Some(last) = rows.last_mut() {
            let gap = room.saturating_sub(last.width() + code.width());
            if gap >= 2 {
                let _ = write!(last, "{}{DIM}{code}{DIM:#}", " ".repeat(gap));
            } else {
                rows.push(format!("{}{DIM}{code}{DIM:#}", " ".repeat(room.saturating_sub(code.width()))));
            }
        }
        for (number, row) in rows.iter().enumerate() {
            let mark = if number == 0 { format!("{style}{mark}{style:#}") } else { " ".to_owned() };
            line(out, &format!("    {mark} {row}"));
        }
        if finding.severity == Severity::Note {
            return;
        }
        let story = self.check.stories.iter().find(|s| s.key == finding.subject.id);
        let fix = match story.and_then(|s| s.url.as_deref()) {
            // Where the terminal has no links, the address itself.
            Some(url) if !self.terminal.has_links && !finding.fix.contains("://") => format!("{}: {url}", finding.fix),
            _ => finding.fix.clone(),
        };
        for (number, row) in wrap(&say::printable(&fix), room.saturating_sub(2)).iter().enumerate() {
            let arrow = if number == 0 { "→" } else { " " };
            line(out, &format!("      {arrow} {row}"));
        }
        if finding.severity == Severity::Block && finding.code != PRODUCTION_UNKNOWN {
            line(out, &format!("        {DIM}or waive {}{DIM:#}", finding.fingerprint));
        }
    }

    fn waivers(&self, out: &mut String) {
        let waived: Vec<&Finding> = self.check.findings.iter().filter(|f| f.waiver.is_some()).collect();
        if !waived.is_empty() {
            line(out, "");
        }
        for finding in waived {
            let Some(waiver) = &finding.waiver else { continue };
            let until = say::minute_of(&waiver.until);
            let text = format!("⚑ waived until {until} by {}: {} ({})", waiver.by, finding.message, waiver.why);
            line(out, &format!("  {}", say::printable(&text)));
        }
        for said in idle_waivers(self.check) {
            line(out, &format!("  ⚑ {}", say::printable(&said)));
        }
    }

    fn newest_go(&self, out: &mut String) {
        if let Some(said) = Heading::of(self.check).newest_go {
            line(out, "");
            line(out, &say::printable(&said));
        }
    }

    fn commits(&self, out: &mut String) {
        if self.check.commits.is_empty() {
            return;
        }
        line(out, "");
        line(out, &format!("{BOLD}commits{BOLD:#}"));
        for commit in &self.check.commits {
            let short = short(&commit.sha);
            let keys = commit.keys.join(" ");
            let state = match (commit.ships, commit.already_in_production) {
                (_, true) => "  (in production already)",
                (false, false) => "  (reverted)",
                (true, false) => "",
            };
            let room = self.terminal.width.saturating_sub(14 + keys.width() + state.width());
            let subject = say::cut(&say::printable(&commit.subject), room);
            line(
                out,
                &format!(
                    "  {short}  {}{subject}{state}",
                    if keys.is_empty() { String::new() } else { format!("[{keys}] ") }
                ),
            );
        }
    }

    fn passed(&self, out: &mut String) {
        let passed: Vec<&str> =
            self.check.checks.iter().filter(|c| c.state == CheckState::Passed).map(|c| c.name.as_str()).collect();
        if !passed.is_empty() {
            line(out, "");
            line(out, &format!("passed: {}", passed.join(", ")));
        }
    }

    fn footer(&self, out: &mut String) {
        let mut off: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for check in self.check.checks.iter().filter(|c| c.state == CheckState::Off) {
            off.entry(check.why.as_deref().unwrap_or("")).or_default().push(&check.name);
        }
        let off: Vec<String> = off.into_iter().map(|(why, names)| format!("{} ({why})", names.join(", "))).collect();
        let mut parts = Vec::new();
        if !off.is_empty() {
            parts.push(format!("off: {}", off.join(" · ")));
        }
        let notes = self.check.findings.iter().filter(|f| f.severity == Severity::Note && f.waiver.is_none()).count();
        if notes > 0 && !self.verbose {
            parts.push(say::count(notes, "note"));
        }
        if !self.verbose {
            parts.push(format!("details: {}", self.details));
        }
        if parts.is_empty() {
            return;
        }
        line(out, "");
        for row in wrap(&parts.join(" · "), self.terminal.width) {
            line(out, &format!("{DIM}{}{DIM:#}", say::printable(&row)));
        }
    }

    fn linked(&self, text: &str, url: Option<&str>) -> String {
        match url.filter(|u| self.terminal.has_links && !u.chars().any(char::is_control)) {
            Some(url) => format!("\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\"),
            None => text.to_owned(),
        }
    }
}

fn verb_of(severity: Severity) -> &'static str {
    match severity {
        Severity::Block => "block",
        Severity::Wait => "wait",
        Severity::Warn => "warn",
        Severity::Note => "are notes",
    }
}

/// Breaks at spaces; a word longer than the width stands alone.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut rows: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        let Some(row) = rows.last_mut() else { break };
        if row.is_empty() {
            row.push_str(word);
        } else if row.width() + 1 + word.width() <= width {
            row.push(' ');
            row.push_str(word);
        } else {
            rows.push(word.to_owned());
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn rows_break_at_spaces() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("incomprehensible x", 4), ["incomprehensible", "x"]);
    }
}
