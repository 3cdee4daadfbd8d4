//! Whether a deploy that waits is still what people asked for: its head stays, whatever
//! comes to its branch, and what runs may move along to it.

use super::ready::Reading;
use super::{Seen, Step, until};
use crate::commands::deploys::deploys_of;
use crate::jobs::{JobError, blocking};
use crate::serving::{Service, Serving};
use gonogo_core::deploy::{Plan, Variables};
use gonogo_core::ids::Sha;
use gonogo_core::running::Running;
use gonogo_core::say;
use gonogo_remote::git::Git;
use gonogo_store::{Deed, DeployRow, DeployState, DeploysWanted};

/// Of so many open deploys of a service those are looked at that wait for an approval.
const MOST: u32 = 200;

pub(super) enum Stays {
    AsItWas,
    /// This runs now, on the way to its head.
    Along(Running),
    /// It is not what was asked for, and why.
    Gone(String),
}

/// By what was seen last of its branch and of what runs.
pub(super) async fn stays(
    serving: &Serving,
    service: &Service,
    row: &DeployRow,
    runs: Option<&Running>,
) -> Result<Stays, JobError> {
    let candidate = serving.store.candidate(row.candidate).await?;
    let is_open = candidate.is_some_and(|candidate| candidate.is_open);
    if is_open && runs == Some(&row.production) {
        return Ok(Stays::AsItWas);
    }
    let open = serving.store.open_candidates(&row.service).await?;
    let newest = open.iter().find(|one| one.stage.is_deploy() && one.branch == row.branch);
    let (branch, head) = (say::printable(&row.branch), row.head.short());
    let Some(newest) = newest else {
        return Ok(Stays::Gone(format!("{branch} brings nothing any more, or is gone: ask for another one")));
    };
    if !is_behind(serving, service, row.head, newest.head).await? {
        let now = newest.head.short();
        return Ok(Stays::Gone(format!("{branch} is at {now} by now, which has not {head}: ask for it anew")));
    }
    let Some(runs) = runs else { return Ok(Stays::Gone("what runs is not known now: ask for it anew".to_owned())) };
    if *runs == row.production {
        return Ok(Stays::AsItWas);
    }
    let (before, now) = (row.production.short(), runs.short());
    if let Some(now) = runs.only() {
        if is_behind(serving, service, row.head, now).await? {
            return Ok(Stays::Gone(format!("{head} is in what runs by now")));
        }
        // Of several that ran, one is left.
        let was_there = row.production.shas().contains(&now);
        let comes_after = match row.production.only() {
            Some(before) => is_behind(serving, service, before, now).await?,
            None => was_there,
        };
        if comes_after && is_behind(serving, service, now, row.head).await? {
            return Ok(Stays::Along(runs.clone()));
        }
    }
    Ok(Stays::Gone(format!("what runs is {now} now; this was asked for over {before}: ask for it anew")))
}

/// Whether the second has all that the first has.
async fn is_behind(serving: &Serving, service: &Service, one: Sha, other: Sha) -> Result<bool, JobError> {
    if one == other {
        return Ok(true);
    }
    let dir = serving.mirror_of(service);
    blocking(move || Ok(Git::of_mirror(&dir)?.is_behind(one, other)?)).await
}

/// Requests to which nobody agreed in time, or that are not what was asked for any more.
pub(in crate::jobs) async fn lapse(serving: &Serving, service: &Service) -> Result<(), JobError> {
    let wanted = DeploysWanted { service: service.name.clone(), only_open: true, before: None };
    let rows = serving.store.deploys(wanted, MOST).await?;
    let runs = serving.store.production(&service.name).await?.and_then(|row| row.running);
    // While one is under way, what runs is another for a while.
    let is_under_way = rows.iter().any(|row| row.began_at.is_some());
    for row in rows.iter().filter(|row| row.state == DeployState::Requested) {
        let now = (serving.clock)();
        let approval = row.plan.approval.as_ref();
        let said = if approval.is_none_or(|approval| !approval.counts(row.requested_at, row.not_before, now)) {
            let hours = approval.map_or(0, |approval| approval.hours);
            format!("nobody agreed to it within {hours} h: ask for it anew")
        } else if is_under_way {
            continue;
        } else {
            match stays(serving, service, row, runs.as_ref()).await {
                Ok(Stays::AsItWas | Stays::Along(_)) => continue,
                Ok(Stays::Gone(said)) => said,
                Err(JobError::Store(error)) => return Err(error.into()),
                Err(error) => {
                    // A commit that is gone from the mirror, such as after a force-push.
                    tracing::warn!(deploy = row.id.0, %error, "whether a request still stands cannot be told");
                    continue;
                }
            }
        };
        serving.store.lapse_deploy(row.id, said, now).await?;
    }
    Ok(())
}

impl Seen {
    /// It is over what runs now from here on, where that is deployed as before.
    pub(super) async fn moves_along(&mut self, runs: Running, seen: usize) -> Result<Step, JobError> {
        let Some(section) = deploys_of(&self.serving, &self.row.service) else { return Ok(Step::Waits) };
        let DeployRow { id, service, branch, head, production, plan, .. } = self.row.clone();
        let planned = |production: Running| {
            let (service, branch) = (service.clone(), branch.clone());
            let only_by_hand = plan.only_by_hand.clone();
            Plan::of(&section, &Variables { service, branch, deploy: id.0, head, production, only_by_hand })
        };
        if planned(production.clone()) != plan {
            let said = format!("{}, which runs now, is deployed in another way: ask for it anew", runs.short());
            return self.finish(DeployState::Refused, said, None, seen).await;
        }
        let now = (self.serving.clock)();
        let deed = Deed {
            at: now,
            actor: "gonogo".to_owned(),
            action: "moved a deploy along",
            subject: service.clone(),
            detail: format!("deploy {}: over {} instead of {}", id.0, runs.short(), production.short()),
            once: None,
        };
        self.serving.store.move_deploy(&self.held, runs.clone(), planned(runs), seen, until(now), deed).await?;
        if let Some(row) = self.serving.store.deploy(id).await? {
            self.row = row;
        }
        self.reading = Reading::from(now);
        Ok(Step::Moved)
    }
}
