//! A person says that a team knows of a story: it may ship as far as that team
//! is concerned.

use super::people::deed_of;
use super::sign_in::With;
use crate::jobs::{judge_soon, teams};
use crate::serving::Serving;
use gonogo_core::person::{Act, Actor, Forbidden, Person};
use gonogo_store::{AwarenessRow, Identity, StoreError};
use std::collections::BTreeSet;
use thiserror::Error;

/// Who somebody is in the tracker.
const JIRA: &str = "jira";

#[derive(Debug, Error)]
pub enum AcknowledgeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Forbidden(Forbidden),
    #[error("{0}")]
    Gone(String),
}

pub async fn acknowledge(serving: &Serving, who: &Person, team: &str, story: &str) -> Result<(), AcknowledgeError> {
    let rows = serving.store.awareness_of(story).await?;
    let Some(row) = rows.iter().find(|row| row.team == team) else {
        return Err(AcknowledgeError::Gone(format!("{story} is nothing that {team} has to know")));
    };
    let open = serving.store.open_candidates_with(story).await?;
    let waits_in = open.iter().map(|candidate| candidate.service.clone()).collect();
    let speaker = Speaker::of(serving, who).await?;
    let actor = speaker.may_speak(row, &waits_in).map_err(AcknowledgeError::Forbidden)?;
    let deed = deed_of(&actor, (serving.clock)(), "acknowledged", story, &format!("{team} knows of it"));
    if !serving.store.acknowledge(team, story, deed).await? {
        return Err(AcknowledgeError::Gone(format!("somebody has said already that {team} knows of {story}")));
    }
    for candidate in open {
        judge_soon(serving, candidate.id).await?;
    }
    Ok(())
}

/// A person, and what the `people` of a policy may call them.
#[derive(Debug)]
pub struct Speaker<'a> {
    who: &'a Person,
    called: BTreeSet<String>,
    /// Their accounts in the tracker.
    accounts: Vec<String>,
}

impl<'a> Speaker<'a> {
    /// By nothing that one could have chosen oneself: whoever comes from another
    /// system may have taken the name of somebody here.
    pub async fn of(serving: &Serving, who: &'a Person) -> Result<Self, StoreError> {
        let issuer = serving.oidc.as_ref().map(|set| set.provider.issuer());
        let mut speaker = Self { who, called: BTreeSet::new(), accounts: Vec::new() };
        let Some(row) = serving.store.person(who.id).await? else { return Ok(speaker) };
        speaker.called = row.identities.iter().filter_map(|of| called(of, issuer)).collect();
        speaker.called.extend(row.has_password.then_some(row.person.name));
        let in_tracker = row.identities.into_iter().filter(|of| of.source == JIRA);
        speaker.accounts = in_tracker.filter_map(|of| of.subject.rsplit(' ').next().map(str::to_owned)).collect();
        Ok(speaker)
    }

    pub fn who(&self) -> &Person {
        self.who
    }

    /// All that the `people` of a policy may call them.
    pub(crate) fn called(&self) -> impl Iterator<Item = &String> {
        self.called.iter()
    }

    /// Their accounts in the tracker, by its own ids.
    pub(crate) fn accounts(&self) -> &[String] {
        &self.accounts
    }

    /// Whether they are one of these.
    pub fn is_one_of(&self, people: &[String]) -> bool {
        people.iter().any(|name| self.called.contains(name))
    }

    /// Whether they may say that the team knows. That counts for each of the
    /// services in which the story waits, so each has to let them.
    pub fn may_speak(&self, row: &AwarenessRow, waits_in: &BTreeSet<String>) -> Result<Actor, Forbidden> {
        let mut actor = None;
        for (service, team) in teams(row).iter().filter(|(service, _)| waits_in.contains(*service)) {
            let act = if self.is_one_of(&team.people) { Act::Acknowledge } else { Act::Waive };
            actor = Some(self.who.may_at(service, act)?);
        }
        actor.map_or_else(|| self.who.may(Act::Waive), Ok)
    }
}

/// `github:LOGIN`, or `oidc:SUB` of the provider that is configured.
fn called(identity: &Identity, issuer: Option<&str>) -> Option<String> {
    let name = match With::of(&identity.source)? {
        With::GitHub => identity.name.as_str(),
        With::Oidc => identity.subject.strip_prefix(issuer?)?.strip_prefix(' ')?,
    };
    Some(format!("{}:{name}", identity.source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_core::person::Role;

    fn row(meaning: &str) -> AwarenessRow {
        let (team, meaning) = ("support".to_owned(), meaning.to_owned());
        AwarenessRow { team, meaning, told: Vec::new(), acknowledged: None }
    }

    #[test]
    fn each_service_in_which_a_story_waits_has_to_let_them_speak() {
        let teams = row(
            r##"{"web": {"channel": "#s", "people": ["vera", "github:mia"]}, "api": {"channel": "#s", "people": ["eve"]}}"##,
        );
        let may = |called: &str, at: &[&str], waits: &[&str]| {
            let at = at.iter().map(|service| ((*service).to_owned(), Role::ReleaseManager)).collect();
            let who = Person { id: 1, name: "x".to_owned(), role: Role::Viewer, at, token: None };
            let speaker = Speaker { who: &who, called: [called.to_owned()].into(), accounts: Vec::new() };
            speaker.may_speak(&teams, &waits.iter().map(|service| (*service).to_owned()).collect()).is_ok()
        };
        assert!(may("vera", &[], &["web"]) && may("github:mia", &[], &["web"]));
        assert!(!may("vera", &[], &["web", "api"]) && !may("eve", &[], &["web"]) && !may("mia", &[], &["web"]));
        assert!(may("x", &["web"], &["web"]) && may("vera", &["api"], &["web", "api"]));
        assert!(!may("x", &["web"], &["web", "api"]) && !may("x", &["search"], &["web"]));
        assert!(!may("vera", &["web"], &[]), "where it waits nowhere, who may waive everywhere says so");
    }

    #[test]
    fn people_are_called_by_what_they_cannot_choose() {
        let identity = |source: &str, subject: &str| {
            let (source, subject, name) = (source.to_owned(), subject.to_owned(), "vera".to_owned());
            called(&Identity { source, subject, name }, Some("https://i"))
        };
        assert_eq!(identity("github", "17").as_deref(), Some("github:vera"));
        assert_eq!(identity("oidc", "https://i s-1").as_deref(), Some("oidc:s-1"));
        assert_eq!(identity("oidc", "https://i.evil s-1"), None);
        assert_eq!(identity("slack", "U1"), None);
    }
}
