//! The deploy plan of a candidate: what to know before it ships, and whom to ask.

use crate::digest::Digest;
use crate::evidence::Evidence;
use gonogo_api::{Check, CheckLine, CheckState, Story};
use gonogo_core::policy::{SignOff, Turn};
use gonogo_core::say;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Who is called when it goes wrong, where the policy says so.
    pub on_call: Option<Turn>,
    pub stories: Vec<PlannedStory>,
    /// Paths of the shipping commits that change a database's schema.
    pub migrations: Vec<String>,
    /// What each check came to.
    pub verifications: Vec<CheckLine>,
    /// What the policy wants signed off, and by whom.
    pub sign_offs: Vec<SignOff>,
    /// What it was judged from cannot be read: nothing is known of what the policy
    /// says and asks for.
    pub is_unread: bool,
}

/// What a plan says then.
pub const UNREAD: &str = "What it was judged from is not kept, or was kept by another version: who is on call, what the policy asks of stories, and what is to be signed off are not known until it is judged anew.";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStory {
    pub key: String,
    pub title: String,
    pub kind: Option<String>,
    pub owner: Option<String>,
    pub url: Option<String>,
    /// The fields that the policy asks for, such as the risk and the post-deploy
    /// checks, with what they say.
    pub fields: Vec<(String, String)>,
    /// Folders in which its commits change files, two levels deep, with how many; most
    /// first.
    #[serde(default)]
    pub touches: Vec<(String, usize)>,
}

/// So many folders stand in words.
const MOST_PLACES: usize = 5;

impl PlannedStory {
    /// `app/models (3 files), config (1 file)`
    pub fn touched(&self) -> String {
        let place = |(place, files): &(String, usize)| format!("{place} ({})", say::count(*files, "file"));
        let mut places: Vec<String> = self.touches.iter().take(MOST_PLACES).map(place).collect();
        if self.touches.len() > MOST_PLACES {
            places.push(format!("and {} more", say::count(self.touches.len() - MOST_PLACES, "folder")));
        }
        places.join(", ")
    }
}

impl Plan {
    /// Of what ships, for a deploy now.
    pub fn of(check: &Check, evidence: Option<&Evidence>, now: Timestamp) -> Self {
        let files = evidence.map(Evidence::files_of_each).unwrap_or_default();
        let ships: BTreeSet<&str> = check.commits.iter().filter(|c| c.ships).map(|c| c.sha.as_str()).collect();
        let touches = |story: &Story| {
            let commits = story.commits.iter().filter(|sha| ships.contains(sha.as_str()));
            places(commits.filter_map(|sha| files.get(sha)).flat_map(|files| files.iter().map(AsRef::as_ref)))
        };
        let stories = check.stories.iter().filter(|story| story.ships).map(|story| PlannedStory {
            key: story.key.clone(),
            title: story.title.clone().unwrap_or_default(),
            kind: story.kind.clone(),
            owner: story.assignee.clone(),
            url: story.url.clone(),
            fields: evidence.map(|evidence| fields(evidence, &story.key)).unwrap_or_default(),
            touches: touches(story),
        });
        Self {
            on_call: evidence.and_then(|evidence| evidence.on_call(now)),
            stories: stories.collect(),
            migrations: Digest::of(check, evidence).migrations,
            verifications: check.checks.clone(),
            sign_offs: evidence.map(|evidence| evidence.sign_offs().to_vec()).unwrap_or_default(),
            is_unread: evidence.is_none(),
        }
    }
}

/// Where these paths lie.
fn places<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<(String, usize)> {
    let mut files: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for path in paths {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let place = folder.splitn(3, '/').take(2).collect::<Vec<_>>().join("/");
        let place = if place.is_empty() { "the top folder".to_owned() } else { place };
        files.entry(place).or_default().insert(path);
    }
    let mut places: Vec<(String, usize)> = files.into_iter().map(|(place, files)| (place, files.len())).collect();
    places.sort_by_key(|(_, files)| std::cmp::Reverse(*files));
    places
}

/// `maria, until Mon 30 Nov 2026 09:00 (Europe/Berlin)`
pub fn on_call_words(turn: &Turn) -> String {
    format!("{}, until {} ({})", turn.who, turn.until.strftime("%a %d %b %Y %H:%M"), turn.zone)
}

/// What a check came to.
pub fn verification(line: &CheckLine) -> String {
    let word = match line.state {
        CheckState::Passed => "✓ passed",
        CheckState::Found => "found something",
        CheckState::Waiting => "… waits",
        CheckState::Off => "off",
        CheckState::CouldNotCheck => "could not check",
    };
    line.why.as_ref().map_or_else(|| word.to_owned(), |why| format!("{word} ({why})"))
}

fn fields(evidence: &Evidence, key: &str) -> Vec<(String, String)> {
    evidence.fields(key).into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_touched_is_told_by_folders_two_levels_deep() {
        let paths = ["app/models/a.rb", "app/models/old/b.rb", "app/models/a.rb", "README.md", "config/x.yml"];
        let found = places(paths.into_iter());
        let place = |place: &str, files| (place.to_owned(), files);
        assert_eq!(found, [place("app/models", 2), place("config", 1), place("the top folder", 1)]);
    }
}
