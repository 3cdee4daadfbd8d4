//! A run of `cap` from phase to phase: whether each of them may begin.

use super::error::CapistranoError;
use super::link::{Go, Heard, Phase, Tell};
use super::session::Session;
use super::{Mind, Wanted};
use gonogo_core::say;
use std::cell::Cell;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// What may be stopped before it begins: from `publishing` on nothing is.
const MAY_STOP: [&str; 7] = ["starting", "started", "updating", "updated", "reverting", "reverted", "publishing"];
/// A phase that takes longer is not waited for.
const STOPS_WITHIN: Duration = Duration::from_secs(8);
/// Between two looks at whether it may begin.
const GLANCE: Duration = Duration::from_millis(200);
/// How far `cap` came.
#[derive(Default)]
pub(super) struct Course {
    pub phase: String,
    pub publishes: bool,
    pub is_stopped: bool,
    /// Nothing where it died.
    pub ended: Option<(bool, String)>,
}

/// A release, and the commit that has to be in it.
pub(super) struct Aim<'w> {
    pub release: String,
    pub wanted: &'w Wanted,
    /// Whether the release is made by this run.
    pub is_made_now: bool,
}

impl Course {
    /// By its own word.
    pub(super) fn is_well(&self) -> bool {
        self.ended.as_ref().is_some_and(|(is_well, _)| *is_well)
    }
}

pub(super) fn follow(session: &mut Session, aim: &Aim<'_>, mind: &Mind<'_>) -> Result<Course, CapistranoError> {
    let mut course = Course::default();
    let since: Cell<Option<Instant>> = Cell::new(None);
    loop {
        let may_stop = !course.publishes;
        let is_to_end = || {
            if !may_stop || !mind.stop.load(Ordering::Relaxed) {
                return false;
            }
            let told_at = since.get().unwrap_or_else(Instant::now);
            since.set(Some(told_at));
            told_at.elapsed() >= STOPS_WITHIN
        };
        match session.cap.hear(&is_to_end)? {
            Some(Heard::Phase(phase)) => {
                if MAY_STOP.contains(&phase.name.as_str()) {
                    waits(&phase.name, mind);
                }
                let tell = if let Some(why) = odd(&phase, aim) {
                    Tell::Stop { why }
                } else if (phase.is_told_to_stop || mind.stop.load(Ordering::Relaxed))
                    && MAY_STOP.contains(&phase.name.as_str())
                {
                    course.is_stopped = true;
                    Tell::Stop { why: format!("it was told to stop, before {}", phase.name) }
                } else {
                    (mind.says)(&phase.name);
                    Tell::Go(Go::default())
                };
                if matches!(tell, Tell::Go(_)) {
                    course.publishes |= phase.name == "publishing";
                    course.phase = phase.name;
                }
                session.cap.tell(&tell);
            }
            Some(Heard::Ended { is_well, failure }) => {
                course.ended = Some((is_well, failure));
                return Ok(course);
            }
            Some(_) => return Err(CapistranoError::Odd("it says what it was not asked".to_owned())),
            None => {
                course.is_stopped = since.get().is_some_and(|told_at| told_at.elapsed() >= STOPS_WITHIN);
                return Ok(course);
            }
        }
    }
}

/// Until it may begin, or is to be no more.
fn waits(phase: &str, mind: &Mind<'_>) {
    let mut is_told = false;
    while let Some(why) = (mind.waits)().filter(|_| !mind.stop.load(Ordering::Relaxed)) {
        if !is_told {
            (mind.says)(&format!("{}: {phase} waits until that is lifted", say::printable(&why)));
            is_told = true;
        }
        std::thread::sleep(GLANCE);
    }
}

/// Why it must not go on: it is about to use or to publish something else.
fn odd(phase: &Phase, aim: &Aim<'_>) -> Option<String> {
    if !matches!(phase.name.as_str(), "updated" | "publishing") {
        return None;
    }
    let Phase { release, revision, .. } = phase;
    if release.rsplit('/').next() != Some(aim.release.as_str()) {
        return Some(format!(
            "the Capfile makes {release}, and not the release {}: leave `release_path` to Capistrano",
            aim.release
        ));
    }
    let is_other = aim.is_made_now && *revision != aim.wanted.sha;
    is_other.then(|| format!("the Capfile brings {revision}, and not {}: leave `branch` to gonogo", aim.wanted.sha))
}
