//! Deploying and going back: what is true on each host before and after, with a run of
//! `cap` between.

use super::decide::WayBack;
use super::error::{CapistranoError, fix_of};
use super::link::{Go, Heard, Phase, Tell};
use super::lock::Holder;
use super::look::Look;
use super::session::Session;
use super::{Capistrano, Mind, Wanted, decide};
use gonogo_core::say;
use std::cell::Cell;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// What may be stopped before it begins: from `publishing` on nothing is.
const MAY_STOP: [&str; 7] = ["starting", "started", "updating", "updated", "reverting", "reverted", "publishing"];
/// A phase that takes longer is not waited for.
const STOPS_WITHIN: Duration = Duration::from_secs(8);
/// Runs what it is told once the hosts were asked.
const OURS: &str = "gonogo:run";

/// How a commit came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It served everywhere.
    Nothing,
    /// By a release that was there.
    RolledBack,
    Anew,
}

/// How far `cap` came.
#[derive(Default)]
struct Course {
    phase: String,
    publishes: bool,
    is_stopped: bool,
    /// Nothing where it died.
    ended: Option<(bool, String)>,
}

/// A release, and the commit that has to be in it.
struct Aim<'w> {
    release: String,
    wanted: &'w Wanted,
    /// Whether the release is made by this run.
    is_made_now: bool,
}

impl Capistrano {
    /// Exactly this commit serves afterwards, under this release, or it is an error. May be
    /// done again, whatever became of it before.
    pub fn deploy(&self, wanted: &Wanted, mind: &Mind<'_>) -> Result<(), CapistranoError> {
        let mut session = Session::open(self, "deploy", Some(wanted))?;
        let looks = self.takes(&mut session, wanted, mind, &wanted.release)?;
        let is_made = decide::is_made(&looks, &wanted.release, &wanted.sha);
        let go = Go { is_made, ..Go::default() };
        self.makes(session, &looks, wanted, go, mind)
    }

    /// The commit serves again that served before: by a release of it that was seen to
    /// serve, and else it is made anew.
    pub fn back(&self, wanted: &Wanted, mind: &Mind<'_>) -> Result<Way, CapistranoError> {
        let mut session = Session::open(self, OURS, Some(wanted))?;
        let mark = mark(wanted);
        let looks = self.takes(&mut session, wanted, mind, "back")?;
        match decide::way_back(&looks, &wanted.sha, &mark) {
            WayBack::Nothing => {
                let after = session.asks("leave", &["-", "back"])?;
                session.quit();
                let after: Vec<Look> = after.into_iter().collect::<Result<_, _>>()?;
                for look in &after {
                    tells(mind, &look.host, &look.said());
                }
                Ok(Way::Nothing)
            }
            WayBack::To(release) => {
                tidies(&mut session, &looks, None, mind)?;
                (mind.says)(&format!("back to the release {release}, which was seen to serve"));
                let go = Go { task: Some("deploy:rollback"), rollback_release: Some(release.clone()), ..Go::default() };
                self.runs(session, &Aim { release, wanted, is_made_now: false }, go, mind)?;
                Ok(Way::RolledBack)
            }
            WayBack::Anew => {
                (mind.says)(&format!(
                    "no release of {} that was seen to serve is on all hosts: it is deployed anew",
                    wanted.sha
                ));
                let looks = self.takes(&mut session, wanted, mind, &wanted.release)?;
                let is_made = decide::is_made(&looks, &wanted.release, &wanted.sha);
                self.makes(session, &looks, wanted, Go { task: Some("deploy"), is_made, ..Go::default() }, mind)?;
                Ok(Way::Anew)
            }
        }
    }

    /// How all hosts stand; nothing is changed.
    pub fn stands(&self) -> Result<Vec<Result<Look, CapistranoError>>, CapistranoError> {
        let mut session = Session::open(self, OURS, None)?;
        let looks = session.asks("look", &[])?;
        session.quit();
        Ok(looks)
    }

    /// Takes off whatever lock there is on these hosts; gives what each one was.
    pub fn unlock(&self) -> Result<Vec<(String, Option<String>)>, CapistranoError> {
        let mut session = Session::open(self, OURS, None)?;
        let looks: Vec<Look> = session.asks("look", &[])?.into_iter().collect::<Result<_, _>>()?;
        for lock in looks.iter().filter_map(|look| look.lock.as_deref()) {
            let freed: Result<Vec<Look>, _> = session.asks("free", &[lock])?.into_iter().collect();
            freed?;
        }
        session.quit();
        Ok(looks.into_iter().map(|look| (look.host, look.lock)).collect())
    }

    fn takes(
        &self,
        session: &mut Session,
        wanted: &Wanted,
        mind: &Mind<'_>,
        release: &str,
    ) -> Result<Vec<Look>, CapistranoError> {
        let ours = Holder::ours(wanted, mind.now, session.cap.pid());
        session.takes(self, &ours, &mark(wanted), release)
    }

    /// The release is made and published.
    fn makes(
        &self,
        mut session: Session,
        looks: &[Look],
        wanted: &Wanted,
        go: Go,
        mind: &Mind<'_>,
    ) -> Result<(), CapistranoError> {
        let release = &wanted.release;
        if let Some(look) = decide::foreign(looks, release, &mark(wanted)) {
            let (host, release) = (look.host.clone(), release.clone());
            return Err(session.lets_go(CapistranoError::Foreign { host, release }));
        }
        let is_made = go.is_made;
        tidies(&mut session, looks, is_made.then_some(release.as_str()), mind)?;
        if is_made {
            (mind.says)(&format!(
                "the release {release} is there and serves: it is published once more, and not made again"
            ));
        }
        self.runs(session, &Aim { release: release.clone(), wanted, is_made_now: !is_made }, go, mind)
    }

    /// From its first phase to what is true afterwards.
    fn runs(&self, mut session: Session, aim: &Aim<'_>, go: Go, mind: &Mind<'_>) -> Result<(), CapistranoError> {
        session.cap.tell(&Tell::Go(go));
        let course = follow(&mut session, aim, mind)?;
        let is_well = course.ended.as_ref().is_some_and(|(is_well, _)| *is_well);
        let made = if aim.is_made_now { aim.release.as_str() } else { "-" };
        let mut words = vec![made, if is_well { "back" } else { "no" }];
        let linked = session.site.linked.clone();
        words.extend(linked.iter().map(String::as_str));
        let after = if course.ended.is_some() {
            session.asks("leave", &words)
        } else {
            // It was killed: another one asks for it.
            let holder = session.holder().to_owned();
            session.cap.wait();
            session = Session::open(self, OURS, None)?.of(holder);
            session.asks("leave", &words)
        };
        let repository = session.site.repository.clone();
        if course.ended.is_some() {
            session.cap.tell(&Tell::Go(Go::default()));
            session.cap.wait();
        } else {
            session.quit();
        }
        verdict(&course, aim, &after?, &repository, mind)
    }
}

/// Who begins something on hosts.
fn mark(wanted: &Wanted) -> String {
    format!("{} {}", wanted.service, wanted.deploy)
}

fn tells(mind: &Mind<'_>, host: &str, said: &str) {
    (mind.says)(&format!("{host}: {}", say::printable(said)));
}

/// What earlier deploys left half made goes.
fn tidies(session: &mut Session, looks: &[Look], kept: Option<&str>, mind: &Mind<'_>) -> Result<(), CapistranoError> {
    let mut names: Vec<String> = looks.iter().flat_map(|look| decide::half_made(look, kept)).collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let tidied: Result<Vec<Look>, _> = session.asks("tidy", &names)?.into_iter().collect();
    match tidied {
        Ok(looks) => {
            removed(&looks, mind);
            Ok(())
        }
        Err(error) => Err(session.lets_go(error)),
    }
}

fn removed(looks: &[Look], mind: &Mind<'_>) {
    for look in looks {
        for release in &look.removed {
            tells(mind, &look.host, &format!("removed the release {release}, which was half made"));
        }
    }
}

fn follow(session: &mut Session, aim: &Aim<'_>, mind: &Mind<'_>) -> Result<Course, CapistranoError> {
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
    is_other.then(|| format!("the Capfile brings {revision}, and not {}", aim.wanted.sha))
}

/// What is true on the hosts counts, and how `cap` ended beside it.
fn verdict(
    course: &Course,
    aim: &Aim<'_>,
    after: &[Result<Look, CapistranoError>],
    repository: &str,
    mind: &Mind<'_>,
) -> Result<(), CapistranoError> {
    let looks: Vec<Look> = after.iter().flatten().cloned().collect();
    removed(&looks, mind);
    let serves = |look: &Look| look.serves(&aim.release, &aim.wanted.sha);
    let (number, all) = (looks.iter().filter(|look| serves(look)).count(), after.len());
    let is_well = course.ended.as_ref().is_some_and(|(is_well, _)| *is_well);
    if is_well && number == all {
        for look in &looks {
            tells(mind, &look.host, &look.said());
        }
        return Ok(());
    }
    let mut hosts = Vec::new();
    for one in after {
        match one {
            Ok(look) => {
                hosts.push(format!("{}: {}", look.host, look.said()));
                if let Some(by) = &look.lost {
                    hosts.push(format!("{}: its lock was somebody else's at the end ({by})", look.host));
                }
            }
            Err(error) => hosts.push(error.to_string()),
        }
    }
    let on = if number == all { "all hosts".to_owned() } else { format!("{number} of {all} hosts") };
    let phase = if course.phase.is_empty() { "its beginning" } else { course.phase.as_str() };
    let how = match &course.ended {
        Some((true, _)) => "`cap` ended well".to_owned(),
        Some((false, _)) if course.is_stopped => format!("it was stopped after {phase}"),
        Some((false, _)) => format!("it failed in {phase}"),
        None if course.is_stopped => format!("it was told to stop, and was ended in {phase}"),
        None => format!("`cap` was killed in {phase}"),
    };
    let said = match (number, is_well) {
        (0, true) => format!("{how}, and the release {} serves nowhere", aim.release),
        (0, false) => format!("{how}, and nothing was published"),
        (_, true) => format!("{how}, and the release {} serves on {on} alone", aim.release),
        (_, false) => {
            format!("{how}, after it was published on {on}: what follows that, such as a restart, may not be done")
        }
    };
    let failure = course.ended.as_ref().map(|(_, failure)| failure.as_str()).unwrap_or_default();
    let missing: Vec<String> = looks
        .iter()
        .filter(|_| course.phase == "starting")
        .flat_map(|look| look.missing.iter().map(|file| format!("{}:{file}", look.host)))
        .collect();
    Err(CapistranoError::Failed { said, hosts, fix: fix_of(failure, &missing, &aim.wanted.sha, repository) })
}
