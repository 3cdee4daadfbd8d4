//! Whose keys count here: the work tree's policy, else what `install` guessed.

use super::place;
use gonogo_checks::commit_rule::CommitRule;
use gonogo_checks::policy::TypedPolicy;
use gonogo_core::policy::{FILE, Level, PolicyError, Source, Stories};
use gonogo_remote::git::Here;
use std::io::ErrorKind;
use std::path::PathBuf;
use thiserror::Error;

/// What a message is judged by.
#[derive(Debug)]
pub(super) struct Rules {
    pub stories: Stories,
    pub projects: Vec<String>,
    pub from: KeysFrom,
    /// Of the check story-key: who turned it off asks nothing of commits.
    pub level: Level,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeysFrom {
    Policy(PathBuf),
    Guess(PathBuf),
    Nowhere,
}

#[derive(Debug, Error)]
pub(super) enum RulesError {
    #[error(transparent)]
    Policy(Box<PolicyError>),
    #[error("{} could not be read: {}", .0.display(), .1)]
    Unreadable(PathBuf, std::io::Error),
}

impl Rules {
    pub(super) fn in_force(here: &Here) -> Result<Self, RulesError> {
        let path = here.work_tree.as_deref().map(|top| top.join(FILE));
        let text = path.as_ref().map(std::fs::read_to_string);
        let policy = match (path.as_ref(), text) {
            (_, None) => TypedPolicy::built_in(),
            (_, Some(Err(error))) if error.kind() == ErrorKind::NotFound => TypedPolicy::built_in(),
            (path, Some(Err(error))) => return Err(RulesError::Unreadable(path.cloned().unwrap_or_default(), error)),
            (_, Some(Ok(text))) => {
                TypedPolicy::parse(Source::new(FILE, text)).map_err(|error| RulesError::Policy(Box::new(error)))?
            }
        };
        let level = policy.level_of("story-key").unwrap_or(Level::Block);
        let stories = policy.sections.stories;
        let (projects, from) = match (stories.projects.as_slice(), path) {
            ([], _) => place::guessed(here)
                .map_or((Vec::new(), KeysFrom::Nowhere), |(projects, file)| (projects, KeysFrom::Guess(file))),
            (projects, path) => (projects.to_vec(), KeysFrom::Policy(path.unwrap_or_default())),
        };
        Ok(Self { stories, projects, from, level })
    }

    pub(super) fn rule(&self) -> CommitRule<'_> {
        CommitRule::new(&self.stories, &self.projects)
    }
}
