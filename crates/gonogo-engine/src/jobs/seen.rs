//! What the world should see of a candidate.

use crate::Outcome;
use crate::serving::Serving;
use gonogo_api::{Check, Severity, Verdict};
use gonogo_core::ids::Sha;
use gonogo_core::say;
use gonogo_remote::github::{CommitStatus, MOST_DESCRIPTION, StatusState};
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

pub(super) fn verdict(serving: &Serving, candidate: &Candidate, outcome: &Outcome, now: Timestamp) -> Wanted {
    let state = match (outcome.check.verdict, outcome.exit_code) {
        (Verdict::Go, _) => StatusState::Success,
        (Verdict::Waiting, _) => StatusState::Pending,
        (Verdict::NoGo, 3) => StatusState::Error,
        (Verdict::NoGo, _) => StatusState::Failure,
    };
    status(serving, candidate, state, sentence(&outcome.check, outcome.exit_code), now)
}

/// `No-Go: STORY-12 is In Review (+3)`: the first reason, and how many more.
pub(super) fn sentence(check: &Check, exit_code: u8) -> String {
    let reasons = reasons(check);
    let lead = match (check.verdict, exit_code) {
        (Verdict::Go, _) if check.concerns_nothing() => return does_not_concern(&check.service),
        (Verdict::Go, _) => {
            let waived = check.findings.iter().filter(|f| f.waiver.is_some()).count();
            return if waived == 0 { "Go".to_owned() } else { format!("Go, {waived} waived") };
        }
        (Verdict::Waiting, _) => "Waiting: ",
        (Verdict::NoGo, 3) => "Could not find out: ",
        (Verdict::NoGo, _) => "No-Go: ",
    };
    let more = match reasons.len() {
        0 | 1 => String::new(),
        all => format!(" (+{})", all - 1),
    };
    let room = MOST_DESCRIPTION - lead.len() - more.len();
    let first = reasons.first().copied().unwrap_or_default();
    format!("{lead}{}{more}", say::cut(&say::printable(first), room))
}

/// What makes the verdict what it is.
pub(super) fn reasons(check: &Check) -> Vec<&str> {
    let severity = if check.verdict == Verdict::Waiting { Severity::Wait } else { Severity::Block };
    let counts = check.findings.iter().filter(|f| f.severity == severity && f.waiver.is_none());
    counts.map(|f| f.message.as_str()).collect()
}

fn status(serving: &Serving, candidate: &Candidate, state: StatusState, said: String, now: Timestamp) -> Wanted {
    let context = format!("gonogo/deploy ({})", candidate.service);
    let target = format!("{GITHUB_STATUS} {} {context}", candidate.head);
    let status =
        CommitStatus { context, state, description: Some(said), target_url: Some(serving.page_of(candidate.id)) };
    let wanted = StatusWanted { service: candidate.service.clone(), sha: candidate.head, status };
    // Strings and a SHA: there is always JSON for them.
    let wanted = serde_json::to_string(&wanted).unwrap_or_default();
    Wanted { target, kind: GITHUB_STATUS, wanted, wanted_at: now }
}
