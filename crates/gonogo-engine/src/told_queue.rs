//! Where a deploy that waits stands, in words.

use crate::commands::request::usually_takes;
use crate::serving::Serving;
use gonogo_core::deploy::{Calendar, InQueue, Place, place};
use gonogo_core::say;
use gonogo_store::{DeployId, DeployRow, DeployState, StoreError};
use jiff::Timestamp;

/// So many of those ahead are added up.
const MOST_AHEAD: usize = 20;

/// What a deploy waits for that has not come to its turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldPlace {
    pub said: String,
    /// The one right before it.
    pub after: Option<DeployId>,
    /// When it is expected to begin, by how long those ahead of it usually take.
    pub expected_at: Option<Timestamp>,
}

/// `None` where its turn has come.
pub async fn told_place(serving: &Serving, row: &DeployRow) -> Result<Option<ToldPlace>, StoreError> {
    let now = (serving.clock)();
    let shown = |at: Timestamp| match Calendar::of(&row.plan.zone, &[], &[]) {
        Ok(calendar) => calendar.shown(at),
        Err(_) => say::minute(at),
    };
    let later = |at: Timestamp| ToldPlace {
        said: format!("it begins on {} at the earliest", shown(at)),
        after: None,
        expected_at: Some(at),
    };
    match row.state {
        DeployState::Requested => Ok(row.not_before.filter(|at| *at > now).map(later)),
        DeployState::Queued => {
            let all = serving.store.deploys_in_queue().await?;
            let Some(one) = all.iter().find(|one| one.deploy == row.id.0) else { return Ok(None) };
            Ok(match place(one, &all, now) {
                Place::Turn => None,
                Place::NotBefore(at) => Some(later(at)),
                Place::After(ahead) => {
                    let expected_at = begins(serving, one, &all, now).await?;
                    let ahead_of_it = serving.store.deploy(DeployId(ahead)).await?;
                    let of = ahead_of_it.map_or_else(String::new, |ahead| {
                        let branch = say::printable(&ahead.branch);
                        format!(" ({}, {branch} @ {})", ahead.service, ahead.head.short())
                    });
                    let expected = expected_at.map(|at| format!("; it is expected to begin at {}", shown(at)));
                    let said = format!("after deploy {ahead}{of}{}", expected.unwrap_or_default());
                    Some(ToldPlace { said, after: Some(DeployId(ahead)), expected_at })
                }
            })
        }
        _ => Ok(None),
    }
}

/// When one begins, by how long deploys of each service ahead of it usually take.
async fn begins(
    serving: &Serving,
    one: &InQueue,
    all: &[InQueue],
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let mut ahead = Vec::new();
    let mut at = one;
    while let Place::After(before) = place(at, all, now) {
        let Some(found) = all.iter().find(|other| other.deploy == before) else { return Ok(None) };
        ahead.push(found);
        if ahead.len() > MOST_AHEAD {
            return Ok(None);
        }
        at = found;
    }
    let mut time = now;
    for one in ahead.into_iter().rev() {
        let Some(takes) = usually_takes(serving, &one.service).await? else { return Ok(None) };
        let began = serving.store.deploy(DeployId(one.deploy)).await?.and_then(|row| row.began_at);
        time = began.unwrap_or(time).saturating_add(takes).unwrap_or(time);
        if time < now {
            // It takes longer than ever.
            return Ok(None);
        }
    }
    Ok(Some(time))
}
