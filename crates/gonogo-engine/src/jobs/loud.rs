//! What is told loudly: that somebody lets pass what a system which is away
//! leaves unchecked.

use super::message::{SLACK_MESSAGE, outside, section};
use crate::serving::Serving;
use gonogo_core::fact::System;
use gonogo_core::say;
use gonogo_remote::slack::{Message, MessageKey};
use gonogo_store::{NewWaiver, Wanted};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The meaning of the message; outside texts are as they came.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AwayWanted {
    pub service: String,
    system: System,
    by: String,
    why: String,
    until: Timestamp,
    is_proposed: bool,
    url: String,
}

/// `None` where the service tells nobody.
pub(crate) fn told_of_away(
    serving: &Serving,
    waiver: &NewWaiver,
    system: System,
    by: &str,
    now: Timestamp,
) -> Option<Wanted> {
    serving.slack.as_ref().and(serving.service(&waiver.service)?.slack_channel.as_ref())?;
    let wanted = AwayWanted {
        service: waiver.service.clone(),
        system,
        by: by.to_owned(),
        why: waiver.why.clone(),
        until: waiver.until,
        is_proposed: waiver.needs_second,
        url: format!("{}/services/{}", serving.pages, waiver.service),
    };
    Some(Wanted {
        target: format!("{SLACK_MESSAGE} {}", wanted.name()),
        kind: SLACK_MESSAGE,
        // Strings and a time: there is always JSON for them.
        wanted: serde_json::to_string(&wanted).unwrap_or_default(),
        wanted_at: now,
    })
}

impl AwayWanted {
    /// There is one until that instant alone.
    fn name(&self) -> String {
        format!("waiver {} {} {}", self.service, self.system.word(), self.until)
    }

    pub(super) fn key(&self) -> MessageKey {
        MessageKey(format!("{} {}", self.url, self.name()))
    }

    pub(super) fn rendered(&self) -> Message {
        let does = if self.is_proposed { "proposes to let" } else { "lets" };
        let Self { service, url, .. } = self;
        let (by, system, until) = (outside(&self.by), self.system.name(), say::hour(self.until));
        let said = format!("{by} {does} pass until {until} all that {system} leaves unchecked: {}", outside(&self.why));
        Message {
            text: format!("⚑ {service}: {said}"),
            blocks: vec![section(&format!("⚑ *{service}*: {said}")), section(&format!("<{url}|Open>"))],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_who_what_until_when_and_why_and_calls_nobody() {
        let wanted = AwayWanted {
            service: "web".to_owned(),
            system: System::Tracker,
            by: "ada".to_owned(),
            why: "a fix for <!channel>".to_owned(),
            until: "2026-11-30T15:00:00Z".parse().unwrap(),
            is_proposed: false,
            url: "https://gonogo.example.com/services/web".to_owned(),
        };
        let said = "⚑ web: ada lets pass until 15:00 UTC all that Jira leaves unchecked: a fix for &lt;!channel&gt;";
        assert_eq!(wanted.rendered().text, said);
        let proposed = AwayWanted { is_proposed: true, ..wanted };
        assert!(proposed.rendered().text.contains("ada proposes to let pass"));
    }
}
