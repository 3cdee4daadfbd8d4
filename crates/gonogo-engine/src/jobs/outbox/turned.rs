//! Stories that are deployed, or were rolled back, as Slack reads it.

use super::email::Mailed;
use super::slack::Told;
use crate::jobs::message::{context, outside, section};
use gonogo_core::email::EmailAddress;
use gonogo_core::say::{self, Item, Letter, Part};
use gonogo_remote::slack::{MOST_SECTION, Message};
use gonogo_store::NewMessage;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Characters of a title in a letter, and stories in one.
const MOST_TITLE: usize = 300;
const MOST_LISTED: usize = 500;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::jobs) struct StoryTold {
    pub story: String,
    pub title: String,
    /// Where it stands in the tracker.
    pub url: Option<String>,
    pub page: String,
    /// Else it was rolled back.
    pub is_deployed: bool,
    /// That have it now, or that do not any more.
    pub services: Vec<String>,
    /// What hides it from customers.
    #[serde(default)]
    pub flag: Option<String>,
    /// Whether nobody could tell if something does.
    #[serde(default)]
    pub is_flag_unknown: bool,
}

/// One message with all of them.
pub(in crate::jobs) fn stories_told(told: Vec<StoryTold>, channel: &str, key: String, at: Timestamp) -> NewMessage {
    let stories = told.iter().map(|story| story.story.clone()).collect();
    Told::Stories(told).message(channel, key, stories, at)
}

/// The same by e-mail.
pub(in crate::jobs) fn stories_mailed(
    told: Vec<StoryTold>,
    to: &EmailAddress,
    key: String,
    at: Timestamp,
) -> NewMessage {
    let stories = told.iter().map(|story| story.story.clone()).collect();
    Mailed::Stories(told).message(to, key, stories, at)
}

pub(super) fn rendered(stories: &[StoryTold]) -> Message {
    match stories {
        [story] => story.rendered(),
        stories => digest(stories),
    }
}

pub(super) fn did(is_deployed: bool, more: &str) -> String {
    format!("{}{more}", if is_deployed { "was deployed" } else { "was rolled back" })
}

/// The same by e-mail, which holds more of them.
pub(super) fn letter(stories: &[StoryTold]) -> Letter {
    if let [story] = stories {
        return story.letter();
    }
    let mut items: Vec<Item> = stories.iter().take(MOST_LISTED).map(StoryTold::item).collect();
    let more = stories.len() - items.len();
    items.extend((more > 0).then(|| Item::from(format!("and {more} more"))));
    Letter { subject: counts(stories), parts: vec![Part::Items(items)] }
}

impl StoryTold {
    /// Whether customers see nothing of it yet.
    fn is_off(&self) -> bool {
        self.is_deployed && self.flag.is_some()
    }

    /// Whether nobody knows if customers see it.
    fn is_unknown(&self) -> bool {
        self.is_deployed && self.flag.is_none() && self.is_flag_unknown
    }

    /// `✓ STORY-9 Charge in euros was deployed`
    fn sentence(&self) -> String {
        let (mark, did) = (if self.is_deployed { "✓" } else { "↩" }, self.did());
        let title = if self.title.is_empty() { String::new() } else { format!(" {}", outside(&self.title)) };
        format!("{mark} {}{title} {did}", self.story)
    }

    /// `was deployed, off for customers`
    pub(super) fn did(&self) -> String {
        let off = match (self.is_off(), self.is_unknown()) {
            (true, _) => ", off for customers",
            (false, true) => ", on or off for customers",
            (false, false) => "",
        };
        did(self.is_deployed, off)
    }

    /// Where it runs, with what hides it there.
    fn runs(&self, flag: impl Fn(&str) -> String) -> String {
        let services = say::list(&self.services, self.services.len());
        let is_one = self.services.len() == 1;
        if self.is_deployed {
            let flag = self.flag.as_deref().map(|name| format!(", behind {}", flag(name))).unwrap_or_default();
            let doubt =
                if self.is_unknown() { "; whether a flag hides it is not known: the tracker did not tell" } else { "" };
            format!("{services} {} it in production{flag}{doubt}", if is_one { "has" } else { "have" })
        } else {
            format!("{services} {} it no more", if is_one { "runs" } else { "run" })
        }
    }

    fn titled(&self) -> String {
        format!("{} {}", self.story, say::cut(&self.title, MOST_TITLE)).trim().to_owned()
    }

    fn item(&self) -> Item {
        Item { text: format!("{} {}", self.titled(), self.did()), link: Some(self.page.clone()), fields: Vec::new() }
    }

    fn letter(&self) -> Letter {
        let mut links = vec![("Open".to_owned(), self.page.clone())];
        links.extend(self.url.clone().map(|url| (self.story.clone(), url)));
        Letter {
            subject: format!("{} {}", self.titled(), self.did()),
            parts: vec![
                Part::Line(format!("{} {}.", self.titled(), self.did())),
                Part::Line(format!("{}.", self.runs(str::to_owned))),
                Part::Links(links),
            ],
        }
    }

    fn line(&self) -> String {
        format!("{} · <{}|Open>", self.sentence(), self.page)
    }

    fn rendered(&self) -> Message {
        let said = self.runs(outside);
        let tracker = self.url.as_ref().map(|url| format!(" · <{url}|{}>", self.story)).unwrap_or_default();
        let links = format!("<{}|Open>{tracker}", self.page);
        Message { text: self.sentence(), blocks: vec![section(&self.sentence()), context(&said), section(&links)] }
    }
}

/// `60 stories deployed and 1 story rolled back`
fn counts(stories: &[StoryTold]) -> String {
    let deployed = stories.iter().filter(|story| story.is_deployed).count();
    let parts = [(deployed, "deployed"), (stories.len() - deployed, "rolled back")];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, did)| format!("{} {did}", say::count(*number, "story")))
        .collect();
    say::list(&parts, parts.len())
}

/// As many lines as a section holds.
fn digest(stories: &[StoryTold]) -> Message {
    let text = counts(stories);
    let mut room = MOST_SECTION - "and 1000000 more".len();
    let mut lines = Vec::new();
    for line in stories.iter().map(StoryTold::line) {
        let Some(left) = room.checked_sub(line.chars().count() + 1) else { break };
        room = left;
        lines.push(line);
    }
    let left_out = stories.len() - lines.len();
    lines.extend((left_out > 0).then(|| format!("and {left_out} more")));
    Message { blocks: vec![section(&format!("*{text}*")), section(&lines.join("\n"))], text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn story(number: usize, title: &str, is_deployed: bool) -> StoryTold {
        StoryTold {
            story: format!("STORY-{number}"),
            title: title.to_owned(),
            url: Some(format!("https://jira.example.com/browse/STORY-{number}")),
            page: format!("https://gonogo.example.com/stories/STORY-{number}"),
            is_deployed,
            services: vec!["api".to_owned(), "web".to_owned()],
            flag: None,
            is_flag_unknown: false,
        }
    }

    fn texts(message: &Message) -> Vec<String> {
        let of = |block: &Value| block.pointer("/text/text").or_else(|| block.pointer("/elements/0/text")).cloned();
        message.blocks.iter().map(|block| of(block).unwrap().as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_story_is_told_with_where_it_runs_and_where_to_look() {
        let message = rendered(&[story(9, "Charge in <euros>", true)]);
        assert_eq!(message.text, "✓ STORY-9 Charge in &lt;euros&gt; was deployed");
        assert_eq!(texts(&message)[1], "api and web have it in production");
        let links =
            "<https://gonogo.example.com/stories/STORY-9|Open> · <https://jira.example.com/browse/STORY-9|STORY-9>";
        assert_eq!(texts(&message)[2], links);
        let hidden = rendered(&[StoryTold { flag: Some("new-till".to_owned()), ..story(9, "x", true) }]);
        assert_eq!(hidden.text, "✓ STORY-9 x was deployed, off for customers");
        assert_eq!(texts(&hidden)[1], "api and web have it in production, behind new-till");
        let unknown = rendered(&[StoryTold { is_flag_unknown: true, ..story(9, "x", true) }]);
        assert_eq!(unknown.text, "✓ STORY-9 x was deployed, on or off for customers");
        assert!(texts(&unknown)[1].ends_with("whether a flag hides it is not known: the tracker did not tell"));
        let mut gone = story(9, "", false);
        gone.services.truncate(1);
        let message = rendered(&[gone]);
        assert_eq!(
            (message.text.as_str(), texts(&message)[1].as_str()),
            ("↩ STORY-9 was rolled back", "api runs it no more")
        );
    }

    #[test]
    fn a_letter_says_the_same() {
        let letter = letter(&[story(9, "Charge in <euros>", true)]);
        assert_eq!(letter.subject(), "STORY-9 Charge in <euros> was deployed");
        let text = letter.text();
        for words in [
            "api and web have it in production.",
            "Open: https://gonogo.example.com/stories/STORY-9\nSTORY-9: https://jira.example.com/browse/STORY-9",
        ] {
            assert!(text.contains(words), "{text}");
        }
        let many = super::letter(&[story(1, "x", true), story(2, "y", true), story(3, "", false)]);
        assert_eq!(many.subject(), "2 stories deployed and 1 story rolled back");
        assert!(many.text().contains("- STORY-3 was rolled back\n  https://gonogo.example.com/stories/STORY-3"));
    }

    #[test]
    fn many_stories_are_one_message_that_fits() {
        let rude = "@channel ".repeat(100);
        let mut stories: Vec<StoryTold> = (1..=60).map(|number| story(number, &rude, true)).collect();
        stories.push(story(61, "", false));
        let message = rendered(&stories);
        assert_eq!(message.text, "60 stories deployed and 1 story rolled back");
        let lines = texts(&message).remove(1);
        assert!(lines.chars().count() <= MOST_SECTION && !lines.contains('@'), "{lines}");
        assert!(lines.starts_with("✓ STORY-1 ") && lines.ends_with(" more"), "{lines}");
    }
}
