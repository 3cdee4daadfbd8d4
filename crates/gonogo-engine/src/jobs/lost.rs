//! Webhooks of the App that did not arrive: GitHub tells which, and is asked to
//! deliver them again. It never does by itself.

use super::GITHUB;
use crate::serving::Serving;
use gonogo_remote::github::{Attempt, GitHubError};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// When it begins, and for how much longer than a round it looks back: what is
/// on its way has no end yet.
const LOOKS_BACK: SignedDuration = SignedDuration::from_mins(10);
/// Asked for again in one round; the looks at everything find the rest.
const MOST: usize = 50;

#[derive(Debug, Default)]
pub(super) struct Lost {
    looked_at: Option<Timestamp>,
    /// Asked for again, each once, by the delivery's id.
    asked: BTreeMap<String, Timestamp>,
}

impl Lost {
    /// Has delivered again what was lost since the last look.
    pub(super) async fn find(&mut self, serving: &Serving) {
        if !serving.github.is_app() {
            return;
        }
        match self.look(serving, (serving.clock)()).await {
            // An App may have no hook of its own.
            Ok(0) | Err(GitHubError::NotFound { .. }) => {}
            Ok(number) => tracing::info!(number, "webhooks that were lost are delivered again"),
            Err(error) => tracing::warn!(%error, "GitHub does not tell which webhooks were lost"),
        }
    }

    async fn look(&mut self, serving: &Serving, now: Timestamp) -> Result<usize, GitHubError> {
        let back = |from: Timestamp| from.saturating_sub(LOOKS_BACK).unwrap_or(from);
        let since = back(self.looked_at.unwrap_or(now));
        self.asked.retain(|_, asked_at| since <= *asked_at);
        let attempts = serving.github.attempts_since(since, now).await?;
        let is_new = |attempt: &&Attempt| !self.asked.contains_key(&attempt.guid);
        let new: Vec<&Attempt> = lost(&attempts).into_iter().filter(is_new).take(MOST).collect();
        let mut again = 0;
        for attempt in new {
            // It may have been stored, and the answer lost. A store that is away has nothing.
            if !serving.store.has_delivery(GITHUB, &attempt.guid).await.unwrap_or(false) {
                match serving.github.deliver_again(attempt, now).await {
                    Ok(()) => again += 1,
                    Err(error) if error.is_of_all() => return Err(error),
                    // The others are not lost with it.
                    Err(error) => {
                        tracing::warn!(delivery = attempt.guid, %error, "a webhook that was lost is not delivered again");
                    }
                }
            }
            self.asked.insert(attempt.guid.clone(), now);
        }
        self.looked_at = Some(now);
        Ok(again)
    }
}

/// Of each delivery that nobody took the newest attempt, oldest first.
fn lost(newest_first: &[Attempt]) -> Vec<&Attempt> {
    let taken: BTreeSet<&str> =
        newest_first.iter().filter(|attempt| attempt.is_taken()).map(|attempt| attempt.guid.as_str()).collect();
    let mut seen = BTreeSet::new();
    let open = |attempt: &&Attempt| !taken.contains(attempt.guid.as_str());
    let mut lost: Vec<&Attempt> =
        newest_first.iter().filter(open).filter(|attempt| seen.insert(attempt.guid.as_str())).collect();
    lost.reverse();
    lost
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lost_is_what_no_attempt_brought() {
        let attempt = |id: u64, guid: &str, code: u16| -> Attempt {
            let json = json!({"id": id, "guid": guid, "delivered_at": "2026-11-30T15:00:00Z", "status_code": code});
            serde_json::from_value(json).unwrap()
        };
        let attempts =
            [attempt(5, "b", 0), attempt(4, "a", 202), attempt(3, "b", 502), attempt(2, "a", 502), attempt(1, "c", 0)];
        let ids: Vec<u64> = lost(&attempts).iter().map(|attempt| attempt.id).collect();
        assert_eq!(ids, [1, 5]);
    }
}
