//! What one member is told of what they pressed, in the channel, where nobody else
//! reads it. It is tried once: who was not told presses again.

use super::NOT_DONE;
use crate::commands::slack_join::{Offered, offer_link};
use crate::commands::waive::WaiveError;
use crate::jobs::section;
use crate::serving::Serving;
use gonogo_core::person::Person;
use gonogo_core::say;
use gonogo_read::slack::Member;
use gonogo_remote::slack::Message;
use gonogo_store::StoreError;
use std::time::Duration;

/// Whoever pressed waits for it.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) struct Telling<'a> {
    pub serving: &'a Serving,
    pub channel: &'a str,
    pub member: &'a Member,
}

impl Telling<'_> {
    /// What was done, in Slack's markup; what came of it.
    pub(super) async fn did(&self, done: String, said: &str) -> String {
        self.tells(done, "", said).await
    }

    /// The same; `told` is what somebody has who was told.
    async fn tells(&self, done: String, told: &str, said: &str) -> String {
        match self.whisper(said).await {
            Ok(()) => done + told,
            Err(why) => format!("{done}; {} was not told so: {why}", self.member.id),
        }
    }

    /// What was not done, and why. What the store refuses is nobody's answer.
    pub(super) async fn refuses(&self, error: WaiveError, person: &Person) -> Result<String, StoreError> {
        let said = match error {
            WaiveError::Store(error) => return Err(error),
            WaiveError::Forbidden(_) => format!("{error}{}", elsewhere(self.serving, person)),
            WaiveError::Input(said) | WaiveError::Gone(said) => said,
        };
        Ok(self.did(format!("{NOT_DONE}{said}"), &format!("Not done: {}.", say::slack(&said))).await)
    }

    pub(super) async fn sign_in_first(&self) -> String {
        let said = format!(
            "Not done: open <{}|gonogo>, where you sign in, and press again within 15 minutes: only then it is known \
             that you still may.",
            self.serving.pages
        );
        self.did(format!("{NOT_DONE}the person was not signed in lately"), &said).await
    }

    /// The member is nobody here: they are brought a link by which that changes.
    pub(super) async fn offers_to_join(&self) -> Result<String, StoreError> {
        let said = match offer_link(self.serving, self.member).await? {
            Offered::At { address, minutes } => format!(
                "Not done: this Slack account is nobody's at gonogo yet. <{address}|Join it to yours> within {minutes} \
                 minutes, then press again. The link is for you alone."
            ),
            Offered::TooMany => {
                "Not done: open one of the links that you were sent to join your account at gonogo, or press again in 15 \
                 minutes."
                    .to_owned()
            }
        };
        let done = format!("{NOT_DONE}{} is nobody's account here", self.member.id);
        Ok(self.tells(done, "; a link was sent", &said).await)
    }

    async fn whisper(&self, said: &str) -> Result<(), String> {
        let Some(slack) = &self.serving.slack else { return Err("there is no [slack]".to_owned()) };
        let message = Message { text: said.to_owned(), blocks: vec![section(said)] };
        let whispered = slack.whisper(self.channel, &self.member.id, &message, (self.serving.clock)());
        match tokio::time::timeout(PATIENCE, whispered).await {
            Ok(told) => told.map_err(|error| error.why().said),
            Err(_) => Err(format!("Slack took longer than {} s", PATIENCE.as_secs())),
        }
    }
}

/// What another system lets them do counts while they are signed in with it.
pub(super) fn elsewhere(serving: &Serving, person: &Person) -> String {
    if serving.sign_in.is_none() && serving.oidc.is_none() {
        return String::new();
    }
    let (name, pages) = (&person.name, &serving.pages);
    format!("; what another system lets {name} do counts here for 15 minutes after it was said at {pages}")
}
