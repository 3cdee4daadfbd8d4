//! What a step may be beside a command: an HTTP call, a wait for something, a pause, a
//! question to people. Requests are made by the runner, which has the network and the
//! secrets; all else gonogo waits for itself, and that may always be done again.

mod build;
mod http;
mod metric;
mod own;
mod question;
mod table;
#[cfg(test)]
mod tests;
mod wait;

pub use http::{HttpTable, Template};
pub use own::{Own, Sight, own};
pub use question::{Question, QuestionTable};
pub(super) use table::Place;
pub use wait::{BuildWait, MetricWait, WaitTable};

use super::plan::Step;
use crate::say;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// What a step does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Does {
    /// Its command.
    #[default]
    Run,
    /// The runner makes a request; `url` is as people see it.
    Http {
        method: String,
        url: String,
    },
    /// The runner asks until it is answered so.
    WaitForHttp {
        url: String,
        wants: String,
    },
    WaitForBuild(BuildWait),
    WaitForMetric(MetricWait),
    Pause {
        seconds: u32,
    },
    /// People are asked whether it goes on.
    Approval(Question),
}

impl Does {
    pub(super) fn is_run(&self) -> bool {
        *self == Self::Run
    }

    /// Whether no runner is told of it: gonogo waits itself.
    pub fn is_own(&self) -> bool {
        match self {
            Self::Run | Self::Http { .. } | Self::WaitForHttp { .. } => false,
            Self::WaitForBuild(_) | Self::WaitForMetric(_) | Self::Pause { .. } | Self::Approval(_) => true,
        }
    }

    /// Whether something may be another outside by it.
    pub fn changes(&self) -> bool {
        matches!(self, Self::Run | Self::Http { .. })
    }

    /// The question, where it is one.
    pub fn question(&self) -> Option<&Question> {
        match self {
            Self::Approval(question) => Some(question),
            _ => None,
        }
    }
}

impl Step {
    /// What it does, in one line for people; of one on hosts the command as it stands in the
    /// policy.
    pub fn shown(&self) -> String {
        match &self.does {
            Does::Run => self.argv.join(" "),
            Does::Http { method, url } => format!("{method} {url}"),
            Does::WaitForHttp { url, wants } => format!("wait until {url} {wants}"),
            Does::WaitForBuild(wait) => format!("wait until {wait} has passed on {}", wait.sha.short()),
            Does::WaitForMetric(wait) => format!("wait until {wait}"),
            Does::Pause { seconds } => format!("pause for {}", so_long(*seconds)),
            Does::Approval(question) => format!("ask {}: {}", question.whom(), question.question),
        }
    }
}

/// A time that a policy says: `90 s`, `10 min`.
fn so_long(seconds: u32) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        whole if whole.is_multiple_of(60) && whole < 2 * 3600 => format!("{} min", whole / 60),
        _ => say::lasts(SignedDuration::from_secs(seconds.into())),
    }
}
