//! From facts to a verdict. Pure: the same case, policy, facts, waivers and
//! instant give the same judgement.

use crate::facts::{Facts, Stop};
use crate::findings::{CheckOutcome, CheckState, Findings};
use crate::newest_go::NewestGo;
use crate::policy::{Ready, TypedPolicy};
use crate::questions::{Ask, ChangedPaths, PolicyAt};
use crate::reading::Reading;
use crate::scene::Scene;
use crate::{policy_changed, production, tracker};
use gonogo_core::case::{Case, Production, Stage};
use gonogo_core::fact::{Fact, Why};
use gonogo_core::finding::{Finding, Subject};
use gonogo_core::ids::Sha;
use gonogo_core::policy::{Level, PolicyError};
use gonogo_core::verdict::Verdict;
use gonogo_core::waiver::{self, Waiver, WaiverState};
use jiff::Timestamp;
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Judges one case as facts come in.
#[derive(Debug)]
pub struct Judge<'a> {
    pub case: &'a Case,
    /// The typed policy; the defaults where the policy in force is wrong.
    pub policy: &'a TypedPolicy,
    /// What is wrong with the policy in force.
    pub policy_error: Option<&'a PolicyError>,
    pub waivers: &'a [Waiver],
    pub now: Timestamp,
    /// At first with reverts taken at their word, so that what the checks ask
    /// does not wait for the truth.
    reading: RefCell<Option<Rc<Reading>>>,
    decided: OnceCell<Judgement>,
}

/// What judging came to.
#[derive(Debug)]
pub enum Judged {
    Done(Box<Judgement>),
    /// These answers are still wanted: for the verdict, or, that being known,
    /// for how far one can ship instead.
    Missing {
        asks: BTreeSet<Ask>,
        for_newest_go: bool,
    },
}

/// What keeps us from knowing which stories ship.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// There is no range that could be read.
    Range(String),
    /// A commit names no story, and it is not known which pull request brought it.
    PullRequest(Why),
}

impl Unread {
    /// Whether it may be known later: that we ask for so much at most stays so.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Range(_) => true,
            Self::PullRequest(why) => why.system.is_some(),
        }
    }
}

/// A verdict with all that it was made from.
#[derive(Clone, Debug)]
pub struct Judgement {
    pub verdict: Verdict,
    /// Sorted: what blocks first, then by subject, then by check.
    pub findings: Vec<Finding>,
    pub waivers: Vec<WaiverState>,
    pub checks: Vec<CheckOutcome>,
    pub newest_go: Option<NewestGo>,
}

/// The findings of one head, before waivers.
pub(crate) struct Round {
    pub findings: Vec<Finding>,
    pub checks: Vec<CheckOutcome>,
}

impl<'a> Judge<'a> {
    pub fn new(
        case: &'a Case,
        policy: &'a TypedPolicy,
        policy_error: Option<&'a PolicyError>,
        waivers: &'a [Waiver],
        now: Timestamp,
    ) -> Self {
        Self { case, policy, policy_error, waivers, now, reading: RefCell::default(), decided: OnceCell::new() }
    }

    /// Judges with the facts at hand.
    pub fn judge(&self, facts: &Facts) -> Judged {
        facts.take_wanted();
        let decided = match self.decided(facts) {
            Ok(decided) => decided,
            Err(asks) => return Judged::Missing { asks, for_newest_go: false },
        };
        let newest_go = self.newest_go(facts, decided.verdict, &decided.findings);
        let asks = facts.take_wanted();
        if !asks.is_empty() {
            return Judged::Missing { asks, for_newest_go: true };
        }
        Judged::Done(Box::new(Judgement { newest_go, ..decided.clone() }))
    }

    /// The verdict, without the newest Go; kept, since facts are only added.
    fn decided(&self, facts: &Facts) -> Result<&Judgement, BTreeSet<Ask>> {
        if let Some(decided) = self.decided.get() {
            return Ok(decided);
        }
        facts.take_stale();
        let Round { mut findings, checks } = self.round(facts, self.case.head.sha);
        let asks = facts.take_wanted();
        if !asks.is_empty() {
            return Err(asks);
        }
        findings.extend(self.stale(facts));
        let waivers = waiver::apply(&mut findings, self.waivers, self.now);
        findings.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
        let verdict = Verdict::of(&findings);
        Ok(self.decided.get_or_init(|| Judgement { verdict, findings, waivers, checks, newest_go: None }))
    }

    /// What is said of answers of before that this round read.
    fn stale(&self, facts: &Facts) -> Vec<Finding> {
        let Some(policy) = &self.policy.sections.tracker else { return Vec::new() };
        let mut out = Findings::new(tracker::NAME, Level::Warn, true, (self.base(), self.case.head.sha));
        tracker::run(&facts.take_stale(), policy.max_age(), &mut out);
        out.end().0
    }

    /// The range as it reads, where it could be read.
    pub fn reading(&self, facts: &Facts) -> Result<Rc<Reading>, Stop> {
        let reading = match self.reading.take() {
            Some(reading) if reading.is_claimed() => {
                Rc::new(Rc::unwrap_or_clone(reading).settled(facts, self.case.head.sha)?)
            }
            Some(reading) => reading,
            None => Rc::new(self.read(facts)?),
        };
        self.reading.replace(Some(Rc::clone(&reading)));
        Ok(reading)
    }

    /// What keeps us from knowing which stories ship.
    pub fn unread(&self, facts: &Facts) -> Option<Unread> {
        if let Production::Unknown { why, .. } = &self.case.production {
            return Some(Unread::Range(why.said.clone()));
        }
        match self.reading(facts) {
            Ok(reading) => {
                let unread = reading.unread_pull_requests().cloned().map(Unread::PullRequest);
                unread.max_by_key(Unread::may_pass)
            }
            Err(Stop::Unknown(why)) => Some(Unread::Range(why.said)),
            Err(Stop::Off(why)) => Some(Unread::Range(why)),
            Err(Stop::Pending) => Some(Unread::Range("an answer was missing".to_owned())),
        }
    }

    fn read(&self, facts: &Facts) -> Result<Reading, Stop> {
        let base = match &self.case.production {
            Production::Known { sha, .. } => *sha,
            // Nothing is judged then, but there is something to look at.
            Production::Unknown { look_since: Some(look), .. } => look.sha,
            Production::Unknown { look_since: None, .. } => {
                return Err(Stop::Off("production is not known".to_owned()));
            }
        };
        Reading::of(facts, &self.policy.sections.stories, base, self.case)
    }

    /// The commit that production runs, where it is known; before a merge the base.
    pub fn base(&self) -> Option<Sha> {
        match &self.case.production {
            Production::Known { sha, .. } => Some(*sha),
            Production::Unknown { .. } => None,
        }
    }

    /// The head's own policy: known of the candidate, asked for of a part of it.
    fn candidate_policy(&self, facts: &Facts, head: Sha) -> Result<Option<String>, Stop> {
        if head == self.case.head.sha {
            return Ok(self.case.policy.candidate.clone());
        }
        facts.known(PolicyAt { sha: head })
    }

    /// Looks at the head's own policy, unless a pull request leaves it as its
    /// base has it: then what it says is none of its doing. What is wrong with
    /// the policy in force is told all the same.
    fn run_policy(&self, facts: &Facts, head: Sha, out: &mut Findings) -> Result<(), Stop> {
        let own = self.candidate_policy(facts, head)?;
        let is_in_order = self.policy_error.is_none() && self.case.policy.unread.is_none();
        if let (Stage::Merge { .. }, Some(base), true) = (&self.case.stage, self.base(), is_in_order)
            && facts.known(PolicyAt { sha: base })? == own
        {
            return Ok(());
        }
        policy_changed::run(self.case, own.as_deref(), head, self.policy_error, out);
        Ok(())
    }

    fn round(&self, facts: &Facts, head: Sha) -> Round {
        let reading = self.reading(facts);
        self.round_with(facts, head, &reading.as_deref().map_err(Clone::clone))
    }

    /// Runs every check on a head of the range.
    pub(crate) fn round_with(&self, facts: &Facts, head: Sha, reading: &Result<&Reading, Stop>) -> Round {
        let pair = (self.base(), head);
        let mut round = Round { findings: Vec::new(), checks: Vec::new() };
        let mut end = |out: Findings| {
            let (findings, outcome) = out.end();
            round.findings.extend(findings);
            round.checks.push(outcome);
        };
        let mut out = Findings::new(production::NAME, Level::Block, true, pair);
        production::run(self.case, &mut out);
        end(out);
        let mut out = Findings::new(policy_changed::NAME, Level::Block, true, pair);
        match self.run_policy(facts, head, &mut out) {
            Ok(()) | Err(Stop::Pending | Stop::Off(_)) => {}
            Err(Stop::Unknown(why)) => out.could_not_check(Subject::Candidate, why),
        }
        end(out);
        for ready in &self.policy.checks {
            let Some(base) = self.base() else {
                let (state, why) = match ready.level {
                    Level::Off => (CheckState::Off, "switched off in the policy"),
                    Level::Block | Level::Warn => (CheckState::CouldNotCheck, "production is not known"),
                };
                round.checks.push(outcome(ready, state, why));
                continue;
            };
            if let (Some(path), Ok(true)) = (&self.case.path, reading.as_ref().map(|r| r.concerns_nothing())) {
                round.checks.push(outcome(ready, CheckState::Off, &format!("nothing below {path} changes")));
                continue;
            }
            let sections = &self.policy.sections;
            let reading = reading.clone();
            let scene = Scene { case: self.case, sections, facts, now: self.now, base, head, reading };
            run_one(ready, &scene, &mut round, pair);
        }
        round
    }
}

fn run_one(ready: &Ready, scene: &Scene<'_>, round: &mut Round, pair: (Option<Sha>, Sha)) {
    if let Some(why) = why_off(ready, scene) {
        round.checks.push(outcome(ready, CheckState::Off, &why));
        return;
    }
    let mut out = Findings::new(ready.entry.name, ready.level, ready.level_is_set, pair);
    match ready.check.run(scene, &mut out) {
        Ok(()) | Err(Stop::Pending) => {}
        Err(Stop::Unknown(why)) => out.could_not_check(Subject::Candidate, why),
        Err(Stop::Off(why)) => {
            round.checks.push(outcome(ready, CheckState::Off, &why));
            return;
        }
    }
    let (findings, outcome) = out.end();
    round.findings.extend(findings);
    round.checks.push(outcome);
}

fn outcome(ready: &Ready, state: CheckState, why: &str) -> CheckOutcome {
    let level = if state == CheckState::Off { Level::Off } else { ready.level };
    CheckOutcome { name: ready.entry.name, level, state, why: why.to_owned() }
}

/// Off by its level, or not for this branch or these paths.
fn why_off(ready: &Ready, scene: &Scene<'_>) -> Option<String> {
    if ready.level == Level::Off {
        return Some("switched off in the policy".to_owned());
    }
    if !ready.entry.before_merge && !scene.case.stage.is_deploy() {
        return Some("asked of deploys, not of pull requests".to_owned());
    }
    let (branches, paths) = (&ready.narrowed.branches, &ready.narrowed.paths);
    if !branches.is_empty() {
        match scene.case.head.branch.as_deref() {
            Some(branch) if !branches.fit(branch) => return Some(format!("not for the branch {branch}")),
            // A head that is no branch is judged: it could be any.
            _ => {}
        }
    }
    let reading = scene.reading.as_ref().ok().filter(|_| !paths.is_empty())?;
    // Merges list no paths, and a commit of very many not all of them: the trees tell.
    let changed = match scene.facts.one(ChangedPaths { base: scene.base, head: scene.head }) {
        Ok(Fact::Known(changed)) => changed,
        Ok(Fact::Absent | Fact::Unknown(_)) | Err(_) => return None,
    };
    let touched = changed.iter().any(|path| paths.fit(path))
        || reading.indexes().any(|at| reading.commit(at).files.iter().any(|path| paths.fit(path)));
    (!touched).then(|| "no changed path is one of its paths".to_owned())
}

pub(crate) fn sort_key(finding: &Finding) -> (bool, gonogo_core::finding::Severity, &Subject, &str, &str, &str) {
    (!finding.counts(), finding.severity, &finding.subject, finding.check, finding.code, finding.message.as_str())
}
