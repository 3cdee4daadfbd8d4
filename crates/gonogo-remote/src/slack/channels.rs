//! Channels: people know them by name, Slack by id.

use super::{MOST_PAGES, Slack, SlackError, next_cursor};
use jiff::Timestamp;

const LIST: &str = "conversations.list";

impl Slack {
    /// The id of a channel that is named as people name it, or by its id.
    pub(super) async fn channel_id(&self, given: &str, now: Timestamp) -> Result<String, SlackError> {
        if is_channel_id(given) {
            return Ok(given.to_owned());
        }
        let name = given.trim_start_matches('#');
        let mut cursor = String::new();
        for _ in 0..MOST_PAGES {
            let all = [("types", "public_channel,private_channel"), ("exclude_archived", "true"), ("limit", "1000")];
            let mut query = all.to_vec();
            query.extend((!cursor.is_empty()).then_some(("cursor", cursor.as_str())));
            let page = self.read(LIST, &query, Some(given), now).await?;
            let channels = page["channels"].as_array().ok_or_else(|| SlackError::odd(LIST, "no channels"))?;
            if let Some(found) = channels.iter().find(|channel| channel["name"] == name) {
                let id = found["id"].as_str().map(str::to_owned);
                return id.ok_or_else(|| SlackError::odd(LIST, "a channel without an id"));
            }
            match next_cursor(&page) {
                Some(next) => cursor = next,
                None => return Err(SlackError::refused(LIST, Some(given), "channel_not_found", None)),
            }
        }
        Err(SlackError::odd(LIST, "its pages do not end"))
    }
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
