//! `gonogo waive`.

use super::ask::{asking, settled, tell};
use crate::cli::{self, WaiveArgs};
use crate::server::Server;
use anyhow::{Context, bail};
use gonogo_api::{AwaySystem, Candidate, Finding, NewSystemWaiver, NewWaiver};
use gonogo_core::say;

pub(crate) fn run(args: &WaiveArgs) -> anyhow::Result<u8> {
    let (Some(which), Some(fingerprint)) = (&args.which, &args.fingerprint) else { return of_system(args) };
    asking(&args.server, async |server, mut patience| {
        let candidate = settled(server, &args.service, which, &mut patience, |_| true).await?;
        let finding = finding_of(server, &candidate, fingerprint).await?;
        let new = NewWaiver { fingerprint: finding.fingerprint, why: args.why.clone(), days: args.days };
        let waived = server.waive(candidate.id, &new).await?;
        anstream::eprintln!("waiver {}: {}", waived.id, say::printable(&finding.message));
        if args.server.wait.is_none() {
            return Ok(0);
        }
        // What was judged before knows nothing of the waiver.
        let before = candidate.judged.map(|judged| judged.id);
        let is_new = |now: &Candidate| now.judged.as_ref().map(|judged| judged.id) != before;
        let judged = settled(server, &args.service, which, &mut patience, is_new).await?;
        tell(server, &judged, &args.output).await
    })
}

fn of_system(args: &WaiveArgs) -> anyhow::Result<u8> {
    let system = match args.system.context("without a finding a system is named")? {
        cli::AwaySystem::Tracker => AwaySystem::Tracker,
        cli::AwaySystem::CodeHost => AwaySystem::CodeHost,
    };
    let new = NewSystemWaiver { system, why: args.why.clone(), seconds: args.lasts };
    asking(&args.server, async |server, _| {
        let waived = server.waive_system(&args.service, &new).await?;
        anstream::eprintln!("waiver {}: all that is left unchecked in {}", waived.id, args.service);
        Ok(0)
    })
}

async fn finding_of(server: &Server, candidate: &Candidate, fingerprint: &str) -> anyhow::Result<Finding> {
    let Some(judged) = &candidate.judged else {
        bail!("{} was not judged yet\n  → use --wait, or come again", candidate.branch);
    };
    let findings = server.check(candidate.id, judged.id).await?.findings;
    let mut fitting = findings.into_iter().filter(|finding| finding.fingerprint.starts_with(fingerprint));
    match (fitting.next(), fitting.next()) {
        (Some(finding), None) => Ok(finding),
        (Some(_), Some(_)) => bail!("{fingerprint} is the beginning of several fingerprints\n  → write more of it"),
        (None, _) => bail!(
            "no finding of {} has the fingerprint {fingerprint}\n  → `gonogo candidate {} {}` shows them",
            candidate.branch,
            candidate.service,
            candidate.branch
        ),
    }
}
