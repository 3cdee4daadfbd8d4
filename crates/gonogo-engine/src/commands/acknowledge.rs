//! A person says that a team knows of a story: it may ship as far as that team
//! is concerned.

use super::people::deed_of;
use crate::jobs::{JIRA, judge_soon};
use crate::serving::Serving;
use crate::signer::names;
use crate::team::Team;
use gonogo_core::person::{Act, Actor, Forbidden, Person};
use gonogo_core::say;
use gonogo_store::{AwarenessRow, StoreError};
use std::collections::BTreeSet;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum AcknowledgeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Forbidden(Forbidden),
    #[error("{0}")]
    Gone(String),
}

/// For each of the services whose policies let them; another one that has the story
/// too, or gets it later, waits for somebody of its own.
pub async fn acknowledge(serving: &Serving, who: &Person, team: &str, story: &str) -> Result<(), AcknowledgeError> {
    let mut rows = serving.store.awareness_of(story).await?;
    rows.retain(|row| row.team == team);
    if rows.is_empty() {
        return Err(AcknowledgeError::Gone(format!("{story} is nothing that {team} has to know")));
    }
    let open = serving.store.open_candidates_with(story).await?;
    let waits_in = open.iter().map(|candidate| candidate.service.clone()).collect();
    let speaker = Speaker::of(serving, who).await?;
    let said = || AcknowledgeError::Gone(format!("somebody has said already that {team} knows of {story}"));
    let speaks_for = speaks_for(&speaker, &rows, &waits_in).map_err(AcknowledgeError::Forbidden)?;
    let (actor, services) = speaks_for.ok_or_else(said)?;
    let detail = format!("{team} knows of it, for {}", say::list(&services, services.len()));
    let deed = deed_of(&actor, (serving.clock)(), "acknowledged", story, &detail);
    if !serving.store.acknowledge(team, story, services.clone(), deed).await? {
        return Err(said());
    }
    for candidate in open.iter().filter(|candidate| services.contains(&candidate.service)) {
        judge_soon(serving, candidate.id).await?;
    }
    Ok(())
}

/// The services for which somebody says so who may, and for which nobody did; `None`
/// where it is said for all.
fn speaks_for(
    speaker: &Speaker<'_>,
    rows: &[AwarenessRow],
    waits_in: &BTreeSet<String>,
) -> Result<Option<(Actor, Vec<String>)>, Forbidden> {
    let (mut actor, mut forbidden, mut services) = (None, None, Vec::new());
    for row in rows.iter().filter(|row| row.acknowledged.is_none()) {
        match speaker.may_speak(row, waits_in) {
            Ok(may) => {
                actor = Some(may);
                services.push(row.service.clone());
            }
            Err(why) => forbidden = Some(why),
        }
    }
    match (actor, forbidden) {
        (Some(actor), _) => Ok(Some((actor, services))),
        (None, Some(why)) => Err(why),
        (None, None) => Ok(None),
    }
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
    pub async fn of(serving: &Serving, who: &'a Person) -> Result<Self, StoreError> {
        let issuer = serving.oidc.as_ref().map(|set| set.provider.issuer());
        let mut speaker = Self { who, called: BTreeSet::new(), accounts: Vec::new() };
        let Some(row) = serving.store.person(who.id).await? else { return Ok(speaker) };
        let in_tracker = row.identities.iter().filter(|of| of.source == JIRA);
        speaker.accounts = in_tracker.filter_map(|of| of.subject.rsplit(' ').next().map(str::to_owned)).collect();
        speaker.called = names(row, issuer);
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

    /// Whether they may say for a row's service that the team knows: whom its policy
    /// names, while the story waits there.
    pub fn may_speak(&self, row: &AwarenessRow, waits_in: &BTreeSet<String>) -> Result<Actor, Forbidden> {
        let is_named = waits_in.contains(&row.service) && self.is_one_of(&Team::of(row).people);
        self.who.may_at(&row.service, if is_named { Act::Acknowledge } else { Act::Waive })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_core::person::Role;

    fn row(service: &str, people: &str) -> AwarenessRow {
        AwarenessRow {
            team: "support".to_owned(),
            service: service.to_owned(),
            meaning: format!(r##"{{"channel": "#s", "people": [{people}]}}"##),
            told: Vec::new(),
            acknowledged: None,
        }
    }

    #[test]
    fn one_speaks_for_the_services_that_let_one() {
        let rows = [row("api", r#""eve""#), row("web", r#""vera", "github:mia""#)];
        let may = |called: &str, at: &[&str], waits: &[&str]| {
            let at = at.iter().map(|service| ((*service).to_owned(), Role::ReleaseManager)).collect();
            let who = Person { id: 1, name: "x".to_owned(), role: Role::Viewer, at, token: None };
            let speaker = Speaker { who: &who, called: [called.to_owned()].into(), accounts: Vec::new() };
            let waits_in = waits.iter().map(|service| (*service).to_owned()).collect();
            let spoken = speaks_for(&speaker, &rows, &waits_in).ok().flatten();
            spoken.map_or_else(|| "none".to_owned(), |(_, all)| all.join(" "))
        };
        assert_eq!([may("vera", &[], &["web"]), may("github:mia", &[], &["web", "api"])], ["web", "web"]);
        assert_eq!([may("eve", &[], &["web", "api"]), may("mia", &[], &["web", "api"])], ["api", "none"]);
        assert_eq!(may("eve", &[], &["web"]), "none", "it does not wait where they are named");
        assert_eq!(may("vera", &["api"], &["web", "api"]), "api web");
        assert_eq!([may("x", &["web"], &[]), may("x", &["search"], &["web"])], ["web", "none"]);
    }
}
