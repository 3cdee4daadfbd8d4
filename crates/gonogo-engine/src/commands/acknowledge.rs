//! A person says that a team knows of a story: it may ship as far as that team
//! is concerned.

use super::people::deed_of;
use super::sign_in::With;
use crate::jobs::judge_soon;
use crate::serving::Serving;
use crate::team::Team;
use gonogo_core::person::{Act, Actor, Forbidden, Person};
use gonogo_core::say;
use gonogo_store::{AwarenessRow, Identity, StoreError};
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
    let (actor, services) = speaks_for(&speaker, &rows, &waits_in)?;
    let list = say::list(&services, services.len());
    let said = || AcknowledgeError::Gone(format!("somebody has said already that {team} knows of {story}"));
    if services.is_empty() {
        return Err(said());
    }
    let detail = format!("{team} knows of it, for {list}");
    let deed = deed_of(&actor, (serving.clock)(), "acknowledged", story, &detail);
    if !serving.store.acknowledge(team, story, services.clone(), deed).await? {
        return Err(said());
    }
    for candidate in open.iter().filter(|candidate| services.contains(&candidate.service)) {
        judge_soon(serving, candidate.id).await?;
    }
    Ok(())
}

/// The services for which somebody says so who may, and for which nobody did.
fn speaks_for(
    speaker: &Speaker<'_>,
    rows: &[AwarenessRow],
    waits_in: &BTreeSet<String>,
) -> Result<(Actor, Vec<String>), AcknowledgeError> {
    let (mut actor, mut services) = (Err(None), Vec::new());
    for row in rows {
        match speaker.may_speak(row, waits_in) {
            Ok(may) => {
                actor = Ok(may);
                services.extend(row.acknowledged.is_none().then(|| row.service.clone()));
            }
            Err(forbidden) => actor = actor.map_err(|_| Some(forbidden)),
        }
    }
    match actor {
        Ok(actor) => Ok((actor, services)),
        Err(Some(forbidden)) => Err(AcknowledgeError::Forbidden(forbidden)),
        Err(None) => Ok((speaker.who.may(Act::Waive).map_err(AcknowledgeError::Forbidden)?, services)),
    }
}

/// A person, and what the `people` of a policy may call them.
#[derive(Debug)]
pub struct Speaker<'a> {
    who: &'a Person,
    called: BTreeSet<String>,
}

impl<'a> Speaker<'a> {
    /// By nothing that one could have chosen oneself: whoever comes from another
    /// system may have taken the name of somebody here.
    pub async fn of(serving: &Serving, who: &'a Person) -> Result<Self, StoreError> {
        let issuer = serving.oidc.as_ref().map(|set| set.provider.issuer());
        let row = serving.store.person(who.id).await?;
        let called = row.into_iter().flat_map(|row| {
            let own = row.has_password.then_some(row.person.name);
            own.into_iter().chain(row.identities.iter().filter_map(|of| called(of, issuer)).collect::<Vec<_>>())
        });
        Ok(Self { who, called: called.collect() })
    }

    pub fn who(&self) -> &Person {
        self.who
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
            let speaker = Speaker { who: &who, called: [called.to_owned()].into() };
            let waits_in = waits.iter().map(|service| (*service).to_owned()).collect();
            speaks_for(&speaker, &rows, &waits_in).map_or_else(|_| "none".to_owned(), |(_, all)| all.join(" "))
        };
        assert_eq!([may("vera", &[], &["web"]), may("github:mia", &[], &["web", "api"])], ["web", "web"]);
        assert_eq!([may("eve", &[], &["web", "api"]), may("mia", &[], &["web", "api"])], ["api", "none"]);
        assert_eq!(may("eve", &[], &["web"]), "none", "it does not wait where they are named");
        assert_eq!(may("vera", &["api"], &["web", "api"]), "api web");
        assert_eq!([may("x", &["web"], &[]), may("x", &["search"], &["web"])], ["web", "none"]);
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
