//! `gonogo deploy` and `gonogo deploys`.

use super::ask::{DEPLOYABLE, Patience, WAITING, asking, awaited};
use crate::cli::{DeployArgs, DeploysArgs, ListFormat};
use crate::server::Server;
use anstream::adapter::StripStr;
use anyhow::bail;
use gonogo_api::{Candidate, Deploy, DeployState};
use gonogo_core::say;
use std::collections::BTreeMap;

pub(crate) fn run(args: &DeployArgs) -> anyhow::Result<u8> {
    asking(&args.server, async |server, mut patience| {
        let is_judged = async |found: &Candidate| Ok(!found.is_open || found.judged.is_some());
        let candidate = awaited(server, &args.service, &args.which, &DEPLOYABLE, &mut patience, is_judged).await?;
        if !candidate.is_open {
            bail!("{} is no candidate any more\n  → `gonogo status {}` lists what is open", args.which, args.service);
        }
        let made = server.deploy(&args.service, candidate.id).await?;
        let deploy = server.one_deploy(made.id).await?;
        anstream::eprintln!("deploy {}: {}", made.id, deploy.page);
        if args.server.wait.is_none() {
            return Ok(0);
        }
        follow(server, made.id, &mut patience).await
    })
}

/// Says what its steps say until it is over, or waits for a person, or time is up.
async fn follow(server: &Server, id: i64, patience: &mut Patience) -> anyhow::Result<u8> {
    let mut said: BTreeMap<String, (u64, StripStr)> = BTreeMap::new();
    let mut stood = String::new();
    loop {
        let deploy = server.one_deploy(id).await?;
        for step in &deploy.steps {
            let (from, strip) = said.entry(step.key.clone()).or_default();
            while *from < step.said_bytes {
                let part = server.step_log(id, &step.key, *from).await?;
                if part.next_byte == *from {
                    break;
                }
                *from = part.next_byte;
                // Colours are left out, and what moves a cursor.
                let text: String = strip.strip_next(&part.text).collect();
                anstream::print!("{}", say::printable_lines(&text));
            }
        }
        let stands = format!("{}{}{}", word(deploy.state), if deploy.said.is_empty() { "" } else { ": " }, deploy.said);
        if stands != stood {
            anstream::eprintln!("deploy {id} {}", say::printable(&stands));
            stood = stands;
        }
        if let Some(code) = exit_code(&deploy) {
            return Ok(code);
        }
        if !patience.lasts().await {
            return Ok(WAITING);
        }
    }
}

/// `None` while it goes on by itself.
fn exit_code(deploy: &Deploy) -> Option<u8> {
    match deploy.state {
        DeployState::Requested | DeployState::Queued | DeployState::Running => None,
        DeployState::Halted | DeployState::NeedsPerson => Some(WAITING),
        DeployState::Deployed => Some(0),
        DeployState::RolledBack | DeployState::Abandoned | DeployState::Cancelled | DeployState::Refused => Some(1),
    }
}

fn word(state: DeployState) -> &'static str {
    match state {
        DeployState::Requested => "waits for an approval",
        DeployState::Queued => "is queued",
        DeployState::Running => "runs",
        DeployState::Halted => "is halted",
        DeployState::NeedsPerson => "needs a person",
        DeployState::Deployed => "is deployed",
        DeployState::RolledBack => "is rolled back",
        DeployState::Abandoned => "ended as it was",
        DeployState::Cancelled => "is cancelled",
        DeployState::Refused => "is refused",
    }
}

pub(crate) fn list(args: &DeploysArgs) -> anyhow::Result<u8> {
    let deploys = asking(&args.server, async |server, _| server.deploys(&args.service).await)?;
    match args.format {
        ListFormat::Json => anstream::println!("{}", serde_json::to_string_pretty(&deploys)?),
        ListFormat::Human => {
            for deploy in deploys {
                let head = deploy.head.chars().take(7).collect::<String>();
                let (branch, by) = (say::printable(&deploy.branch), say::printable(&deploy.requested_by));
                let at = say::minute_of(&deploy.requested_at);
                anstream::println!("{:>6}  {at}  {branch} @ {head}  {by}  {}", deploy.id, word(deploy.state));
            }
        }
    }
    Ok(0)
}
