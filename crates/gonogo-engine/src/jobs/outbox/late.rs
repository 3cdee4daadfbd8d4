//! Post-deploy checks that nobody has answered in time, as Slack reads it.

use super::slack::Told;
use crate::jobs::message::{outside, section};
use gonogo_core::say;
use gonogo_remote::slack::{MOST_SECTION, Message, is_member_id};
use gonogo_store::NewMessage;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::jobs) struct ChecksLate {
    pub service: String,
    pub looks: Vec<LateLook>,
    /// Where all of them stand.
    pub page: String,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::jobs) struct LateLook {
    pub story: String,
    pub title: String,
    /// By their name.
    pub owner: Option<String>,
    /// Who they are in Slack, where they are joined.
    pub member: Option<String>,
    pub due_at: Timestamp,
    /// Where it is answered.
    pub page: String,
}

impl ChecksLate {
    pub(in crate::jobs) fn message(self, channel: &str, key: String, at: Timestamp) -> NewMessage {
        let stories = self.looks.iter().map(|look| look.story.clone()).collect();
        Told::Late(Box::new(self)).message(channel, key, stories, at)
    }

    /// As many lines as a section holds.
    pub(super) fn rendered(&self) -> Message {
        let checks = say::count(self.looks.len(), "story");
        let wait = if self.looks.len() == 1 { "waits" } else { "wait" };
        let text = format!("⏰ {}: {checks} {wait} for a look at production", self.service);
        let mut room = MOST_SECTION - "and 1000000 more".len();
        let mut lines = Vec::new();
        for line in self.looks.iter().map(LateLook::line) {
            let Some(left) = room.checked_sub(line.chars().count() + 1) else { break };
            room = left;
            lines.push(line);
        }
        let left_out = self.looks.len() - lines.len();
        lines.extend((left_out > 0).then(|| format!("and {left_out} more")));
        let link = format!("Look as the story says, and answer: <{}|all that wait>", self.page);
        Message { blocks: vec![section(&format!("*{text}*")), section(&lines.join("\n")), section(&link)], text }
    }
}

impl LateLook {
    /// `STORY-9 Charge in euros · Ana, by 2026-12-01 09:00 UTC`
    fn line(&self) -> String {
        let owner = match (&self.member, &self.owner) {
            (Some(member), _) if is_member_id(member) => format!("<@{member}>"),
            (_, Some(owner)) => outside(owner),
            (_, None) => "nobody is named".to_owned(),
        };
        let title = if self.title.is_empty() { String::new() } else { format!(" {}", outside(&self.title)) };
        format!("<{}|{}>{title} · {owner}, by {}", self.page, self.story, say::minute(self.due_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(number: usize, title: &str, owner: Option<&str>) -> LateLook {
        LateLook {
            story: format!("STORY-{number}"),
            title: title.to_owned(),
            owner: owner.map(str::to_owned),
            member: None,
            due_at: "2026-12-01T09:00:00Z".parse().unwrap(),
            page: "https://gonogo.example.com/services/web/deploys/3".to_owned(),
        }
    }

    fn late(looks: Vec<LateLook>) -> Message {
        let page = "https://gonogo.example.com/services/web/post-deploy".to_owned();
        ChecksLate { service: "web".to_owned(), looks, page }.rendered()
    }

    fn lines(message: &Message) -> &str {
        message.blocks[1]["text"]["text"].as_str().unwrap()
    }

    #[test]
    fn an_owner_reads_what_waits_for_them_and_where_to_answer() {
        let message = late(vec![look(9, "Charge in <euros>", Some("Ana")), look(10, "", None)]);
        assert_eq!(message.text, "⏰ web: 2 stories wait for a look at production");
        let at = "https://gonogo.example.com/services/web/deploys/3";
        let expected = format!(
            "<{at}|STORY-9> Charge in &lt;euros&gt; · Ana, by 2026-12-01 09:00 UTC\n\
             <{at}|STORY-10> · nobody is named, by 2026-12-01 09:00 UTC"
        );
        assert_eq!(lines(&message), expected);
    }

    #[test]
    fn who_is_joined_is_called() {
        let lee = LateLook { member: Some("U024BE7LH".to_owned()), ..look(9, "", Some("lee")) };
        assert!(lines(&late(vec![lee])).contains(" · <@U024BE7LH>, by "));
        let odd = LateLook { member: Some("!channel".to_owned()), ..look(9, "", Some("lee")) };
        assert!(lines(&late(vec![odd])).contains(" · lee, by "));
    }

    #[test]
    fn many_are_one_message_that_fits_and_calls_nobody() {
        let rude = "<!channel> @here ".repeat(50);
        let message = late((1..=60).map(|number| look(number, &rude, Some(&rude))).collect());
        let lines = lines(&message);
        assert!(lines.chars().count() <= MOST_SECTION && !lines.contains('@') && !lines.contains("<!"), "{lines}");
        assert!(lines.ends_with(" more"), "{lines}");
    }
}
