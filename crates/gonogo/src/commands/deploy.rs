//! `gonogo deploy` and `gonogo deploys`.

use super::ask::{DEPLOYABLE, Patience, WAITING, asking, awaited};
use crate::cli::{DeployArgs, DeploysArgs, DeploysFormat};
use crate::server::Server;
use anstream::adapter::StripStr;
use anyhow::bail;
use gonogo_api::{Candidate, Deploy, DeployHostState, DeployState, DryRun, DryRunStep, NewDeploy};
use gonogo_core::say;
use jiff::SignedDuration;
use std::collections::BTreeMap;

pub(crate) fn run(args: &DeployArgs) -> anyhow::Result<u8> {
    asking(&args.server, async |server, mut patience| {
        let is_judged = async |found: &Candidate| Ok(!found.is_open || found.judged.is_some());
        let candidate = awaited(server, &args.service, &args.which, &DEPLOYABLE, &mut patience, is_judged).await?;
        if !candidate.is_open {
            bail!("{} is no candidate any more\n  → `gonogo status {}` lists what is open", args.which, args.service);
        }
        if args.dry_run {
            return Ok(print_plan(&server.dry_run(candidate.id).await?));
        }
        let new = NewDeploy {
            candidate: candidate.id,
            up_to: args.up_to.clone(),
            at: args.at.clone(),
            instead_of: args.instead_of,
            break_glass: args.break_glass.clone(),
        };
        let made = server.deploy(&args.service, &new).await?;
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
        let waits = deploy.place.as_ref().map(|place| place.said.as_str()).filter(|_| deploy.said.is_empty());
        let said = waits.unwrap_or(&deploy.said);
        let stands = format!("{}{}{said}", word(deploy.state), if said.is_empty() { "" } else { ": " });
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

/// What would be done; 4 where it would not begin now.
fn print_plan(plan: &DryRun) -> u8 {
    let head: String = plan.head.chars().take(7).collect();
    let (service, branch) = (&plan.service, say::printable(&plan.branch));
    let runner = plan.runner.as_ref().map(|runner| format!(", by the runner {runner}")).unwrap_or_default();
    anstream::println!("{service}: {branch} @ {head}{runner}");
    for (title, steps) in [("", &plan.steps), ("To roll back", &plan.back)] {
        if !title.is_empty() && !steps.is_empty() {
            anstream::println!("{title}:");
        }
        for (at, step) in steps.iter().enumerate() {
            print_step(at + 1, step);
        }
    }
    if !plan.guards.is_empty() {
        anstream::println!("Watched by {}.", say::list(&plan.guards, plan.guards.len()));
    }
    if let (Some(why), false) = (&plan.only_by_hand, plan.back.is_empty()) {
        anstream::println!("Only a person rolls it back: {}.", say::printable(why));
    }
    if let Some(into) = &plan.runs_into {
        anstream::println!("Mind that {}.", say::printable(into));
    }
    if let Some(why) = &plan.not_now {
        anstream::println!("It would not begin now: {}", say::printable(why));
    }
    anstream::println!("This is what would be done: nothing was done.");
    if plan.not_now.is_some() { WAITING } else { 0 }
}

fn print_step(number: usize, step: &DryRunStep) {
    let on = step.group.as_ref().map(|group| format!(" on {group}")).unwrap_or_default();
    let lasts = |seconds: u64| say::lasts(SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX)));
    let expected = step.expected_seconds.map_or_else(
        || "it is not known yet how long it takes".to_owned(),
        |seconds| format!("it took {} before", lasts(seconds)),
    );
    anstream::println!("  {number}. {}{on} ({expected})", step.name);
    if step.commands.is_empty() {
        anstream::println!("       {}", say::printable(&step.what));
    }
    for command in &step.commands {
        let place = if command.is_at_runner { "runner" } else { "host" };
        let argv = say::printable(&command.argv.join(" "));
        let (phase, limit) = (&command.phase, lasts(command.limit_seconds));
        anstream::println!("       {phase:<8} at the {place}, {limit} at most: {argv}");
    }
    for (at, hosts) in step.batches.iter().enumerate() {
        let (hosts, batches) = (say::list(hosts, hosts.len()), step.batches.len());
        anstream::println!("       batch {} of {batches}: {hosts}", at + 1);
    }
    if step.max_failed > 0 {
        anstream::println!("       with {} failed it still goes on", step.max_failed);
    }
}

/// A line a host, of the steps that run on hosts.
fn print_hosts(deploy: &Deploy) {
    if !deploy.said.is_empty() {
        anstream::println!("        {}", say::printable(&deploy.said));
    }
    for rollout in &deploy.rollouts {
        let back = if rollout.is_back { ", back" } else { "" };
        anstream::println!("        {}{back} on {}", rollout.name, rollout.group);
        let width = rollout.hosts.iter().map(|host| host.name.len()).max().unwrap_or(0);
        for host in &rollout.hosts {
            let step = host.step.as_ref().and_then(|key| deploy.steps.iter().find(|step| step.key == *key));
            let came_to = step.and_then(|step| step.outcome.as_deref()).unwrap_or_default();
            let why = match host.state {
                DeployHostState::Failed | DeployHostState::CannotTell | DeployHostState::LeftOut => {
                    format!(": {}", say::printable(came_to))
                }
                _ => String::new(),
            };
            let since = step.map_or_else(String::new, |step| format!(", since {}", say::minute_of(&step.began_at)));
            let (name, batch, said) = (&host.name, host.batch, &host.said);
            anstream::println!("          {name:width$}  batch {batch} of {}  {said}{since}{why}", rollout.batches);
        }
    }
}

/// `None` while it goes on by itself.
fn exit_code(deploy: &Deploy) -> Option<u8> {
    match deploy.state {
        DeployState::Requested | DeployState::Queued | DeployState::Running | DeployState::Asking => None,
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
        DeployState::Asking => "waits for a yes",
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
    if args.format == DeploysFormat::Csv {
        return csv(args);
    }
    let deploys = asking(&args.server, async |server, _| server.deploys(&args.service, None).await)?.items;
    match args.format {
        DeploysFormat::Csv => {}
        DeploysFormat::Json => anstream::println!("{}", serde_json::to_string_pretty(&deploys)?),
        DeploysFormat::Human => {
            for deploy in deploys {
                let head = deploy.head.chars().take(7).collect::<String>();
                let (branch, by) = (say::printable(&deploy.branch), say::printable(&deploy.requested_by));
                let at = say::minute_of(&deploy.requested_at);
                let glass = deploy
                    .break_glass
                    .as_ref()
                    .map(|glass| format!(", by break-glass: {}", say::printable(&glass.why)));
                let glass = glass.unwrap_or_default();
                anstream::println!("{:>6}  {at}  {branch} @ {head}  {by}  {}{glass}", deploy.id, word(deploy.state));
                if exit_code(&deploy).is_none_or(|code| code == WAITING) {
                    print_hosts(&deploy);
                }
            }
        }
    }
    Ok(0)
}

/// What a line of CSV has.
const COLUMNS: [&str; 15] = [
    "id",
    "service",
    "branch",
    "head",
    "production",
    "state",
    "requested_by",
    "requested_at",
    "approved_by",
    "began_at",
    "ended_at",
    "seconds",
    "steps_failed",
    "break_glass",
    "said",
];

/// All of them, the newest first, a line each.
fn csv(args: &DeploysArgs) -> anyhow::Result<u8> {
    asking(&args.server, async |server, _| {
        anstream::println!("{}", COLUMNS.join(","));
        let mut from = None;
        loop {
            let page = server.deploys(&args.service, from.as_deref()).await?;
            for deploy in &page.items {
                anstream::println!("{}", line(deploy));
            }
            from = page.next;
            if from.is_none() {
                return Ok(0);
            }
        }
    })
}

fn line(deploy: &Deploy) -> String {
    let took = || {
        let time = |text: &Option<String>| text.as_deref()?.parse::<jiff::Timestamp>().ok();
        Some(time(&deploy.ended_at)?.duration_since(time(&deploy.began_at)?).as_secs())
    };
    let failed = deploy.steps.iter().filter(|step| step.outcome.as_deref().is_some_and(|outcome| outcome != "done"));
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let fields: [String; 15] = [
        deploy.id.to_string(),
        deploy.service.clone(),
        deploy.branch.clone(),
        deploy.head.clone(),
        deploy.production.join(" "),
        state(deploy.state).to_owned(),
        deploy.requested_by.clone(),
        deploy.requested_at.clone(),
        text(&deploy.approved_by),
        text(&deploy.began_at),
        text(&deploy.ended_at),
        took().map(|seconds| seconds.to_string()).unwrap_or_default(),
        failed.count().to_string(),
        deploy.break_glass.as_ref().map(|glass| glass.why.clone()).unwrap_or_default(),
        deploy.said.clone(),
    ];
    fields.map(|field| say::csv(&field)).join(",")
}

/// As the API says it.
fn state(state: DeployState) -> &'static str {
    match state {
        DeployState::Requested => "requested",
        DeployState::Queued => "queued",
        DeployState::Running => "running",
        DeployState::Asking => "asking",
        DeployState::Halted => "halted",
        DeployState::NeedsPerson => "needs-person",
        DeployState::Deployed => "deployed",
        DeployState::RolledBack => "rolled-back",
        DeployState::Abandoned => "abandoned",
        DeployState::Cancelled => "cancelled",
        DeployState::Refused => "refused",
    }
}
