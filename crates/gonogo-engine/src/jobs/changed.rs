//! Stories of which no hook told that they changed: each tracker tells which did
//! since it was asked last, in one request a round, and what rests on them is
//! judged again.

use super::{JobError, early, judge_soon, sync};
use crate::gather::may_ask;
use crate::locate::type_policy;
use crate::serving::Serving;
use gonogo_core::fact::Why;
use gonogo_core::ids::IssueKey;
use gonogo_core::policy::{Sections, Stories, Tracker as TrackerPolicy};
use gonogo_remote::jira::Changes;
use gonogo_store::{CandidateId, StoreError};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

/// What changed while the last answer was made may not be in it, and an index may
/// be late.
const OVERLAP_MINUTES: i64 = 2;
/// For how long it is asked the first time.
const FIRST_MINUTES: i64 = 10;
/// No longer: whoever was away for a day looks at everything anyway.
const MOST_MINUTES: i64 = 24 * 60;

/// A tracker that does not answer is asked again after this, and then after twice
/// as long.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_mins(15);

/// What is remembered of each tracker, by its address.
#[derive(Debug, Default)]
pub(super) struct Trackers {
    known: HashMap<String, Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// What the last answer had, with when each changed: what is in the next one
    /// too is no news.
    seen: HashMap<String, String>,
    /// It did not answer, and is left alone for a while.
    pause: Option<(Instant, Duration)>,
}

/// What a tracker is asked for.
struct Asked {
    policy: TrackerPolicy,
    projects: BTreeSet<String>,
    /// Whose policies name it.
    services: Vec<String>,
}

impl Trackers {
    pub(super) async fn find(&mut self, serving: &Serving) {
        let all = match asked(serving).await {
            Ok(all) => all,
            Err(error) => {
                tracing::warn!(%error, "it is not known which trackers to ask what changed");
                return;
            }
        };
        self.known.retain(|url, _| all.contains_key(url));
        serving.telling.retain(|url| all.contains_key(url));
        for (url, asked) in all {
            let known = self.known.entry(url.clone()).or_default();
            if known.pause.is_some_and(|(begun, pause)| begun.elapsed() < pause) {
                continue;
            }
            match look(serving, known, &url, &asked).await {
                Ok(()) => known.pause = None,
                Err(error) => {
                    serving.telling.set(&url, false);
                    let last = known.pause.map(|(_, pause)| pause * 2);
                    let pause = last.unwrap_or(FIRST_PAUSE).min(LONGEST_PAUSE).min(serving.rounds.configured() * 15);
                    known.pause = Some((Instant::now(), pause));
                    tracing::warn!(tracker = url, %error, "the tracker does not tell which stories changed");
                }
            }
        }
    }
}

/// The trackers of the policies in force that may be asked.
async fn asked(serving: &Serving) -> Result<BTreeMap<String, Asked>, StoreError> {
    let mut all: BTreeMap<String, Asked> = BTreeMap::new();
    for service in &serving.services {
        let Some(policy) = serving.in_force.of(&service.name) else { continue };
        let Sections { tracker, stories, .. } = type_policy(&policy).0.sections;
        let Some(tracker) = tracker.filter(|tracker| may_ask(tracker, &serving.outside).is_ok()) else { continue };
        let projects = projects_of(serving, &service.name, stories).await?;
        let url = tracker.url.trim_end_matches('/').to_owned();
        let of_it = || Asked { policy: tracker, projects: BTreeSet::new(), services: Vec::new() };
        let of_it = all.entry(url).or_insert_with(of_it);
        of_it.projects.extend(projects);
        of_it.services.push(service.name.clone());
    }
    all.retain(|_, asked| !asked.projects.is_empty());
    Ok(all)
}

/// Where stories of a service are: the policy says so, else those of what waits, as
/// they are guessed from the history then.
pub(super) async fn projects_of(
    serving: &Serving,
    service: &str,
    stories: Stories,
) -> Result<BTreeSet<String>, StoreError> {
    if !stories.projects.is_empty() {
        return Ok(stories.projects.into_iter().collect());
    }
    let keys = serving.store.open_stories(service).await?;
    Ok(keys.iter().filter_map(|key| Some(key.parse::<IssueKey>().ok()?.project().to_owned())).collect())
}

async fn look(serving: &Serving, known: &mut Known, url: &str, asked: &Asked) -> Result<(), JobError> {
    let now = (serving.clock)();
    let last = serving.store.tracker_asked(url).await?;
    let changes = ask(serving, asked, minutes(last, now)).await.map_err(|why| {
        if why.is_away {
            serving.outside.silent_tracker.set(now, &why.said);
        }
        JobError::Broken(format!("{}\n  → {}", why.said, why.fix))
    })?;
    for (project, why) in &changes.untold {
        tracing::warn!(tracker = url, project, error = why.said, "the tracker does not tell what changes in a project");
    }
    let seen = changes.issues.iter().map(|issue| (issue.key.to_string(), issue.at.clone()));
    let seen: HashMap<String, String> = seen.collect();
    let mut new: BTreeSet<String> =
        seen.iter().filter(|(key, at)| known.seen.get(*key) != Some(at)).map(|(key, _)| key.clone()).collect();
    if changes.is_cut {
        tracing::warn!(tracker = url, "more stories changed than are read at once: all that wait are looked at");
        for service in &asked.services {
            new.extend(serving.store.open_stories(service).await?);
        }
    }
    let new: Vec<String> = new.into_iter().collect();
    if !new.is_empty() {
        tracing::info!(tracker = url, stories = new.len(), "stories changed");
        are_new(serving, &new).await?;
        lists_are_new(serving, &asked.services).await?;
        early::changed(serving, &new).await?;
    }
    serving.store.tracker_was_asked(url, now).await?;
    known.seen = seen;
    serving.telling.set(url, changes.untold.is_empty());
    Ok(())
}

async fn ask(serving: &Serving, asked: &Asked, minutes: u32) -> Result<Changes, Why> {
    let projects: Vec<String> = asked.projects.iter().cloned().collect();
    serving.outside.jiras.tracker(&asked.policy)?.changed(&projects, minutes).await
}

/// As long ago as it was asked, and a little longer.
fn minutes(last: Option<Timestamp>, now: Timestamp) -> u32 {
    let since = |last: Timestamp| now.duration_since(last).as_secs().max(0) / 60 + 1;
    let minutes = last.map_or(FIRST_MINUTES, since) + OVERLAP_MINUTES;
    u32::try_from(minutes.min(MOST_MINUTES)).unwrap_or(u32::MAX)
}

/// What was answered before of these stories counts no more; the open candidates
/// that have one of them are judged: by branch and service.
pub(crate) async fn are_new(serving: &Serving, stories: &[String]) -> Result<BTreeSet<String>, StoreError> {
    let mut keys: BTreeSet<String> = stories.iter().cloned().collect();
    for key in stories {
        keys.extend(serving.store.forget_answers(key, (serving.clock)()).await?);
    }
    let (mut judged, mut seen): (_, BTreeSet<CandidateId>) = (BTreeSet::new(), BTreeSet::new());
    for key in &keys {
        for candidate in serving.store.open_candidates_with(key).await? {
            if seen.insert(candidate.id) {
                judge_soon(serving, candidate.id).await?;
            }
            judged.insert(format!("{} of {}", candidate.branch, candidate.service));
        }
    }
    Ok(judged)
}

/// Any story may have come onto a list of those that are ready.
async fn lists_are_new(serving: &Serving, services: &[String]) -> Result<(), StoreError> {
    for service in services {
        for candidate in serving.store.open_candidates(service).await? {
            if candidate.stage.is_deploy() && sync::rests_on_lists(serving, candidate.id).await? {
                judge_soon(serving, candidate.id).await?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_asked_for_a_little_more_than_since_the_last_time() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(minutes(None, at(0)), 12);
        assert_eq!(minutes(Some(at(1_000)), at(1_060)), 4);
        assert_eq!(minutes(Some(at(1_000)), at(1_119)), 4);
        assert_eq!(minutes(Some(at(0)), at(1_000_000)), 1_440);
        assert_eq!(minutes(Some(at(1_000)), at(0)), 3, "a clock that went back");
    }
}
