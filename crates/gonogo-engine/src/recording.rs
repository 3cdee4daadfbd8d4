//! Everything that a verdict was made from, in a file, and the verdict again
//! from it without asking anybody.

use crate::evaluate::{Outcome, facts_of, finish};
use crate::locate::Located;
use gonogo_api::Check;
use gonogo_checks::facts::{Facts, Recorded};
use gonogo_checks::questions::Ask;
use gonogo_checks::{Judge, Judged, judge_each};
use gonogo_core::case::{Case, PolicyInForce};
use gonogo_core::fact::Why;
use gonogo_core::waiver::Waiver;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

const SCHEMA: &str = "gonogo.recording/1";

/// One evaluation, recorded.
#[derive(Debug, Serialize, Deserialize)]
pub struct Recording {
    schema: String,
    /// The version of gonogo that judged.
    pub version: String,
    now: Timestamp,
    case: Case,
    /// The same head over what else production runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    also_over: Vec<Case>,
    waivers: Vec<Waiver>,
    facts: Vec<(Ask, Recorded)>,
    result: Check,
}

#[derive(Debug, Error)]
pub enum RecordingError {
    #[error("this is no recording of gonogo: {0}")]
    NotARecording(String),
    #[error(
        "this recording has the format `{0}`, and this version reads `{SCHEMA}`\n  → replay it with the version that wrote it"
    )]
    OtherFormat(String),
}

/// A verdict judged again.
#[derive(Debug)]
pub struct Replayed {
    pub outcome: Outcome,
    /// Whether it is the recorded result.
    pub same: bool,
    pub recorded: Check,
}

impl Recording {
    pub(crate) fn of(located: &[Located], waivers: &[Waiver], now: Timestamp, facts: &Facts, result: &Check) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            now,
            case: located[0].case.clone(),
            also_over: located[1..].iter().map(|located| located.case.clone()).collect(),
            waivers: waivers.to_vec(),
            facts: facts.iter().map(|(ask, recorded)| (ask.clone(), recorded.clone())).collect(),
            result: result.clone(),
        }
    }

    /// The policy that judged.
    pub(crate) fn policy_text(&self) -> &str {
        &self.case.policy.text
    }

    pub(crate) fn policy(&self) -> &PolicyInForce {
        &self.case.policy
    }

    /// Of each of what production runs its own.
    pub(crate) fn policies(&self) -> impl Iterator<Item = &PolicyInForce> {
        [&self.case].into_iter().chain(&self.also_over).map(|case| &case.policy)
    }

    pub(crate) fn facts(&self) -> &[(Ask, Recorded)] {
        &self.facts
    }

    pub fn parse(bytes: &[u8]) -> Result<Self, RecordingError> {
        #[derive(Deserialize)]
        struct Format {
            schema: String,
        }
        let not = |e: serde_json::Error| RecordingError::NotARecording(e.to_string());
        let Format { schema } = serde_json::from_slice(bytes).map_err(not)?;
        if schema != SCHEMA {
            return Err(RecordingError::OtherFormat(schema));
        }
        let mut read: Self = serde_json::from_slice(bytes).map_err(not)?;
        read.knows_its_service();
        Ok(read)
    }

    /// Older ones asked of a team without saying for which service.
    fn knows_its_service(&mut self) {
        for (ask, _) in &mut self.facts {
            if let Ask::AwareOf(of) = ask
                && of.service.is_empty()
            {
                of.service.clone_from(&self.case.service);
            }
        }
    }

    /// Judges again, from what was recorded alone.
    pub fn replay(self) -> Replayed {
        let located: Vec<Located> = [self.case].into_iter().chain(self.also_over).map(Located::of).collect();
        let judges: Vec<Judge<'_>> = located.iter().map(|one| one.judge(&self.waivers, self.now)).collect();
        let mut facts = facts_of(&located, self.now);
        for (ask, recorded) in self.facts {
            facts.insert(ask, recorded);
        }
        let judgement = loop {
            match judge_each(&judges, &facts) {
                Judged::Done(judgement) => break judgement,
                // Another version may ask more than was recorded.
                Judged::Missing { asks, .. } => {
                    for ask in asks {
                        let why = Why::new("the recording does not hold this", "check again with this version");
                        let answer = ask.unknown(why);
                        let (source, at) = ("recording".to_owned(), self.now);
                        facts.insert(ask, Recorded { answer, source, at, instead: None });
                    }
                }
            }
        };
        let outcome = finish(&judges, &facts, &judgement);
        Replayed { same: outcome.check == self.result, outcome, recorded: self.result }
    }
}
