//! A story that is on its way, as a team reads it in Slack that has to know.

use super::email::Mailed;
use super::slack::Told;
use crate::jobs::message::{context, section};
use gonogo_core::email::EmailAddress;
use gonogo_core::say::{self, Letter, Part};
use gonogo_remote::slack::{MOST_SECTION, Message};
use gonogo_store::NewMessage;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Characters of a title in a letter.
const MOST_TITLE: usize = 300;
/// Characters of a field.
const MOST_FIELD: usize = 500;
/// Fields that are told; the tracker has all.
const MOST_FIELDS: usize = 5;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::jobs) struct StoryComing {
    pub team: String,
    pub story: String,
    pub title: String,
    /// Where it stands in the tracker.
    pub url: Option<String>,
    pub service: String,
    pub branch: String,
    /// Else it is in a pull request.
    pub is_merged: bool,
    /// What hides it from customers.
    pub flag: Option<String>,
    /// Such as the risk, with what each says.
    pub fields: Vec<(String, String)>,
    /// When it may ship, as the team reads it.
    pub earliest: String,
    pub page: String,
}

impl StoryComing {
    pub(in crate::jobs) fn message(self, channel: &str, key: String, at: Timestamp) -> NewMessage {
        let stories = vec![self.story.clone()];
        Told::Coming(Box::new(self)).message(channel, key, stories, at)
    }

    pub(in crate::jobs) fn mail(&self, to: &EmailAddress, key: String, at: Timestamp) -> NewMessage {
        Mailed::Coming(Box::new(self.clone())).message(to, key, vec![self.story.clone()], at)
    }

    pub(super) fn rendered(&self) -> Message {
        let title = say::slack(&say::cut(&say::printable(&self.title), 200));
        let off = if self.flag.is_some() { ", off for customers" } else { "" };
        let text = format!("{} {title} is about to ship{off}", self.story);
        let mut blocks =
            vec![section(&format!("*{}* {title} is about to ship{off}", self.story)), context(&self.when())];
        blocks.extend((!self.fields.is_empty()).then(|| section(&self.told_fields())));
        let tracker = self.url.as_ref().map(|url| format!(" · <{url}|{}>", self.story)).unwrap_or_default();
        blocks.push(section(&format!("<{}|Open, or say that {} knows>{tracker}", self.page, say::slack(&self.team))));
        Message { text, blocks }
    }

    pub(super) fn letter(&self) -> Letter {
        let off = if self.flag.is_some() { ", off for customers" } else { "" };
        let named = format!("{} {}", self.story, say::cut(&self.title, MOST_TITLE)).trim().to_owned();
        let place = if self.is_merged { "on" } else { "in a pull request of" };
        let branch = say::cut(&self.branch, 100);
        let flag = self.flag.as_deref().map(|flag| format!(", behind {flag}")).unwrap_or_default();
        let (service, earliest) = (&self.service, &self.earliest);
        let fields = self.fields.iter().take(MOST_FIELDS);
        let fields = fields.map(|(name, said)| (name.clone(), say::cut(said, MOST_FIELD))).collect();
        let mut links = vec![(format!("Open, or say that {} knows", self.team), self.page.clone())];
        links.extend(self.url.clone().map(|url| (self.story.clone(), url)));
        Letter {
            subject: format!("{named} is about to ship{off}"),
            parts: vec![
                Part::Line(format!("{named} is about to ship{off}.")),
                Part::Line(format!(
                    "{service}: {place} {branch}, in production from {earliest} on at the earliest{flag}."
                )),
                Part::Fields(fields),
                Part::Links(links),
            ],
        }
    }

    fn when(&self) -> String {
        let place = if self.is_merged { "on" } else { "in a pull request of" };
        let branch = say::slack(&say::cut(&say::printable(&self.branch), 100));
        let flag = self.flag.as_deref().map(|flag| format!(" · behind {}", say::slack(flag))).unwrap_or_default();
        format!("{} · {place} {branch} · in production from {} on at the earliest{flag}", self.service, self.earliest)
    }

    fn told_fields(&self) -> String {
        let line = |(name, said): &(String, String)| {
            format!("*{}* {}", say::slack(name), say::slack(&say::cut(&say::printable(said), MOST_FIELD)))
        };
        let lines: Vec<String> = self.fields.iter().take(MOST_FIELDS).map(line).collect();
        // Escaping may have made it longer.
        say::cut(&lines.join("\n"), MOST_SECTION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_reads_what_comes_with_which_risk_and_when() {
        let rude = "<!channel> ".to_owned() + &"&".repeat(5_000);
        let coming = StoryComing {
            team: "support".to_owned(),
            story: "STORY-9".to_owned(),
            title: "Charge in euros".to_owned(),
            url: Some("https://jira.example.com/browse/STORY-9".to_owned()),
            service: "web".to_owned(),
            branch: "main".to_owned(),
            is_merged: true,
            flag: None,
            fields: vec![("Risk".to_owned(), "High: invoices".to_owned()), ("Note".to_owned(), rude)],
            earliest: "2026-12-01 15:00 Europe/Berlin".to_owned(),
            page: "https://gonogo.example.com/stories/STORY-9".to_owned(),
        };
        let message = coming.rendered();
        assert_eq!(message.text, "STORY-9 Charge in euros is about to ship");
        let all = serde_json::Value::from(message.blocks.clone()).to_string();
        for words in ["web · on main · in production from 2026-12-01 15:00 Europe/Berlin on", "*Risk* High: invoices"]
        {
            assert!(all.contains(words), "{all}");
        }
        assert!(!all.contains("<!channel>"), "{all}");
        let letter = coming.letter();
        assert_eq!(letter.subject(), "STORY-9 Charge in euros is about to ship");
        assert!(letter.text().contains("\nRisk: High: invoices\n"), "{}", letter.text());
        assert!(!letter.html().contains("<!channel>"), "{}", letter.html());
        let fields = message.blocks[2]["text"]["text"].as_str().unwrap();
        assert!(fields.chars().count() <= MOST_SECTION);
    }
}
