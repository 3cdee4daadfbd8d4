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

/// Who may give a sign-off: who is all of this.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MayGive {
    /// At the service, or more.
    pub role: Role,
    /// These alone; without it whoever has the role.
    pub people: Option<Vec<String>>,
}

/// Who gave a sign-off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SignedBy {
    Signer(Signer),
    /// As recordings of before have it, when it counted whoever it was.
    Name(String),
}

/// A person who gave a sign-off, as they are when that is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signer {
    pub name: String,
    /// What a policy may call them.
    pub called: BTreeSet<String>,
    /// At the service; `None` for who may not sign in any more.
    pub role: Option<Role>,
}

impl SignedBy {
    pub fn name(&self) -> &str {
        match self {
            Self::Signer(signer) => &signer.name,
            Self::Name(name) => name,
        }
    }
}

impl MayGive {
    fn people(people: Vec<String>) -> Self {
        Self { role: Role::Viewer, people: Some(people) }
    }

    /// What both ask for, where more than one policy judged.
    #[must_use]
    pub fn strictest(self, other: Self) -> Self {
        let people = match (self.people, other.people) {
            (Some(one), Some(other)) => Some(one.into_iter().filter(|name| other.contains(name)).collect()),
            (one, other) => one.or(other),
        };
        Self { role: self.role.max(other.role), people }
    }

    /// Whether who gave one may.
    pub fn lets(&self, by: &SignedBy) -> bool {
        match by {
            SignedBy::Name(_) => true,
            SignedBy::Signer(signer) => {
                let is_named =
                    self.people.as_ref().is_none_or(|people| people.iter().any(|name| signer.called.contains(name)));
                is_named && signer.role.is_some_and(|role| role >= self.role)
            }
        }
    }
}

impl std::fmt::Display for MayGive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let role = self.role.word();
        match &self.people {
            None => write!(f, "who is {role}"),
            Some(people) if people.is_empty() => f.write_str("nobody whom all policies that judge name"),
            Some(people) => {
                f.write_str(&say::list(people, people.len()))?;
                if self.role == Role::Viewer { Ok(()) } else { write!(f, ", as {role}") }
            }
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
            Some(people) => Some(MayGive::people(people.clone())),
            None => name.parse().ok().map(|role| MayGive { role, people: None }),
        }
    }

    pub(super) fn validate(&self) -> Result<(), String> {
        let mut names = BTreeSet::new();
        for name in &self.sign_offs {
            if name.trim().is_empty() || !names.insert(name) {
                return Err(format!("`sign_offs`: \"{name}\" is empty, or stands there twice"));
            }
            match self.by(name).map(|by| by.people) {
                None => {
                    let roles = Role::ALL.map(Role::word);
                    let said = "is no role, and `people` does not say who gives it: the roles are";
                    return Err(format!("`sign_offs`: \"{name}\" {said} {}", say::list(&roles, roles.len())));
                }
                Some(Some(people)) if people.is_empty() => {
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
        assert_eq!(own[0].by, MayGive::people(vec!["ada".to_owned()]), "who is named counts, not the role");
    }

    #[test]
    fn where_several_policies_judge_one_is_all_that_they_ask_for() {
        let role = |role| MayGive { role, people: None };
        let people = |names: &[&str]| MayGive::people(names.iter().map(|name| (*name).to_owned()).collect());
        let both = people(&["lee", "tom"]).strictest(role(Role::ReleaseManager));
        assert_eq!(both.to_string(), "lee and tom, as release-manager");
        assert_eq!(both, role(Role::ReleaseManager).strictest(people(&["lee", "tom"])));
        let signer = |name: &str, role| {
            let (name, called) = (name.to_owned(), [name.to_owned()].into());
            SignedBy::Signer(Signer { name, called, role })
        };
        assert!(both.lets(&signer("lee", Some(Role::Admin))));
        assert!(!both.lets(&signer("lee", Some(Role::Developer))), "named, and not of the role");
        assert!(!both.lets(&signer("rita", Some(Role::ReleaseManager))), "of the role, and not named");
        assert!(!people(&["lee"]).lets(&signer("lee", None)), "who may not sign in any more");
        let nobody = people(&["lee"]).strictest(people(&["tom"]));
        assert!(!nobody.lets(&signer("lee", Some(Role::Admin))) && nobody.to_string().starts_with("nobody"));
        let old: SignedBy = serde_json::from_str("\"lee\"").unwrap();
        assert!(both.lets(&old) && old.name() == "lee", "recordings of before are judged as they were");
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
