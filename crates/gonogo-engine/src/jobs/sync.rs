//! A repository as it is now: for each of its services what production runs, and
//! which branches are candidates over it. A hook and the clock both lead here.

use super::pulls::QUEUE;
use super::{
    AGAIN_AFTER, JobError, PULLS, SHIP, because, blocking, deploys, early, judge_all, judge_soon, judging, look_soon,
    production, seen, settle, shipping,
};
use crate::locate::{GivenProduction, Located, Wanted, locate_each};
use crate::serving::{Service, Serving};
use gonogo_api::{Check, CheckLine, CheckState, Finding};
use gonogo_checks::SIGN_OFFS;
use gonogo_core::case::{PolicyInForce, Stage};
use gonogo_core::ids::Sha;
use gonogo_core::policy::ServicePath;
use gonogo_remote::git::{Git, Remote, mirror, tells_of_damage};
use gonogo_remote::github::is_polling;
use gonogo_store::{Candidate, CandidateId, NewJob, Sighted, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// A push has mostly been judged by then.
const AFTER_VERDICTS: SignedDuration = SignedDuration::from_secs(1);

/// Checks by their names in verdicts.
const BUILDS: &str = "builds";
const AWARENESS: &str = "awareness";
/// A pull request may name the story of commits that name none.
const KEYS: &str = "story-key";
const LISTS: &str = "story-missing";
/// How long a story is worked on grows by itself.
const SIZE: &str = "story-size";
/// A window closes by itself.
const FREEZE: &str = "freeze";
/// Answers of before stand in for those of a tracker that is away.
const TRACKER: &str = "tracker";

/// A service's branches that are candidates, with their heads.
struct View {
    branches: Vec<(String, Sha)>,
    /// What production has and the default branch lacks.
    astray: Option<String>,
    /// The folder that the service is.
    path: Option<ServicePath>,
    policy: PolicyInForce,
    /// Whether several versions run that say differently how they are deployed.
    is_torn: bool,
    tracker: Option<String>,
    /// Whether it is told which stories change: by the tracker, or there is none.
    is_told: bool,
}

pub(super) async fn look(serving: &Serving, repository: &str) -> Result<(), JobError> {
    let services: Vec<&Service> =
        serving.services.iter().filter(|service| service.repository.to_string() == repository).collect();
    let Some(first) = services.first() else { return Ok(()) };
    let began = (serving.clock)();
    let git = match fetch(serving, first).await {
        Ok(git) => Arc::new(git),
        Err(error) => {
            for service in &services {
                out_of_sight(serving, service).await?;
            }
            return Err(error);
        }
    };
    let mut failed = Ok(());
    for service in &services {
        // One that cannot be looked at holds up no other.
        let looked = look_at(serving, service, &git, began).await;
        if looked.is_err() {
            out_of_sight(serving, service).await?;
        }
        if let Err(error) = &looked
            && tells_of_damage(&error.to_string())
        {
            // Tried again, which makes it anew.
            serving.fetches.found_damage(&serving.mirror_of(service));
        }
        failed = failed.and(looked.map_err(|error| JobError::Broken(format!("{}: {error}", service.name))));
    }
    let name = &first.repository;
    if serving.github.is_led_on(name) && serving.renamed.other_name(name).is_none() {
        // For its services' pages.
        serving.renamed.ask(&serving.github, name, (serving.clock)()).await;
    }
    failed
}

/// The repository's mirror as it is there now.
async fn fetch(serving: &Serving, service: &Service) -> Result<Git, JobError> {
    let remote = remote_of(serving, service).await?;
    let dir = serving.mirror_of(service);
    let fetches = Arc::clone(&serving.fetches);
    let _turn = serving.turns.wait(&service.repository).await;
    let fetched = blocking(move || {
        if let Some(parent) = dir.parent() {
            std::fs::create_dir_all(parent).map_err(gonogo_remote::git::GitError::from)?;
        }
        mirror(&dir, &remote, &fetches)?;
        Ok(Git::of_mirror(&dir)?)
    })
    .await;
    if fetched.is_err() {
        // git does not say whether it was the token: the next try has a new one.
        serving.github.forget_token(&service.repository);
    }
    fetched
}

/// The mirror is made anew where what git said of it tells of damage.
pub(super) async fn mend_mirror(serving: &Serving, service: &Service, said: &str) -> Result<(), StoreError> {
    if !tells_of_damage(said) {
        return Ok(());
    }
    tracing::warn!(service = service.name, said, "a part of the mirror is broken: it is made anew");
    serving.fetches.found_damage(&serving.mirror_of(service));
    look_soon(serving, &service.repository).await
}

/// Where a service is fetched from, with what lets us.
pub(super) async fn remote_of(serving: &Serving, service: &Service) -> Result<Remote, JobError> {
    let mut remote = service.remote.clone();
    if service.is_at_code_host {
        remote.token = Some(serving.github.token_for(&service.repository, (serving.clock)()).await?);
    }
    Ok(remote)
}

/// What cannot be looked at is judged all the same once that has lasted: it may
/// not be Go any more.
async fn out_of_sight(serving: &Serving, service: &Service) -> Result<(), JobError> {
    serving.in_force.looked_in_vain(&service.name);
    let now = (serving.clock)();
    let row = serving.store.production(&service.name).await?;
    if row.is_some_and(|row| production::is_out_of_sight(&row, serving.rounds.every(), now).is_some()) {
        judge_all(serving, &service.name).await?;
    }
    Ok(())
}

async fn look_at(serving: &Serving, service: &Service, git: &Arc<Git>, began: Timestamp) -> Result<(), JobError> {
    let last = serving.store.production(&service.name).await?;
    let was_out_of_sight =
        last.is_some_and(|row| production::is_out_of_sight(&row, serving.rounds.every(), (serving.clock)()).is_some());
    let mut production = production::find(serving, service, git).await?;
    let given = production::given(
        production.running.as_ref(),
        &production.name,
        &production.why,
        production.trouble.as_deref(),
    );
    let wanted = Wanted { production: Some(given), ..production::wanted(serving.mirror_of(service), service) };
    let mut view = {
        let git = Arc::clone(git);
        blocking(move || view(&git, &wanted)).await?
    };
    production.astray = view.astray.take();
    serving.in_force.set_torn(&service.name, view.is_torn);
    if serving.in_force.set(&service.name, view.policy.clone()) {
        // Without it they were told of what the others ask for.
        early::changed(serving, &serving.store.open_stories(&service.name).await?).await?;
    }
    view.is_told = view.tracker.as_ref().is_none_or(|tracker| serving.telling.has(tracker));
    let mut open = serving.store.open_candidates(&service.name).await?;
    open.retain(|candidate| candidate.stage.is_deploy());
    for gone in open.iter().filter(|c| view.branches.iter().all(|(branch, _)| *branch != c.branch)) {
        serving.store.close_candidate(gone.id, (serving.clock)()).await?;
        judge_same_head(serving, gone).await?;
    }
    let sighted = |(branch, head)| Sighted {
        service: service.name.clone(),
        branch,
        head,
        production: production.running.clone(),
        stage: Stage::Deploy,
    };
    let branches = view.branches.into_iter().map(sighted).collect();
    let looked = serving.store.looked(production.clone(), branches, began, (serving.clock)()).await?;
    deploys::lapse(serving, service).await?;
    settle::abandoned(serving).await?;
    reads_moves(serving, service).await?;
    for (candidate, is_new) in &looked.candidates {
        if *is_new {
            let is_concerned = is_concerned(git, view.path.clone(), candidate).await?;
            begins(serving, candidate, is_concerned).await?;
            if let Some(before) = open.iter().find(|c| c.branch == candidate.branch) {
                judge_same_head(serving, before).await?;
            }
        }
        if !*is_new && view.is_told && is_settled(serving, candidate.id).await? {
            // Of two times the earlier one counts.
            let later = (serving.clock)().saturating_add(AGAIN_AFTER).unwrap_or(Timestamp::MAX);
            serving.store.enqueue(judging(candidate.id, later)).await?;
        } else {
            judge_soon(serving, candidate.id).await?;
        }
    }
    if was_out_of_sight {
        judge_all(serving, &service.name).await?;
    }
    let (key, now) = (service.name.clone(), (serving.clock)());
    // Their hooks lead to them at once: a push's verdict goes before the look at all.
    let run_at = if is_polling() { now } else { now.saturating_add(AFTER_VERDICTS).unwrap_or(now) };
    Ok(serving.store.enqueue(NewJob { kind: PULLS, key, body: because(), run_at }).await?)
}

/// Of what stands at the head of one that is open no more another one speaks now.
async fn judge_same_head(serving: &Serving, closed: &Candidate) -> Result<(), JobError> {
    for other in serving.store.same_head(closed.id).await? {
        judge_soon(serving, other.candidate).await?;
    }
    Ok(())
}

/// What came with production's moves is read as soon as somebody has time.
async fn reads_moves(serving: &Serving, service: &Service) -> Result<(), JobError> {
    let is_read = serving.store.unread_moves(&service.name).await?.is_empty();
    if is_read && !shipping::is_unread(serving, &service.name).await? {
        return shipping::tell(serving).await;
    }
    let (key, run_at) = (service.name.clone(), (serving.clock)());
    Ok(serving.store.enqueue(NewJob { kind: SHIP, key, body: String::new(), run_at }).await?)
}

/// What is seen of a candidate before its verdict.
pub(super) async fn begins(serving: &Serving, candidate: &Candidate, is_concerned: bool) -> Result<(), JobError> {
    let now = (serving.clock)();
    let wanted = if is_concerned {
        seen::pending(serving, candidate, now)
    } else {
        seen::not_concerned(serving, candidate, now)
    };
    Ok(serving.store.want(wanted).await?)
}

/// Whether anything of the service differs; what is not known may.
async fn is_concerned(git: &Arc<Git>, path: Option<ServicePath>, candidate: &Candidate) -> Result<bool, JobError> {
    let (Some(path), Some(running)) = (path, candidate.production.clone()) else { return Ok(true) };
    let (git, head) = (Arc::clone(git), candidate.head);
    blocking(move || {
        for base in running.shas() {
            // A merge may have left out what production has: no commit changes it.
            let differs =
                || Ok::<_, JobError>(git.changed_paths(*base, head)?.iter().any(|changed| path.holds(changed)));
            if !git.below(*base, head, path.as_str())?.is_empty() || differs()? {
                return Ok(true);
            }
        }
        Ok(false)
    })
    .await
}

/// Whether what a candidate was found to be stays so until somebody tells of a
/// change: nothing is on its way, and no time runs out.
async fn is_settled(serving: &Serving, id: CandidateId) -> Result<bool, StoreError> {
    let Some(newest) = serving.store.newest_evaluation(id).await? else { return Ok(false) };
    let Ok(check) = serde_json::from_str::<Check>(&newest.result) else { return Ok(false) };
    let is_open = |line: &CheckLine| match line.state {
        CheckState::Waiting | CheckState::CouldNotCheck => true,
        CheckState::Found => [BUILDS, AWARENESS, KEYS, SIZE].contains(&line.name.as_str()),
        // Who signed may be allowed to no more.
        CheckState::Passed => [SIGN_OFFS, SIZE, FREEZE].contains(&line.name.as_str()),
        CheckState::Off => false,
    };
    let passes = |finding: &Finding| finding.waiver.is_some() || finding.check == TRACKER;
    let is_decided = newest.exit_code < 3 && !newest.is_unread;
    Ok(is_decided && !check.checks.iter().any(is_open) && !check.findings.iter().any(passes))
}

/// Whether a candidate's verdict rests on which stories are ready.
pub(super) async fn rests_on_lists(serving: &Serving, id: CandidateId) -> Result<bool, StoreError> {
    let newest = serving.store.newest_evaluation(id).await?;
    let check = newest.and_then(|newest| serde_json::from_str::<Check>(&newest.result).ok());
    let is_on = |line: &CheckLine| line.name == LISTS && line.state != CheckState::Off;
    Ok(check.is_some_and(|check| check.checks.iter().any(is_on)))
}

fn view(git: &Git, wanted: &Wanted) -> Result<View, JobError> {
    let all = locate_each(git, wanted)?;
    let deploys = |one: &Located| serde_json::to_value(&one.policy.sections.deploy).ok();
    let is_torn = all.iter().any(|one| deploys(one) != deploys(&all[0]));
    let Some(Located { policy, case, .. }) = all.into_iter().next() else {
        return Err(JobError::Broken("nothing was located".to_owned()));
    };
    let tracker = policy.sections.tracker.as_ref().map(|tracker| tracker.url.clone());
    let branches = git.branches()?;
    let default = branches.default.as_ref().map(|(full, sha)| (full.trim_start_matches("refs/heads/"), *sha));
    let (name, astray) = match (&wanted.production, default) {
        (Some(GivenProduction::Runs { running, name, .. }), Some(default)) => {
            (name.as_str(), production::astray(git, running, default, name)?)
        }
        (Some(GivenProduction::Runs { name, .. }), None) => (name.as_str(), None),
        _ => ("", None),
    };
    let takes = |branch: &str| {
        let is_default = default.is_some_and(|(default, _)| default == branch);
        policy.sections.candidates.takes(branch, is_default) && name != branch && !branch.starts_with(QUEUE)
    };
    let branches = git.heads()?.into_iter().filter(|(branch, _)| takes(branch)).collect();
    Ok(View { branches, astray, path: case.path, policy: case.policy, is_torn, tracker, is_told: false })
}
