//! Deploys: asked for, followed, halted, and what a person says of them.

use super::asked::{Asked, At, Reader, limit, position};
use super::once::Ask;
use super::operation::{Operation, read, write};
use super::refusal::{Kind, Refusal};
use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use gonogo_api as api;
use gonogo_core::deploy::{ActKey, Choice, Direction, Does, HostStands, Phase, Reply, Signal, Step};
use gonogo_core::guard::{Judgement, Mode};
use gonogo_core::person::Act;
use gonogo_engine::commands::break_glass::{break_glass, write_follow_up};
use gonogo_engine::commands::deploy_preview::{Preview, preview};
use gonogo_engine::commands::deploy_reply::reply;
use gonogo_engine::commands::deploys::{DeployError, approve, decide, end_step, signal};
use gonogo_engine::commands::request::{Wish, request};
use gonogo_engine::commands::up_to::UpTo;
use gonogo_engine::{ToldAct, ToldDeploy, ToldGuard, ToldHost, ToldRollout, guard_names, host_words, told_deploy};
use gonogo_store::{CandidateId, DeployId, DeployState, DeploysWanted, Glass, Requested, RunKey};
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// Parts of what a step said in one answer.
const PARTS: u32 = 64;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        read::<api::Page<api::Deploy>>("/services/{service}/deploys", "deploys", "Deploys of a service, newest first")
            .asked::<api::Part>()
            .by(all),
        write("/services/{service}/deploys", "deploy", "Asks that a candidate be deployed", Act::Deploy)
            .takes::<api::NewDeploy>()
            .makes::<api::Made>()
            .by(ask_for),
        read::<api::Page<api::Deploy>>("/deploys", "allDeploys", "Deploys of all services, newest first")
            .asked::<api::DeploysAsked>()
            .by(of_all),
        read::<api::Deploy>("/deploys/{deploy}", "oneDeploy", "A deploy, its steps, and what may be said of it")
            .by(one),
        read::<api::DryRun>(
            "/candidates/{candidate}/dry-run",
            "dryRun",
            "What deploying a candidate would do; nothing is done",
        )
        .by(would_do),
        write("/deploys/{deploy}/approval", "approveDeploy", "Agrees to a deploy that waits for that", Act::Deploy)
            .comes_to(StatusCode::NO_CONTENT)
            .by(approves),
        write(
            "/deploys/{deploy}/follow-up",
            "writeFollowUp",
            "Writes what came of a deploy by break-glass",
            Act::Deploy,
        )
        .takes::<api::NewFollowUp>()
        .comes_to(StatusCode::NO_CONTENT)
        .by(follows_up),
        write(
            "/deploys/{deploy}/signals",
            "signalDeploy",
            "Halts it, lets it go on, rolls it back, or ends it",
            Act::Deploy,
        )
        .takes::<api::NewSignal>()
        .comes_to(StatusCode::NO_CONTENT)
        .by(asks),
        write(
            "/deploys/{deploy}/steps/{key}/decisions",
            "decideStep",
            "Says how it goes on after a step that failed, or cannot be told",
            Act::Deploy,
        )
        .takes::<api::NewDecision>()
        .comes_to(StatusCode::NO_CONTENT)
        .by(decides),
        write("/deploys/{deploy}/steps/{key}/end", "endStep", "Has a step ended that runs", Act::Deploy)
            .comes_to(StatusCode::NO_CONTENT)
            .by(ends),
        write(
            "/deploys/{deploy}/steps/{key}/reply",
            "replyToStep",
            "Ends a pause early, or says yes or no to a question",
            Act::Deploy,
        )
        .takes::<api::NewReply>()
        .comes_to(StatusCode::NO_CONTENT)
        .by(replies),
        read::<api::StepLog>("/deploys/{deploy}/steps/{key}/log", "stepLog", "What a step said, from a byte on")
            .asked::<api::LogFrom>()
            .by(log),
    ]
}

async fn all(
    State(app): State<App>,
    _: Reader,
    At(service): At<String>,
    Asked(part): Asked<api::Part>,
) -> Result<Json<api::Page<api::Deploy>>, Refusal> {
    if app.serving.service(&service).is_none() {
        return Err(Refusal::not_there("service"));
    }
    page_of(&app, DeploysWanted { service, ..DeploysWanted::default() }, &part).await
}

async fn of_all(
    State(app): State<App>,
    _: Reader,
    Asked(asked): Asked<api::DeploysAsked>,
) -> Result<Json<api::Page<api::Deploy>>, Refusal> {
    let part = api::Part { cursor: asked.cursor, limit: asked.limit };
    page_of(&app, DeploysWanted { only_open: asked.open.unwrap_or(false), ..DeploysWanted::default() }, &part).await
}

async fn page_of(app: &App, wanted: DeploysWanted, part: &api::Part) -> Result<Json<api::Page<api::Deploy>>, Refusal> {
    let most = limit(part.limit)?;
    let from = position(part)?;
    let before = (from > 0).then(|| DeployId(i64::try_from(from).unwrap_or(i64::MAX)));
    let wanted = DeploysWanted { before, ..wanted };
    let rows = app.serving.store.deploys(wanted, most).await?;
    let next = if rows.len() == most as usize { rows.last().map(|row| row.id.0.to_string()) } else { None };
    let mut items = Vec::new();
    for row in rows {
        items.extend(told_deploy(&app.serving, row.id).await?.map(|told| tell(app, told)));
    }
    Ok(Json(api::Page { items, next }))
}

async fn one(State(app): State<App>, _: Reader, At(id): At<i64>) -> Result<Json<api::Deploy>, Refusal> {
    let told = told_deploy(&app.serving, DeployId(id)).await?.ok_or_else(|| Refusal::not_there("deploy"))?;
    Ok(Json(tell(&app, told)))
}

async fn would_do(State(app): State<App>, _: Reader, At(id): At<i64>) -> Result<Json<api::DryRun>, Refusal> {
    let candidate = app.serving.store.candidate(CandidateId(id)).await?;
    let candidate = candidate.ok_or_else(|| Refusal::not_there("candidate"))?;
    let mut into = None;
    let (plan, expected, not_now) = match preview(&app.serving, candidate.id).await {
        Ok(Preview { plan, expected, not_now, runs_into, .. }) => {
            into = runs_into;
            (Some(plan), expected, not_now)
        }
        // That it cannot be is an answer too.
        Err(DeployError::NotNow { said, fix }) => (None, BTreeMap::new(), Some((said, fix))),
        Err(DeployError::Gone(said)) => (None, BTreeMap::new(), Some((said, "see what is open now".to_owned()))),
        Err(other) => return Err(other.into()),
    };
    let steps = |direction| {
        let steps = plan.iter().flat_map(|plan| plan.steps(direction));
        steps.map(|step| plan_step(step, &expected)).collect()
    };
    Ok(Json(api::DryRun {
        service: candidate.service,
        branch: candidate.branch,
        head: candidate.head.to_string(),
        not_now: not_now.map(|(said, fix)| format!("{said}; {fix}")),
        runs_into: into,
        steps: steps(Direction::Forward),
        back: steps(Direction::Back),
        guards: plan.as_ref().map(guard_names).unwrap_or_default(),
        only_by_hand: plan.as_ref().and_then(|plan| plan.only_by_hand.clone()),
        runner: plan.as_ref().map(|plan| plan.runner.clone()),
    }))
}

fn plan_step(step: &Step, expected: &BTreeMap<String, SignedDuration>) -> api::DryRunStep {
    let expected_seconds = expected.get(&step.name).and_then(|took| u64::try_from(took.as_secs()).ok());
    let (name, what, rollout) = (step.name.clone(), step.shown(), step.rollout.as_ref());
    let Some(rollout) = rollout else {
        let command = api::DryRunCommand {
            phase: Phase::Run.word().to_owned(),
            is_at_runner: true,
            argv: step.argv.clone(),
            limit_seconds: step.limit_seconds.into(),
        };
        let commands = if step.does.is_own() { Vec::new() } else { vec![command] };
        let batches = Vec::new();
        return api::DryRunStep { name, what, group: None, batches, max_failed: 0, commands, expected_seconds };
    };
    let commands = rollout.commands.iter().map(|(phase, command)| api::DryRunCommand {
        phase: phase.word().to_owned(),
        is_at_runner: command.at == gonogo_core::deploy::At::Runner,
        argv: rollout.shown(command),
        limit_seconds: command.limit_seconds.into(),
    });
    let names = |batch: &Vec<usize>| batch.iter().map(|host| rollout.hosts[*host].name.clone()).collect();
    api::DryRunStep {
        name,
        what,
        group: Some(rollout.group.clone()),
        batches: rollout.batches.iter().map(names).collect(),
        max_failed: rollout.max_failed as u64,
        commands: commands.collect(),
        expected_seconds,
    }
}

async fn ask_for(
    State(app): State<App>,
    At(service): At<String>,
    ask: Ask<api::NewDeploy>,
) -> Result<Response, Refusal> {
    if app.serving.service(&service).is_none() {
        return Err(Refusal::not_there("service"));
    }
    ask.done(&app, StatusCode::CREATED, |serving, who, new: api::NewDeploy| {
        Box::pin(async move {
            let candidate = CandidateId(new.candidate);
            let is_of_it = serving.store.candidate(candidate).await?.is_some_and(|one| one.service == service);
            if !is_of_it {
                return Err(Refusal::new(Kind::Conflict, format!("{service} has no candidate {}", new.candidate)));
            }
            let up_to = new.up_to.as_deref().map(str::parse::<UpTo>).transpose();
            let up_to = up_to.map_err(|said| Refusal::new(Kind::Wrong, said))?;
            if up_to.is_some() && new.break_glass.is_some() {
                return Err(Refusal::new(Kind::Wrong, "the glass is broken for all of a candidate: leave `up_to` out"));
            }
            let (at, instead_of) = (new.at, new.instead_of.map(DeployId));
            if new.break_glass.is_some() && (at.is_some() || instead_of.is_some()) {
                return Err(Refusal::new(
                    Kind::Wrong,
                    "by break-glass it goes first, and at once: leave `at` and `instead_of` out",
                ));
            }
            if let Some(why) = &new.break_glass {
                return Ok(Some(break_glass(serving, &who, candidate, why, None).await?.0));
            }
            let wish = Wish { up_to, at, instead_of, channel: None };
            match request(serving, &who, candidate, wish).await? {
                Requested::New(id) => Ok(Some(id.0)),
                Requested::Underway(id) => {
                    Err(Refusal::new(Kind::Conflict, format!("deploy {} of this head is under way already", id.0)))
                }
            }
        })
    })
    .await
}

async fn approves(State(app): State<App>, At(id): At<i64>, ask: Ask<()>) -> Result<Response, Refusal> {
    ask.done(&app, StatusCode::NO_CONTENT, |serving, who, ()| {
        Box::pin(async move {
            approve(serving, &who, DeployId(id)).await?;
            Ok(None)
        })
    })
    .await
}

async fn follows_up(State(app): State<App>, At(id): At<i64>, ask: Ask<api::NewFollowUp>) -> Result<Response, Refusal> {
    ask.done(&app, StatusCode::NO_CONTENT, |serving, who, new: api::NewFollowUp| {
        Box::pin(async move {
            write_follow_up(serving, &who, DeployId(id), &new.text).await?;
            Ok(None)
        })
    })
    .await
}

async fn asks(State(app): State<App>, At(id): At<i64>, ask: Ask<api::NewSignal>) -> Result<Response, Refusal> {
    ask.done(&app, StatusCode::NO_CONTENT, |serving, who, new: api::NewSignal| {
        Box::pin(async move {
            let wanted = match new.signal {
                api::DeploySignal::Halt => Signal::Halt,
                api::DeploySignal::Resume => Signal::Resume,
                api::DeploySignal::RollBack => Signal::RollBack,
                api::DeploySignal::Abandon => Signal::Abandon,
            };
            signal(serving, &who, DeployId(id), wanted).await?;
            Ok(None)
        })
    })
    .await
}

async fn decides(
    State(app): State<App>,
    At((id, key)): At<(i64, String)>,
    ask: Ask<api::NewDecision>,
) -> Result<Response, Refusal> {
    let key = act(&key)?;
    ask.done(&app, StatusCode::NO_CONTENT, |serving, who, new: api::NewDecision| {
        Box::pin(async move {
            let choice = match new.choice {
                api::DeployChoice::RunAgain => Choice::RunAgain,
                api::DeployChoice::CountAsDone => Choice::CountAsDone,
                api::DeployChoice::LeaveOut => Choice::LeaveOut,
                api::DeployChoice::Abandon => Choice::Abandon,
            };
            decide(serving, &who, DeployId(id), key, choice).await?;
            Ok(None)
        })
    })
    .await
}

async fn ends(State(app): State<App>, At((id, key)): At<(i64, String)>, ask: Ask<()>) -> Result<Response, Refusal> {
    let key = act(&key)?;
    ask.done(&app, StatusCode::NO_CONTENT, |serving, who, ()| {
        Box::pin(async move {
            end_step(serving, &who, DeployId(id), key).await?;
            Ok(None)
        })
    })
    .await
}

async fn replies(
    State(app): State<App>,
    At((id, key)): At<(i64, String)>,
    ask: Ask<api::NewReply>,
) -> Result<Response, Refusal> {
    let key = act(&key)?;
    ask.done(&app, StatusCode::NO_CONTENT, |serving, who, new: api::NewReply| {
        Box::pin(async move {
            let said = match (new.reply, new.why) {
                (api::DeployReply::No, why) => Reply::No { why: why.unwrap_or_default() },
                (_, Some(_)) => return Err(Refusal::new(Kind::Wrong, "`why` is of a no: leave it out")),
                (api::DeployReply::GoOn, None) => Reply::GoOn,
                (api::DeployReply::Yes, None) => Reply::Yes,
            };
            reply(serving, &who, DeployId(id), key, said).await?;
            Ok(None)
        })
    })
    .await
}

async fn log(
    State(app): State<App>,
    _: Reader,
    At((id, key)): At<(i64, String)>,
    Asked(from): Asked<api::LogFrom>,
) -> Result<Json<api::StepLog>, Refusal> {
    let of = RunKey { deploy: DeployId(id), key: act(&key)? };
    let store = &app.serving.store;
    let run = store.deploy_runs(of.deploy).await?.into_iter().find(|run| run.of == of);
    let run = run.ok_or_else(|| Refusal::not_there("step"))?;
    let parts = store.said_of_run(&of, from.from_byte, PARTS).await?;
    let mut bytes: Vec<u8> = parts.into_iter().flat_map(|part| part.bytes).collect();
    let is_last = run.outcome.is_some() && from.from_byte + bytes.len() as u64 >= run.said_bytes;
    if !is_last {
        bytes.truncate(whole_characters(&bytes));
    }
    let next_byte = from.from_byte + bytes.len() as u64;
    let is_whole = run.outcome.is_some() && next_byte >= run.said_bytes;
    Ok(Json(api::StepLog { text: String::from_utf8_lossy(&bytes).into_owned(), next_byte, is_whole }))
}

/// How many of these bytes there are up to the end of the last character that is whole:
/// a part may end anywhere. What is no text at all stays.
fn whole_characters(bytes: &[u8]) -> usize {
    let begins = bytes.iter().rev().take(3).position(|byte| *byte >= 0xC0).map(|back| bytes.len() - 1 - back);
    match begins {
        Some(at) if std::str::from_utf8(&bytes[at..]).is_err_and(|error| error.error_len().is_none()) => at,
        _ => bytes.len(),
    }
}

fn act(key: &str) -> Result<ActKey, Refusal> {
    key.parse().map_err(|_| Refusal::not_there("step"))
}

fn tell(app: &App, told: ToldDeploy) -> api::Deploy {
    let ToldDeploy { row, acts, rollouts, guards, may, place, lags, .. } = told;
    let waits_with = may.waits.as_ref().and_then(|key| wait(acts.iter().find(|act| act.key == *key)?));
    let signals = may.signals.iter().map(|signal| match signal {
        Signal::Halt => api::DeploySignal::Halt,
        Signal::Resume => api::DeploySignal::Resume,
        Signal::RollBack => api::DeploySignal::RollBack,
        Signal::Abandon => api::DeploySignal::Abandon,
    });
    api::Deploy {
        id: row.id.0,
        page: format!("{}/deploys/{}", app.serving.pages, row.id.0),
        service: row.service,
        branch: row.branch,
        head: row.head.to_string(),
        production: row.production.shas().iter().map(ToString::to_string).collect(),
        candidate: row.candidate.0,
        requested_by: row.requested_by,
        requested_at: row.requested_at.to_string(),
        state: state(row.state),
        said: row.said,
        approved_by: row.approved.map(|(by, _)| by),
        break_glass: row.glass.map(glass),
        not_before: row.not_before.map(|at| at.to_string()),
        place: place.map(|place| api::DeployPlace {
            said: place.said,
            after: place.after.map(|id| id.0),
            expected_at: place.expected_at.map(|at| at.to_string()),
        }),
        began_at: row.began_at.map(|at| at.to_string()),
        ended_at: row.ended_at.map(|at| at.to_string()),
        steps: acts.into_iter().map(step).collect(),
        rollouts: rollouts.into_iter().map(rollout).collect(),
        guards: guards.iter().map(guard).collect(),
        lags,
        signals: signals.collect(),
        waits_for_word: may.choices.map(|(key, _)| key.to_string()),
        waits_with,
    }
}

fn wait(act: &ToldAct) -> Option<api::DeployWait> {
    let kind = match act.does {
        Does::Pause { .. } => api::DeployWaitKind::Pause,
        Does::Approval(_) => api::DeployWaitKind::Approval,
        _ => api::DeployWaitKind::Condition,
    };
    Some(api::DeployWait { step: act.key.to_string(), kind, what: act.shown.clone(), until: act.until?.to_string() })
}

fn guard(told: &ToldGuard) -> api::DeployGuard {
    let judgement = told.reading.as_ref().map(|reading| match reading.judgement {
        Judgement::Fine => api::DeployJudgement::Fine,
        Judgement::Worse => api::DeployJudgement::Worse,
        Judgement::NoData => api::DeployJudgement::NoData,
        Judgement::CannotTell(_) => api::DeployJudgement::CannotTell,
    });
    api::DeployGuard {
        name: told.guard.name.clone(),
        observes: told.guard.mode == Mode::Observe,
        judgement,
        said: told.said(),
        trouble: told.trouble.clone(),
        looked_at: told.reading.as_ref().map(|reading| reading.at.to_string()),
    }
}

fn glass(glass: Glass) -> api::BreakGlass {
    let (follow_up, follow_up_by) = glass.follow_up.map(|one| (one.text, one.by)).unzip();
    api::BreakGlass {
        by: glass.by,
        why: glass.why,
        in_spite_of: glass.around,
        at: glass.at.to_string(),
        follow_up,
        follow_up_by,
    }
}

fn rollout(told: ToldRollout) -> api::DeployRollout {
    let ToldRollout { direction, name, group, batches, hosts, .. } = told;
    api::DeployRollout {
        name,
        is_back: direction == Direction::Back,
        group,
        batches,
        hosts: hosts.into_iter().map(host).collect(),
    }
}

fn host(told: ToldHost) -> api::DeployHost {
    let state = match &told.stands {
        HostStands::Waits => api::DeployHostState::Waits,
        HostStands::Runs(_) | HostStands::Between(_) => api::DeployHostState::Runs,
        HostStands::Done => api::DeployHostState::Done,
        HostStands::Failed(_) => api::DeployHostState::Failed,
        HostStands::CannotTell(..) => api::DeployHostState::CannotTell,
        HostStands::LeftOut(_) => api::DeployHostState::LeftOut,
        HostStands::Untouched => api::DeployHostState::Untouched,
    };
    let (said, step) = (host_words(&told.stands), told.act.map(|key| key.to_string()));
    api::DeployHost { name: told.name, zone: told.zone, batch: told.batch, state, said, step }
}

fn step(act: ToldAct) -> api::DeployStep {
    let outcome = act.came_to();
    let (host, phase) = act.on.map(|(host, phase)| (host, phase.word().to_owned())).unzip();
    api::DeployStep {
        key: act.key.to_string(),
        name: act.name,
        what: act.shown,
        host,
        phase,
        outcome,
        began_at: act.began_at.to_string(),
        ended_at: act.ended_at.map(|at| at.to_string()),
        said_bytes: act.run.map_or(0, |run| run.said_bytes),
    }
}

fn state(state: DeployState) -> api::DeployState {
    match state {
        DeployState::Requested => api::DeployState::Requested,
        DeployState::Queued => api::DeployState::Queued,
        DeployState::Running => api::DeployState::Running,
        DeployState::Asking => api::DeployState::Asking,
        DeployState::Halted => api::DeployState::Halted,
        DeployState::NeedsPerson => api::DeployState::NeedsPerson,
        DeployState::Deployed => api::DeployState::Deployed,
        DeployState::RolledBack => api::DeployState::RolledBack,
        DeployState::Abandoned => api::DeployState::Abandoned,
        DeployState::Cancelled => api::DeployState::Cancelled,
        DeployState::Refused => api::DeployState::Refused,
    }
}

impl From<DeployError> for Refusal {
    fn from(error: DeployError) -> Self {
        match error {
            DeployError::Store(error) => error.into(),
            DeployError::Forbidden(forbidden) => forbidden.into(),
            DeployError::NotNamed(said) => Self::new(Kind::Forbidden, said),
            DeployError::NotNow { .. } => Self::new(Kind::Wrong, error.to_string().replace("\n  → ", "; ")),
            DeployError::Gone(said) => Self::new(Kind::Conflict, said),
        }
    }
}
