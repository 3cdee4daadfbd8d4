//! Owners are reminded of post-deploy checks that nobody has answered in time: as
//! soon as they are late, and once a day after that, for a week.

use super::JobError;
use super::outbox::{ChecksLate, LateLook};
use crate::serving::Serving;
use gonogo_store::{LateRow, Reminded, StoreError};
use jiff::SignedDuration;
use std::collections::BTreeMap;

const AGAIN: SignedDuration = SignedDuration::from_hours(24);
const MOST_TIMES: i64 = 7;

pub(super) async fn tell(serving: &Serving) -> Result<(), JobError> {
    if serving.slack.is_none() {
        return Ok(());
    }
    let now = (serving.clock)();
    let mut by_service: BTreeMap<&str, Vec<&LateRow>> = BTreeMap::new();
    let late = serving.store.late_looks(now, now.saturating_sub(AGAIN).unwrap_or(now), MOST_TIMES).await?;
    for row in &late {
        by_service.entry(&row.service).or_default().push(row);
    }
    for (service, rows) in by_service {
        let Some(channel) = serving.service(service).and_then(|service| service.slack_channel.clone()) else {
            continue;
        };
        let key = format!("{} late {service} {}", serving.pages, now.as_microsecond());
        let message = wanted(serving, service, &rows).message(&channel, key, now);
        let reminded = rows.iter().map(|row| Reminded { id: row.id, times_before: row.reminders }).collect();
        match serving.store.reminded(reminded, message, now).await {
            // Somebody has answered one meanwhile, or another replica was first:
            // the rest is looked at with the next round.
            Ok(()) | Err(StoreError::Fenced) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn wanted(serving: &Serving, service: &str, rows: &[&LateRow]) -> ChecksLate {
    let of_service = format!("{}/services/{service}", serving.pages);
    let look = |row: &&LateRow| LateLook {
        story: row.story.clone(),
        title: row.title.clone(),
        owner: row.owner.clone(),
        member: row.member.clone(),
        due_at: row.due_at,
        page: format!("{of_service}/deploys/{}", row.deploy),
    };
    ChecksLate {
        service: service.to_owned(),
        looks: rows.iter().map(look).collect(),
        page: format!("{of_service}/post-deploy"),
    }
}
