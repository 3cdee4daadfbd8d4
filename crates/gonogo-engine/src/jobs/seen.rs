//! What the world should see of a candidate.

use crate::Outcome;
use crate::serving::{Service, Serving};
use gonogo_api::{Check, Severity, Verdict};
use gonogo_core::ids::Sha;
use gonogo_core::say;
use gonogo_remote::github::{CommitStatus, MOST_DESCRIPTION, StatusState};
use gonogo_store::views::OpenPull;
use gonogo_store::{Candidate, Wanted};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A commit status, as the mirror keeps it.
pub(super) const GITHUB_STATUS: &str = "github-status";

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StatusWanted {
    pub service: String,
    pub sha: Sha,
    pub status: CommitStatus,
}

pub(super) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Go => "go",
        Verdict::NoGo => "no-go",
        Verdict::Waiting => "waiting",
    }
}

pub(super) fn pending(serving: &Serving, candidate: &Candidate, now: Timestamp) -> Wanted {
    status(serving, candidate, StatusState::Pending, "is being judged".to_owned(), now)
}

/// Nothing of the service differs from production: it need not be waited for.
pub(super) fn not_concerned(serving: &Serving, candidate: &Candidate, now: Timestamp) -> Wanted {
    status(serving, candidate, StatusState::Success, does_not_concern(&candidate.service), now)
}

fn does_not_concern(service: &str) -> String {
    format!("does not concern {service}")
}

/// The branch has moved on: this head is judged no more.
pub(super) fn superseded(serving: &Serving, old: &Candidate, head: Sha, now: Timestamp) -> Wanted {
    let said = format!("not judged any more: {} is at {} now", old.branch, head.short());
    status(serving, old, StatusState::Error, said, now)
}

/// `beside` are other pull requests with the same head: it is Go when all are.
pub(super) fn verdict(
    serving: &Serving,
    service: &Service,
    candidate: &Candidate,
    outcome: &Outcome,
    beside: &[OpenPull],
    now: Timestamp,
) -> Wanted {
    let (check, exit_code) = (&outcome.check, outcome.exit_code);
    let is_go = |other: &OpenPull| other.judged.as_ref().is_some_and(|judged| judged.verdict == word(Verdict::Go));
    let holds = beside.iter().find(|other| !is_go(other)).filter(|_| check.verdict == Verdict::Go);
    if let Some(other) = holds.filter(|_| !service.is_observed) {
        let (state, said) = match &other.judged {
            Some(judged) if judged.verdict == word(Verdict::NoGo) => (StatusState::Failure, judged.summary.as_str()),
            Some(judged) => (StatusState::Pending, judged.summary.as_str()),
            None => (StatusState::Pending, "is being judged"),
        };
        let said = format!("#{}, of the same head: {said}", other.number);
        return status(serving, candidate, state, say::cut(&said, MOST_DESCRIPTION), now);
    }
    if service.is_observed && check.verdict != Verdict::Go {
        let would_be = sentence_after("would be ", check, exit_code);
        return status(serving, candidate, StatusState::Success, would_be, now);
    }
    let state = match (check.verdict, exit_code) {
        (Verdict::Go, _) => StatusState::Success,
        (Verdict::Waiting, _) => StatusState::Pending,
        (Verdict::NoGo, 3) => StatusState::Error,
        (Verdict::NoGo, _) => StatusState::Failure,
    };
    status(serving, candidate, state, sentence(check, exit_code), now)
}

/// `No-Go: STORY-12 is In Review (+3)`: the first reason, and how many more.
pub(super) fn sentence(check: &Check, exit_code: u8) -> String {
    sentence_after("", check, exit_code)
}

/// As long as GitHub takes, with the words before it.
fn sentence_after(before: &str, check: &Check, exit_code: u8) -> String {
    let reasons = reasons(check);
    let lead = match (check.verdict, exit_code) {
        (Verdict::Go, _) if check.concerns_nothing() => return does_not_concern(&check.service),
        (Verdict::Go, _) => {
            let waived = check.findings.iter().filter(|f| f.waiver.is_some()).count();
            return if waived == 0 { format!("{before}Go") } else { format!("{before}Go, {waived} waived") };
        }
        (Verdict::Waiting, _) => "Waiting: ",
        (Verdict::NoGo, 3) => "Could not find out: ",
        (Verdict::NoGo, _) => "No-Go: ",
    };
    let more = match reasons.len() {
        0 | 1 => String::new(),
        all => format!(" (+{})", all - 1),
    };
    let room = MOST_DESCRIPTION - before.len() - lead.len() - more.len();
    let first = reasons.first().copied().unwrap_or_default();
    format!("{before}{lead}{}{more}", say::cut(&say::printable(first), room))
}

/// What makes the verdict what it is.
pub(super) fn reasons(check: &Check) -> Vec<&str> {
    let severity = if check.verdict == Verdict::Waiting { Severity::Wait } else { Severity::Block };
    let counts = check.findings.iter().filter(|f| f.severity == severity && f.waiver.is_none());
    counts.map(|f| f.message.as_str()).collect()
}

/// What the verdict is called on GitHub.
pub(super) fn context(candidate: &Candidate) -> String {
    let verdict = if candidate.stage.is_deploy() { "deploy" } else { "pr" };
    format!("gonogo/{verdict} ({})", candidate.service)
}

fn status(serving: &Serving, candidate: &Candidate, state: StatusState, said: String, now: Timestamp) -> Wanted {
    let context = context(candidate);
    let target = format!("{GITHUB_STATUS} {} {context}", candidate.head);
    let status =
        CommitStatus { context, state, description: Some(said), target_url: Some(serving.page_of(candidate.id)) };
    let wanted = StatusWanted { service: candidate.service.clone(), sha: candidate.head, status };
    // Strings and a SHA: there is always JSON for them.
    let wanted = serde_json::to_string(&wanted).unwrap_or_default();
    Wanted { target, kind: GITHUB_STATUS, wanted, wanted_at: now }
}
