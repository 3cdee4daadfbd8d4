//! What is told loudly of deploys, in the channels where they are told: a message that
//! changes in place when it is so no more.

use crate::jobs::message::{SLACK_MESSAGE, outside, section};
use crate::serving::Serving;
use crate::told_deploy::told_deploy;
use gonogo_core::say;
use gonogo_remote::slack::{Message, MessageKey};
use gonogo_store::{Candidate, DeployId, DeployRow, Glass, ServiceLock, Stop, StoreError, Wanted};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The meaning of the message; outside texts are as they came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::jobs) struct NewsWanted {
    pub channel: String,
    news: News,
    url: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
enum News {
    /// All deploys are stopped, or were.
    Stop { by: String, why: String, at: Timestamp, lifted_by: Option<String> },
    /// A person locked a service; with who took that off, and why.
    Lock { of: Lock, off: Option<(String, String)> },
    /// A lock ends soon.
    LockEnds { of: Lock },
    /// A deploy asks people whether it goes on; with what came of that.
    Asks { of: Asking, came_to: Option<String> },
    /// A deploy was had begin in spite of what kept it; with who wrote the follow-up, and
    /// what.
    Glass { of: BrokenGlass, follow_up: Option<(String, String)> },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Asking {
    service: String,
    deploy: i64,
    /// Which act asks.
    key: String,
    question: String,
    whom: String,
    until: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct BrokenGlass {
    service: String,
    deploy: i64,
    branch: String,
    head: String,
    by: String,
    why: String,
    around: String,
    at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Lock {
    service: String,
    by: String,
    why: String,
    at: Timestamp,
    until: Timestamp,
}

/// Who takes a lock off, and why where that is said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LockOff<'a> {
    pub by: &'a str,
    pub why: &'a str,
}

impl From<&ServiceLock> for Lock {
    fn from(lock: &ServiceLock) -> Self {
        let ServiceLock { service, by, why, at, until, .. } = lock.clone();
        Self { service, by, why, at, until }
    }
}

/// In each channel where deploys are told.
pub(crate) fn told_of_stop(serving: &Serving, stop: &Stop, lifted_by: Option<&str>, now: Timestamp) -> Vec<Wanted> {
    let routes = serving.services.iter().filter_map(|service| service.deploys_told.slack_channel.clone());
    let channels: BTreeSet<String> = routes.filter(|_| serving.slack.is_some()).collect();
    let news =
        News::Stop { by: stop.by.clone(), why: stop.why.clone(), at: stop.at, lifted_by: lifted_by.map(str::to_owned) };
    let url = format!("{}/deploys", serving.pages);
    let wanted = |channel| NewsWanted { channel, news: news.clone(), url: url.clone() }.wanted(now);
    channels.into_iter().map(wanted).collect()
}

/// Where the service has its deploys told.
pub(crate) fn told_of_lock(
    serving: &Serving,
    lock: &ServiceLock,
    off: Option<LockOff<'_>>,
    now: Timestamp,
) -> Vec<Wanted> {
    let Some(channel) = channel_of(serving, &lock.service) else { return Vec::new() };
    let off = off.map(|off| (off.by.to_owned(), off.why.to_owned()));
    let news = News::Lock { of: lock.into(), off };
    vec![NewsWanted { channel, news, url: page_of(serving, lock) }.wanted(now)]
}

/// Where the service has its deploys told, of a deploy of which nobody knows the number yet.
pub(crate) fn told_of_glass(
    serving: &Serving,
    candidate: &Candidate,
    by: &str,
    (why, around): (&str, &str),
    now: Timestamp,
) -> impl FnOnce(DeployId) -> Vec<Wanted> + Send + use<> {
    let (channel, pages) = (channel_of(serving, &candidate.service), serving.pages.clone());
    let of = BrokenGlass {
        service: candidate.service.clone(),
        deploy: 0,
        branch: candidate.branch.clone(),
        head: candidate.head.short(),
        by: by.to_owned(),
        why: why.to_owned(),
        around: around.to_owned(),
        at: now,
    };
    move |id| {
        let news = News::Glass { of: BrokenGlass { deploy: id.0, ..of }, follow_up: None };
        let url = format!("{pages}/deploys/{}", id.0);
        channel.map(|channel| NewsWanted { channel, news, url }.wanted(now)).into_iter().collect()
    }
}

/// There, what somebody wrote about it.
pub(crate) fn told_of_follow_up(
    serving: &Serving,
    row: &DeployRow,
    glass: &Glass,
    (by, text): (&str, &str),
    now: Timestamp,
) -> Vec<Wanted> {
    let of = BrokenGlass {
        service: row.service.clone(),
        deploy: row.id.0,
        branch: row.branch.clone(),
        head: row.head.short(),
        by: glass.by.clone(),
        why: glass.why.clone(),
        around: glass.around.clone(),
        at: glass.at,
    };
    let news = News::Glass { of, follow_up: Some((by.to_owned(), text.to_owned())) };
    let url = format!("{}/deploys/{}", serving.pages, row.id.0);
    let channel = channel_of(serving, &row.service);
    channel.map(|channel| NewsWanted { channel, news, url }.wanted(now)).into_iter().collect()
}

/// There, each time that it asks people whether it goes on: its own message changes in
/// place, and nobody would hear of that.
pub(super) async fn told_of_questions(
    serving: &Serving,
    row: &DeployRow,
    channel: &str,
    now: Timestamp,
) -> Result<Vec<Wanted>, StoreError> {
    if row.plan.forward.iter().chain(&row.plan.back).all(|step| step.does.question().is_none()) {
        return Ok(Vec::new());
    }
    let acts = told_deploy(serving, row.id).await?.map(|told| told.acts).unwrap_or_default();
    let asks = acts.iter().filter_map(|act| {
        let question = act.does.question()?;
        let of = Asking {
            service: row.service.clone(),
            deploy: row.id.0,
            key: act.key.to_string(),
            question: question.question.clone(),
            whom: question.whom(),
            until: act.until?,
        };
        let news = News::Asks { of, came_to: act.came_to() };
        let url = format!("{}/deploys/{}", serving.pages, row.id.0);
        Some(NewsWanted { channel: channel.to_owned(), news, url }.wanted(now))
    });
    Ok(asks.collect())
}

fn channel_of(serving: &Serving, service: &str) -> Option<String> {
    serving.slack.as_ref()?;
    serving.service(service)?.deploys_told.slack_channel.clone()
}

/// There, that it is about to end.
pub(super) fn told_of_end(serving: &Serving, lock: &ServiceLock, channel: String, now: Timestamp) -> Wanted {
    NewsWanted { channel, news: News::LockEnds { of: lock.into() }, url: page_of(serving, lock) }.wanted(now)
}

fn page_of(serving: &Serving, lock: &ServiceLock) -> String {
    format!("{}/services/{}", serving.pages, lock.service)
}

impl NewsWanted {
    fn wanted(&self, now: Timestamp) -> Wanted {
        Wanted {
            target: format!("{SLACK_MESSAGE} {} {}", self.name(), self.channel),
            kind: SLACK_MESSAGE,
            // Strings and times: there is always JSON for them.
            wanted: serde_json::to_string(self).unwrap_or_default(),
            wanted_at: now,
            awaits: None,
        }
    }

    fn name(&self) -> String {
        match &self.news {
            // There is one of that instant alone, as it is kept.
            News::Stop { at, .. } => format!("stop {}", at.as_microsecond()),
            News::Lock { of, .. } => format!("lock {} {}", of.service, of.at.as_microsecond()),
            News::Glass { of, .. } => format!("glass {} {}", of.service, of.at.as_microsecond()),
            News::Asks { of, .. } => format!("asks {} {} {}", of.service, of.deploy, of.key),
            News::LockEnds { of } => format!("lock-ends {} {}", of.service, of.at.as_microsecond()),
        }
    }

    pub(in crate::jobs) fn key(&self) -> MessageKey {
        MessageKey(format!("{} {}", self.url, self.name()))
    }

    pub(in crate::jobs) fn rendered(&self) -> Message {
        let said = self.said();
        Message { blocks: vec![section(&said), section(&format!("<{}|Open>", self.url))], text: said }
    }

    fn said(&self) -> String {
        match &self.news {
            News::Lock { of, off: None } => {
                let owner = outside(&of.by);
                format!("⚑ *{}* is locked by {}. Nobody but {owner} deploys it until then.", of.service, of.words())
            }
            News::Lock { of, off: Some((who, why)) } => {
                let (who, because) = (outside(who), because(why));
                format!("{who} took off the lock of *{}* by {}{because}", of.service, of.words())
            }
            News::LockEnds { of } => format!(
                "⏰ The lock of *{}* by {} ends soon: anybody may deploy it then. Lock it anew where that is too early.",
                of.service,
                of.words()
            ),
            News::Asks { of, came_to } => {
                let (question, whom, deploy) = (outside(&of.question), outside(&of.whom), of.deploy);
                let words = format!("deploy {deploy} of *{}* asks {whom}: *{question}*", of.service);
                match came_to.as_deref().map(outside) {
                    None => format!("❓ {words} (until {})", say::minute(of.until)),
                    Some(came_to) => format!("{words} → {came_to}"),
                }
            }
            News::Glass { of, follow_up } => {
                let (by, branch, why) = (outside(&of.by), outside(&of.branch), outside(&of.why));
                let around = outside(&of.around);
                let follow_up = match follow_up {
                    None => "Its follow-up is to be written once it is over.".to_owned(),
                    Some((who, text)) => format!("Follow-up by {}: {}", outside(who), outside(text)),
                };
                format!(
                    "⚠ *Break-glass*: {by} deploys *{}* {branch} → {} (deploy {}): {why}\nIn spite of: {around}. {follow_up}",
                    of.service, of.head, of.deploy
                )
            }
            News::Stop { by, why, at, lifted_by } => {
                let (by, why) = (outside(by), because(why));
                match lifted_by.as_deref().map(outside) {
                    None => format!("■ {by} stopped all deploys{why}. Nothing new begins until somebody lifts that."),
                    Some(who) => {
                        let at = say::minute(*at);
                        format!("{who} lifted the stop of all deploys of {by} from {at}{why}. They go on.")
                    }
                }
            }
        }
    }
}

impl Lock {
    /// `ada until 2026-12-01 15:00 UTC (the migration runs)`
    fn words(&self) -> String {
        format!("{} until {} ({})", outside(&self.by), say::minute(self.until), outside(&self.why))
    }
}

fn because(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(": {}", outside(why)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_says_who_and_why_and_calls_nobody_and_who_lifted_it() {
        let wanted = |lifted_by: Option<&str>| {
            let (by, why) = ("ada".to_owned(), "a fix for <!channel>".to_owned());
            let at = "2026-11-30T15:00:00Z".parse().unwrap();
            let news = News::Stop { by, why, at, lifted_by: lifted_by.map(str::to_owned) };
            NewsWanted { channel: "#deploys".to_owned(), news, url: "https://gonogo.example.com/deploys".to_owned() }
        };
        let said =
            "■ ada stopped all deploys: a fix for &lt;!channel&gt;. Nothing new begins until somebody lifts that.";
        assert_eq!(wanted(None).rendered().text, said);
        assert_eq!(wanted(None).key(), wanted(Some("lee")).key(), "it is one message");
        let lifted = wanted(Some("lee")).rendered().text;
        assert!(
            lifted.starts_with("lee lifted the stop of all deploys of ada from 2026-11-30 15:00 UTC: a fix"),
            "{lifted}"
        );
    }
}
