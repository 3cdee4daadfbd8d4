//! What is looked at after a deploy to see that a story does in production what
//! it should, and what came of it.

use crate::ids::IssueKey;
use crate::running::Running;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// How far the post-deploy checks of a story are, after one deploy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LookState {
    /// What is to be looked at is not read from the tracker yet.
    Unread,
    /// It cannot be read, whenever that is tried.
    Unreadable,
    /// Nobody has looked yet.
    Open,
    Passed,
    Failed,
    /// The story says that there is nothing to look at.
    NotNeeded,
    /// The story went again, or came anew with checks of its own.
    Gone,
}

/// What a person saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    Passed,
    Failed,
}

/// What nobody has settled after the deploys of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AfterDeploys {
    /// Which stories came with the last one is not known yet.
    pub is_unread: bool,
    /// What failed first, then the newest.
    pub looks: Vec<Look>,
    /// How many there are beside those.
    pub more: usize,
}

/// The checks of one story after one deploy, that are not settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    pub story: IssueKey,
    /// The number of that deploy, as its page has it.
    pub deploy: i64,
    /// What ran from it on.
    pub running: Running,
    pub state: LookState,
    /// Why what is to be looked at could not be read when that was tried last.
    pub trouble: Option<String>,
    /// Whose they are.
    pub owner: Option<String>,
    pub due_at: Timestamp,
    /// Who answered last, and what they noted.
    pub answered: Option<(String, String)>,
}

impl LookState {
    const ALL: [Self; 7] =
        [Self::Unread, Self::Unreadable, Self::Open, Self::Passed, Self::Failed, Self::NotNeeded, Self::Gone];

    pub fn word(self) -> &'static str {
        match self {
            Self::Unread => "unread",
            Self::Unreadable => "unreadable",
            Self::Open => "open",
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotNeeded => "not-needed",
            Self::Gone => "gone",
        }
    }

    /// Whether nobody has to do anything about it any more.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Passed | Self::NotNeeded | Self::Gone)
    }
}

impl FromStr for LookState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|state| state.word() == text).ok_or(())
    }
}

impl Seen {
    pub fn state(self) -> LookState {
        match self {
            Self::Passed => LookState::Passed,
            Self::Failed => LookState::Failed,
        }
    }

    pub fn word(self) -> &'static str {
        self.state().word()
    }
}

impl FromStr for Seen {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Passed, Self::Failed].into_iter().find(|seen| seen.word() == text).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_is_read_by_its_word_and_a_failed_one_is_not_settled() {
        assert!(LookState::ALL.into_iter().all(|state| state.word().parse() == Ok(state)));
        assert_eq!("x".parse::<LookState>(), Err(()));
        assert_eq!(("failed".parse(), "open".parse::<Seen>()), (Ok(Seen::Failed), Err(())));
        let settled: Vec<_> = LookState::ALL.into_iter().filter(|state| state.is_settled()).collect();
        assert_eq!(settled, [LookState::Passed, LookState::NotNeeded, LookState::Gone]);
    }
}
