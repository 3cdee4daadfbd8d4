//! One finding: what is wrong, who mends it and how, and why we say so.

use super::look::Look;
use crate::pages::layout::{ago, outside};
use crate::pages::table::table;
use crate::session::Session;
use gonogo_api::{Check, Finding, Severity};
use gonogo_core::say;
use gonogo_engine::{Evidence, Remedy};
use gonogo_store::WaiverRow;
use maud::{Markup, html};

/// Facts that stand under one finding, and what of a value is shown there.
const MOST_FACTS: usize = 6;
const MOST_VALUE: usize = 400;

/// What is at hand where findings are shown.
pub(super) struct Desk<'a> {
    pub check: &'a Check,
    pub look: &'a Look,
    pub evidence: Option<&'a Evidence>,
    pub session: &'a Session,
    /// Of the service, the newest first.
    pub waivers: &'a [WaiverRow],
}

impl Desk<'_> {
    pub(super) fn item(&self, finding: &Finding) -> Markup {
        let story = self.check.stories.iter().find(|story| story.key == finding.subject.id);
        let url = story.and_then(|story| story.url.as_deref()).filter(|url| url.starts_with("http"));
        html! {
            li {
                p { (mark(finding)) " " (outside(&finding.message)) " " code.code { (finding.code) } }
                (remedy(self.check, finding, Some(self.look.candidate.id.0)))
                @if finding.subject.kind == "story" {
                    p.acts {
                        a href={ "/stories/" (finding.subject.id) } { "All about " (finding.subject.id) }
                        @if let Some(url) = url { a href=(url) rel="noreferrer" { "Open " (finding.subject.id) } }
                    }
                }
                @if self.look.is_mended_here(finding) { p.acts { a href={ "/stories/" (finding.subject.id) "/mend" } { "Mend it here" } } }
                @if finding.severity == Severity::Block && finding.waiver.is_none() && self.look.candidate.is_open { (self.waive(finding)) }
                (self.why(finding))
            }
        }
    }

    /// What was read, when and where; the policy's rule; what the code means.
    fn why(&self, finding: &Finding) -> Markup {
        let facts = self.evidence.map(|evidence| evidence.behind(finding)).unwrap_or_default();
        let rule = self.evidence.and_then(|evidence| evidence.rule(&finding.check));
        html! {
            details id={ "why-" (finding.fingerprint) } {
                summary { "Why?" }
                @if facts.is_empty() { p.quiet { "What it was judged from is not kept for this finding." } }
                @else {
                    (table(["Read", "Value", "From", "When"], facts.iter().take(MOST_FACTS).map(|fact| [
                        html! { (outside(&fact.asked)) },
                        html! { (say::cut(&outside(&fact.value), MOST_VALUE)) },
                        html! { (outside(&fact.source)) },
                        ago(fact.at, self.look.now),
                    ])))
                }
                @match &rule {
                    Some(rule) => p.quiet { "Rule: " code { (outside(&rule.text)) } ", line " (rule.line) " of " code { (outside(&rule.file)) } },
                    None => p.quiet { "Rule: as the check " (finding.check) " has it by default." },
                }
                p { a href={ "/explain/" (finding.code) } { "What " (finding.code) " means" } }
            }
        }
    }
}

/// Whether a person mends it in Jira, and so may from here.
pub(crate) fn is_mended_in_jira(finding: &Finding) -> bool {
    finding.subject.kind == "story" && matches!(finding.check.as_str(), "story-fields" | "story-state")
}

/// Who mends it, and how.
pub(crate) fn remedy(check: &Check, finding: &Finding, candidate: Option<i64>) -> Markup {
    let Remedy { who, how } = Remedy::of(check, finding, "", candidate);
    html! { p.fix { b { (outside(&who)) } " → " (linked(&outside(&how))) } }
}

pub(crate) fn mark(finding: &Finding) -> char {
    match finding.severity {
        _ if finding.waiver.is_some() => '⚑',
        Severity::Block => '✗',
        Severity::Wait => '…',
        Severity::Warn => '⚠',
        Severity::Note => '·',
    }
}

/// Pages of ours that a text may name.
const OURS: [&str; 3] = ["/candidates/", "/services/", "/stories/"];

/// A text whose addresses can be followed.
pub(crate) fn linked(text: &str) -> Markup {
    html! {
        @for (at, word) in text.split(' ').enumerate() {
            @if at > 0 { " " }
            @if word.starts_with("https://") || word.starts_with("http://") { a href=(word) rel="noreferrer" { (word) } }
            @else if OURS.iter().any(|page| word.starts_with(page)) { a href=(word) { (word) } }
            @else { (word) }
        }
    }
}
