//! A person says that a team knows of a story: it may ship as far as that team
//! is concerned.

use super::people::deed_of;
use crate::jobs::{Team, judge_soon};
use crate::serving::Serving;
use gonogo_core::person::{Act, Forbidden, Person};
use gonogo_store::{AwarenessRow, StoreError};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum AcknowledgeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Forbidden(Forbidden),
    #[error("{0}")]
    Gone(String),
}

pub async fn acknowledge(serving: &Serving, who: &Person, team: &str, story: &str) -> Result<(), AcknowledgeError> {
    let rows = serving.store.awareness_of(story).await?;
    let Some(row) = rows.iter().find(|row| row.team == team) else {
        return Err(AcknowledgeError::Gone(format!("{story} is nothing that {team} has to know")));
    };
    let act = if speaks_for(who, row) { Act::Read } else { Act::Waive };
    let actor = who.may(act).map_err(AcknowledgeError::Forbidden)?;
    let deed = deed_of(&actor, (serving.clock)(), "acknowledged", story, &format!("{team} knows of it"));
    if !serving.store.acknowledge(team, story, deed).await? {
        return Err(AcknowledgeError::Gone(format!("somebody has said already that {team} knows of {story}")));
    }
    for candidate in serving.store.open_candidates_with(story).await? {
        judge_soon(serving, candidate.id).await?;
    }
    Ok(())
}

/// Whether somebody may say that the team knows.
pub fn may_acknowledge(who: &Person, row: &AwarenessRow) -> bool {
    speaks_for(who, row) || who.may(Act::Waive).is_ok()
}

fn speaks_for(who: &Person, row: &AwarenessRow) -> bool {
    let team: Team = serde_json::from_str(&row.meaning).unwrap_or_default();
    team.people.contains(&who.name)
}
