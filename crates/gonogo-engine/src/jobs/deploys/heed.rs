//! What guards say is heeded: before anything begins, while it runs, and after the last
//! step.

use super::guards::{Said, Watching, said};
use super::{Seen, Step, until};
use crate::jobs::JobError;
use gonogo_core::deploy::{Entry, GuardWord, Next, is_stopped, moments, pauses_until};
use gonogo_core::guard::Mode;
use gonogo_core::say;
use gonogo_store::{Deed, DeployState};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::{Duration, Instant};

type Journal = [(Entry, Timestamp)];

/// Points are written down no more often.
const KEEPS_POINTS_EVERY: Duration = Duration::from_secs(10);
/// Where nothing was said of a deploy for so long, its guards rest.
const RESTS_AFTER: SignedDuration = SignedDuration::from_hours(4);
const READS: &str = "what its guards watch is being read";

impl Seen {
    /// Guards look while it is under way, and for some hours after the last word on it.
    pub(super) async fn keeps_watch(&mut self, next: &Next, journal: &Journal) -> Result<(), JobError> {
        let Some(watched) = &self.row.plan.watched else { return Ok(()) };
        let now = (self.serving.clock)();
        let last = journal.last().map_or(now, |(_, at)| *at);
        let is_still = matches!(next, Next::Hold(_)) || self.stop.is_some();
        if matches!(next, Next::Finish(_)) || is_still && now.duration_since(last) > RESTS_AFTER {
            self.watching = None;
            return Ok(());
        }
        if self.watching.is_none() {
            let (serving, news) = (Arc::clone(&self.serving), Arc::clone(&self.news));
            self.watching = Some(Watching::begin(serving, self.row.id, self.row.plan.clone(), watched.clone(), news));
        }
        self.keep(false).await
    }

    /// What is to be written down of what guards saw while it is under way, if anything.
    pub(super) fn spoken(&self, entries: &[Entry], journal: &Journal) -> Option<Entry> {
        let looked = self.watching.as_ref().and_then(Watching::newest)?;
        match said(&self.row.plan, journal, &looked, false) {
            Said::Halts(entry) if !is_stopped(&self.row.plan, entries) => Some(entry),
            Said::Halts(_) | Said::Holds(_) | Said::GoesOn => None,
        }
    }

    /// What is to be done for the guards' sake instead of what comes next, if anything.
    pub(super) async fn heed(
        &mut self,
        next: &Next,
        entries: &[Entry],
        journal: &Journal,
    ) -> Result<Option<Step>, JobError> {
        let Some(watched) = self.row.plan.watched.clone() else { return Ok(None) };
        let now = (self.serving.clock)();
        let ends_at = match next {
            _ if is_stopped(&self.row.plan, entries) => return Ok(None),
            Next::Hold(_) | Next::Finish(_) => return Ok(None),
            Next::Act(_) | Next::Follow(_) => None,
            Next::Watch => {
                Some(moments(&self.row.plan, journal).last().map_or(now, |last| *last + watched.lasts_after()))
            }
        };
        let pauses = match next {
            Next::Act(act) if watched.guards.iter().any(|guard| guard.mode == Mode::Halt) => {
                pauses_until(&self.row.plan, journal, *act)
            }
            _ => None,
        };
        let Some(looked) = self.watching.as_ref().and_then(Watching::newest) else {
            return match next {
                Next::Follow(_) => Ok(None),
                _ => self.stands(DeployState::Running, READS.to_owned(), None).await.map(Some),
            };
        };
        let is_over = ends_at.is_some_and(|ends| looked.at >= ends);
        let waits = match said(&self.row.plan, journal, &looked, is_over) {
            Said::Halts(entry) => return self.write(entry, journal.len()).await.map(Some),
            Said::Holds(why) if !matches!(next, Next::Follow(_)) => why,
            Said::GoesOn | Said::Holds(_) => match (ends_at, pauses) {
                (Some(_), _) if is_over => return self.write(Entry::Watched, journal.len()).await.map(Some),
                (Some(ends), _) => format!("all steps are done; guards watch until {}", say::second(ends)),
                (None, Some(pauses)) if looked.at < pauses => {
                    format!("guards watch until {}, then the next batch begins", say::second(pauses))
                }
                _ => return Ok(None),
            },
        };
        self.stands(DeployState::Running, waits, None).await.map(Some)
    }

    /// Pages show what guards saw; points are kept now and then.
    async fn keep(&mut self, with_points: bool) -> Result<(), JobError> {
        let Some(looked) = self.watching.as_ref().and_then(Watching::newest) else { return Ok(()) };
        let has_points = with_points || self.points_at.is_none_or(|at| at.elapsed() >= KEEPS_POINTS_EVERY);
        if !with_points && self.kept == Some(looked.at) {
            return Ok(());
        }
        let now = (self.serving.clock)();
        let seen = looked.guards.iter().map(|saw| saw.kept(has_points)).collect();
        self.serving.store.guards_saw(&self.held, seen, now, until(now)).await?;
        self.kept = Some(looked.at);
        if has_points {
            self.points_at = Some(Instant::now());
        }
        Ok(())
    }

    /// Writes a guard's word down, or that the watch is over.
    pub(super) async fn write(&mut self, entry: Entry, seen: usize) -> Result<Step, JobError> {
        self.keep(true).await?;
        let now = (self.serving.clock)();
        let deed = match &entry {
            Entry::Guarded { word, said, .. } => {
                let did = match word {
                    GuardWord::Worse if self.row.plan.goes_back_when_worse() => "had a deploy rolled back",
                    GuardWord::Worse | GuardWord::NoData => "halted a deploy",
                    GuardWord::CannotTell => "asked how a deploy goes on",
                };
                let detail = format!("deploy {}: {said}", self.row.id.0);
                let (actor, subject) = ("gonogo".to_owned(), self.row.service.clone());
                Some(Deed { at: now, actor, action: did, subject, detail, once: None })
            }
            _ => None,
        };
        tracing::info!(deploy = self.row.id.0, ?entry, "guards of a deploy said something");
        self.serving.store.guard_says(&self.held, entry, seen, until(now), deed, now).await?;
        Ok(Step::Moved)
    }
}
