//! A person's word on a message that could not be said, or of which nobody knows
//! whether it was: that it be said again, or never.

use super::people::deed_of;
use super::run_again::RunAgainError;
use crate::jobs::about;
use crate::serving::Serving;
use gonogo_core::person::{Act, Person};
use gonogo_core::say;
use gonogo_store::{Deed, MessageId};

/// What of it stands in the audit.
const MOST_TOLD: usize = 5;

pub async fn say_again(serving: &Serving, who: &Person, id: MessageId) -> Result<(), RunAgainError> {
    let deed = deed(serving, who, id, "had a message said again").await?;
    if !serving.store.say_again(id, deed).await? {
        return Err(RunAgainError::Gone("this message did not fail and is not in doubt: it may be said by now"));
    }
    Ok(())
}

pub async fn drop_message(serving: &Serving, who: &Person, id: MessageId) -> Result<(), RunAgainError> {
    let deed = deed(serving, who, id, "dropped a message").await?;
    if !serving.store.drop_message(id, deed).await? {
        return Err(RunAgainError::Gone("this message was said or dropped, or is being said just now"));
    }
    Ok(())
}

async fn deed(serving: &Serving, who: &Person, id: MessageId, did: &'static str) -> Result<Deed, RunAgainError> {
    let actor = who.may(Act::SeeToMessages).map_err(RunAgainError::Forbidden)?;
    let Some(message) = serving.store.message(id).await? else {
        return Err(RunAgainError::Gone("there is no such message"));
    };
    let about = about(&message);
    let told: Vec<String> = about.iter().map(|about| format!("{} {}", about.subject, about.said)).collect();
    let detail = format!("message {}, {}: {}", id.0, message.state.word(), say::list(&told, MOST_TOLD));
    let subject = format!("{} to {}", message.kind, message.target);
    Ok(deed_of(&actor, (serving.clock)(), did, &subject, &detail))
}
