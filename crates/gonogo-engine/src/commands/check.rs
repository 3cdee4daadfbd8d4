//! `check`: what would ship, may it, and why not.

use crate::evaluate::{Outcome, evaluate};
use crate::gather::{Clock, Gatherer, Outside, TrackerAccess};
use crate::locate::{LocateError, Located, Wanted, locate_each};
use crate::{Progress, Recording};
use gonogo_checks::{Unread, Wants};
use gonogo_core::waiver::Waiver;
use gonogo_remote::git::Git;
use std::sync::Arc;

/// A check that a person asks for.
#[derive(Debug)]
pub struct CheckRequest {
    pub wanted: Wanted,
    pub waivers: Vec<Waiver>,
    pub outside: Outside,
    pub clock: Clock,
}

/// The outcome, and what it was made from.
#[derive(Debug)]
pub struct Checked {
    pub outcome: Outcome,
    pub recording: Recording,
    /// What was wanted of each story.
    pub wants: Wants,
    /// What keeps us from knowing which stories ship.
    pub unread: Option<Unread>,
}

/// Finds the candidate, gathers what the checks ask for, and judges.
pub async fn check(request: &CheckRequest, progress: &dyn Progress) -> Result<Checked, LocateError> {
    judge(request, progress, locate_each).await
}

/// What would ship, as commits and pull requests tell: no check is asked.
pub(crate) async fn read(request: &CheckRequest, progress: &dyn Progress) -> Result<Checked, LocateError> {
    let without_checks = |git: &Git, wanted: &Wanted| {
        let mut located = locate_each(git, wanted)?;
        for one in &mut located {
            one.policy.asks_nothing();
        }
        Ok(located)
    };
    let read = judge(request, progress, without_checks).await?;
    match &read.unread {
        Some(Unread::Range(why)) => Err(LocateError::Range(why.clone())),
        Some(Unread::PullRequest(_)) | None => Ok(read),
    }
}

async fn judge(
    request: &CheckRequest,
    progress: &dyn Progress,
    locate: impl Fn(&Git, &Wanted) -> Result<Vec<Located>, LocateError>,
) -> Result<Checked, LocateError> {
    progress.doing("reading the repository");
    let now = (request.clock)();
    let git = request.wanted.open()?;
    let mut located = locate(&git, &request.wanted)?;
    let trackers = located.iter().filter_map(|located| located.policy.sections.tracker.as_ref());
    let tracker = TrackerAccess::of(trackers, &request.outside);
    let code_host = request.outside.code_host.of(&git, &request.outside.http);
    for one in &mut located {
        one.case.knows_pull_requests = code_host.is_ok();
        one.case.knows_who_was_told = request.outside.kept.is_some();
    }
    let wants = Wants::all(located.iter().map(|located| located.policy.wants()));
    let (git, kept, clock) = (Arc::new(git), request.outside.kept.as_ref(), request.clock);
    let oidc_issuer = request.outside.oidc_issuer.as_deref();
    let gatherer = Gatherer { git, tracker: &tracker, code_host: &code_host, kept, oidc_issuer, wants, clock };
    let (facts, outcome, unread) = evaluate(&located, &request.waivers, now, &gatherer, progress).await;
    let recording = Recording::of(&located, &request.waivers, now, &facts, &outcome.check);
    Ok(Checked { outcome, recording, wants: gatherer.wants, unread })
}
