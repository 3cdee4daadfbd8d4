//! `gonogo waive`.

use super::ask::{ANY, Patience, WAITING, asking, awaited, tell};
use crate::cli::{self, WaiveArgs};
use crate::server::Server;
use anyhow::{Context, bail};
use gonogo_api::{AwaySystem, Candidate, Finding, Made, NewSystemWaiver, NewWaiver};
use gonogo_core::say;

pub(crate) fn run(args: &WaiveArgs) -> anyhow::Result<u8> {
    let (Some(which), Some(fingerprint)) = (&args.which, &args.fingerprint) else { return of_system(args) };
    asking(&args.server, async |server, mut patience| {
        // What it waits for hinders no waiver.
        let is_judged = async |found: &Candidate| Ok(!found.is_open || found.judged.is_some());
        let candidate = awaited(server, &args.service, which, &ANY, &mut patience, is_judged).await?;
        let finding = finding_of(server, &candidate, fingerprint).await?;
        let new = NewWaiver {
            fingerprint: finding.fingerprint.clone(),
            why: args.why.clone(),
            days: args.days,
            this_branch: args.this_branch,
        };
        let made = server.waive(candidate.id, &new).await?;
        if is_proposed(server, &args.service, &made, &finding.message).await? {
            return Ok(WAITING);
        }
        if args.server.wait.is_none() {
            return Ok(0);
        }
        judged_anew(server, args, which, &finding, &mut patience).await
    })
}

/// Says how it is judged with the waiver, once it is.
async fn judged_anew(
    server: &Server,
    args: &WaiveArgs,
    which: &str,
    waived: &Finding,
    patience: &mut Patience,
) -> anyhow::Result<u8> {
    let knows_of_it = async |now: &Candidate| {
        let Some(judged) = &now.judged else { return Ok(!now.is_open) };
        let findings = server.check(now.id, judged.id).await?.findings;
        Ok(!findings.iter().any(|one| one.fingerprint == waived.fingerprint && one.waiver.is_none()))
    };
    let candidate = awaited(server, &args.service, which, &ANY, patience, knows_of_it).await?;
    if knows_of_it(&candidate).await? {
        return tell(server, &candidate, &args.output).await;
    }
    anstream::eprintln!("{} was not judged anew yet: {}", say::printable(&candidate.branch), candidate.page);
    Ok(WAITING)
}

fn of_system(args: &WaiveArgs) -> anyhow::Result<u8> {
    let system = match args.system.context("without a finding a system is named")? {
        cli::AwaySystem::Tracker => AwaySystem::Tracker,
        cli::AwaySystem::CodeHost => AwaySystem::CodeHost,
    };
    let new = NewSystemWaiver { system, why: args.why.clone(), seconds: args.lasts };
    asking(&args.server, async |server, _| {
        let made = server.waive_system(&args.service, &new).await?;
        let what = format!("all that is left unchecked in {}", args.service);
        Ok(if is_proposed(server, &args.service, &made, &what).await? { WAITING } else { 0 })
    })
}

/// Says what became of it. What is only proposed lets nothing pass yet.
async fn is_proposed(server: &Server, service: &str, made: &Made, what: &str) -> anyhow::Result<bool> {
    let (id, what) = (made.id, say::printable(what));
    let waiver = server.waiver(service, id).await;
    let unread = || format!("waiver {id} is there; whether a second person has to confirm it could not be read");
    let is_proposed = waiver.with_context(unread)?.is_some_and(|one| one.needs_second && one.confirmed_by.is_none());
    if is_proposed {
        anstream::eprintln!("waiver {id} is proposed; a second person has to confirm it: {what}");
    } else {
        anstream::eprintln!("waiver {id}: {what}");
    }
    Ok(is_proposed)
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
