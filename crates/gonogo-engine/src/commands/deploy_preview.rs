//! What a deploy would do, and how long that took before. Nothing is done.

use super::deploys::{DeployError, wanted};
use super::locks::{locked_words, unlocking};
use super::request::{is_go, only_by_hand, runs_into};
use crate::serving::Serving;
use crate::told_deploy;
use gonogo_core::deploy::{Plan, Runway, Variables};
use gonogo_store::{Candidate, CandidateId, DeployRow, DeployState, DeploysWanted, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// Among so many deploys those are looked for that went well.
const LOOKED_AT: u32 = 20;
const MOST_WAITING: u32 = 50;

#[derive(Clone, Debug)]
pub struct Preview {
    pub candidate: Candidate,
    /// As it would be asked for now, for a deploy of which nobody knows the number.
    pub plan: Plan,
    /// By the names of steps: the median of what they took in deploys that went well.
    pub expected: BTreeMap<String, SignedDuration>,
    /// Why it would not be begun now, and what mends that.
    pub not_now: Option<(String, String)>,
    /// The freeze that it would run into.
    pub runs_into: Option<String>,
    /// Of its service, what waits and has not begun.
    pub waiting: Vec<DeployRow>,
}

/// What deploying a candidate would do.
pub async fn preview(serving: &Serving, candidate: CandidateId) -> Result<Preview, DeployError> {
    let (candidate, section, production) = wanted(serving, candidate).await?;
    let lock = serving.store.service_lock(&candidate.service, (serving.clock)()).await?;
    let locked = lock
        .map(|lock| (format!("{}; nobody else deploys it until then", locked_words(&lock)), unlocking(serving, &lock)));
    let not_now = match is_go(serving, &section, &candidate, None).await {
        Ok(()) => locked,
        Err(DeployError::NotNow { said, fix }) => Some((said, fix)),
        Err(other) => return Err(other),
    };
    let into = runs_into(serving, &section, &candidate.service, (serving.clock)()).await?;
    let not_now = not_now.or_else(|| into.clone().filter(|_| section.runway == Runway::Block));
    let variables = Variables {
        service: candidate.service.clone(),
        branch: candidate.branch.clone(),
        deploy: 0,
        head: candidate.head,
        production,
        only_by_hand: only_by_hand(serving, candidate.id).await?,
    };
    let plan = Plan::of(&section, &variables);
    let expected = expected(serving, &candidate.service).await?;
    let wanted = DeploysWanted { service: candidate.service.clone(), only_open: true, before: None };
    let mut waiting = serving.store.deploys(wanted, MOST_WAITING).await?;
    waiting.retain(|row| row.began_at.is_none());
    Ok(Preview { candidate, plan, expected, not_now, runs_into: into.map(|(said, _)| said), waiting })
}

async fn expected(serving: &Serving, service: &str) -> Result<BTreeMap<String, SignedDuration>, StoreError> {
    let wanted = DeploysWanted { service: service.to_owned(), ..DeploysWanted::default() };
    let mut took: BTreeMap<String, Vec<SignedDuration>> = BTreeMap::new();
    for row in serving.store.deploys(wanted, LOOKED_AT).await? {
        if row.state != DeployState::Deployed {
            continue;
        }
        let Some(told) = told_deploy(serving, row.id).await? else { continue };
        let mut steps: BTreeMap<&str, (Timestamp, Timestamp)> = BTreeMap::new();
        for act in &told.acts {
            let Some(ended) = act.ended_at else { continue };
            let (from, until) = steps.entry(&act.name).or_insert((act.began_at, ended));
            (*from, *until) = ((*from).min(act.began_at), (*until).max(ended));
        }
        for (name, (from, until)) in steps {
            took.entry(name.to_owned()).or_default().push(until.duration_since(from));
        }
    }
    let median = |mut all: Vec<SignedDuration>| {
        all.sort();
        all[all.len() / 2]
    };
    Ok(took.into_iter().map(|(name, all)| (name, median(all))).collect())
}
