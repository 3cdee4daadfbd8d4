//! What stories that came with a deploy ask to be looked at: read from the tracker
//! as their fields say it then, and asked for again while the tracker is away.

use super::TrackerAt;
use crate::gather::TrackerAccess;
use crate::jobs::outbox::CommentWanted;
use crate::jobs::{JobError, judge_soon};
use crate::serving::Serving;
use gonogo_api::Check;
use gonogo_checks::questions::{Answer, Ask, IssueOf};
use gonogo_checks::{PostDeploy, ToLookAt, Wants};
use gonogo_core::fact::{Fact, Why};
use gonogo_core::ids::IssueKey;
use gonogo_core::policy::Tracker;
use gonogo_store::{LookId, LookRead, LookRow, LooksWanted, NewMessage, Only, ProductionMove, StoreError, ToAsk};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// The name of the check in verdicts.
const CHECK: &str = "post-deploy";

/// The rest is read with the next look.
const MOST_AT_ONCE: u32 = 500;

/// How a line is read: as the policy had it that was in force.
#[derive(Debug, Serialize, Deserialize)]
struct Asks {
    check: PostDeploy,
    tracker: TrackerAt,
}

pub(super) fn to_ask(check: &PostDeploy, tracker: &Tracker, moved: &ProductionMove) -> ToAsk {
    let due_at = moved.seen_at.saturating_add(check.within()).unwrap_or(Timestamp::MAX);
    let tracker = TrackerAt { kind: tracker.kind, url: tracker.url.clone() };
    let asks = Asks { check: check.clone(), tracker };
    // Strings and numbers: there is always JSON for them.
    ToAsk { asks: serde_json::to_string(&asks).unwrap_or_default(), due_at }
}

fn unread_of(service: &str) -> LooksWanted {
    LooksWanted { service: service.to_owned(), only: Only::Unread, ..LooksWanted::default() }
}

/// Whether the tracker is to be asked for something.
pub(in crate::jobs) async fn is_unread(serving: &Serving, service: &str) -> Result<bool, StoreError> {
    Ok(!serving.store.looks(unread_of(service), 1).await?.is_empty())
}

/// Reads the lines that are not read yet, and has what rests on them judged anew.
pub(super) async fn read(serving: &Serving, service: &str, is_moved: bool) -> Result<(), JobError> {
    let unread = serving.store.looks(unread_of(service), MOST_AT_ONCE).await?;
    let mut by_asks: BTreeMap<&str, Vec<&LookRow>> = BTreeMap::new();
    for row in &unread {
        by_asks.entry(&row.asks).or_default().push(row);
    }
    let mut read = Vec::new();
    for (asks, rows) in by_asks {
        read.extend(ask(serving, asks, &rows).await);
    }
    if !read.is_empty() {
        serving.store.looks_read(service, read.clone()).await?;
    }
    if is_moved || !read.is_empty() {
        judge_anew(serving, service).await?;
    }
    match read.into_iter().find_map(|(_, read)| if let LookRead::Away(why) = read { Some(why) } else { None }) {
        // It is tried again like any work that failed.
        Some(why) => Err(JobError::Broken(format!("what is to be looked at after the deploy is not known: {why}"))),
        None => Ok(()),
    }
}

/// Open candidates whose verdict may rest on what is settled.
pub(crate) async fn judge_anew(serving: &Serving, service: &str) -> Result<(), StoreError> {
    for candidate in serving.store.open_candidates(service).await?.into_iter().filter(|one| one.stage.is_deploy()) {
        let newest = serving.store.newest_evaluation(candidate.id).await?;
        let check = newest.and_then(|newest| serde_json::from_str::<Check>(&newest.result).ok());
        let rests_on_it = |check: &Check| {
            check.checks.iter().any(|line| line.name == CHECK && line.state != gonogo_api::CheckState::Off)
        };
        if check.as_ref().is_none_or(rests_on_it) {
            judge_soon(serving, candidate.id).await?;
        }
    }
    Ok(())
}

/// What the tracker says of lines that are read alike.
async fn ask(serving: &Serving, asks: &str, rows: &[&LookRow]) -> Vec<(LookId, LookRead)> {
    let asks: Asks = match serde_json::from_str(asks) {
        Ok(asks) => asks,
        Err(error) => {
            let why = format!("how it is read is not understood: {error}");
            return rows.iter().map(|row| (row.id, LookRead::Unreadable(why.clone()))).collect();
        }
    };
    let policy = Tracker::at(asks.tracker.kind, asks.tracker.url);
    let access = TrackerAccess::of(std::iter::once(&policy), &serving.outside);
    let key_of = |row: &LookRow| row.story.parse::<IssueKey>().ok();
    let all: Vec<Ask> = rows.iter().filter_map(|row| key_of(row)).map(|key| IssueOf { key }.into()).collect();
    let wants: Wants = asks.check.wants_of_stories();
    let answers = access.gather(&all.iter().collect::<Vec<_>>(), &wants, (serving.clock)()).await;
    let mut known = HashMap::new();
    for (ask, answer) in answers {
        if let (Ask::IssueOf(of), Answer::IssueOf(fact)) = (ask, answer) {
            known.insert(of.key.to_string(), fact);
        }
    }
    let away = || Why { is_away: true, ..Why::new("the tracker did not say", "ask it again") };
    rows.iter()
        .map(|row| {
            let fact = known.remove(&row.story).unwrap_or_else(|| Fact::Unknown(away()));
            let read = match fact {
                Fact::Known(issue) => match asks.check.of(&issue) {
                    Ok(to_look_at) => of_story(&issue.title, to_look_at),
                    Err(why) => LookRead::Unreadable(said(&why)),
                },
                // There is no such story: story-exists says so.
                Fact::Absent => LookRead::Nothing,
                Fact::Unknown(why) => LookRead::Away(said(&why)),
            };
            (row.id, read)
        })
        .collect()
}

fn of_story(title: &str, to_look_at: ToLookAt) -> LookRead {
    let title = title.to_owned();
    match to_look_at {
        ToLookAt::Nothing => LookRead::Nothing,
        ToLookAt::NotNeeded(checks) => LookRead::NotNeeded { title, checks },
        ToLookAt::Checks { said, owner } => LookRead::Checks { title, checks: said, owner },
    }
}

fn said(why: &Why) -> String {
    format!("{}: {}", why.said, why.fix)
}

/// The comment on a story's issue is to say what somebody has answered.
pub(crate) fn comment_on(serving: &Serving, row: &LookRow, now: Timestamp) -> Option<NewMessage> {
    serving.story_deployed.as_ref().filter(|says| says.jira_comment)?;
    let asks: Asks = serde_json::from_str(&row.asks).ok()?;
    let page = format!("{}/stories/{}", serving.pages, row.story);
    let key = format!("{page} answer {} {}", row.id.0, now.as_microsecond());
    let wanted = CommentWanted { tracker: asks.tracker, story: row.story.clone(), page, turned: None };
    Some(wanted.message(key, now))
}
