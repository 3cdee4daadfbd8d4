//! A judgement in few words: whom it concerns, and how large it is.

use crate::evidence::Evidence;
use gonogo_api::Check;
use gonogo_core::changeset::LineCount;
use gonogo_core::deploy::RiskWord;
use gonogo_core::say;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    pub commits: usize,
    /// How many stories of each type ship; the commonest type first.
    pub stories: Vec<(String, usize)>,
    /// Who wrote something of it, by name.
    pub people: Vec<String>,
    /// The highest risk that a story's field says, and the story.
    pub risk: Option<(RiskWord, String)>,
    /// Changed paths, where they are recorded.
    pub files: Option<usize>,
    pub lines: Option<LineCount>,
    pub migrations: Vec<String>,
}

impl Digest {
    pub fn of(check: &Check, evidence: Option<&Evidence>) -> Self {
        let ships: BTreeSet<&str> = check.commits.iter().filter(|c| c.ships).map(|c| c.sha.as_str()).collect();
        let files = evidence.map(|evidence| evidence.files(&ships));
        let migrations = files.iter().flatten().filter(|path| is_migration(path));
        Self {
            commits: check.commits.len(),
            stories: by_type(check),
            people: people(check),
            risk: evidence.and_then(|evidence| highest_risk(check, evidence)),
            migrations: migrations.map(|path| (*path).to_owned()).collect(),
            files: files.map(|files| files.len()),
            lines: evidence.and_then(|evidence| evidence.changed_lines(&ships)),
        }
    }

    /// Why nobody but a person rolls it back: what ran before may not go with a database
    /// that was changed.
    pub fn only_by_hand(&self) -> Option<String> {
        match (self.files, self.migrations.as_slice()) {
            (None, _) => Some("which files it changes is not known".to_owned()),
            (Some(_), []) => None,
            (Some(_), migrations) => Some(format!("it brings {}", say::list(migrations, 3))),
        }
    }

    pub fn all_stories(&self) -> usize {
        self.stories.iter().map(|(_, number)| number).sum()
    }
}

/// Whether a path lies where frameworks keep changes of a database's schema.
fn is_migration(path: &str) -> bool {
    let folders: Vec<&str> = path.rsplit_once('/').map(|(folder, _)| folder.split('/').collect()).unwrap_or_default();
    let keeps = |folder: &str| matches!(folder, "migrate" | "migration" | "migrations" | "changelogs");
    folders.iter().any(|folder| keeps(folder)) || folders.windows(2).any(|two| two == ["alembic", "versions"])
}

fn by_type(check: &Check) -> Vec<(String, usize)> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for story in check.stories.iter().filter(|story| story.ships) {
        *numbers.entry(story.kind.as_deref().unwrap_or("of unknown type")).or_default() += 1;
    }
    let mut sorted: Vec<(String, usize)> =
        numbers.into_iter().map(|(kind, number)| (kind.to_owned(), number)).collect();
    sorted.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    sorted
}

fn people(check: &Check) -> Vec<String> {
    let all = check.commits.iter().flat_map(|commit| commit.co_authors.iter().chain([&commit.author]));
    all.cloned().collect::<BTreeSet<String>>().into_iter().collect()
}

fn highest_risk(check: &Check, evidence: &Evidence) -> Option<(RiskWord, String)> {
    let said = |key: &str| {
        let fields = evidence.fields(key).into_iter().filter(|(name, _)| name.to_lowercase().contains("risk"));
        fields.filter_map(|(_, value)| RiskWord::of(&value)).max()
    };
    let ships = check.stories.iter().filter(|story| story.ships);
    let said = ships.filter_map(|story| Some((said(&story.key)?, &story.key)));
    // Of several the first one by its key.
    let highest = said.max_by(|(one, key), (other, than)| one.cmp(other).then(than.cmp(key)));
    highest.map(|(risk, key)| (risk, key.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_known_by_their_folder() {
        for path in ["db/migrate/1_a.rb", "a/migrations/0001.sql", "alembic/versions/a.py", "res/db/migration/V1.sql"] {
            assert!(is_migration(path), "{path}");
        }
        for path in ["migrate.rb", "src/migrations.rs", "versions/a.py", "immigration/a.rb"] {
            assert!(!is_migration(path), "{path}");
        }
    }
}
