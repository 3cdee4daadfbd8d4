//! Channels: people know them by name, Slack by id.

use super::{MOST_PAGES, Slack, SlackError, next_cursor};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const LIST: &str = "conversations.list";
const INFO: &str = "conversations.info";

impl Slack {
    /// The id of a channel that is named as people name it, or by its id.
    pub(super) async fn channel_id(&self, given: &str, now: Timestamp) -> Result<String, SlackError> {
        if is_channel_id(given) {
            return Ok(given.to_owned());
        }
        let mut id = None;
        let look = |channel: &Value| {
            if is_called(channel, given) {
                id = Some(channel["id"].as_str().map(str::to_owned));
            }
            id.is_none()
        };
        self.each_channel(Some(given), look, now).await?;
        match id {
            Some(id) => id.ok_or_else(|| SlackError::odd(LIST, "a channel without an id")),
            None => Err(SlackError::refused(LIST, Some(given), "channel_not_found", None)),
        }
    }

    /// How the bot stands to each of these channels, by their names or ids.
    pub async fn channel_standings(
        &self,
        given: &BTreeSet<String>,
        now: Timestamp,
    ) -> Result<BTreeMap<String, ChannelStanding>, SlackError> {
        let mut standings: BTreeMap<String, ChannelStanding> =
            given.iter().map(|name| (name.clone(), ChannelStanding::NotSeen)).collect();
        let look = |channel: &Value| {
            for (name, standing) in &mut standings {
                if is_called(channel, name) || channel["id"] == name.as_str() {
                    let is_in = channel["is_member"] == true;
                    *standing = if is_in { ChannelStanding::In } else { ChannelStanding::NotIn };
                }
            }
            true
        };
        self.each_channel(None, look, now).await?;
        Ok(standings)
    }

    /// Whether people of another company are in a channel too, by its id.
    pub async fn is_shared_with_others(&self, id: &str, now: Timestamp) -> Result<bool, SlackError> {
        let answer = self.read(INFO, &[("channel", id)], Some(id), now).await?;
        let is_shared = answer["channel"]["is_ext_shared"].as_bool();
        is_shared.ok_or_else(|| SlackError::odd(INFO, "a channel of which it does not say whether it is shared"))
    }

    /// Whether the bot is in a channel, by its id, that no other company reads.
    pub async fn is_our_own(&self, id: &str, now: Timestamp) -> Result<bool, SlackError> {
        let answer = self.read(INFO, &[("channel", id)], Some(id), now).await?;
        let channel = &answer["channel"];
        Ok(channel["is_member"] == true && channel["is_ext_shared"] == false)
    }

    /// All that are open and that the bot sees, for as long as more are wanted.
    async fn each_channel(
        &self,
        given: Option<&str>,
        mut wants_more: impl FnMut(&Value) -> bool,
        now: Timestamp,
    ) -> Result<(), SlackError> {
        let mut cursor = String::new();
        for _ in 0..MOST_PAGES {
            let all = [("types", "public_channel,private_channel"), ("exclude_archived", "true"), ("limit", "1000")];
            let mut query = all.to_vec();
            query.extend((!cursor.is_empty()).then_some(("cursor", cursor.as_str())));
            let page = self.read(LIST, &query, given, now).await?;
            let channels = page["channels"].as_array().ok_or_else(|| SlackError::odd(LIST, "no channels"))?;
            if !channels.iter().all(&mut wants_more) {
                return Ok(());
            }
            match next_cursor(&page) {
                Some(next) => cursor = next,
                None => return Ok(()),
            }
        }
        Err(SlackError::odd(LIST, "its pages do not end"))
    }
}

/// How the bot stands to a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelStanding {
    In,
    /// It is there, and the bot was not invited.
    NotIn,
    /// It is not there, is archived, or is private without the bot.
    NotSeen,
}

fn is_called(channel: &Value, given: &str) -> bool {
    channel["name"] == given.trim_start_matches('#')
}

/// Whether a channel is given by its id, `C024BE91L`: capitals and digits, as no name of a channel has them.
pub fn is_channel_id(given: &str) -> bool {
    given.starts_with(['C', 'G']) && is_id(given)
}

/// Whether somebody is given by their member id, `U024BE7LH`.
pub fn is_member_id(given: &str) -> bool {
    given.starts_with(['U', 'W']) && is_id(given)
}

fn is_id(given: &str) -> bool {
    (9..=20).contains(&given.len()) && given.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::is_channel_id;

    #[test]
    fn ids_are_told_from_names() {
        assert!(is_channel_id("C024BE91L") && is_channel_id("G012AC86CKA"));
        for name in ["#deploys", "deploys", "C1", "#C024BE91L", "CONTENT-TEAM"] {
            assert!(!is_channel_id(name), "{name}");
        }
    }
}
