//! The facts at hand, and the list of what is still wanted.

use crate::questions::{Answer, Ask, Question};
use gonogo_core::fact::{Fact, Why};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// What `?` carries out of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// An answer is still to be gathered.
    Pending,
    /// An answer that the whole check stands on could not be gathered.
    Unknown(Why),
    /// The check does not apply, and why.
    Off(String),
}

/// An answer with where and when it was read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recorded {
    pub answer: Answer,
    pub source: String,
    pub at: Timestamp,
    /// Where it is one of before, which stands in for one that could not be had:
    /// why that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<Why>,
}

/// Until when an answer of before counts.
#[derive(Clone, Copy, Debug)]
struct Patience {
    now: Timestamp,
    max_age: SignedDuration,
}

/// All answers of one evaluation. Answers are only added.
#[derive(Debug, Default)]
pub struct Facts {
    known: BTreeMap<Ask, Recorded>,
    wanted: RefCell<BTreeSet<Ask>>,
    /// Without it no answer of before counts.
    patience: Option<Patience>,
    /// Answers of before that were read.
    stale: RefCell<BTreeSet<Ask>>,
}

impl Facts {
    /// None yet; answers of before count up to this age.
    pub fn at(now: Timestamp, max_age: SignedDuration) -> Self {
        Self { patience: Some(Patience { now, max_age }), ..Self::default() }
    }

    pub fn insert(&mut self, ask: Ask, recorded: Recorded) {
        self.known.insert(ask, recorded);
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Ask, &Recorded)> {
        self.known.iter()
    }

    /// Whether anything was asked without an answer.
    pub fn has_wanted(&self) -> bool {
        !self.wanted.borrow().is_empty()
    }

    pub fn has(&self, ask: &Ask) -> bool {
        self.known.contains_key(ask)
    }

    /// What was asked without an answer since the last call.
    pub fn take_wanted(&self) -> BTreeSet<Ask> {
        self.wanted.take()
    }

    /// Answers of before that were read since the last call.
    pub(crate) fn take_stale(&self) -> Vec<&Recorded> {
        self.stale.take().iter().filter_map(|ask| self.known.get(ask)).collect()
    }

    /// One answer, or a note that it is wanted.
    pub fn one<Q: Question>(&self, question: Q) -> Result<Fact<Q::Answer>, Stop> {
        self.look_up(question).ok_or(Stop::Pending)
    }

    /// Everything that is asked in one call is gathered in one round.
    pub fn all<Q: Question>(&self, questions: impl IntoIterator<Item = Q>) -> Result<Vec<Fact<Q::Answer>>, Stop> {
        let answers: Vec<_> = questions.into_iter().map(|q| self.look_up(q)).collect();
        answers.into_iter().collect::<Option<Vec<_>>>().ok_or(Stop::Pending)
    }

    /// `Unknown` leaves the check by `?`.
    pub fn known<Q: Question>(&self, question: Q) -> Result<Option<Q::Answer>, Stop> {
        match self.one(question)? {
            Fact::Known(answer) => Ok(Some(answer)),
            Fact::Absent => Ok(None),
            Fact::Unknown(why) => Err(Stop::Unknown(why)),
        }
    }

    /// An answer without which the check cannot be done: absent is unknown too.
    pub fn must<Q: Question>(&self, question: Q) -> Result<Q::Answer, Stop> {
        let gone = || Stop::Unknown(Why::new("the commits are gone", "fetch them and check again"));
        self.known(question)?.ok_or_else(gone)
    }

    /// An answer that is already here, without asking for it.
    pub fn at_hand<Q: Question>(&self, question: Q) -> Option<Fact<Q::Answer>> {
        Some(self.read::<Q>(self.known.get(&question.into())?))
    }

    /// When the answer was given, where it is one of before that counts.
    pub fn stale_since<Q: Question>(&self, question: Q) -> Option<Timestamp> {
        let recorded = self.known.get(&question.into())?;
        (recorded.instead.is_some() && self.counts(recorded)).then_some(recorded.at)
    }

    fn look_up<Q: Question>(&self, question: Q) -> Option<Fact<Q::Answer>> {
        let ask = question.into();
        let Some(recorded) = self.known.get(&ask) else {
            self.wanted.borrow_mut().insert(ask);
            return None;
        };
        if recorded.instead.is_some() && self.counts(recorded) {
            self.stale.borrow_mut().insert(ask);
        }
        Some(self.read::<Q>(recorded))
    }

    fn read<Q: Question>(&self, recorded: &Recorded) -> Fact<Q::Answer> {
        if let Some(why) = recorded.instead.as_ref().filter(|_| !self.counts(recorded)) {
            return Fact::Unknown(why.clone());
        }
        // An answer of another kind cannot be stored under this ask by us; a
        // recording that was edited so is as good as no answer.
        let edited = || Fact::Unknown(Why::new("the recorded answer is of another kind", "record again"));
        Q::of(&recorded.answer).cloned().unwrap_or_else(edited)
    }

    fn counts(&self, recorded: &Recorded) -> bool {
        // A clock may have jumped either way.
        let is_young = |p: Patience| p.now.duration_since(recorded.at).abs() <= p.max_age;
        recorded.instead.is_none() || self.patience.is_some_and(is_young)
    }
}
