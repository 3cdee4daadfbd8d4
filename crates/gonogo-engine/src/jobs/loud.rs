//! What is told loudly: that somebody lets pass what a system which is away
//! leaves unchecked, and what becomes of that.

use super::message::{SLACK_MESSAGE, outside, section};
use crate::serving::Serving;
use gonogo_core::fact::System;
use gonogo_core::say;
use gonogo_core::waiver::Covers;
use gonogo_remote::slack::{Message, MessageKey};
use gonogo_store::{NewWaiver, WaiverRow, Wanted};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The meaning of the message; outside texts are as they came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AwayWanted {
    pub service: String,
    system: System,
    by: String,
    why: String,
    until: Timestamp,
    /// Whether it waits for a second person.
    is_proposed: bool,
    /// The second person.
    #[serde(default)]
    confirmed_by: Option<String>,
    #[serde(default)]
    taken_back_by: Option<String>,
    url: String,
}

/// Of a waiver that is given. `None` where the service tells nobody.
pub(crate) fn told_of_away(
    serving: &Serving,
    waiver: &NewWaiver,
    system: System,
    by: &str,
    now: Timestamp,
) -> Option<Wanted> {
    AwayWanted {
        service: waiver.service.clone(),
        system,
        by: by.to_owned(),
        why: waiver.why.clone(),
        until: waiver.until,
        is_proposed: waiver.needs_second,
        confirmed_by: None,
        taken_back_by: None,
        url: format!("{}/services/{}", serving.pages, waiver.service),
    }
    .wanted(serving, now)
}

/// What somebody makes of a waiver that is there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Turned<'a> {
    ConfirmedBy(&'a str),
    TakenBackBy(&'a str),
}

/// `None` where it is of no system, or the service tells nobody.
pub(crate) fn told_of_turn(serving: &Serving, row: &WaiverRow, turned: Turned<'_>, now: Timestamp) -> Option<Wanted> {
    let Ok(Covers::System(system)) = row.fingerprint.parse() else { return None };
    let (confirmed_by, taken_back_by) = match turned {
        Turned::ConfirmedBy(second) => (Some(second.to_owned()), None),
        Turned::TakenBackBy(who) => (row.confirmed_by.clone(), Some(who.to_owned())),
    };
    AwayWanted {
        service: row.service.clone(),
        system,
        by: row.by.clone(),
        why: row.why.clone(),
        until: row.until,
        is_proposed: row.needs_second && confirmed_by.is_none(),
        confirmed_by,
        taken_back_by,
        url: format!("{}/services/{}", serving.pages, row.service),
    }
    .wanted(serving, now)
}

impl AwayWanted {
    fn wanted(&self, serving: &Serving, now: Timestamp) -> Option<Wanted> {
        serving.slack.as_ref().and(serving.service(&self.service)?.slack_channel.as_ref())?;
        Some(Wanted {
            target: format!("{SLACK_MESSAGE} {}", self.name()),
            kind: SLACK_MESSAGE,
            // Strings and a time: there is always JSON for them.
            wanted: serde_json::to_string(self).unwrap_or_default(),
            wanted_at: now,
            awaits: None,
        })
    }

    /// There is one until that instant alone, as it is kept.
    fn name(&self) -> String {
        format!("waiver {} {} {}", self.service, self.system.word(), self.until.as_microsecond())
    }

    pub(super) fn key(&self) -> MessageKey {
        MessageKey(format!("{} {}", self.url, self.name()))
    }

    pub(super) fn rendered(&self) -> Message {
        let Self { service, url, .. } = self;
        let (by, system, until) = (outside(&self.by), self.system.name(), say::hour(self.until));
        let (all, why) = (format!("all that {system} leaves unchecked"), outside(&self.why));
        let second = self.confirmed_by.as_deref().map(|who| format!(", confirmed by {}", outside(who)));
        let second = second.unwrap_or_default();
        let said = match (self.taken_back_by.as_deref().map(outside), self.is_proposed) {
            (None, true) => format!("{by} proposes to let pass until {until} {all}: {why}"),
            (None, false) => format!("{by} lets pass until {until} {all}{second}: {why}"),
            (Some(who), true) => format!("{who} took back what {by} proposed to let pass until {until}, {all}: {why}"),
            (Some(who), false) => format!("{who} took back what {by} let pass until {until}, {all}: {why}"),
        };
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
            confirmed_by: None,
            taken_back_by: None,
            url: "https://gonogo.example.com/services/web".to_owned(),
        };
        let said = "⚑ web: ada lets pass until 15:00 UTC all that Jira leaves unchecked: a fix for &lt;!channel&gt;";
        assert_eq!(wanted.rendered().text, said);
        let said = |wanted: AwayWanted| wanted.rendered().text;
        let second = || Some("rita".to_owned());
        let proposed = AwayWanted { is_proposed: true, ..wanted };
        assert!(said(proposed.clone()).contains("ada proposes to let pass"));
        let back = AwayWanted { taken_back_by: second(), ..proposed.clone() };
        assert!(said(back).contains("rita took back what ada proposed to let pass"));
        let confirmed = AwayWanted { is_proposed: false, confirmed_by: second(), ..proposed };
        let text = said(confirmed.clone());
        assert!(
            text.contains("ada lets pass until 15:00 UTC all that Jira leaves unchecked, confirmed by rita: "),
            "{text}"
        );
        let back = said(AwayWanted { taken_back_by: second(), ..confirmed });
        assert!(back.contains("rita took back what ada let pass") && !back.contains("confirmed"), "{back}");
    }
}
