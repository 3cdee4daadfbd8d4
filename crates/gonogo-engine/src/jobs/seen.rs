//! What the world should see of a candidate.

use crate::Outcome;
use crate::serving::{Service, Serving};
use gonogo_api::{Check, Finding, Severity, Verdict};
use gonogo_core::case::Stage;
use gonogo_core::fact::System;
use gonogo_core::finding::COULD_NOT_CHECK;
use gonogo_core::ids::Sha;
use gonogo_core::say;
use gonogo_remote::github::{CommitStatus, MOST_DESCRIPTION, StatusState};
use gonogo_store::{Candidate, CandidateId, JudgedAs, SameHead, Wanted};
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

/// The same place, of what is judged no more; `None` where it is none of ours.
pub(super) fn not_judged(wanted: &str, said: &str) -> Option<String> {
    let mut wanted: StatusWanted = serde_json::from_str(wanted).ok()?;
    wanted.status.state = StatusState::Error;
    wanted.status.description = Some(say::cut(said, MOST_DESCRIPTION));
    serde_json::to_string(&wanted).ok()
}

/// What is seen at a head: by one or by several candidates.
#[derive(Clone, Debug)]
pub(super) struct AtHead {
    own: SameHead,
    sha: Sha,
    context: String,
    service: String,
    is_observed: bool,
    /// Before the number of a candidate's page.
    pages: String,
}

impl AtHead {
    pub(super) fn of(serving: &Serving, service: &Service, candidate: &Candidate, outcome: &Outcome) -> Self {
        let (check, exit_code) = (&outcome.check, outcome.exit_code);
        let summary = sentence(check, exit_code);
        let own = SameHead {
            candidate: candidate.id,
            branch: candidate.branch.clone(),
            pull_request: match candidate.stage {
                Stage::Merge { pull_request, .. } => Some(pull_request),
                Stage::Deploy => None,
            },
            judged: Some(JudgedAs { verdict: check.verdict.word().to_owned(), exit_code, summary }),
        };
        Self {
            own,
            sha: candidate.head,
            context: context(candidate),
            service: service.name.clone(),
            is_observed: service.is_observed,
            pages: serving.pages.clone(),
        }
    }

    /// The one whose word counts beside others of the same head, whoever asks:
    /// Go is what all of them are.
    pub(super) fn speaks<'a>(&'a self, others: &'a [SameHead]) -> &'a SameHead {
        let all = others.iter().chain([&self.own]);
        all.min_by_key(|one| (state(one), one.candidate)).unwrap_or(&self.own)
    }

    pub(super) fn is_own(&self, one: &SameHead) -> bool {
        one.candidate == self.own.candidate
    }

    pub(super) fn status(&self, others: &[SameHead], now: Timestamp) -> Wanted {
        let speaks = self.speaks(others);
        let summary = speaks.judged.as_ref().map_or("is being judged", |judged| judged.summary.as_str());
        let named = match speaks.pull_request {
            _ if others.is_empty() => String::new(),
            Some(number) => format!("#{number}, of the same head: "),
            None => format!("{}, of the same head: ", speaks.branch),
        };
        let state = state(speaks);
        let (state, would_be) = match (self.is_observed, state) {
            (true, State::Go) | (false, _) => (state.of_status(), ""),
            (true, _) => (StatusState::Success, "would be "),
        };
        let said = say::cut(&format!("{named}{would_be}{summary}"), MOST_DESCRIPTION);
        let page = format!("{}/candidates/{}", self.pages, speaks.candidate.0);
        wanted(&self.service, self.sha, self.context.clone(), state, said, (page, speaks.candidate), now)
    }
}

/// The worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    NoGo,
    CouldNotFindOut,
    Waiting,
    Go,
}

impl State {
    fn of_status(self) -> StatusState {
        match self {
            Self::NoGo => StatusState::Failure,
            Self::CouldNotFindOut => StatusState::Error,
            Self::Waiting => StatusState::Pending,
            Self::Go => StatusState::Success,
        }
    }
}

fn state(one: &SameHead) -> State {
    match &one.judged {
        Some(judged) if judged.verdict == Verdict::Go.word() => State::Go,
        Some(judged) if judged.verdict == Verdict::NoGo.word() && judged.exit_code == 3 => State::CouldNotFindOut,
        Some(judged) if judged.verdict == Verdict::NoGo.word() => State::NoGo,
        Some(_) | None => State::Waiting,
    }
}

/// `No-Go: STORY-12 is In Review (+3)`: the first reason, and how many more; as
/// long as GitHub takes.
pub(super) fn sentence(check: &Check, exit_code: u8) -> String {
    let reasons = reasons(check);
    let lead = match (check.verdict, exit_code) {
        (Verdict::Go, _) if check.concerns_nothing() && check.findings.is_empty() => {
            return does_not_concern(&check.service);
        }
        (Verdict::Go, _) => {
            return format!("Go{}", [waived(check), as_of(check)].concat());
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

/// `, 2 waived`, and what is let pass of a system that is away.
fn waived(check: &Check) -> String {
    let waivers = check.findings.iter().filter_map(|finding| finding.waiver.as_ref());
    let (of_systems, of_findings): (Vec<_>, Vec<_>) = waivers.partition(|waiver| waiver.system.is_some());
    let count = if of_findings.is_empty() { String::new() } else { format!(", {} waived", of_findings.len()) };
    let away = of_systems.first().map(|waiver| {
        let system = waiver.system.as_deref().and_then(|word| word.parse::<System>().ok());
        let until = waiver.until.parse::<Timestamp>().map_or_else(|_| waiver.until.clone(), say::hour);
        format!(", waived: {} away until {until}", system.map_or("a system", System::name))
    });
    [count, away.unwrap_or_default()].concat()
}

/// Where the tracker did not answer.
fn as_of(check: &Check) -> String {
    let at = check.as_of().and_then(|at| at.parse().ok());
    at.map_or_else(String::new, |at| format!(", stories as of {}", say::minute(at)))
}

/// What makes the verdict what it is: what is known first, then what could not be
/// checked.
pub(super) fn reasons(check: &Check) -> Vec<&str> {
    let severity = if check.verdict == Verdict::Waiting { Severity::Wait } else { Severity::Block };
    let counts = check.findings.iter().filter(|f| f.severity == severity && f.waiver.is_none());
    let (unknown, known): (Vec<&Finding>, Vec<_>) = counts.partition(|f| f.code == COULD_NOT_CHECK);
    known.into_iter().chain(unknown).map(|f| f.message.as_str()).collect()
}

/// What the verdict is called on GitHub.
pub(super) fn context(candidate: &Candidate) -> String {
    let verdict = if candidate.stage.is_deploy() { "deploy" } else { "pr" };
    format!("gonogo/{verdict} ({})", candidate.service)
}

fn status(serving: &Serving, candidate: &Candidate, state: StatusState, said: String, now: Timestamp) -> Wanted {
    let (context, page) = (context(candidate), serving.page_of(candidate.id));
    wanted(&candidate.service, candidate.head, context, state, said, (page, candidate.id), now)
}

fn wanted(
    service: &str,
    sha: Sha,
    context: String,
    state: StatusState,
    said: String,
    (page, candidate): (String, CandidateId),
    now: Timestamp,
) -> Wanted {
    let target = format!("{GITHUB_STATUS} {sha} {context}");
    let awaits = (state == StatusState::Pending).then_some(candidate);
    let status = CommitStatus { context, state, description: Some(said), target_url: Some(page) };
    let wanted = StatusWanted { service: service.to_owned(), sha, status };
    // Strings and a SHA: there is always JSON for them.
    let wanted = serde_json::to_string(&wanted).unwrap_or_default();
    Wanted { target, kind: GITHUB_STATUS, wanted, wanted_at: now, awaits }
}
