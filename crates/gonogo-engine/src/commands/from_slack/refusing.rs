//! A no to what a deploy asks, from Slack: the modal asks why, and what it comes back with
//! goes the same way as the page's form.

use super::modal::{self, WHY};
use super::who::{Who, who};
use super::{Done, NO, NOT_DONE, nothing};
use crate::commands::deploy_reply::reply;
use crate::commands::deploys::DeployError;
use crate::serving::Serving;
use gonogo_core::deploy::{ActKey, Reply};
use gonogo_core::person::Person;
use gonogo_read::slack::{Pressed, Submitted};
use gonogo_store::{DeployId, StoreError};

/// Of which deploy, and to which act of it.
pub(super) fn meant(value: &str) -> Option<(DeployId, ActKey)> {
    let (id, key) = value.split_once(' ')?;
    Some((DeployId(id.parse().ok()?), key.parse().ok()?))
}

/// Opens the modal.
pub(super) async fn open(serving: &Serving, person: &Person, pressed: &Pressed) -> String {
    let Some((id, _)) = meant(&pressed.value) else { return nothing() };
    let Some(slack) = &serving.slack else { return format!("{NOT_DONE}there is no [slack] any more") };
    let view = modal::asking_why_not(&pressed.value);
    match slack.open_modal(&pressed.trigger, &view, (serving.clock)()).await {
        Ok(()) => format!("asks {} why deploy {} shall not go on", person.name, id.0),
        Err(error) => format!("{NOT_DONE}the modal did not open: {}: {}", error.why().said, error.why().fix),
    }
}

/// Takes what was filled in, or says at its place what is wrong with it.
pub(super) async fn submit(serving: &Serving, submitted: &Submitted) -> Result<Done, StoreError> {
    let Some((id, key)) = meant(&submitted.metadata).filter(|_| submitted.modal == NO) else {
        return Ok(nothing().into());
    };
    let refused = |said: &str| Done { outcome: format!("{NOT_DONE}{said}"), answer: Some(modal::errors(WHY, said)) };
    let person = match who(serving, &submitted.member.id).await? {
        Who::Person(person) => person,
        Who::TooLongAgo => return Ok(refused(&format!("sign in at {} first, then send it again", serving.pages))),
        Who::Nobody => {
            return Ok(refused(&format!("join this Slack account to yours first, at {}/account", serving.pages)));
        }
    };
    let why = submitted.fields.iter().find(|(block, _)| block == WHY).map(|(_, text)| text.clone());
    let no = Reply::No { why: why.unwrap_or_default() };
    let did = format!("deploy {}: {} {key}, {}", id.0, person.name, no.words());
    match reply(serving, &person, id, key, no).await {
        Ok(()) => Ok(did.into()),
        Err(DeployError::Store(error)) => Err(error),
        Err(error) => Ok(refused(&error.to_string().replace("\n  → ", "; "))),
    }
}
