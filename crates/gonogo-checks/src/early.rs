//! What a story lacks by itself, before anything ships it: what the checks of it
//! would find, without a candidate.

use crate::policy::TypedPolicy;
use gonogo_core::fact::Why;
use gonogo_core::finding::Severity;
use gonogo_core::policy::Level;
use gonogo_core::story::Issue;
use jiff::Timestamp;
use serde_json::Value;

/// One thing that a story lacks.
#[derive(Clone, Debug, PartialEq)]
pub struct Lacks {
    /// As the check has it.
    pub code: &'static str,
    /// What tells it from another of its code.
    pub substance: Value,
    pub said: String,
    pub fix: String,
}

/// What is known of what a story lacks.
#[derive(Clone, Debug, Default)]
pub struct LooksAhead {
    pub lacks: Vec<Lacks>,
    /// What could not be told.
    pub unknown: Vec<Why>,
}

impl TypedPolicy {
    /// What its gate would find in a story as it is now; fields are looked at from
    /// review on.
    pub fn looks_ahead(&self, issue: &Issue, now: Timestamp) -> LooksAhead {
        let is_on = |level: Level| level != Level::Off;
        let mut on = self.checks.iter().filter(|ready| is_on(ready.level));
        let may_ship = on.any(|ready| ready.check.lets_ship(issue));
        let is_review = self.sections.early.is_review(&issue.status, may_ship);
        let mut ahead = LooksAhead::default();
        // Nobody knows yet which paths a story will touch.
        let everywhere = self.checks.iter().filter(|ready| is_on(ready.level) && ready.narrowed.paths.is_empty());
        for ready in everywhere {
            let (found, unknown) = ready.check.looks_ahead(issue, is_review, now);
            let counts = found.into_iter().filter(|found| found.at_most != Severity::Note);
            ahead.lacks.extend(counts.map(|found| Lacks {
                code: found.code,
                substance: found.substance,
                said: found.message,
                fix: found.fix,
            }));
            ahead.unknown.extend(unknown);
        }
        ahead
    }

    /// Whether a story can lack anything before its gate.
    pub fn can_look_ahead(&self) -> bool {
        self.sections.tracker.is_some()
            && self.checks.iter().any(|ready| ready.level != Level::Off && ready.check.can_look_ahead())
    }
}
