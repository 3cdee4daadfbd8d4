//! Candidates that are deployed as soon as they are Go, where the policy of what runs says
//! so of their branch.

use crate::commands::deploys::{DeployError, deploys_of, wanted};
use crate::commands::request::{Whose, asked_for, is_go, need_at, only_by_hand, runs_into, waits_of};
use crate::jobs::told;
use crate::serving::Serving;
use gonogo_core::deploy::{Deploys, Runway};
use gonogo_store::{Candidate, Deed, DeployId, DeployRow, DeployState, DeploysWanted, StoreError, Waits};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// A verdict is found so soon.
const EVERY: Duration = Duration::from_secs(1);
/// What was refused when its turn came may be asked for again after this.
const AGAIN: SignedDuration = SignedDuration::from_mins(10);
const MOST: u32 = 200;
/// Its table in a policy.
const WORD: &str = "continuous";
/// Who asks, as people see it.
const NAME: &str = "continuous deployment";

/// Asks for what is to be deployed, until told to stop.
pub(in crate::jobs) async fn ask_for_all(serving: Arc<Serving>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        for service in &serving.services {
            if let Err(error) = ask_for_some(&serving, &service.name).await {
                told::store_is_away(&error);
            }
        }
        // Nobody waits for it: what comes in a flood is looked at once.
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn ask_for_some(serving: &Serving, service: &str) -> Result<(), StoreError> {
    // Most policies have none: these are not read each time.
    if !serving.in_force.of(service).is_some_and(|policy| policy.text.contains(WORD)) {
        return Ok(());
    }
    let Some(section) = deploys_of(serving, service) else { return Ok(()) };
    let Some(continuous) = &section.continuous else { return Ok(()) };
    if serving.store.stop().await?.is_some() || serving.store.service_lock(service, (serving.clock)()).await?.is_some()
    {
        return Ok(());
    }
    for candidate in serving.store.open_candidates(service).await? {
        let is_meant = candidate.stage.is_deploy() && continuous.branches.fit(&candidate.branch);
        if !is_meant || !is_new(serving, &candidate).await? {
            continue;
        }
        match ask(serving, &section, candidate).await {
            // It is not to be deployed now.
            Ok(()) | Err(DeployError::NotNow { .. } | DeployError::Gone(_)) => {}
            Err(DeployError::Store(error)) => return Err(error),
            Err(error) => tracing::warn!(service, %error, "a candidate was not asked for"),
        }
    }
    Ok(())
}

/// Whether its head was not asked for by anybody, or was refused a while ago. What a person
/// halted, cancelled or had rolled back is theirs to ask for again, and so is what nobody
/// agreed to.
async fn is_new(serving: &Serving, candidate: &Candidate) -> Result<bool, StoreError> {
    let now = (serving.clock)();
    Ok(match serving.store.newest_deploy_of(&candidate.service, candidate.head).await? {
        None => true,
        Some((id, DeployState::Refused, Some(ended))) if now.duration_since(ended) > AGAIN => {
            let row = serving.store.deploy(id).await?;
            row.is_some_and(|row| row.plan.approval.is_none() || row.approved.is_some())
        }
        Some(_) => false,
    })
}

async fn ask(serving: &Serving, section: &Deploys, candidate: Candidate) -> Result<(), DeployError> {
    is_go(serving, section, &candidate, None).await?;
    let (candidate, section, production) = wanted(serving, candidate.id).await?;
    let now = (serving.clock)();
    if section.runway == Runway::Block && runs_into(serving, &section, &candidate.service, now).await?.is_some() {
        return Ok(());
    }
    let who = serving.store.robot(NAME, now).await?;
    let only_by_hand = only_by_hand(serving, candidate.id).await?;
    let need = need_at(serving, &section, candidate.id, now).await?;
    let instead_of = older(serving, &candidate, who).await?;
    let waits = Waits { instead_of, ..waits_of(&section, &candidate.branch) };
    let place = instead_of.map(|old| format!(", in the place of deploy {}", old.0)).unwrap_or_default();
    let (branch, head) = (&candidate.branch, candidate.head.short());
    let deed = deed(now, &candidate.service, &format!("{branch} @ {head}, over {}{place}", production.short()));
    let whose = Whose { by: who, channel: None, waits, is_to_be_approved: need.is_some() };
    let (new, plan) = asked_for(candidate, section, production, only_by_hand, whose);
    match serving.store.request_deploy(new, plan, deed).await {
        // The older one has begun meanwhile: this one waits behind it next time.
        Ok(_) | Err(StoreError::Done) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// One of the same branch that nobody asked for either, to which nobody has agreed, and
/// that has not begun: what is newer has it in it.
async fn older(serving: &Serving, candidate: &Candidate, who: i64) -> Result<Option<DeployId>, StoreError> {
    let wanted = DeploysWanted { service: candidate.service.clone(), only_open: true, before: None };
    let rows = serving.store.deploys(wanted, MOST).await?;
    let queue = serving.store.deploys_in_queue().await?;
    // One whose turn has come goes on: else a busy branch never ships.
    let has_turn = |row: &DeployRow| queue.iter().any(|one| one.deploy == row.id.0 && one.is_taken);
    let waits = rows.iter().find(|row| {
        row.requested_by_id == who
            && row.branch == candidate.branch
            && matches!(row.state, DeployState::Requested | DeployState::Queued)
            && row.approved.is_none()
            && row.glass.is_none()
            && !has_turn(row)
    });
    Ok(waits.map(|row| row.id))
}

fn deed(at: Timestamp, service: &str, detail: &str) -> Deed {
    Deed {
        at,
        actor: "gonogo".to_owned(),
        action: "asked for a deploy",
        subject: service.to_owned(),
        detail: format!("{NAME}: {detail}"),
        once: None,
    }
}
