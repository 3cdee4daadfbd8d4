//! Who wrote what a deploy brings: the authors that git names, matched with people here.

use super::deploys::DeployError;
use crate::commands::sign_in::With;
use crate::evidence::Evidence;
use crate::serving::Serving;
use crate::signer::names;
use gonogo_core::changeset;
use gonogo_core::deploy::Approval;
use gonogo_store::{DeployRow, PersonRow};
use std::collections::BTreeSet;

/// GitHub writes for who keeps their mail to themselves.
const KEPT_PRIVATE: &str = "@users.noreply.github.com";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writers {
    /// By their numbers.
    people: BTreeSet<i64>,
    /// Of whom nobody knows who they are here, as `Name <mail>`.
    pub unknown: Vec<String>,
}

impl Writers {
    pub fn has(&self, person: i64) -> bool {
        self.people.contains(&person)
    }
}

/// Of a deploy whose approval asks for it. What cannot be read is not nobody's.
pub async fn writers_of(serving: &Serving, row: &DeployRow, approval: &Approval) -> Result<Writers, DeployError> {
    let unread = || DeployError::NotNow {
        said: "who wrote what it brings cannot be read, so that nobody can be said not to have".to_owned(),
        fix: format!("have the candidate judged again, then ask anew: {}", serving.page_of(row.candidate)),
    };
    if row.production.only().is_none() {
        // What it brings over each of them is not known together.
        return Err(DeployError::NotNow {
            said: "several versions run: who wrote what it brings over each of them is not known".to_owned(),
            fix: "approve it once one version runs".to_owned(),
        });
    }
    let newest = serving.store.newest_evaluation(row.candidate).await?.ok_or_else(unread)?;
    let recording = serving.store.recording(newest.id).await?;
    let evidence = recording.and_then(|bytes| Evidence::read(&bytes).ok()).ok_or_else(unread)?;
    let authors = evidence.authors().ok_or_else(unread)?;
    let issuer = serving.oidc.as_ref().map(|set| set.provider.issuer().to_owned());
    let people: Vec<Known> =
        serving.store.people().await?.into_iter().map(|row| Known::of(row, issuer.as_deref())).collect();
    Ok(matched(&authors, approval, &people))
}

/// A person, and by what git may show them.
struct Known {
    id: i64,
    /// What the `people` of a policy may call them.
    called: BTreeSet<String>,
    /// Their number and name at GitHub.
    github: Vec<(String, String)>,
}

impl Known {
    fn of(row: PersonRow, issuer: Option<&str>) -> Self {
        let github = row.identities.iter().filter(|one| matches!(With::of(&one.source), Some(With::GitHub)));
        let github = github.map(|one| (one.subject.clone(), one.name.to_lowercase())).collect();
        // As another system calls them, such as by their mail there.
        let elsewhere = row.identities.iter().filter(|one| matches!(With::of(&one.source), Some(With::Oidc)));
        let mails: Vec<String> = elsewhere.map(|one| one.name.clone()).collect();
        let id = row.person.id;
        Self { id, called: names(row, issuer).into_iter().chain(mails).collect(), github }
    }

    fn is(&self, mail: &str, approval: &Approval) -> bool {
        let is_called = |name: &String| name.eq_ignore_ascii_case(mail);
        let said = approval.mails.iter().find(|(known, _)| known.eq_ignore_ascii_case(mail));
        said.is_some_and(|(_, name)| self.called.contains(name))
            || self.called.iter().any(is_called)
            || self.is_at_github(mail)
    }

    /// `49699333+dependabot[bot]@users.noreply.github.com`, or without the number.
    fn is_at_github(&self, mail: &str) -> bool {
        let mail = mail.to_lowercase();
        let Some(who) = mail.strip_suffix(KEPT_PRIVATE) else { return false };
        self.github.iter().any(|(number, login)| match who.split_once('+') {
            Some((id, _)) => id == number,
            None => who == login,
        })
    }
}

fn matched(authors: &BTreeSet<changeset::Person>, approval: &Approval, people: &[Known]) -> Writers {
    let mut writers = Writers::default();
    for author in authors {
        let known: Vec<i64> =
            people.iter().filter(|known| known.is(&author.email, approval)).map(|known| known.id).collect();
        if known.is_empty() {
            writers.unknown.push(format!("{} <{}>", author.name, author.email));
        }
        writers.people.extend(known);
    }
    writers
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_core::person::Role;

    fn known(id: i64, called: &[&str], github: &[(&str, &str)]) -> Known {
        let called = called.iter().map(|name| (*name).to_owned()).collect();
        let github = github.iter().map(|(number, login)| ((*number).to_owned(), (*login).to_owned())).collect();
        Known { id, called, github }
    }

    #[test]
    fn authors_are_matched_by_what_they_cannot_be_mistaken_for_and_else_are_unknown() {
        let mails = [("lee@private.example".to_owned(), "lee".to_owned())].into();
        let approval = Approval {
            role: Role::Developer,
            people: None,
            by_another: true,
            not_by_author: true,
            mails,
            hours: 8,
            rules: Vec::new(),
        };
        let people = [
            known(1, &["ada@example.com"], &[]),
            known(2, &["lee"], &[]),
            known(3, &["github:mia"], &[("17", "mia")]),
            known(4, &["tom"], &[]),
        ];
        let of = |mails: &[&str]| {
            let person = |mail: &&str| changeset::Person { name: "tom".to_owned(), email: (*mail).to_owned() };
            matched(&mails.iter().map(person).collect(), &approval, &people)
        };
        assert_eq!(of(&["Ada@Example.com", "lee@private.example"]).people, [1, 2].into());
        assert_eq!(of(&["17+mia-of-old@users.noreply.github.com"]).people, [3].into());
        assert_eq!(of(&["mia@users.noreply.github.com"]).people, [3].into());
        let odd = of(&["18+mia@users.noreply.github.com", "tom@elsewhere.example"]);
        assert!(odd.people.is_empty(), "what a commit calls its author is anybody's choice: {odd:?}");
        assert_eq!(odd.unknown.len(), 2);
        assert_eq!(odd.unknown[1], "tom <tom@elsewhere.example>");
    }
}
