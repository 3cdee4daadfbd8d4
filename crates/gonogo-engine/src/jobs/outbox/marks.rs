//! What a deploy leaves on a story's issue beside words: fix versions, and a field.
//! Whenever one is written, it is as the story stands then.

use super::jira::{Turned, asks, meaning, new, not_written};
use super::{NotSaid, Outgoing};
use crate::jobs::shipping::TrackerAt;
use crate::marks::{FieldMark, with_services};
use crate::serving::Serving;
use gonogo_core::say;
use gonogo_remote::jira::{FieldTo, Holds, Versions};
use gonogo_store::{NewMessage, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(super) const VERSIONS: &str = "jira-fix-version";
pub(super) const FIELD: &str = "jira-field";

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::jobs) struct VersionsWanted {
    pub tracker: TrackerAt,
    pub story: String,
    /// That come with the deploy, or go with its rollback.
    pub names: Vec<String>,
    pub is_deployed: bool,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::jobs) struct FieldWanted {
    pub tracker: TrackerAt,
    pub story: String,
    pub field: FieldMark,
    pub is_deployed: bool,
}

impl VersionsWanted {
    pub(in crate::jobs) fn message(&self, key: String, at: Timestamp) -> NewMessage {
        new(VERSIONS, &self.story, key, self, at)
    }

    pub(super) fn did(&self) -> String {
        let names = say::list(&self.names, self.names.len());
        let (gets, of) = if self.is_deployed { ("gets", "") } else { ("loses", ", it was rolled back") };
        format!("{gets} the fix version {names}{of}")
    }
}

impl FieldWanted {
    pub(in crate::jobs) fn message(&self, key: String, at: Timestamp) -> NewMessage {
        new(FIELD, &self.story, key, self, at)
    }

    pub(super) fn did(&self) -> String {
        let name = &self.field.name;
        match (self.is_deployed, &self.field.value, &self.field.rolled_back) {
            (true, Some(value), _) => format!("\"{name}\" becomes {value}"),
            (true, None, _) => format!("\"{name}\" becomes when it was deployed"),
            (false, _, Some(value)) => format!("\"{name}\" becomes {value}, it was rolled back"),
            (false, Some(value), None) => format!("\"{name}\" holds {value} no more, it was rolled back"),
            (false, None, None) => format!("\"{name}\" is emptied, it was rolled back"),
        }
    }

    fn to(&self, turned: &Turned) -> FieldTo {
        let services = say::list(&turned.services, turned.services.len());
        let text = |text: &Option<String>| text.as_ref().map(|text| with_services(text, &services));
        let (live, gone) = (text(&self.field.value), text(&self.field.rolled_back));
        if turned.is_deployed {
            FieldTo { holds: live.map_or(Holds::When(turned.at), Holds::Text), lacks: gone }
        } else {
            FieldTo { holds: gone.map_or(Holds::Nothing, Holds::Text), lacks: live }
        }
    }
}

/// The versions that it has.
pub(super) async fn versions(serving: &Serving, message: &Outgoing) -> Result<Result<String, NotSaid>, StoreError> {
    let wanted: VersionsWanted = match meaning(message) {
        Ok(wanted) => wanted,
        Err(not) => return Ok(Err(not)),
    };
    let Some(said) = serving.store.story_said(&wanted.story).await? else { return Ok(Err(nothing_to_do())) };
    let has = said.versions;
    let lacks = wanted.names.into_iter().filter(|name| !has.contains(name)).collect();
    let versions = Versions { has, lacks, at: said.at };
    let (jira, issue) = match asks(serving, message, &wanted.tracker, &wanted.story) {
        Ok(ready) => ready,
        Err(not) => return Ok(Err(not)),
    };
    serving.store.message_begins(message, (serving.clock)()).await?;
    // Each try looks at what the issue has first.
    let marked = jira.set_versions(&issue, &versions).await;
    Ok(marked.map(|()| versions.has.join(", ")).map_err(|not| not_written(message, &not)))
}

/// The field's name.
pub(super) async fn field(serving: &Serving, message: &Outgoing) -> Result<Result<String, NotSaid>, StoreError> {
    let wanted: FieldWanted = match meaning(message) {
        Ok(wanted) => wanted,
        Err(not) => return Ok(Err(not)),
    };
    let Some(turned) = Turned::last(serving, &wanted.story).await? else { return Ok(Err(nothing_to_do())) };
    let (jira, issue) = match asks(serving, message, &wanted.tracker, &wanted.story) {
        Ok(ready) => ready,
        Err(not) => return Ok(Err(not)),
    };
    serving.store.message_begins(message, (serving.clock)()).await?;
    // As above.
    let marked = jira.set_field(&issue, &wanted.field.name, &wanted.to(&turned)).await;
    Ok(marked.map(|()| wanted.field.name).map_err(|not| not_written(message, &not)))
}

fn nothing_to_do() -> NotSaid {
    NotSaid::never("there is nothing to do any more")
}
