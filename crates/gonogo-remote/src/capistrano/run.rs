//! Deploying and going back: what is true on each host before and after, with a run of
//! `cap` between.

use super::decide::WayBack;
use super::error::CapistranoError;
use super::follow::{Aim, Course, follow};
use super::link::{Go, Tell};
use super::lock::Holder;
use super::look::Look;
use super::session::Session;
use super::verdict::{removed, tells, verdict};
use super::{Capistrano, Mind, Wanted, decide};

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
        let after = if course.ended.is_some() {
            let after = leaves(&mut session, aim, &course);
            session.cap.tell(&Tell::Go(Go::default()));
            session.cap.wait();
            after
        } else {
            // It was killed: another one asks for it.
            let holder = session.holder().to_owned();
            session.cap.wait();
            Session::open(self, OURS, None).and_then(|other| {
                session = other.of(holder);
                let after = leaves(&mut session, aim, &course);
                session.quit();
                after
            })
        };
        verdict(&course, aim, &after.unwrap_or_else(|error| vec![Err(error)]), &session.site.repository, mind)
    }
}

/// How each host stands at the end, with nothing of ours left behind.
fn leaves(
    session: &mut Session,
    aim: &Aim<'_>,
    course: &Course,
) -> Result<Vec<Result<Look, CapistranoError>>, CapistranoError> {
    let made = if aim.is_made_now { aim.release.as_str() } else { "-" };
    let mut words = vec![made, if course.is_well() { "back" } else { "no" }];
    let linked = session.site.linked.clone();
    words.extend(linked.iter().map(String::as_str));
    session.asks("leave", &words)
}

/// Who begins something on hosts.
fn mark(wanted: &Wanted) -> String {
    format!("{} {}", wanted.service, wanted.deploy)
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
