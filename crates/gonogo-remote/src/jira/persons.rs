//! A Jira as one person sees it, by a token that is theirs: what they may write of
//! an issue, and the writing.

use super::fields::{FieldId, as_they_are, named};
use super::form::{Entry, FormField, MoveWay, field, ways};
use super::issue::{person, status};
use super::{Base, JiraAppError};
use crate::http::{Again, HttpError, Method};
use gonogo_core::ids::IssueKey;
use gonogo_core::policy::TrackerKind;
use gonogo_core::story::{Status, TrackerPerson};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use thiserror::Error;

#[derive(Debug)]
pub struct PersonsJira {
    base: Base,
    kind: TrackerKind,
}

/// What can be written of an issue now.
#[derive(Clone, Debug, PartialEq)]
pub struct IssueForm {
    pub status: Status,
    pub assignee: Option<TrackerPerson>,
    pub fields: Vec<FormField>,
    pub ways: Vec<MoveWay>,
}

/// Why Jira did not do, or tell, what a person wanted.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NotForYou {
    /// The token: it may be renewed.
    #[error("Jira does not take your account's access any more")]
    Token,
    #[error("{0}")]
    Refused(String),
    #[error("Jira asks to be left alone for a while: try again in a minute")]
    TooOften,
    /// Nothing was sent.
    #[error("Jira cannot be reached: {0}")]
    NotReached(String),
    /// It may have been done, where something was to be.
    #[error("Jira does not answer: {0}")]
    Away(String),
}

/// What is to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    Field { id: String, value: Value },
    Move { way: String },
}

impl PersonsJira {
    pub(super) fn new(base: Base, kind: TrackerKind) -> Self {
        Self { base, kind }
    }

    /// Where it is asked.
    pub fn address(&self) -> &str {
        &self.base.url
    }

    fn api(&self) -> &'static str {
        match self.kind {
            TrackerKind::JiraCloud => "/rest/api/3",
            TrackerKind::JiraDataCenter => "/rest/api/2",
        }
    }

    /// Whose token it is: by the id that issues name people by.
    pub async fn myself(&self) -> Result<TrackerPerson, JiraAppError> {
        let odd = |said: String| JiraAppError::Odd { what: "who the account is", said };
        let ask = self.base.ask(Method::GET, &format!("{}/myself", self.api()), None).map_err(|why| odd(why.said))?;
        let answer = self.base.http.json(&ask).await.map_err(JiraAppError::Http)?;
        person(&answer).ok_or_else(|| odd("it names nobody".to_owned()))
    }

    /// What this person may write of the issue now, of these fields.
    pub async fn form(&self, issue: &IssueKey, names: &BTreeSet<String>) -> Result<IssueForm, NotForYou> {
        let (api, odd) = (self.api(), |what: &str| NotForYou::Away(format!("its answer has no {what}")));
        let ids = match as_they_are(names) {
            Some(ids) => ids,
            None => named(&self.read(&format!("{api}/field")).await?, names).map_err(|why| away(&why.said))?,
        };
        let known = ids.values().filter_map(|id| match id {
            FieldId::Id(id) => Some(id.as_str()),
            FieldId::NoSuchField | FieldId::Ambiguous(_) => None,
        });
        let wanted = ["status", "assignee"].into_iter().chain(known).collect::<Vec<_>>().join(",");
        let at = format!("{api}/issue/{issue}");
        let (now, meta, moves) = (
            format!("{at}?fields={wanted}"),
            format!("{at}/editmeta"),
            format!("{at}/transitions?expand=transitions.fields"),
        );
        let (now, meta, moves) = tokio::try_join!(self.read(&now), self.read(&meta), self.read(&moves))?;
        let fields = now.get("fields").ok_or_else(|| odd("fields"))?;
        Ok(IssueForm {
            status: fields.get("status").and_then(status).ok_or_else(|| odd("status"))?,
            assignee: fields.get("assignee").and_then(person),
            fields: ids.iter().map(|(name, id)| field(name, id, fields, &meta)).collect(),
            ways: ways(&moves),
        })
    }

    /// What was given for a field, as it is written; else what would do.
    pub fn value(&self, field: &FormField, given: &[String]) -> Result<Write, String> {
        let value = field.entry.value(given, self.kind == TrackerKind::JiraCloud)?;
        Ok(Write::Field { id: field.id.clone(), value })
    }

    /// A field of a person names this one. Data Center wants the name, not the id.
    pub async fn names_me(&self, field: &FormField) -> Result<Write, NotForYou> {
        let me = self.read(&format!("{}/myself", self.api())).await?;
        let part = match self.kind {
            TrackerKind::JiraCloud => "accountId",
            TrackerKind::JiraDataCenter => "name",
        };
        match (&field.entry, me.get(part)) {
            (Entry::Person, Some(own)) => Ok(Write::Field { id: field.id.clone(), value: json!({ part: own }) }),
            (Entry::Person, None) => Err(away("it does not say who you are")),
            _ => Err(NotForYou::Refused("the field does not name a person".to_owned())),
        }
    }

    /// Sent once.
    pub async fn write(&self, issue: &IssueKey, write: &Write) -> Result<(), NotForYou> {
        let at = format!("{}/issue/{issue}", self.api());
        let (method, path, body) = match write {
            Write::Field { id, value } => (Method::PUT, at, json!({ "fields": { id: value } })),
            Write::Move { way } => (Method::POST, format!("{at}/transitions"), json!({ "transition": { "id": way } })),
        };
        let mut ask = self.base.ask(method, &path, Some(&body)).map_err(|why| NotForYou::Refused(why.said))?;
        ask.again = Again::MustNotCome;
        self.base.http.json(&ask).await.map(drop).map_err(|error| not_for_you(&error))
    }

    async fn read(&self, path: &str) -> Result<Value, NotForYou> {
        let ask = self.base.ask(Method::GET, path, None).map_err(|why| away(&why.said))?;
        self.base.http.json(&ask).await.map_err(|error| not_for_you(&error))
    }
}

fn away(said: &str) -> NotForYou {
    NotForYou::Away(said.to_owned())
}

fn not_for_you(error: &HttpError) -> NotForYou {
    let refused = |words: &str, said: &str| {
        let said = if said.is_empty() { String::new() } else { format!(" (Jira says: {said})") };
        NotForYou::Refused(format!("{words}{said}"))
    };
    match error {
        HttpError::Status { status, said } => match status {
            401 => NotForYou::Token,
            403 => refused("Jira does not let you: an admin of the project gives the right", said),
            404 => refused("Jira shows you no such issue: it is gone, or you may not see it", said),
            409 | 423 => refused("somebody else changes it just now: look at it anew, and try again", said),
            429 => NotForYou::TooOften,
            408 => away(&error.to_string()),
            400..500 => refused("Jira does not take it", said),
            _ => away(&error.to_string()),
        },
        HttpError::AskedToWait(_) => NotForYou::TooOften,
        HttpError::Connect(_) | HttpError::Certificate(_) | HttpError::CaFile { .. } | HttpError::Client(_) => {
            NotForYou::NotReached(error.to_string())
        }
        _ => away(&error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_said_in_plain_words() {
        let said = |status, said: &str| not_for_you(&HttpError::Status { status, said: said.to_owned() });
        assert_eq!(said(401, ""), NotForYou::Token);
        assert_eq!(said(429, ""), NotForYou::TooOften);
        assert!(matches!(said(408, ""), NotForYou::Away(_)) && matches!(said(503, ""), NotForYou::Away(_)));
        for status in [400, 403, 404, 409, 422] {
            let NotForYou::Refused(words) = said(status, "Risk is required") else { panic!("{status}") };
            assert!(words.ends_with("(Jira says: Risk is required)"), "{words}");
        }
    }
}
