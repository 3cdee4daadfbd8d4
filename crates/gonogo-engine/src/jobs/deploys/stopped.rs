//! A deploy while all are stopped: what runs of it is followed to its end, and nothing
//! more of it begins. Pure.

use gonogo_core::deploy::{ActKey, Entry};
use gonogo_store::Stop;

/// Acts that were begun, and of which no end is written.
pub(super) fn under_way(journal: &[Entry]) -> Vec<ActKey> {
    let is_settled = |of: &ActKey| journal.iter().any(|entry| matches!(entry, Entry::Settled { key, .. } if key == of));
    let begun = journal.iter().filter_map(|entry| match entry {
        Entry::Intended { key } => Some(key),
        Entry::Settled { .. }
        | Entry::Decided { .. }
        | Entry::Replied { .. }
        | Entry::Asked { .. }
        | Entry::Guarded { .. }
        | Entry::Watched => None,
    });
    begun.filter(|key| !is_settled(key)).cloned().collect()
}

/// Such as `stopped by ada: the database is full`.
pub fn stopped_words(stop: &Stop) -> String {
    let why = if stop.why.is_empty() { String::new() } else { format!(": {}", stop.why) };
    format!("stopped by {}{why}", stop.by)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_core::deploy::Outcome;

    #[test]
    fn what_was_begun_and_did_not_end_is_under_way() {
        let key = |text: &str| text.parse::<ActKey>().unwrap();
        let begun = |text: &str| Entry::Intended { key: key(text) };
        let (one, two) = ("step-1-on-1-run-1", "step-1-on-2-run-1");
        let ended = Entry::Settled { key: key(one), outcome: Outcome::Done };
        assert_eq!(under_way(&[begun(one), begun(two), ended]), [key(two)]);
    }
}
