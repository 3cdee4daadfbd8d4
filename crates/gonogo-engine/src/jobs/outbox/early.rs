//! What stories lack before their gate, as their owners read it: one comment on the
//! issue, which changes, a message in Slack, a mail.

use super::email::Mailed;
use super::jira::{asks, meaning, new, not_written};
use super::slack::Told;
use super::{NotSaid, Outgoing};
use crate::jobs::early::Known;
use crate::jobs::message::{context, outside, section};
use crate::jobs::shipping::TrackerAt;
use crate::serving::Serving;
use gonogo_core::email::EmailAddress;
use gonogo_core::say::{self, Item, Letter, Part};
use gonogo_remote::jira::Comment;
use gonogo_remote::slack::{MOST_SECTION, Message};
use gonogo_store::{NewMessage, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(super) const COMMENT: &str = "jira-early";

const MOST_TITLE: usize = 200;
const MOST_SAID: usize = 300;

/// The comment on a story's issue is to say what it lacks when it is said.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::jobs) struct EarlyCommentWanted {
    pub tracker: TrackerAt,
    pub story: String,
    /// What it lacked when this was wanted.
    pub lacks: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::jobs) struct EarlyTold {
    pub story: String,
    pub title: String,
    /// Where it stands in the tracker.
    pub url: String,
    pub page: String,
    /// By their name.
    pub owner: Option<String>,
    /// Whose gates would find it.
    pub services: Vec<String>,
    /// Each with what mends it.
    pub lacks: Vec<(String, String)>,
}

impl EarlyCommentWanted {
    pub(in crate::jobs) fn message(&self, key: String, at: Timestamp) -> NewMessage {
        new(COMMENT, &self.story, key, self, at)
    }

    pub(super) fn did(&self) -> String {
        if self.lacks.is_empty() {
            return "told early: nothing is missing any more".to_owned();
        }
        let lacks: Vec<String> = self.lacks.iter().map(|said| say::cut(said, MOST_SAID)).collect();
        format!("told early: {}", lacks.join("; "))
    }
}

/// One message with all of them.
pub(in crate::jobs) fn early_told(told: Vec<EarlyTold>, channel: &str, key: String, at: Timestamp) -> NewMessage {
    let stories = told.iter().map(|one| one.story.clone()).collect();
    Told::Early(told).message(channel, key, stories, at)
}

/// The same by e-mail.
pub(in crate::jobs) fn early_mailed(told: Vec<EarlyTold>, to: &EmailAddress, key: String, at: Timestamp) -> NewMessage {
    let stories = told.iter().map(|one| one.story.clone()).collect();
    Mailed::Early(told).message(to, key, stories, at)
}

/// The comment's id; empty where nothing was said, and is not to be any more.
pub(super) async fn comment(serving: &Serving, message: &Outgoing) -> Result<Result<String, NotSaid>, StoreError> {
    let wanted: EarlyCommentWanted = match meaning(message) {
        Ok(wanted) => wanted,
        Err(not) => return Ok(Err(not)),
    };
    let row = serving.store.early_story(&wanted.story).await?;
    let Some(known) = row.and_then(|row| serde_json::from_str::<Known>(&row.known).ok()) else {
        return Ok(Ok(String::new()));
    };
    let comment = Comment {
        key: format!("{} early", serving.pages),
        lines: lines(&known),
        link: format!("{}/stories/{}", serving.pages, wanted.story),
        calls: known.owner.clone().filter(|_| !known.lacks.is_empty()),
        only_changed: known.lacks.is_empty(),
    };
    let (jira, issue) = match asks(serving, message, &wanted.tracker, &wanted.story) {
        Ok(ready) => ready,
        Err(not) => return Ok(Err(not)),
    };
    serving.store.message_begins(message, (serving.clock)()).await?;
    // Each try looks for ours first: a second one changes it.
    Ok(jira.comment(&issue, &comment).await.map_err(|not| not_written(message, &not)))
}

fn lines(known: &Known) -> Vec<String> {
    if known.lacks.is_empty() {
        let was: Vec<&str> = known.mended.iter().take(5).map(|one| one.said.as_str()).collect();
        let was = if was.is_empty() { String::new() } else { format!(" It had been: {}.", was.join("; ")) };
        let what = if known.is_elsewhere {
            "In this project nothing is asked of it here any more."
        } else {
            "Mended: nothing is missing any more."
        };
        return vec![format!("{what}{was}")];
    }
    let mut services: Vec<String> = known.lacks.iter().flat_map(|lack| lack.services.iter().cloned()).collect();
    services.sort_unstable();
    services.dedup();
    let gates = say::list(&services, services.len());
    let line = |said: &str, fix: &str| format!("{}: {}", say::printable(said), say::printable(fix));
    let lacks = known.lacks.iter().map(|lack| line(&lack.said, &lack.fix));
    [format!("Before this can ship with {gates}:")].into_iter().chain(lacks).collect()
}

pub(super) fn rendered(told: &[EarlyTold]) -> Message {
    match told {
        [one] => one.rendered(),
        several => digest(several),
    }
}

pub(super) fn letter(told: &[EarlyTold]) -> Letter {
    let items = told.iter().map(EarlyTold::item).collect();
    let subject = match told {
        [one] => one.plain(),
        several => counts(several),
    };
    Letter { subject, parts: vec![Part::Items(items)] }
}

impl EarlyTold {
    /// `has 13 points, over 8 (+1)`
    pub(super) fn did(&self) -> String {
        let more = self.lacks.len().saturating_sub(1);
        let more = if more == 0 { String::new() } else { format!(" (+{more})") };
        let first = self.lacks.first().map(|(said, _)| say::cut(said, MOST_SAID)).unwrap_or_default();
        format!("told early: {first}{more}")
    }

    fn plain(&self) -> String {
        let title = say::cut(&self.title, MOST_TITLE);
        format!("{} {title} would be held up", self.story)
    }

    fn sentence(&self) -> String {
        let title = if self.title.is_empty() { String::new() } else { format!(" {}", outside(&self.title)) };
        format!("⚑ {}{title} would be held up", self.story)
    }

    fn whose(&self) -> String {
        let gates = say::list(&self.services, self.services.len());
        match &self.owner {
            Some(owner) => format!("before it ships with {gates} · {owner}"),
            None => format!("before it ships with {gates} · nobody has it yet"),
        }
    }

    fn rendered(&self) -> Message {
        let lack = |(said, fix): &(String, String)| format!("• {}\n   → {}", outside(said), outside(fix));
        let lacks: Vec<String> = self.lacks.iter().map(lack).collect();
        let links = format!("<{}|Open> · <{}|{}>", self.page, self.url, self.story);
        let blocks = vec![
            section(&self.sentence()),
            section(&say::cut(&lacks.join("\n"), MOST_SECTION)),
            context(&outside(&self.whose())),
            section(&links),
        ];
        Message { text: self.sentence(), blocks }
    }

    fn item(&self) -> Item {
        let fields = self.lacks.iter().cloned().chain([("Whose".to_owned(), self.whose())]).collect();
        Item { text: self.plain(), link: Some(self.url.clone()), fields }
    }

    fn line(&self) -> String {
        let first = self.lacks.first().map(|(said, _)| outside(said)).unwrap_or_default();
        let more = self.lacks.len().saturating_sub(1);
        let more = if more == 0 { String::new() } else { format!(" (+{more})") };
        let owner = self.owner.as_deref().map(|owner| format!(" · {}", outside(owner))).unwrap_or_default();
        format!("<{}|{}> {first}{more}{owner}", self.page, self.story)
    }
}

fn counts(told: &[EarlyTold]) -> String {
    format!("{} would be held up", say::count(told.len(), "story"))
}

/// As many lines as a section holds.
fn digest(told: &[EarlyTold]) -> Message {
    let text = format!("⚑ {}", counts(told));
    let mut room = MOST_SECTION - "and 1000000 more".len();
    let mut lines = Vec::new();
    for line in told.iter().map(EarlyTold::line) {
        let Some(left) = room.checked_sub(line.chars().count() + 1) else { break };
        room = left;
        lines.push(line);
    }
    let left_out = told.len() - lines.len();
    lines.extend((left_out > 0).then(|| format!("and {left_out} more")));
    Message { blocks: vec![section(&format!("*{text}*")), section(&lines.join("\n"))], text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(number: usize, said: &str) -> EarlyTold {
        EarlyTold {
            story: format!("STORY-{number}"),
            title: "Charge in <euros>".to_owned(),
            url: format!("https://jira.example.com/browse/STORY-{number}"),
            page: format!("https://gonogo.example.com/stories/STORY-{number}"),
            owner: Some("Maria".to_owned()),
            services: vec!["web".to_owned()],
            lacks: vec![(said.to_owned(), "split it".to_owned())],
        }
    }

    #[test]
    fn an_owner_reads_what_is_missing_and_what_mends_it() {
        let message = rendered(&[told(9, "has 13 points, over 8")]);
        assert_eq!(message.text, "⚑ STORY-9 Charge in &lt;euros&gt; would be held up");
        let all = serde_json::Value::from(message.blocks).to_string();
        for words in ["• has 13 points, over 8", "→ split it", "before it ships with web · Maria"] {
            assert!(all.contains(words), "{all}");
        }
        let letter = letter(&[told(9, "has 13 points, over 8")]);
        assert_eq!(letter.subject(), "STORY-9 Charge in <euros> would be held up");
        assert!(letter.text().contains("has 13 points, over 8"), "{}", letter.text());
    }

    #[test]
    fn many_are_one_message_that_fits_and_calls_nobody() {
        let message =
            rendered(&(1..=80).map(|number| told(number, &"<!channel> @here ".repeat(30))).collect::<Vec<_>>());
        assert_eq!(message.text, "⚑ 80 stories would be held up");
        let lines = message.blocks[1]["text"]["text"].as_str().unwrap();
        assert!(lines.chars().count() <= MOST_SECTION && !lines.contains('@') && lines.ends_with(" more"), "{lines}");
    }
}
