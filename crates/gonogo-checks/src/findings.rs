//! What one check has to say in one evaluation.

use gonogo_core::fact::{System, Why};
use gonogo_core::finding::{At, COULD_NOT_CHECK, Code, Finding, Fingerprint, Severity, Subject};
use gonogo_core::ids::Sha;
use gonogo_core::policy::Level;
use gonogo_core::verdict::PRODUCTION_UNKNOWN;
use serde_json::{Value, json};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckState {
    Passed,
    Waiting,
    Found,
    CouldNotCheck,
    Off,
}

impl CheckState {
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Waiting => "waiting",
            Self::Found => "found",
            Self::CouldNotCheck => "could-not-check",
            Self::Off => "off",
        }
    }
}

/// A check's line in the list of all checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckOutcome {
    pub name: &'static str,
    pub level: Level,
    pub state: CheckState,
    /// Why it is off or could not check; empty otherwise.
    pub why: String,
}

/// One thing found, before it has its severity and fingerprint.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub code: Code,
    pub subject: Subject,
    /// What the fingerprint holds beside check, code and subject.
    pub substance: Value,
    pub message: String,
    pub fix: String,
    pub link: Option<String>,
    pub at: Option<At>,
    /// A milder severity than the check's level.
    pub at_most: Severity,
    /// Who was asked in vain.
    pub system: Option<System>,
}

impl Found {
    pub(crate) fn new(code: Code, subject: Subject, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            code,
            subject,
            substance: Value::Null,
            message: message.into(),
            fix: fix.into(),
            link: None,
            at: None,
            at_most: Severity::Block,
            system: None,
        }
    }

    pub(crate) fn substance(self, substance: Value) -> Self {
        Self { substance, ..self }
    }

    pub(crate) fn link(self, link: Option<String>) -> Self {
        Self { link, ..self }
    }

    pub(crate) fn at(self, path: &str, line: u32) -> Self {
        Self { at: Some(At { path: path.to_owned(), line }), ..self }
    }

    pub(crate) fn note(self) -> Self {
        Self { at_most: Severity::Note, ..self }
    }

    /// Warns where the check would block.
    pub(crate) fn warn(self) -> Self {
        Self { at_most: Severity::Warn, ..self }
    }

    /// An answer is on its way, where the check would block.
    pub(crate) fn wait(self) -> Self {
        Self { at_most: Severity::Wait, ..self }
    }

    pub(crate) fn note_if(self, is_note: bool) -> Self {
        if is_note { self.note() } else { self }
    }
}

/// The findings of one check.
#[derive(Debug)]
pub(crate) struct Findings {
    check: &'static str,
    level: Level,
    /// Whether the policy names the level; a default may be softened.
    level_is_set: bool,
    /// The SHA pair, for the fingerprints of what could not be checked.
    pair: (Option<Sha>, Sha),
    list: Vec<Finding>,
}

impl Findings {
    pub(crate) fn new(check: &'static str, level: Level, level_is_set: bool, pair: (Option<Sha>, Sha)) -> Self {
        Self { check, level, level_is_set, pair, list: Vec::new() }
    }

    /// Warns where the default would block and the policy does not say so.
    pub(crate) fn soften(&mut self) {
        if !self.level_is_set {
            self.level = Level::Warn;
        }
    }

    pub(crate) fn add(&mut self, found: Found) {
        let fingerprint = Fingerprint::of(self.check, found.code, &found.subject, &found.substance);
        self.list.push(Finding {
            check: self.check,
            code: found.code,
            severity: self.severity().max(found.at_most),
            subject: found.subject,
            at: found.at,
            message: found.message,
            fix: found.fix,
            link: found.link,
            fingerprint,
            system: found.system,
            waived: None,
        });
    }

    /// A part of the check could not be done; the rest stands.
    pub(crate) fn could_not_check(&mut self, subject: Subject, why: Why) {
        let (base, head) = self.pair;
        let message = format!("could not be checked by {}: {}", self.check, why.said);
        let found = Found { system: why.system, ..Found::new(COULD_NOT_CHECK, subject, message, why.fix) };
        self.add(found.substance(json!({ "production": base, "head": head })));
    }

    fn severity(&self) -> Severity {
        match self.level {
            Level::Block => Severity::Block,
            Level::Warn | Level::Off => Severity::Warn,
        }
    }

    /// The findings, and the check's line.
    pub(crate) fn end(self) -> (Vec<Finding>, CheckOutcome) {
        let state = self.list.iter().map(state_of).max().unwrap_or(CheckState::Passed);
        let unknown = self.list.iter().find(|f| state_of(f) == CheckState::CouldNotCheck);
        let why = unknown.map(|f| f.message.clone()).unwrap_or_default();
        (self.list, CheckOutcome { name: self.check, level: self.level, state, why })
    }
}

fn state_of(finding: &Finding) -> CheckState {
    match (finding.code, finding.severity) {
        (COULD_NOT_CHECK | PRODUCTION_UNKNOWN, _) => CheckState::CouldNotCheck,
        (_, Severity::Wait) => CheckState::Waiting,
        _ => CheckState::Found,
    }
}
