//! Who acts, and what they may. Whatever face a person comes from, what they
//! do goes through here.

use crate::policy::WaiverRule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// What a person may do; each role may what the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
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
    TakeBackOwn,
    AddPerson,
    ChangePerson,
}

impl Act {
    /// The least role that may.
    pub fn needs(self) -> Role {
        match self {
            Self::TakeBackOwn => Role::Viewer,
            Self::CheckAgain => Role::Developer,
            Self::Waive | Self::SayWhatRuns => Role::ReleaseManager,
            Self::AddPerson | Self::ChangePerson => Role::Admin,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::CheckAgain => "check again",
            Self::Waive => "waive",
            Self::SayWhatRuns => "say what runs",
            Self::TakeBackOwn => "take one's own waiver back",
            Self::AddPerson => "add people",
            Self::ChangePerson => "change what people may",
        }
    }
}

/// A person who has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: i64,
    pub name: String,
    /// At every service.
    pub role: Role,
    /// At single services, where it is another one.
    pub at: BTreeMap<String, Role>,
}

/// What somebody may be, for all services and for some: what a system outside
/// says, or an admin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    pub all: Role,
    pub at: BTreeMap<String, Role>,
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.all.word())?;
        self.at.iter().try_for_each(|(service, role)| write!(f, ", {} at {service}", role.word()))
    }
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
    needs: Role,
}

impl Person {
    /// Whether they may do what concerns all services.
    pub fn may(&self, act: Act) -> Result<Actor, Forbidden> {
        self.as_role(self.role, act, act.needs())
    }

    pub fn may_at(&self, service: &str, act: Act) -> Result<Actor, Forbidden> {
        self.as_role(self.role_at(service), act, act.needs())
    }

    /// Whether they may let pass, or confirm that it may pass, what this rule is for.
    pub fn may_waive(&self, service: &str, rule: &WaiverRule) -> Result<Actor, Forbidden> {
        self.as_role(self.role_at(service), Act::Waive, rule.role)
    }

    /// The greater of what they are for all services and for this one.
    pub fn role_at(&self, service: &str) -> Role {
        self.at.get(service).map_or(self.role, |role| self.role.max(*role))
    }

    fn as_role(&self, role: Role, act: Act, needs: Role) -> Result<Actor, Forbidden> {
        if role < needs {
            return Err(Forbidden { act, needs });
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
        write!(f, "to {} one has to be {}: ask an admin", self.act.words(), self.needs.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_lesser_ones_may() {
        let person = |role| Person { id: 1, name: "maria".to_owned(), role, at: BTreeMap::new() };
        let may = |role: Role| [Act::CheckAgain, Act::Waive, Act::AddPerson].map(|act| person(role).may(act).is_ok());
        assert_eq!(may(Role::Viewer), [false, false, false]);
        assert_eq!(may(Role::Developer), [true, false, false]);
        assert_eq!(may(Role::ReleaseManager), [true, true, false]);
        assert_eq!(may(Role::Admin), [true, true, true]);
        let refused = person(Role::Developer).may(Act::Waive).unwrap_err().to_string();
        assert_eq!(refused, "to waive one has to be release-manager: ask an admin");
        let rule = WaiverRule { role: Role::Developer, days: 1, needs_second: true };
        let waives = |role| person(role).may_waive("web", &rule).is_ok();
        assert_eq!([waives(Role::Viewer), waives(Role::Developer)], [false, true]);
        assert!(Role::ALL.into_iter().all(|role| role.word().parse() == Ok(role)));
    }

    #[test]
    fn a_role_at_one_service_reaches_no_further() {
        let at = [("web".to_owned(), Role::ReleaseManager), ("api".to_owned(), Role::Viewer)].into();
        let person = Person { id: 1, name: "maria".to_owned(), role: Role::Developer, at };
        assert!(person.may_at("web", Act::Waive).is_ok());
        assert!(person.may_at("search", Act::Waive).is_err());
        assert!(person.may(Act::Waive).is_err());
        assert_eq!(person.role_at("api"), Role::Developer, "what they are for all is not taken away");
    }
}
