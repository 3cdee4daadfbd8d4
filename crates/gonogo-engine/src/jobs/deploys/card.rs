//! What people in Slack see of a deploy: one message that changes in place.

use super::follow;
use super::locks;
use super::news::told_of_questions;
use crate::commands::break_glass::glass_words;
use crate::commands::deploys::{may_say_of, writers_note};
use crate::commands::from_slack::{APPROVE, GO_ON, NO, SIGNALS, YES};
use crate::commands::request::runway_note;
use crate::digest::Digest;
use crate::evidence::Evidence;
use crate::jobs::message::{SLACK_MESSAGE, context, outside, section};
use crate::jobs::{seen, told};
use crate::serving::Serving;
use crate::told_deploy::state_words;
use crate::told_guards::guard_names;
use gonogo_api::Check;
use gonogo_core::build::{Build, BuildState};
use gonogo_core::deploy::{ActKey, Does, Entry, Signal};
use gonogo_core::say;
use gonogo_remote::slack::{Message, MessageKey};
use gonogo_store::{DeployRow, DeployState, StoreError, UntoldDeploy, Wanted};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// What another replica did is told so soon.
const AT_LEAST_EVERY: Duration = Duration::from_secs(1);
const MOST_STORIES: usize = 5;
const MOST_BUILDS: usize = 8;
const MOST_GUARDS: usize = 8;

/// The meaning of the message; outside texts are as they came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::jobs) struct DeployWanted {
    deploy: i64,
    pub service: String,
    pub channel: String,
    branch: String,
    head: String,
    over: String,
    requested_by: String,
    approved_by: Option<String>,
    state: String,
    said: String,
    /// How long it took, once it is over.
    took: Option<String>,
    /// What it brings, in short, and its verdict.
    counts: Option<String>,
    verdict: Option<String>,
    stories: Vec<String>,
    builds: Vec<String>,
    /// What watches it.
    #[serde(default)]
    guards: Vec<String>,
    /// Who had it begin in spite of what kept it, why, and in spite of what.
    #[serde(default)]
    glass: Option<String>,
    /// What is not known of who wrote it.
    #[serde(default)]
    note: Option<String>,
    /// Whether it waits for somebody to agree.
    is_to_be_approved: bool,
    signals: Vec<Signal>,
    /// What may be said of the act that it waits with, and which one that is.
    #[serde(default)]
    replies: Vec<(CardReply, String)>,
    url: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum CardReply {
    GoOn,
    Yes,
    No,
}

/// Tells of deploys whatever changes of them, until told to stop.
pub(in crate::jobs) async fn tell_all(serving: Arc<Serving>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Err(error) = tell_and_remind(&serving).await {
            told::store_is_away(&error);
        }
        tokio::select! {
            () = serving.store.deploys_came() => {}
            () = tokio::time::sleep(AT_LEAST_EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn tell_and_remind(serving: &Serving) -> Result<(), StoreError> {
    tell(serving).await?;
    locks::remind(serving).await
}

async fn tell(serving: &Serving) -> Result<(), StoreError> {
    for UntoldDeploy { id, changed, channel } in serving.store.deploys_untold().await? {
        let Some(row) = serving.store.deploy(id).await? else { continue };
        let mut wanted = follow::wanted(serving, &row).await?;
        if let Some(channel) = told_in(serving, &row, channel) {
            let now = (serving.clock)();
            wanted.extend(told_of_questions(serving, &row, &channel, now).await?);
            wanted.push(DeployWanted::of(serving, &row, channel).await?.wanted(now));
        }
        serving.store.tell_deploy(id, changed, wanted).await?;
    }
    Ok(())
}

/// Where it was asked for, else where the service has deploys told.
fn told_in(serving: &Serving, row: &DeployRow, channel: Option<String>) -> Option<String> {
    serving.slack.as_ref()?;
    channel.or_else(|| serving.service(&row.service)?.deploys_told.slack_channel.clone())
}

impl DeployWanted {
    async fn of(serving: &Serving, row: &DeployRow, channel: String) -> Result<Self, StoreError> {
        let store = &serving.store;
        let journal: Vec<Entry> = store.deploy_journal(row.id).await?.into_iter().map(|(entry, _)| entry).collect();
        let newest = store.newest_evaluation(row.candidate).await?;
        let recording = match &newest {
            Some(newest) => store.recording(newest.id).await?,
            None => None,
        };
        let evidence = recording.and_then(|bytes| Evidence::read(&bytes).ok());
        let check = newest.as_ref().and_then(|newest| serde_json::from_str::<Check>(&newest.result).ok());
        let may = may_say_of(row, &journal);
        let exit_code = newest.map_or(0, |newest| newest.exit_code);
        let took = row.began_at.zip(row.ended_at).map(|(began, ended)| say::lasts(ended.duration_since(began)));
        let builds = evidence.as_ref().map(Evidence::builds).unwrap_or_default();
        Ok(Self {
            deploy: row.id.0,
            service: row.service.clone(),
            channel,
            branch: row.branch.clone(),
            head: row.head.short(),
            over: row.production.short(),
            requested_by: row.requested_by.clone(),
            approved_by: row.approved.as_ref().map(|(by, _)| by.clone()),
            state: row.state.word().to_owned(),
            said: row.said.clone(),
            took,
            counts: check.as_ref().map(|check| counts(check, evidence.as_ref())),
            verdict: check.as_ref().map(|check| seen::sentence(check, exit_code)),
            stories: check.as_ref().map(stories).unwrap_or_default(),
            builds: builds.iter().map(build_line).collect(),
            guards: guard_names(&row.plan),
            glass: glass_words(row)
                .zip(row.glass.as_ref())
                .map(|(said, glass)| format!("{said}; in spite of: {}", glass.around)),
            note: notes(serving, row).await?,
            is_to_be_approved: row.state == DeployState::Requested,
            replies: replies(row, may.waits.as_ref()),
            signals: may.signals,
            url: format!("{}/deploys/{}", serving.pages, row.id.0),
        })
    }

    fn wanted(&self, now: Timestamp) -> Wanted {
        Wanted {
            target: format!("{SLACK_MESSAGE} deploy {}", self.deploy),
            kind: SLACK_MESSAGE,
            // Strings and numbers: there is always JSON for them.
            wanted: serde_json::to_string(self).unwrap_or_default(),
            wanted_at: now,
            awaits: None,
        }
    }

    pub(in crate::jobs) fn key(&self) -> MessageKey {
        // A database that begins anew counts its deploys from one again.
        MessageKey(format!("{} {}", self.url, self.head))
    }

    /// With buttons, where what is pressed reaches us.
    pub(in crate::jobs) fn rendered(&self, has_buttons: bool) -> Message {
        let Self { service, head, over, url, .. } = self;
        let (mark, words) = self.stands();
        let branch = outside(&self.branch);
        let said = if self.said.is_empty() { String::new() } else { format!(": {}", outside(&self.said)) };
        let took = self.took.as_deref().map(|took| format!(" in {took}")).unwrap_or_default();
        let heading = format!("*{service}* {branch} → {head}   {mark} *{words}*{took}{said}");
        let by = outside(&self.requested_by);
        let approved = self.approved_by.as_deref().map(|who| format!(", approved by {}", outside(who)));
        let asked = format!("deploy {} over {over} · asked for by {by}{}", self.deploy, approved.unwrap_or_default());
        let mut blocks = vec![section(&heading), context(&asked)];
        blocks.extend(self.glass.as_deref().map(|said| section(&format!("⚠ {}", outside(said)))));
        blocks.extend(self.note.as_deref().map(|said| context(&outside(said))));
        let verdict = self.verdict.as_deref().map(outside);
        let counts = [verdict, self.counts.as_deref().map(outside)].into_iter().flatten().collect::<Vec<_>>();
        blocks.extend((!counts.is_empty()).then(|| context(&counts.join(" · "))));
        blocks.extend(some(&self.builds, MOST_BUILDS, " · ").map(|said| context(&format!("Builds: {said}"))));
        blocks.extend(some(&self.guards, MOST_GUARDS, ", ").map(|said| context(&format!("Guards: {said}"))));
        blocks.extend(some(&self.stories, MOST_STORIES, "\n").map(|said| section(&said)));
        blocks.push(section(&format!("<{url}|Open>")));
        blocks.extend(if has_buttons { self.buttons() } else { None });
        let text = format!(
            "{mark} {service}: deploy {} of {branch} → {head} {}{took}{said}",
            self.deploy,
            words.to_lowercase()
        );
        Message { text, blocks }
    }

    fn stands(&self) -> (&'static str, &'static str) {
        // One of a newer version is not known.
        self.state.parse().map_or(("?", "Look at its page"), state_words)
    }

    /// What can be said of it there. What cannot be taken back is asked again.
    fn buttons(&self) -> Option<Value> {
        let button_of = |said: &str, name: &str, asks: Option<&str>, value: String| {
            let plain = |said: &str| json!({"type": "plain_text", "text": said, "emoji": false});
            let mut button = json!({
                "type": "button", "text": plain(said), "action_id": name, "value": value,
            });
            if let Some(asks) = asks {
                button["confirm"] =
                    json!({"title": plain(said), "text": plain(asks), "confirm": plain(said), "deny": plain("No")});
            }
            button
        };
        let button = |said: &str, name: &str, asks: Option<&str>| button_of(said, name, asks, self.deploy.to_string());
        let reply = |(reply, key): &(CardReply, String)| {
            let value = format!("{} {key}", self.deploy);
            match reply {
                CardReply::GoOn => button_of("Go on now", GO_ON, None, value),
                CardReply::Yes => button_of("Yes", YES, None, value),
                CardReply::No => button_of("No…", NO, None, value),
            }
        };
        let replies = self.replies.iter().map(reply);
        let approve = self.is_to_be_approved.then(|| button("Approve", APPROVE, None));
        let signal = |signal: &Signal| {
            let (_, name) = SIGNALS.iter().find(|(of, _)| of == signal)?;
            let (label, asks) = match signal {
                Signal::Abandon if self.is_to_be_approved => ("Cancel", None),
                Signal::RollBack => (signal.label(), Some("What ran before is brought back, by the policy's steps.")),
                Signal::Abandon => (signal.label(), Some("It ends as it is: what runs may be a part of both.")),
                Signal::Halt | Signal::Resume => (signal.label(), None),
            };
            Some(button(label, name, asks))
        };
        let elements: Vec<Value> =
            approve.into_iter().chain(replies).chain(self.signals.iter().filter_map(signal)).collect();
        (!elements.is_empty()).then(|| json!({"type": "actions", "elements": elements}))
    }
}

/// What people are to know of it beside.
async fn notes(serving: &Serving, row: &DeployRow) -> Result<Option<String>, StoreError> {
    let all = [writers_note(serving, row).await?, runway_note(serving, row).await?];
    let all: Vec<String> = all.into_iter().flatten().collect();
    Ok((!all.is_empty()).then(|| all.join("; ")))
}

fn replies(row: &DeployRow, waits: Option<&ActKey>) -> Vec<(CardReply, String)> {
    let Some((key, step)) = waits.and_then(|key| Some((key, row.plan.step_of(key)?))) else { return Vec::new() };
    let words: &[CardReply] = match &step.does {
        Does::Pause { .. } => &[CardReply::GoOn],
        Does::Approval(_) => &[CardReply::Yes, CardReply::No],
        _ => &[],
    };
    words.iter().map(|word| (*word, key.to_string())).collect()
}

/// The first of them, and how many there are beside.
fn some(all: &[String], most: usize, between: &str) -> Option<String> {
    let mut lines: Vec<String> = all.iter().take(most).cloned().collect();
    lines.extend((all.len() > most).then(|| format!("and {} more", all.len() - most)));
    (!lines.is_empty()).then(|| lines.join(between))
}

fn counts(check: &Check, evidence: Option<&Evidence>) -> String {
    let digest = Digest::of(check, evidence);
    let people =
        if digest.people.len() == 1 { "1 person".to_owned() } else { format!("{} people", digest.people.len()) };
    let lines = digest.lines.map(|lines| format!("+{} −{}", lines.added, lines.removed));
    let risk = digest.risk.as_ref().map(|(risk, story)| format!("risk {} ({story})", risk.word()));
    let migrations = (!digest.migrations.is_empty()).then(|| say::count(digest.migrations.len(), "migration"));
    let all =
        [Some(say::count(digest.commits, "commit")), Some(say::count(digest.all_stories(), "story")), Some(people)];
    all.into_iter().chain([lines, risk, migrations]).flatten().collect::<Vec<_>>().join(" · ")
}

fn stories(check: &Check) -> Vec<String> {
    let ships = check.stories.iter().filter(|story| story.ships);
    ships
        .map(|story| {
            let title = outside(story.title.as_deref().unwrap_or_default());
            match story.url.as_deref().filter(|url| url.starts_with("http")) {
                Some(url) => format!("<{}|{}> {title}", say::slack(url), outside(&story.key)),
                None => format!("{} {title}", outside(&story.key)),
            }
        })
        .collect()
}

fn build_line(build: &Build) -> String {
    let (mark, word) = match &build.state {
        BuildState::Running => ("…", ""),
        BuildState::Passed => ("✓", ""),
        BuildState::Skipped | BuildState::Neutral => ("–", ""),
        BuildState::Failed(word) => ("✗", word.as_str()),
    };
    let name = outside(&build.name);
    let name = match build.url.as_deref().filter(|url| url.starts_with("http")) {
        Some(url) => format!("<{}|{name}>", say::slack(url)),
        None => name,
    };
    let at = build.ended.or(build.since).map(|at| format!(" {}", say::minute(at))).unwrap_or_default();
    let word = if word.is_empty() { String::new() } else { format!(" {}", outside(word)) };
    format!("{mark} {name}{word}{at}")
}
