//! Asking a server about candidates, and waiting until it has judged them.

use crate::cli::{OutputArgs, ServerArgs};
use crate::render;
use crate::server::Server;
use anyhow::bail;
use gonogo_api::{Candidate, Verdict};
use gonogo_core::say;
use gonogo_engine::{Outcome, addressed};
use std::time::Duration;
use tokio::time::Instant;

/// Asking again this soon, and this late in the end.
const SOONEST: Duration = Duration::from_millis(250);
const LATEST: Duration = Duration::from_secs(5);

/// Waiting: nothing is decided yet.
pub(super) const WAITING: u8 = 4;

/// How long there is to wait.
pub(super) struct Patience {
    until: Option<Instant>,
    pause: Duration,
}

impl Patience {
    pub(super) fn of(args: &ServerArgs) -> Self {
        let until = args.wait.map(|seconds| Instant::now() + Duration::from_secs(seconds));
        Self { until, pause: SOONEST }
    }

    /// Waits a little; false where that was long enough.
    pub(super) async fn lasts(&mut self) -> bool {
        let Some(until) = self.until.filter(|until| Instant::now() < *until) else { return false };
        tokio::time::sleep_until((Instant::now() + self.pause).min(until)).await;
        self.pause = (self.pause * 2).min(LATEST);
        true
    }
}

/// Runs what asks a server.
pub(super) fn asking<T>(
    args: &ServerArgs,
    run: impl AsyncFnOnce(&Server, Patience) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let server = Server::at(&args.server)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { run(&server, Patience::of(args)).await })
}

/// What is to be deployed, and else a pull request.
pub(super) const ANY: [&str; 2] = [DEPLOYABLE[0], "merge"];
pub(super) const DEPLOYABLE: [&str; 1] = ["deploy"];

/// The candidate, once it is as it is waited for, or time is up. One that is not
/// there yet may be on its way.
pub(super) async fn awaited(
    server: &Server,
    service: &str,
    which: &str,
    stages: &[&str],
    patience: &mut Patience,
    is_done: impl AsyncFn(&Candidate) -> anyhow::Result<bool>,
) -> anyhow::Result<Candidate> {
    server.service(service).await?;
    loop {
        let found = server.candidate(service, which, stages).await?;
        if let Some(found) = &found
            && is_done(found).await?
        {
            return Ok(found.clone());
        }
        if !patience.lasts().await {
            let Some(found) = found else {
                bail!("{service} has no candidate {which}\n  → `gonogo status {service}` lists what is open");
            };
            return Ok(found);
        }
    }
}

/// Whether its verdict stands until something changes.
pub(super) fn is_settled(candidate: &Candidate) -> bool {
    !candidate.is_open || candidate.judged.as_ref().is_some_and(|judged| judged.verdict != Verdict::Waiting)
}

/// Says how it was judged, as `gonogo check` does.
pub(super) async fn tell(server: &Server, candidate: &Candidate, output: &OutputArgs) -> anyhow::Result<u8> {
    if let (Some(number), Some(into)) = (candidate.pull_request, &candidate.into) {
        let (branch, into) = (say::printable(&candidate.branch), say::printable(into));
        anstream::eprintln!("{branch} is pull request #{number} into {into}: whether it may be merged");
    }
    let Some(judged) = &candidate.judged else {
        anstream::eprintln!("{} at {} was not judged yet: {}", candidate.branch, candidate.head, candidate.page);
        return Ok(WAITING);
    };
    let mut check = server.check(candidate.id, judged.id).await?;
    let own = format!("/candidates/{}", candidate.id);
    let pages = candidate.page.strip_suffix(&own).unwrap_or_default();
    for finding in &mut check.findings {
        finding.fix = addressed(finding, pages, Some(candidate.id));
    }
    let outcome = Outcome { check, exit_code: judged.exit_code, remarks: Vec::new() };
    render::print(&outcome, output, &candidate.page)?;
    Ok(judged.exit_code)
}
