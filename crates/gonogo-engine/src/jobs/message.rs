//! What people are told of a candidate: what it means, and how Slack reads it.

use super::outbox::Mailed;
use super::seen;
use crate::commands::from_slack::{CHECK_AGAIN, WAIVE};
use crate::serving::{Service, Serving};
use gonogo_api::{Check, Verdict};
use gonogo_core::email::EmailAddress;
use gonogo_core::running::Running;
use gonogo_core::say::{self, Item, Letter, Part};
use gonogo_remote::slack::{MOST_SECTION, Message, MessageKey};
use gonogo_store::views::Judged;
use gonogo_store::{Candidate, News, Wanted};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A message in Slack, as the mirror keeps it.
pub(super) const SLACK_MESSAGE: &str = "slack-message";

/// Reasons that are told; the page has all.
const MOST_REASONS: usize = 5;
/// Characters of a reason.
const MOST_REASON: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Go,
    NoGo,
    Waiting,
    CouldNotFindOut,
}

/// The meaning of a message; outside texts are as they came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MessageWanted {
    pub service: String,
    branch: String,
    head: String,
    production: Option<String>,
    state: State,
    /// The verdict and its first reason.
    sentence: String,
    commits: usize,
    stories: usize,
    people: usize,
    reasons: Vec<String>,
    /// How many reasons there are beside those.
    more: usize,
    url: String,
    key: String,
    /// Whose buttons it has; what was wanted by an older version has none.
    #[serde(default)]
    candidate: Option<i64>,
    /// Then nothing is stopped: it says what would be.
    #[serde(default)]
    is_observed: bool,
}

/// `None` where the service tells nobody, and of what is not to be deployed.
pub(super) fn news(
    serving: &Serving,
    service: &Service,
    candidate: &Candidate,
    outcome: &crate::Outcome,
    now: Timestamp,
) -> Option<News> {
    if !candidate.stage.is_deploy() {
        return None;
    }
    let in_slack = serving.slack.as_ref().and(service.turned.slack_channel.as_ref()).is_some();
    if !in_slack && service.turned.email.is_empty() {
        return None;
    }
    let wanted = MessageWanted::of(serving, service, candidate, &outcome.check, outcome.exit_code);
    let message = in_slack.then(|| Wanted {
        target: format!("{SLACK_MESSAGE} {}", candidate.id.0),
        kind: SLACK_MESSAGE,
        // Strings and numbers: there is always JSON for them.
        wanted: serde_json::to_string(&wanted).unwrap_or_default(),
        wanted_at: now,
        awaits: None,
    });
    let mail = |to: &EmailAddress| {
        let key = format!("{} email {to} turned {} {}", serving.pages, candidate.id.0, now.as_microsecond());
        Mailed::Turned(Box::new(wanted.clone())).message(to, key, Vec::new(), now)
    };
    let mails = service.turned.email.iter().map(mail).collect();
    let verdict = wanted.is_decided().then(|| outcome.check.verdict.word());
    // Go is no news of a branch of which nothing was told.
    Some(News { candidate: candidate.id, verdict, first: Verdict::Go.word(), message, mails })
}

impl State {
    fn of(verdict: Verdict, exit_code: u8) -> Self {
        match (verdict, exit_code) {
            (Verdict::Go, _) => Self::Go,
            (Verdict::Waiting, _) => Self::Waiting,
            (Verdict::NoGo, 3) => Self::CouldNotFindOut,
            (Verdict::NoGo, _) => Self::NoGo,
        }
    }

    fn is_decided(self) -> bool {
        matches!(self, Self::Go | Self::NoGo)
    }

    fn mark(self) -> &'static str {
        match self {
            Self::Go => "✓",
            Self::NoGo => "✗",
            Self::Waiting => "…",
            Self::CouldNotFindOut => "?",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Go => "Go",
            Self::NoGo => "No-Go",
            Self::Waiting => "Waiting",
            Self::CouldNotFindOut => "Could not find out",
        }
    }
}

impl MessageWanted {
    pub(super) fn of(
        serving: &Serving,
        service: &Service,
        candidate: &Candidate,
        check: &Check,
        exit_code: u8,
    ) -> Self {
        let url = serving.page_of(candidate.id);
        let reasons = seen::reasons(check);
        let mut people: Vec<&String> =
            check.commits.iter().flat_map(|c| c.co_authors.iter().chain([&c.author])).collect();
        people.sort_unstable();
        people.dedup();
        Self {
            service: candidate.service.clone(),
            branch: candidate.branch.clone(),
            head: candidate.head.short(),
            production: candidate.production.as_ref().map(Running::short),
            state: State::of(check.verdict, exit_code),
            sentence: seen::sentence(check, exit_code),
            commits: check.commits.len(),
            stories: check.stories.iter().filter(|story| story.ships).count(),
            people: people.len(),
            more: reasons.len().saturating_sub(MOST_REASONS),
            reasons: reasons.into_iter().take(MOST_REASONS).map(str::to_owned).collect(),
            // A database that begins anew counts its candidates from one again.
            key: format!("{url} {}", candidate.head),
            url,
            candidate: Some(candidate.id.0),
            is_observed: service.is_observed,
        }
    }

    /// Waiting, or a system that is away, is no turn: it passes.
    pub(super) fn is_decided(&self) -> bool {
        self.state.is_decided()
    }

    pub(super) fn key(&self) -> MessageKey {
        MessageKey(self.key.clone())
    }

    /// With buttons, where what is pressed reaches us.
    pub(super) fn rendered(&self, has_buttons: bool) -> Message {
        let turned = match (self.state.is_decided(), self.would_be()) {
            (true, "") => " turned",
            (false, "") => ":",
            _ => "",
        };
        let (mark, service, sentence) = (self.state.mark(), &self.service, say::slack(&self.sentence));
        let would_be = self.would_be();
        let mut blocks = vec![section(&self.heading()), context(&self.counts())];
        blocks.extend(self.told_reasons().map(|text| section(&text)));
        blocks.push(section(&format!("<{}|Open>", self.url)));
        blocks.extend(self.candidate.filter(|_| has_buttons).map(|candidate| self.buttons(candidate)));
        Message { text: format!("{mark} {service}{turned}{would_be} {sentence} · {}", self.place()), blocks }
    }

    /// Below a link to its page.
    pub(super) fn unfurled(&self, is_open: bool) -> Vec<Value> {
        let over = if is_open { "" } else { " · its branch has moved on" };
        let mut blocks = vec![section(&self.heading()), context(&format!("{}{over}", self.counts()))];
        blocks.extend(self.told_reasons().map(|text| section(&text)));
        blocks
    }

    /// What a branch is, where a story waits in it.
    pub(super) fn line(service: &Service, branch: &str, judged: &Judged, exit_code: u8) -> String {
        let verdict = match judged.verdict.as_str() {
            word if word == Verdict::Go.word() => Verdict::Go,
            word if word == Verdict::NoGo.word() => Verdict::NoGo,
            _ => Verdict::Waiting,
        };
        let state = State::of(verdict, exit_code);
        let would_be = if service.is_observed && state != State::Go { "would be " } else { "" };
        let (mark, summary) = (state.mark(), outside(&judged.summary));
        format!("{mark} *{}* {}: {would_be}{summary}", service.name, outside(branch))
    }

    /// Before what stops nothing.
    fn would_be(&self) -> &'static str {
        if self.is_observed && self.state != State::Go { " would be" } else { "" }
    }

    /// What can be done about it there.
    fn buttons(&self, candidate: i64) -> Value {
        let is_stopped = matches!(self.state, State::NoGo | State::CouldNotFindOut);
        let waive = is_stopped.then(|| button("Waive", WAIVE, candidate));
        let elements: Vec<Value> = [button("Check again", CHECK_AGAIN, candidate)].into_iter().chain(waive).collect();
        json!({"type": "actions", "elements": elements})
    }

    /// `web main`
    pub(super) fn of_branch(&self) -> String {
        format!("{} {}", self.service, say::cut(&say::printable(&self.branch), MOST_REASON))
    }

    /// `turned No-Go`
    pub(super) fn turned(&self) -> String {
        let turned = if self.would_be().is_empty() { "turned" } else { "would be" };
        format!("{turned} {}{}", self.state.word(), self.passed())
    }

    pub(super) fn page(&self) -> &str {
        &self.url
    }

    pub(super) fn letter(&self) -> Letter {
        let (service, branch) = (&self.service, say::cut(&self.branch, MOST_REASON));
        let (mark, would_be) = (self.state.mark(), self.would_be());
        let reason = |reason: &String| Item::from(format!("{mark} {}", say::cut(reason, MOST_REASON)));
        let mut items: Vec<Item> = self.reasons.iter().map(reason).collect();
        items.extend((self.more > 0).then(|| Item::from(format!("and {} more", self.more))));
        Letter {
            subject: format!("{mark} {service} {branch}{would_be}: {}", self.sentence),
            parts: vec![
                Part::Line(format!("{service} {}: {branch} at {}.", self.turned(), self.head)),
                Part::Line(format!("{}.", self.counts())),
                Part::Items(items),
                Part::Links(vec![("Open".to_owned(), self.url.clone())]),
            ],
        }
    }

    /// `web main → 9f2c1ab ✗ No-Go`
    fn heading(&self) -> String {
        let (mark, word) = (self.state.mark(), self.state.word());
        let would_be = self.would_be().trim_start();
        let said = if would_be.is_empty() { word.to_owned() } else { format!("{would_be} {word}") };
        format!("*{}* {}   {mark} *{said}*{}", self.service, self.place(), outside(self.passed()))
    }

    /// `, 1 waived`: what was let pass belongs to the word.
    fn passed(&self) -> &str {
        let more = self.sentence.strip_prefix(State::Go.word()).filter(|_| self.state == State::Go);
        more.unwrap_or_default()
    }

    fn place(&self) -> String {
        format!("{} → {}", outside(&self.branch), self.head)
    }

    fn counts(&self) -> String {
        let people = if self.people == 1 { "1 person".to_owned() } else { format!("{} people", self.people) };
        let over = self.production.as_deref().map_or("production is not known".to_owned(), |sha| format!("over {sha}"));
        format!("{} · {} · {people} · {over}", say::count(self.commits, "commit"), say::count(self.stories, "story"))
    }

    /// As many as a section holds.
    fn told_reasons(&self) -> Option<String> {
        let mark = self.state.mark();
        let mut room = MOST_SECTION - "and 1000000 more".len();
        let mut lines = Vec::new();
        for reason in &self.reasons {
            let line = format!("{mark} {}", outside(reason));
            let Some(left) = room.checked_sub(line.chars().count() + 1) else { break };
            room = left;
            lines.push(line);
        }
        let left_out = self.more + self.reasons.len() - lines.len();
        lines.extend((left_out > 0).then(|| format!("and {left_out} more")));
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

/// A text from outside: one short line that calls nobody.
pub(super) fn outside(text: &str) -> String {
    say::slack(&say::cut(&say::printable(text), MOST_REASON))
}

/// Slack makes no links of what it finds in a verbatim text.
fn text(said: &str) -> Value {
    json!({"type": "mrkdwn", "text": said, "verbatim": true})
}

fn button(said: &str, name: &str, candidate: i64) -> Value {
    let text = json!({"type": "plain_text", "text": said, "emoji": false});
    json!({"type": "button", "text": text, "action_id": name, "value": candidate.to_string()})
}

pub(crate) fn section(said: &str) -> Value {
    json!({"type": "section", "text": text(said)})
}

pub(super) fn context(said: &str) -> Value {
    json!({"type": "context", "elements": [text(said)]})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(state: State, sentence: &str, reasons: &[&str], more: usize) -> MessageWanted {
        MessageWanted {
            service: "web".to_owned(),
            branch: "main".to_owned(),
            head: "9f2c1ab".to_owned(),
            production: Some("77ab01c".to_owned()),
            state,
            sentence: sentence.to_owned(),
            commits: 14,
            stories: 1,
            people: 5,
            reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
            more,
            url: "https://gonogo.example.com/candidates/7".to_owned(),
            key: "k".to_owned(),
            candidate: Some(7),
            is_observed: false,
        }
    }

    fn texts(message: &Message) -> Vec<&str> {
        let of = |block| Value::pointer(block, "/text/text").or_else(|| block.pointer("/elements/0/text"));
        message.blocks.iter().map(|block| of(block).and_then(Value::as_str).unwrap()).collect()
    }

    #[test]
    fn a_message_says_verdict_counts_reasons_and_where_to_look() {
        let reasons = ["STORY-12 is In Review", "STORY-19 has no risk assessment"];
        let message = wanted(State::NoGo, "No-Go: STORY-12 is In Review (+3)", &reasons, 2).rendered(false);
        assert_eq!(message.text, "✗ web turned No-Go: STORY-12 is In Review (+3) · main → 9f2c1ab");
        assert_eq!(
            texts(&message),
            [
                "*web* main → 9f2c1ab   ✗ *No-Go*",
                "14 commits · 1 story · 5 people · over 77ab01c",
                "✗ STORY-12 is In Review\n✗ STORY-19 has no risk assessment\nand 2 more",
                "<https://gonogo.example.com/candidates/7|Open>",
            ]
        );
        let message = wanted(State::Go, "Go, 1 waived", &[], 0).rendered(false);
        assert_eq!(message.text, "✓ web turned Go, 1 waived · main → 9f2c1ab");
        assert_eq!(texts(&message).len(), 3);
        assert_eq!(texts(&message)[0], "*web* main → 9f2c1ab   ✓ *Go*, 1 waived");
        let message = wanted(State::Waiting, "Waiting: a build runs", &["a build runs"], 0).rendered(false);
        assert_eq!(message.text, "… web: Waiting: a build runs · main → 9f2c1ab");
    }

    #[test]
    fn what_can_be_done_is_pressed_where_that_reaches_us() {
        let pressed = |wanted: &MessageWanted| -> Vec<Value> {
            let blocks = wanted.rendered(true).blocks;
            let Some(actions) = blocks.iter().find(|block| block["type"] == "actions") else { return Vec::new() };
            let of = |button: &Value| {
                format!("{} {}", button["action_id"].as_str().unwrap(), button["value"].as_str().unwrap()).into()
            };
            actions["elements"].as_array().unwrap().iter().map(of).collect()
        };
        let no_go = wanted(State::NoGo, "No-Go: x", &["x"], 0);
        assert_eq!(pressed(&no_go), ["check-again 7", "waive 7"]);
        assert_eq!(pressed(&wanted(State::Go, "Go", &[], 0)), ["check-again 7"]);
        let older = MessageWanted { candidate: None, ..no_go };
        assert_eq!(pressed(&older), [""; 0]);
    }

    #[test]
    fn what_is_only_observed_stops_nothing() {
        let observed =
            |state, sentence| MessageWanted { is_observed: true, ..wanted(state, sentence, &[], 0) }.rendered(false);
        let message = observed(State::NoGo, "No-Go: STORY-12 is In Review");
        assert_eq!(message.text, "✗ web would be No-Go: STORY-12 is In Review · main → 9f2c1ab");
        assert_eq!(texts(&message)[0], "*web* main → 9f2c1ab   ✗ *would be No-Go*");
        let message = observed(State::CouldNotFindOut, "Could not find out: Jira is away");
        assert_eq!(message.text, "? web would be Could not find out: Jira is away · main → 9f2c1ab");
        assert_eq!(observed(State::Go, "Go").text, "✓ web turned Go · main → 9f2c1ab");
    }

    #[test]
    fn outside_text_calls_nobody_and_fits_however_it_is_escaped() {
        let rude = "<!channel> @here ".to_owned() + &"&".repeat(5_000);
        let mut wanted = wanted(State::NoGo, &format!("No-Go: {rude}"), &[rude.as_str(); 5], 0);
        wanted.branch = "<!here>".to_owned();
        let message = wanted.rendered(false);
        for text in texts(&message).into_iter().chain([message.text.as_str()]) {
            assert!(!text.contains("<!") && !text.contains('@'), "{text}");
        }
        let reasons = texts(&message)[2];
        assert!(reasons.chars().count() <= MOST_SECTION && reasons.ends_with("\nand 2 more"), "{reasons}");
    }
}
