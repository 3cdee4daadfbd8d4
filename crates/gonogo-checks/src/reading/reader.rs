//! One message under a policy: the keys that it names, and whether it says that
//! it need not name any. Shared by the reading of ranges and by the commit rule.

use gonogo_core::ids::IssueKey;
use gonogo_core::policy::{ShipsIn, Stories};
use gonogo_read::keys::{Grammar, scan};
use gonogo_read::message::Message;
use std::collections::{BTreeMap, BTreeSet};

/// Reads messages under a policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    pub policy: &'a Stories,
    pub projects: &'a [String],
}

impl Reader<'_> {
    /// The keys that make a commit ship, and those that it only mentions.
    pub(crate) fn keys(&self, message: &Message<'_>, is_revert: bool) -> (Vec<IssueKey>, Vec<IssueKey>) {
        let mut places: BTreeMap<ShipsIn, BTreeSet<IssueKey>> = BTreeMap::new();
        let mut put = |place, keys: BTreeSet<IssueKey>| places.entry(place).or_default().extend(keys);
        let subject = message.subject.join(" ");
        let subject = if is_revert { without_quoted_title(&subject) } else { subject };
        put(ShipsIn::Subject, self.scan(&subject, Grammar::Prose));
        if let Some(branch) = message.merged_branch {
            put(ShipsIn::Subject, self.scan(branch, Grammar::BranchName));
        }
        for trailer in &message.trailers {
            // `STORY-1: why` is a trailer by its form, and the key stands before the colon.
            put(ShipsIn::Trailer, self.scan(trailer.key, Grammar::Prose));
            put(ShipsIn::Trailer, self.scan(&trailer.value, Grammar::Prose));
        }
        for line in &message.body {
            let is_squashed = message.is_squash && line.starts_with("* ");
            let place = if is_squashed { ShipsIn::Squash } else { ShipsIn::Body };
            put(place, self.scan(line, Grammar::Prose));
        }
        let body = places.get(&ShipsIn::Body).cloned().unwrap_or_default();
        let (mut own, mut mentions) = (BTreeSet::new(), BTreeSet::new());
        for (place, keys) in places {
            let ships = self.policy.ships_in.contains(&place);
            if ships { &mut own } else { &mut mentions }.extend(keys);
        }
        if own.is_empty() && !is_revert {
            own = body;
        }
        mentions.retain(|key| !own.contains(key));
        (own.into_iter().collect(), mentions.into_iter().collect())
    }

    pub(crate) fn scan(&self, text: &str, grammar: Grammar) -> BTreeSet<IssueKey> {
        scan(text, grammar)
            .filter(|key| self.projects.iter().any(|p| p == key.project))
            .map(|key| IssueKey::new(key.project, key.number))
            .collect()
    }

    /// Whether one of the policy's words says that there is no story.
    pub(crate) fn says_no_key(&self, message: &str) -> bool {
        let lower = message.to_lowercase();
        self.policy.no_key_words.iter().any(|word| stands_in(&lower, &word.to_lowercase()))
    }

    pub(crate) fn ignores(&self, message: &str) -> bool {
        self.policy.ignore_commits.iter().any(|pattern| pattern.is_in(message))
    }
}

/// Whether a word stands there for itself, and not inside a longer one.
fn stands_in(text: &str, word: &str) -> bool {
    let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    let (begins, ends) = (joins(word.chars().next()), joins(word.chars().next_back()));
    text.match_indices(word).any(|(at, _)| {
        let goes_on_before = begins && joins(text[..at].chars().next_back());
        let goes_on_after = ends && joins(text[at + word.len()..].chars().next());
        !goes_on_before && !goes_on_after
    })
}

/// `Revert "STORY-1 title" (#7)` without what it quotes.
pub(super) fn without_quoted_title(subject: &str) -> String {
    match (subject.find('"'), subject.rfind('"')) {
        (Some(start), Some(end)) if start < end => format!("{}{}", &subject[..start], &subject[end + 1..]),
        _ => subject.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stands_for_itself() {
        for text in ["no-jira", "tidy, no-jira.", "(no-jira) x", "x\nno-jira\n", "piano-jira no-jira", "#no-jira"] {
            assert!(stands_in(text, "no-jira"), "{text}");
        }
        for text in ["migrate piano-jira bridge", "no-jiras", "no-jira-bot", "x-no-jira", "no-jira_2", "éno-jira", ""]
        {
            assert!(!stands_in(text, "no-jira"), "{text}");
        }
        assert!(stands_in("x[skip]y", "[skip]"), "signs end a word");
    }
}
