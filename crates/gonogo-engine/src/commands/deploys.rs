//! Whether a candidate is to be deployed and how, who agrees to a deploy, and how one goes
//! on that is under way.

use super::acknowledge::Speaker;
use super::deploy_reply::reply;
use super::needs::need_now;
use super::people::deed_of;
use super::writers::{Writers, writers_of};
use crate::locate::type_policy;
use crate::serving::Serving;
use gonogo_core::case::PolicyOrigin;
use gonogo_core::deploy::{ActKey, Choice, Deploys, Entry, HaltedBy, Hold, Need, Next, Plan, Reply, Signal, next};
use gonogo_core::person::{Act, Actor, Forbidden, Person};
use gonogo_core::running::Running;
use gonogo_core::say;
use gonogo_store::{Candidate, CandidateId, DeployId, DeployRow, DeployState, RunKey, StoreError};
use jiff::SignedDuration;
use thiserror::Error;

/// Of authors that are not known so many are named.
const MOST_NAMED: usize = 5;
/// A runner asks far more often.
pub const SILENT: SignedDuration = SignedDuration::from_secs(45);

#[derive(Debug, Error)]
pub enum DeployError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Forbidden(Forbidden),
    /// It may not be deployed as it is.
    #[error("{said}\n  → {fix}")]
    NotNow { said: String, fix: String },
    /// The policy names others.
    #[error("{0}")]
    NotNamed(String),
    /// What was on the page is not so any more.
    #[error("{0}")]
    Gone(String),
}

pub(super) fn not_now(said: impl Into<String>, fix: impl Into<String>) -> DeployError {
    DeployError::NotNow { said: said.into(), fix: fix.into() }
}

fn no_candidate() -> DeployError {
    DeployError::Gone("there is no such candidate any more: its branch or production has moved".to_owned())
}

/// How a service is deployed by the policy in force; `None` where gonogo does not.
/// A policy that has not shipped yet runs nothing: anybody may have pushed it; nor does
/// one of several that run and disagree.
pub fn deploys_of(serving: &Serving, service: &str) -> Option<Deploys> {
    if serving.in_force.is_torn(service) {
        return None;
    }
    let policy = serving.in_force.of(service)?;
    if !matches!(policy.origin, PolicyOrigin::Given | PolicyOrigin::Production) {
        return None;
    }
    let deploys = type_policy(&policy).0.sections.deploy;
    (!deploys.steps.is_empty()).then_some(deploys)
}

/// A candidate that is to be deployed, how that is done, and over what.
pub(crate) async fn wanted(
    serving: &Serving,
    candidate: CandidateId,
) -> Result<(Candidate, Deploys, Running), DeployError> {
    let candidate = serving.store.candidate(candidate).await?.ok_or_else(no_candidate)?;
    let is_there = candidate.is_open || serving.store.is_to_be_deployed(candidate.id).await?;
    if !is_there || !candidate.stage.is_deploy() {
        return Err(no_candidate());
    }
    if serving.in_force.is_torn(&candidate.service) {
        let said = format!("the versions of {} that run say differently how it is deployed", candidate.service);
        return Err(not_now(said, "say on the service's page which one runs, once only one does"));
    }
    let section = deploys_of(serving, &candidate.service).ok_or_else(|| {
        let said = format!("gonogo does not deploy {}: the policy that runs has no steps", candidate.service);
        not_now(said, "write [[deploy.steps]] into gonogo.toml, and ship that once as you do today")
    })?;
    if !serving.runners.contains(section.runner()) {
        let said = format!("the server knows no runner `{}`", section.runner());
        let fix = "write [local_runner] or a [[runner]] into the server's configuration, or name another in [deploy]";
        return Err(not_now(said, fix));
    }
    let Some(production) = candidate.production.clone() else {
        return Err(not_now("what runs is not known", "see the service's page"));
    };
    if let Some(why) = serving.metrics.refuses(&section, &candidate.service) {
        return Err(not_now(why.said, why.fix));
    }
    Ok((candidate, section, production))
}

/// What a person may say of a deploy as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MaySay {
    pub signals: Vec<Signal>,
    /// To this act, with which gonogo waits.
    pub waits: Option<ActKey>,
    /// Of this act.
    pub choices: Option<(ActKey, Vec<Choice>)>,
}

/// Of a deploy that is not approved yet, that it is not to be.
pub fn may_say_of(row: &DeployRow, journal: &[Entry]) -> MaySay {
    match row.state {
        DeployState::Requested => MaySay { signals: vec![Signal::Abandon], ..MaySay::default() },
        state if state.has_ended() => MaySay::default(),
        _ => may_say(&row.plan, journal),
    }
}

/// By its plan and its journal alone.
fn may_say(plan: &Plan, journal: &[Entry]) -> MaySay {
    let has_begun = journal.iter().any(|entry| matches!(entry, Entry::Intended { key } if plan.changes_by(key)));
    let can_go_back = has_begun && !plan.back.is_empty() && !has_gone_back(journal);
    let back = can_go_back.then_some(Signal::RollBack);
    match next(plan, journal) {
        next @ (Next::Act(_) | Next::Follow(_) | Next::Watch) => {
            let signals = [Some(Signal::Halt), back, Some(Signal::Abandon)];
            let waits = waits_for_reply(plan, journal, &next);
            MaySay { signals: signals.into_iter().flatten().collect(), waits, choices: None }
        }
        Next::Hold(Hold::Halted(HaltedBy::Person(_) | HaltedBy::Guard { .. })) => {
            let signals = [Some(Signal::Resume), back, Some(Signal::Abandon)];
            MaySay { signals: signals.into_iter().flatten().collect(), ..MaySay::default() }
        }
        Next::Hold(Hold::Halted(HaltedBy::Step(key)) | Hold::CannotTell(key, _)) => {
            let is_on_host = key.act().on.is_some();
            // Those who are asked say yes, and nobody else in their place.
            let is_question = plan.step_of(&key).is_some_and(|step| step.does.question().is_some());
            let may = |choice: &Choice| match choice {
                Choice::LeaveOut => is_on_host,
                Choice::CountAsDone => !is_question,
                Choice::RunAgain | Choice::Abandon => true,
            };
            let choices = Choice::ALL.into_iter().filter(may).collect();
            MaySay { signals: back.into_iter().collect(), waits: None, choices: Some((key, choices)) }
        }
        Next::Finish(_) => MaySay::default(),
    }
}

/// An act with which gonogo waits, and to which nobody has said anything yet.
fn waits_for_reply(plan: &Plan, journal: &[Entry], next: &Next) -> Option<ActKey> {
    let Next::Follow(keys) = next else { return None };
    let is_replied = |of: &ActKey| journal.iter().any(|entry| matches!(entry, Entry::Replied { key, .. } if key == of));
    keys.iter().find(|key| plan.is_own(key) && !is_replied(key)).cloned()
}

fn has_gone_back(journal: &[Entry]) -> bool {
    use gonogo_core::deploy::Direction;
    journal.iter().any(|entry| match entry {
        Entry::Asked { signal, .. } => *signal == Signal::RollBack,
        Entry::Intended { key } => key.act().direction == Direction::Back,
        Entry::Settled { .. }
        | Entry::Decided { .. }
        | Entry::Replied { .. }
        | Entry::Guarded { .. }
        | Entry::Watched => false,
    })
}

/// Whether somebody may agree to a deploy that waits for it.
pub async fn may_approve(serving: &Serving, who: &Person, row: &DeployRow) -> Result<bool, StoreError> {
    why_not_approve(serving, who, row).await.map(|why_not| why_not.is_none())
}

/// Why not, where they may not.
pub async fn why_not_approve(serving: &Serving, who: &Person, row: &DeployRow) -> Result<Option<String>, StoreError> {
    match approving(serving, who, row).await {
        Ok(_) => Ok(None),
        Err(DeployError::Store(error)) => Err(error),
        Err(error) => Ok(Some(error.to_string().replace("\n  → ", "; "))),
    }
}

/// What is not known of who wrote what a deploy brings that waits for an approval: an
/// approver sees to that.
pub async fn writers_note(serving: &Serving, row: &DeployRow) -> Result<Option<String>, StoreError> {
    let approval = row.plan.approval.as_ref().filter(|approval| approval.not_by_author);
    let Some(approval) = approval.filter(|_| row.state == DeployState::Requested) else { return Ok(None) };
    match writers_of(serving, row, approval).await {
        Ok(writers) => Ok(unknown_words(&writers)),
        Err(DeployError::Store(error)) => Err(error),
        Err(error) => Ok(Some(error.to_string().replace("\n  → ", "; "))),
    }
}

fn unknown_words(writers: &Writers) -> Option<String> {
    let unknown = &writers.unknown;
    (!unknown.is_empty()).then(|| {
        let who = say::printable(&say::list(unknown, MOST_NAMED));
        format!("who {who} is here is not known: whoever approves says that they are somebody else")
    })
}

async fn approving(serving: &Serving, who: &Person, row: &DeployRow) -> Result<(Actor, Need, Writers), DeployError> {
    let gone = || DeployError::Gone(format!("deploy {} waits for no approval: it is {}", row.id.0, row.state.word()));
    let approval = row.plan.approval.as_ref().filter(|_| row.state == DeployState::Requested).ok_or_else(gone)?;
    let need = need_now(serving, row).await?.unwrap_or_else(|| approval.usual());
    let actor = who.may_approve(&row.service, need.role).map_err(DeployError::Forbidden)?;
    if serving.store.newest_evaluation(row.candidate).await?.is_none() {
        return Err(not_now("it is being judged: what is agreed to is not known yet", "approve it once it is"));
    }
    let speaker = Speaker::of(serving, who).await?;
    if let Some(people) = need.people.as_ref().filter(|people| !speaker.is_one_of(people)) {
        let said = format!("deploys of {} are approved by {}", row.service, say::list(people, people.len()));
        return Err(DeployError::NotNamed(said));
    }
    if approval.by_another && who.id == row.requested_by_id {
        return Err(DeployError::NotNamed(
            "nobody approves alone what they asked for: somebody else has to".to_owned(),
        ));
    }
    // Of what they could have agreed to beside this.
    let given = Need { role: who.role_at(&row.service), ..need };
    if !approval.not_by_author {
        return Ok((actor, given, Writers::default()));
    }
    let writers = writers_of(serving, row, approval).await?;
    if writers.has(who.id) {
        return Err(DeployError::NotNamed("nobody approves alone what they wrote: somebody else has to".to_owned()));
    }
    Ok((actor, given, writers))
}

/// Agrees to exactly this head over exactly what runs: it is queued.
pub async fn approve(serving: &Serving, who: &Person, id: DeployId) -> Result<(), DeployError> {
    let gone = || DeployError::Gone(format!("there is no deploy {}", id.0));
    let row = serving.store.deploy(id).await?.ok_or_else(gone)?;
    let (actor, given, writers) = approving(serving, who, &row).await?;
    let note = unknown_words(&writers).map(|said| format!("; {said}")).unwrap_or_default();
    let detail = format!("deploy {}: {} @ {}{note}", id.0, row.branch, row.head.short());
    let deed = deed_of(&actor, (serving.clock)(), "approved a deploy", &row.service, &detail);
    if serving.store.approve_deploy(id, who.id, &given, deed).await? {
        Ok(())
    } else {
        Err(DeployError::Gone(format!("deploy {} waits for no approval any more", id.0)))
    }
}

/// Halts it, lets it go on, rolls it back, or ends it as it is.
pub async fn signal(serving: &Serving, who: &Person, id: DeployId, signal: Signal) -> Result<(), DeployError> {
    let (row, actor, may, seen) = standing(serving, who, id).await?;
    if !may.signals.contains(&signal) {
        return Err(DeployError::Gone(format!(
            "deploy {} is {} by now: that cannot be asked of it",
            id.0,
            row.state.word()
        )));
    }
    let did = match signal {
        Signal::Halt => "halted a deploy",
        Signal::Resume => "let a deploy go on",
        Signal::RollBack => "had a deploy rolled back",
        Signal::Abandon => "ended a deploy as it is",
    };
    let deed = deed_of(&actor, (serving.clock)(), did, &row.service, &format!("deploy {}", id.0));
    if row.state == DeployState::Requested {
        return if serving.store.cancel_requested(id, deed).await? {
            Ok(())
        } else {
            Err(DeployError::Gone(format!("deploy {} was approved meanwhile: halt it", id.0)))
        };
    }
    said(serving, id, Entry::Asked { signal, by: who.name.clone() }, seen, deed).await
}

/// Says how a deploy goes on of which a step failed, or cannot be told.
pub async fn decide(
    serving: &Serving,
    who: &Person,
    id: DeployId,
    key: ActKey,
    choice: Choice,
) -> Result<(), DeployError> {
    let (row, actor, may, seen) = standing(serving, who, id).await?;
    if !may.choices.is_some_and(|(of, choices)| of == key && choices.contains(&choice)) {
        return Err(DeployError::Gone(format!("{key} of deploy {} waits for no answer any more", id.0)));
    }
    let did = match choice {
        Choice::RunAgain => "had a step run again",
        Choice::CountAsDone => "counted a step as done",
        Choice::LeaveOut => "left a host out of a deploy",
        Choice::Abandon => "ended a deploy as it is",
    };
    let deed = deed_of(&actor, (serving.clock)(), did, &row.service, &format!("{key} of deploy {}", id.0));
    said(serving, id, Entry::Decided { key, by: who.name.clone(), choice }, seen, deed).await
}

/// Its runner does not come back: whether the step was done is for a person to tell.
/// Where the runner was heard of a moment ago it is for it to tell.
pub async fn give_up(serving: &Serving, who: &Person, id: DeployId, key: ActKey) -> Result<(), DeployError> {
    let (row, actor, ..) = standing(serving, who, id).await?;
    let now = (serving.clock)();
    let detail = format!("{key} of deploy {}", id.0);
    let deed = deed_of(&actor, now, "gave a step's runner up", &row.service, &detail);
    let of = RunKey { deploy: id, key: key.clone() };
    let since = now.saturating_sub(SILENT).unwrap_or(now);
    if serving.store.give_up_run(of, &who.name, since, deed).await? {
        Ok(())
    } else {
        Err(DeployError::Gone(format!("the runner of {key} was heard of less than {} s ago", SILENT.as_secs())))
    }
}

/// Has a step ended that runs: TERM first, then KILL.
pub async fn end_step(serving: &Serving, who: &Person, id: DeployId, key: ActKey) -> Result<(), DeployError> {
    let (row, actor, ..) = standing(serving, who, id).await?;
    if row.plan.is_own(&key) {
        return reply(serving, who, id, key, Reply::End).await;
    }
    let deed =
        deed_of(&actor, (serving.clock)(), "had a step ended", &row.service, &format!("{key} of deploy {}", id.0));
    if serving.store.end_run(RunKey { deploy: id, key: key.clone() }, &who.name, deed).await? {
        Ok(())
    } else {
        Err(DeployError::Gone(format!("{key} of deploy {} does not run any more", id.0)))
    }
}

async fn standing(
    serving: &Serving,
    who: &Person,
    id: DeployId,
) -> Result<(DeployRow, Actor, MaySay, usize), DeployError> {
    let gone = || DeployError::Gone(format!("there is no deploy {}", id.0));
    let row = serving.store.deploy(id).await?.ok_or_else(gone)?;
    let actor = who.may_at(&row.service, Act::Deploy).map_err(DeployError::Forbidden)?;
    if row.state.has_ended() {
        return Err(DeployError::Gone(format!("deploy {} is over: it is {}", id.0, row.state.word())));
    }
    let journal: Vec<Entry> = serving.store.deploy_journal(id).await?.into_iter().map(|(entry, _)| entry).collect();
    let may = may_say_of(&row, &journal);
    Ok((row, actor, may, journal.len()))
}

pub(super) async fn said(
    serving: &Serving,
    id: DeployId,
    entry: Entry,
    seen: usize,
    deed: gonogo_store::Deed,
) -> Result<(), DeployError> {
    if serving.store.say_of_deploy(id, entry, seen, deed).await? {
        Ok(())
    } else {
        Err(DeployError::Gone(format!("deploy {} has moved on by now: look at it again", id.0)))
    }
}

/// Whether a policy in force has this runner do its steps, or it has some to do whatever
/// the policies say by now.
pub async fn wants_runner(serving: &Serving, name: &str) -> Result<bool, StoreError> {
    let of = |service: &crate::Service| deploys_of(serving, &service.name).is_some_and(|one| one.runner() == name);
    Ok(serving.services.iter().any(of) || serving.store.has_open_runs(name).await?)
}
