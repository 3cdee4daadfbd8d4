//! What an App says of a candidate at length: its findings in Markdown, and those
//! with a place at their lines.

use super::hex_sha256;
use super::seen;
use crate::addressed;
use crate::serving::{Service, Serving};
use gonogo_api::{Finding, Severity, Verdict};
use gonogo_core::ids::Sha;
use gonogo_core::say;
use gonogo_remote::github::{Annotation, AnnotationLevel, CheckRun, Conclusion, MOST_ANNOTATIONS, MOST_SUMMARY};
use gonogo_store::{Candidate, Wanted};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// A check run, as the mirror keeps it.
pub(super) const GITHUB_CHECK_RUN: &str = "github-check-run";

/// Findings that are told; the page has all.
const MOST_FINDINGS: usize = 100;
/// In the place of a verdict, where the candidate was closed before there was one.
const NOT_JUDGED: &str = "not-judged";
/// Characters of a text in the summary, before it is escaped.
const MOST_TEXT: usize = 300;

/// The meaning; outside texts are as they came.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CheckRunWanted {
    pub service: String,
    pub sha: Sha,
    name: String,
    verdict: String,
    is_observed: bool,
    /// The verdict and its first reason.
    sentence: String,
    url: String,
    commits: usize,
    stories: usize,
    findings: Vec<Told>,
    /// How many there are beside those.
    more: usize,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    severity: Severity,
    is_waived: bool,
    message: String,
    fix: String,
    code: String,
    at: Option<(String, u32)>,
}

/// `None` where we are no App: others may post none.
pub(super) fn wanted(
    serving: &Serving,
    service: &Service,
    candidate: &Candidate,
    outcome: &crate::Outcome,
    now: Timestamp,
) -> Option<Wanted> {
    if !serving.github.is_app() {
        return None;
    }
    let check = &outcome.check;
    let name = format!("{}: report", seen::context(candidate));
    let told = |finding| Told::of(finding, addressed(finding, &serving.pages, Some(candidate.id.0)));
    let wanted = CheckRunWanted {
        service: service.name.clone(),
        sha: candidate.head,
        verdict: check.verdict.word().to_owned(),
        is_observed: service.is_observed,
        sentence: seen::sentence(check, outcome.exit_code),
        url: serving.page_of(candidate.id),
        commits: check.commits.len(),
        stories: check.stories.iter().filter(|story| story.ships).count(),
        more: check.findings.len().saturating_sub(MOST_FINDINGS),
        findings: check.findings.iter().take(MOST_FINDINGS).map(told).collect(),
        name,
    };
    Some(Wanted {
        target: format!("{GITHUB_CHECK_RUN} {} {}", candidate.head, wanted.name),
        kind: GITHUB_CHECK_RUN,
        // Strings and numbers: there is always JSON for them.
        wanted: serde_json::to_string(&wanted).unwrap_or_default(),
        wanted_at: now,
        awaits: (check.verdict == Verdict::Waiting).then_some(candidate.id),
    })
}

impl Told {
    fn of(finding: &Finding, fix: String) -> Self {
        Self {
            severity: finding.severity,
            is_waived: finding.waiver.is_some(),
            message: finding.message.clone(),
            fix,
            code: finding.code.clone(),
            at: finding.at.as_ref().map(|at| (at.path.clone(), at.line)),
        }
    }

    fn mark(&self) -> char {
        match (self.is_waived, self.severity) {
            (true, _) => '⚑',
            (false, Severity::Block) => '✗',
            (false, Severity::Wait) => '…',
            (false, Severity::Warn) => '⚠',
            (false, Severity::Note) => '·',
        }
    }

    fn annotation(&self) -> Option<Annotation> {
        let (path, line) = self.at.clone()?;
        let level = match self.severity {
            _ if self.is_waived => AnnotationLevel::Notice,
            Severity::Block => AnnotationLevel::Failure,
            Severity::Wait | Severity::Warn => AnnotationLevel::Warning,
            Severity::Note => AnnotationLevel::Notice,
        };
        let message = format!("{}\n{}", say::printable(&self.message), say::printable(&self.fix));
        Some(Annotation { path, start_line: line, end_line: line, level, title: self.code.clone(), message })
    }
}

impl CheckRunWanted {
    /// The same report of what is judged no more; `None` where it is none of ours.
    pub(super) fn not_judged(wanted: &str, said: String) -> Option<String> {
        let wanted: Self = serde_json::from_str(wanted).ok()?;
        serde_json::to_string(&Self { verdict: NOT_JUDGED.to_owned(), sentence: said, ..wanted }).ok()
    }

    /// `key` tells one version of it from another.
    pub(super) fn rendered(&self, wanted: &str) -> CheckRun {
        CheckRun {
            name: self.name.clone(),
            key: hex_sha256(wanted.as_bytes()),
            conclusion: self.conclusion(),
            url: self.url.clone(),
            title: say::printable(&self.sentence),
            summary: self.summary(),
            annotations: self.findings.iter().filter_map(Told::annotation).take(MOST_ANNOTATIONS).collect(),
        }
    }

    /// What could not be found out is no pass.
    fn conclusion(&self) -> Option<Conclusion> {
        if self.verdict == Verdict::Go.word() {
            Some(Conclusion::Success)
        } else if self.is_observed {
            Some(Conclusion::Neutral)
        } else if self.verdict == Verdict::Waiting.word() {
            None
        } else if self.verdict == NOT_JUDGED {
            Some(Conclusion::Cancelled)
        } else {
            Some(Conclusion::Failure)
        }
    }

    fn summary(&self) -> String {
        let counts = [say::count(self.commits, "commit"), say::count(self.stories, "story")].join(", ");
        let would_be = if self.is_observed { "Only observed: it would be " } else { "" };
        let mut out = format!("{would_be}**{}**\n\n{counts}\n\n", say::markdown(&say::printable(&self.sentence)));
        let end = format!("\n[The page of this candidate]({})\n", self.url);
        let room = MOST_SUMMARY - end.len() - "- and 1000000 more\n".len();
        let mut told = 0;
        for finding in &self.findings {
            let [message, fix] = [&finding.message, &finding.fix].map(|text| said(text));
            let line = format!("- {} {message} → {fix} (`{}`)\n", finding.mark(), finding.code);
            if out.len() + line.len() > room {
                break;
            }
            out += &line;
            told += 1;
        }
        let left_out = self.more + self.findings.len() - told;
        if left_out > 0 {
            let _ = writeln!(out, "- and {left_out} more");
        }
        out + &end
    }
}

fn said(text: &str) -> String {
    say::markdown(&say::cut(&say::printable(text), MOST_TEXT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(verdict: Verdict, findings: Vec<Told>) -> CheckRunWanted {
        CheckRunWanted {
            service: "web".to_owned(),
            sha: "a".repeat(40).parse().unwrap(),
            name: "gonogo/pr (web): report".to_owned(),
            verdict: verdict.word().to_owned(),
            is_observed: false,
            sentence: "No-Go: x".to_owned(),
            url: "https://gonogo.example.com/candidates/7".to_owned(),
            commits: 2,
            stories: 1,
            findings,
            more: 0,
        }
    }

    fn told(message: &str) -> Told {
        let (fix, code) = ("mend it".to_owned(), "story-key-missing".to_owned());
        Told { severity: Severity::Block, is_waived: false, message: message.to_owned(), fix, code, at: None }
    }

    #[test]
    fn what_is_judged_no_more_is_over_and_no_pass() {
        let waiting = wanted(Verdict::Waiting, Vec::new());
        assert_eq!(waiting.conclusion(), None);
        let waiting = serde_json::to_string(&waiting).unwrap();
        let over = CheckRunWanted::not_judged(&waiting, "not judged any more: main is gone".to_owned()).unwrap();
        let over: CheckRunWanted = serde_json::from_str(&over).unwrap();
        assert_eq!(over.conclusion(), Some(Conclusion::Cancelled));
        assert!(over.summary().contains("**not judged any more: main is gone**"), "{}", over.summary());
    }

    #[test]
    fn rude_findings_fit_and_stay_text() {
        let rude = "<script>*|`@channel](x) ".repeat(300);
        let run = wanted(Verdict::NoGo, (0..MOST_FINDINGS).map(|_| told(&rude)).collect()).rendered("x");
        assert!(run.summary.len() <= MOST_SUMMARY && run.summary.contains("/candidates/7)"), "{}", run.summary.len());
        assert!(!run.summary.contains("<script>") && !run.summary.contains("@channel"));
    }

    #[test]
    fn what_could_not_be_found_out_is_no_pass() {
        let conclusion = |verdict| wanted(verdict, Vec::new()).conclusion();
        assert_eq!(conclusion(Verdict::Go), Some(Conclusion::Success));
        assert_eq!(conclusion(Verdict::NoGo), Some(Conclusion::Failure));
        assert_eq!(conclusion(Verdict::Waiting), None);
        let observed = CheckRunWanted { is_observed: true, ..wanted(Verdict::NoGo, Vec::new()) };
        assert_eq!(observed.conclusion(), Some(Conclusion::Neutral));
    }

    #[test]
    fn findings_with_a_place_stand_at_their_lines() {
        let at = |line| Told { at: Some(("a.rb".to_owned(), line)), ..told("has a conflict marker") };
        let run = wanted(Verdict::NoGo, (1..=60).map(at).chain([told("names no story")]).collect()).rendered("x");
        assert_eq!(run.annotations.len(), MOST_ANNOTATIONS);
        let first = &run.annotations[0];
        assert_eq!((first.path.as_str(), first.start_line, first.level), ("a.rb", 1, AnnotationLevel::Failure));
    }
}
