//! What a guard says at one moment.

use super::section::BaselineKind;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// Watched, with data, and it does not look worse.
    Fine,
    /// Proven to be worse, by more than the smallest change that matters.
    Worse,
    /// There is nothing to judge by. Never taken for fine.
    NoData,
    /// Not proven to be worse, and not to be taken for fine.
    CannotTell(Doubt),
}

/// Why it cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doubt {
    /// Too little time has passed since the last step.
    TooSoon,
    /// The baseline is so short, or scatters so much, that nothing could be proven yet.
    Baseline,
    /// It looks worse, and is not proven.
    LooksWorse,
}

/// A guard's judgement with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    pub guard: String,
    pub at: Timestamp,
    pub judgement: Judgement,
    /// How many times as likely what was seen is if it got worse than if it did not: the
    /// smallest over all baselines.
    pub evidence: f64,
    /// So much evidence is proof.
    pub needed: f64,
    /// Events a bucket, events a trial, or the middle value, since `since`.
    pub observed: Option<f64>,
    /// The same of the baseline that it differs from the least.
    pub expected: Option<f64>,
    /// From when on it looks worst.
    pub since: Option<Timestamp>,
    /// From when on there is no data, where there is none.
    pub no_data_since: Option<Timestamp>,
    pub versus: Vec<Versus>,
    pub remarks: Vec<Remark>,
}

/// One baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Versus {
    pub baseline: BaselineKind,
    pub evidence: f64,
    pub expected: Option<f64>,
}

/// What a person should know of a reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remark {
    /// A baseline that the policy names and that is not there.
    Without { baseline: BaselineKind, because: LeftOut },
    /// Points that are no numbers, or counts under zero.
    Dropped { no_numbers: usize, negative: usize },
    /// More events than what they are of.
    MoreThanAll { buckets: usize },
    /// The points are further apart than the policy says.
    Spacing { seconds: i64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftOut {
    TooFewPoints,
    /// Fewer than three deploys.
    TooFewDeploys,
    /// Old points were rolled up by the server.
    Coarser,
    /// What is relative to zero or less is no number.
    NoLevel,
}
