//! `[plan]`: who has to sign a deploy off before it may ship.

use crate::person::Role;
use crate::say;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What the deploy plan asks for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    /// The sign-offs that a deploy needs, each by its name: a role, or one that
    /// `people` has.
    sign_offs: Vec<String>,
    /// Who may give one, by the names that they sign in with.
    people: BTreeMap<String, Vec<String>>,
}

/// A sign-off that a deploy needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SignOff {
    pub name: String,
    pub by: MayGive,
}

/// Who may give a sign-off.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MayGive {
    /// Who is this at the service, or more.
    Role(Role),
    /// These alone.
    People(Vec<String>),
}

impl MayGive {
    /// Whom both name, where more than one policy judged.
    #[must_use]
    pub fn strictest(self, other: Self) -> Self {
        match (self, other) {
            (Self::Role(one), Self::Role(other)) => Self::Role(one.max(other)),
            (Self::People(one), Self::People(other)) => {
                Self::People(one.into_iter().filter(|name| other.contains(name)).collect())
            }
            (Self::People(people), Self::Role(_)) | (Self::Role(_), Self::People(people)) => Self::People(people),
        }
    }
}

impl std::fmt::Display for MayGive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Role(role) => write!(f, "who is {}", role.word()),
            Self::People(people) => f.write_str(&say::list(people, people.len())),
        }
    }
}

impl Plan {
    /// In the order of the policy.
    pub fn sign_offs(&self) -> Vec<SignOff> {
        self.sign_offs.iter().filter_map(|name| Some(SignOff { name: name.clone(), by: self.by(name)? })).collect()
    }

    fn by(&self, name: &str) -> Option<MayGive> {
        match self.people.get(name) {
            Some(people) => Some(MayGive::People(people.clone())),
            None => name.parse().ok().map(MayGive::Role),
        }
    }

    pub(super) fn validate(&self) -> Result<(), String> {
        let mut names = BTreeSet::new();
        for name in &self.sign_offs {
            if name.trim().is_empty() || !names.insert(name) {
                return Err(format!("`sign_offs`: \"{name}\" is empty, or stands there twice"));
            }
            match self.by(name) {
                None => {
                    let roles = Role::ALL.map(Role::word);
                    let said = "is no role, and `people` does not say who gives it: the roles are";
                    return Err(format!("`sign_offs`: \"{name}\" {said} {}", say::list(&roles, roles.len())));
                }
                Some(MayGive::People(people)) if people.is_empty() => {
                    return Err(format!("`people`: nobody may give the sign-off \"{name}\""));
                }
                Some(_) => {}
            }
        }
        match self.people.keys().find(|name| !names.contains(name)) {
            Some(unasked) => Err(format!("`people`: \"{unasked}\" is none of `sign_offs`")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Policy, Source};

    fn parse(text: &str) -> Result<Plan, String> {
        let policy = Policy::parse(Source::new("gonogo.toml", text));
        policy.map(|policy| policy.sections.plan).map_err(|error| error.to_string())
    }

    #[test]
    fn a_sign_off_is_a_roles_or_those_peoples_who_are_named() {
        let text = "[plan]\nsign_offs = ['release-manager', 'ops']\n[plan.people]\nops = ['lee', 'tom']\n";
        let all: Vec<_> =
            parse(text).unwrap().sign_offs().iter().map(|one| (one.name.clone(), one.by.to_string())).collect();
        let told = |name: &str, by: &str| (name.to_owned(), by.to_owned());
        assert_eq!(all, [told("release-manager", "who is release-manager"), told("ops", "lee and tom")]);
        assert_eq!(parse("").unwrap().sign_offs(), []);
        let own = parse("[plan]\nsign_offs = ['admin']\npeople = { admin = ['ada'] }\n").unwrap().sign_offs();
        assert_eq!(own[0].by, MayGive::People(vec!["ada".to_owned()]), "who is named counts, not the role");
    }

    #[test]
    fn mistakes_are_shown() {
        let wrong = |text: &str, said: &str| {
            let error = parse(&format!("[plan]\n{text}\n")).unwrap_err();
            assert!(error.contains(said), "{error}");
        };
        wrong("sign_offs = ['ops']", "\"ops\" is no role, and `people` does not say who gives it");
        wrong("sign_offs = ['admin', 'admin']", "stands there twice");
        wrong("sign_offs = ['ops']\npeople = { ops = [] }", "nobody may give the sign-off \"ops\"");
        wrong("people = { ops = ['lee'] }", "\"ops\" is none of `sign_offs`");
        wrong("signoffs = []", "unknown field");
    }
}
