//! Whether the tracker answers. Always looked at: where it does not, and what
//! it answered before counts still, that is said.

use crate::facts::Recorded;
use crate::findings::{Findings, Found};
use gonogo_core::fact::System;
use gonogo_core::finding::{Code, Subject};
use gonogo_core::say;
use jiff::SignedDuration;

pub(crate) const NAME: &str = "tracker";
pub(crate) const CODES: &[Code] = &[STALE];
const STALE: Code = "tracker-away";

/// `stale` are the answers of before that the checks read.
pub(crate) fn run(stale: &[&Recorded], max_age: SignedDuration, out: &mut Findings) {
    let Some(oldest) = stale.iter().min_by_key(|recorded| recorded.at) else { return };
    let Some(why) = &oldest.instead else { return };
    let until = oldest.at.saturating_add(max_age).unwrap_or(oldest.at);
    let message = format!(
        "does not answer: stories are judged as they were at {}, which counts until {}; {}",
        say::minute(oldest.at),
        say::minute(until),
        why.said
    );
    out.add(Found::new(STALE, Subject::System(System::Tracker.word().to_owned()), message, &why.fix).warn());
}
