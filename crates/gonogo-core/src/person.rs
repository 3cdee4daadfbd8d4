//! Who acts, and what they may. Whatever face a person comes from, what they
//! do goes through here.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What a person may do; each role may what the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Viewer,
    Developer,
    ReleaseManager,
    Admin,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Developer, Self::ReleaseManager, Self::Admin];

    pub fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Developer => "developer",
            Self::ReleaseManager => "release-manager",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|role| role.word() == text).ok_or(())
    }
}

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    CheckAgain,
    Waive,
    SayWhatRuns,
    AddPerson,
}

impl Act {
    /// The least role that may.
    pub fn needs(self) -> Role {
        match self {
            Self::CheckAgain => Role::Developer,
            Self::Waive | Self::SayWhatRuns => Role::ReleaseManager,
            Self::AddPerson => Role::Admin,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::CheckAgain => "check again",
            Self::Waive => "waive",
            Self::SayWhatRuns => "say what runs",
            Self::AddPerson => "add people",
        }
    }
}

/// A person who has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: i64,
    pub name: String,
    pub role: Role,
}

/// A person who may do what they are about to do: only [`Person::may`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    id: i64,
    name: String,
}

/// Why somebody may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forbidden {
    act: Act,
}

impl Person {
    pub fn may(&self, act: Act) -> Result<Actor, Forbidden> {
        if self.role < act.needs() {
            return Err(Forbidden { act });
        }
        Ok(Actor { id: self.id, name: self.name.clone() })
    }
}

impl Actor {
    pub fn id(&self) -> i64 {
        self.id
    }

    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "to {} one has to be {}: ask an admin", self.act.words(), self.act.needs().word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_lesser_ones_may() {
        let person = |role| Person { id: 1, name: "maria".to_owned(), role };
        let may = |role: Role| [Act::CheckAgain, Act::Waive, Act::AddPerson].map(|act| person(role).may(act).is_ok());
        assert_eq!(may(Role::Viewer), [false, false, false]);
        assert_eq!(may(Role::Developer), [true, false, false]);
        assert_eq!(may(Role::ReleaseManager), [true, true, false]);
        assert_eq!(may(Role::Admin), [true, true, true]);
        let refused = person(Role::Developer).may(Act::Waive).unwrap_err().to_string();
        assert_eq!(refused, "to waive one has to be release-manager: ask an admin");
        assert!(Role::ALL.into_iter().all(|role| role.word().parse() == Ok(role)));
    }
}
