//! Go, No-Go or Waiting.

use crate::finding::{COULD_NOT_CHECK, Finding, Severity};
use serde::{Deserialize, Serialize};

/// No-Go over Waiting over Go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Go,
    Waiting,
    NoGo,
}

impl Verdict {
    /// Total over any findings; their order does not matter.
    pub fn of(findings: &[Finding]) -> Self {
        let worst = findings.iter().filter(|f| f.counts()).map(|f| f.severity).min();
        match worst {
            Some(Severity::Block) => Self::NoGo,
            Some(Severity::Wait) => Self::Waiting,
            _ => Self::Go,
        }
    }

    /// The exit code of the command line: 0 Go, 1 No-Go, 3 could not find out
    /// and nothing else blocks, 4 Waiting.
    pub fn exit_code(self, findings: &[Finding]) -> u8 {
        let mut blocking = findings.iter().filter(|f| f.counts() && f.severity == Severity::Block);
        match self {
            Self::Go => 0,
            Self::Waiting => 4,
            Self::NoGo if blocking.all(is_about_not_knowing) => 3,
            Self::NoGo => 1,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Go => "Go",
            Self::Waiting => "Waiting",
            Self::NoGo => "No-Go",
        }
    }
}

/// Nobody knows where production is: a could-not-check with a name of its own.
pub const PRODUCTION_UNKNOWN: &str = "production-unknown";

fn is_about_not_knowing(finding: &Finding) -> bool {
    finding.code == COULD_NOT_CHECK || finding.code == PRODUCTION_UNKNOWN
}
