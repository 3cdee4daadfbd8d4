//! What was done of a deploy, in the order in which it was written.

use super::hosts::Phase;
use super::plan::Plan;
use crate::fact::Why;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Whether steps bring the head, or what ran before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    Forward,
    Back,
}

/// One attempt of one step, or of one phase of it on one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Act {
    pub direction: Direction,
    /// Among the plan's steps of that direction, from 0.
    pub step: usize,
    pub on: Option<On>,
    /// From 1.
    pub attempt: u32,
}

/// Which part of a step that runs on hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct On {
    /// Among the step's hosts, from 0.
    pub host: usize,
    pub phase: Phase,
}

/// Names an act of a deploy for ever: `step-2-1` is the first attempt of the second
/// step, `back-1-1` that of the first step back, `step-2-on-7-drain-1` that of draining
/// the seventh host of the second step. It is a folder's name on hosts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ActKey(Act);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "entry")]
pub enum Entry {
    /// Committed before anything happens outside.
    Intended {
        key: ActKey,
    },
    /// Seen by us, or proven by a probe.
    Settled {
        key: ActKey,
        outcome: Outcome,
    },
    /// A person's answer to what failed or cannot be told.
    Decided {
        key: ActKey,
        by: String,
        choice: Choice,
    },
    /// A person's word on an act that gonogo waits with.
    Replied {
        key: ActKey,
        by: String,
        reply: Reply,
    },
    Asked {
        signal: Signal,
        by: String,
    },
    /// A guard's word: nothing more begins until a person says how it goes on.
    Guarded {
        guard: String,
        word: GuardWord,
        said: String,
    },
    /// What came of the last step was watched to its end.
    Watched,
}

/// Why a guard stops a deploy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GuardWord {
    /// Production got worse, and that is proven.
    Worse,
    NoData,
    /// The watch is over, and it is neither proven nor to be taken for fine.
    CannotTell,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    Done,
    Failed {
        failure: Failure,
    },
    /// Nothing of it has happened.
    NotStarted {
        why: String,
    },
    CannotTell {
        why: Why,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Failure {
    Exit {
        status: i32,
    },
    /// It was over its limit, and was ended.
    TimedOut,
    /// A person had it ended.
    Ended {
        by: String,
    },
    /// It could not be begun, such as a program that is not there.
    Broken {
        said: String,
    },
    /// What was waited for did not come about.
    NotMet {
        said: String,
    },
    /// A person said no.
    Refused {
        by: String,
        why: String,
    },
}

/// What a person says to an act that gonogo waits with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reply")]
pub enum Reply {
    /// A pause ends now.
    GoOn,
    /// A wait ends now, and has failed.
    End,
    /// To a question.
    Yes,
    No {
        why: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    RunAgain,
    CountAsDone,
    /// Of a host: it stays as it is, and the deploy goes on without it.
    LeaveOut,
    /// The deploy ends as it is.
    Abandon,
}

/// What a person wants of a deploy that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signal {
    /// Nothing more begins; what runs goes on to its end.
    Halt,
    /// After a halt.
    Resume,
    RollBack,
    /// It ends as it is.
    Abandon,
}

impl Act {
    pub fn key(self) -> ActKey {
        ActKey(self)
    }
}

impl ActKey {
    pub fn act(&self) -> Act {
        self.0
    }
}

impl fmt::Display for ActKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Act { direction, step, on, attempt } = self.0;
        let word = match direction {
            Direction::Forward => "step",
            Direction::Back => "back",
        };
        match on {
            None => write!(f, "{word}-{}-{attempt}", step + 1),
            Some(On { host, phase }) => write!(f, "{word}-{}-on-{}-{phase}-{attempt}", step + 1, host + 1),
        }
    }
}

impl FromStr for ActKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = || {
            let mut parts = text.split('-');
            let direction = match parts.next()? {
                "step" => Direction::Forward,
                "back" => Direction::Back,
                _ => return None,
            };
            let step = parts.next()?.parse::<usize>().ok()?.checked_sub(1)?;
            let mut attempt = parts.next()?;
            let mut on = None;
            if attempt == "on" {
                let host = parts.next()?.parse::<usize>().ok()?.checked_sub(1)?;
                let word = parts.next()?;
                let phase = Phase::ALL.into_iter().find(|phase| phase.word() == word)?;
                on = Some(On { host, phase });
                attempt = parts.next()?;
            }
            let attempt = attempt.parse().ok().filter(|attempt| *attempt > 0)?;
            let key = Act { direction, step, on, attempt }.key();
            // Nothing follows, and each key has one spelling.
            (parts.next().is_none() && key.to_string() == text).then_some(key)
        };
        parts().ok_or_else(|| format!("`{text}` is no act of a deploy, such as step-1-1"))
    }
}

impl TryFrom<String> for ActKey {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ActKey> for String {
    fn from(key: ActKey) -> Self {
        key.to_string()
    }
}

impl Choice {
    pub const ALL: [Self; 4] = [Self::RunAgain, Self::CountAsDone, Self::LeaveOut, Self::Abandon];

    pub fn word(self) -> &'static str {
        match self {
            Self::RunAgain => "run-again",
            Self::CountAsDone => "count-as-done",
            Self::LeaveOut => "leave-out",
            Self::Abandon => "abandon",
        }
    }

    /// On a button.
    pub fn label(self) -> &'static str {
        match self {
            Self::RunAgain => "Run it again",
            Self::CountAsDone => "Count it as done",
            Self::LeaveOut => "Go on without this host",
            Self::Abandon => "End the deploy as it is",
        }
    }

    /// What follows.
    pub fn means(self) -> &'static str {
        match self {
            Self::RunAgain => "the step runs once more, from its beginning",
            Self::CountAsDone => "somebody has seen that it was done: the next step begins",
            Self::LeaveOut => {
                "nothing more is done on this host, and the others have their turn; both commits count as running"
            }
            Self::Abandon => "nothing more is done; what runs is a part of both, until somebody says what does",
        }
    }

    /// What somebody did who chose it.
    pub fn words(self) -> &'static str {
        match self {
            Self::RunAgain => "is to run again",
            Self::CountAsDone => "counts as done",
            Self::LeaveOut => "is left as it is, and the deploy goes on without its host",
            Self::Abandon => "stays as it is, and the deploy ends",
        }
    }
}

impl FromStr for Choice {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|choice| choice.word() == text).ok_or(())
    }
}

impl Signal {
    pub const ALL: [Self; 4] = [Self::Halt, Self::Resume, Self::RollBack, Self::Abandon];

    pub fn word(self) -> &'static str {
        match self {
            Self::Halt => "halt",
            Self::Resume => "resume",
            Self::RollBack => "roll-back",
            Self::Abandon => "abandon",
        }
    }

    /// On a button.
    pub fn label(self) -> &'static str {
        match self {
            Self::Halt => "Halt",
            Self::Resume => "Go on",
            Self::RollBack => "Roll back",
            Self::Abandon => "End it as it is",
        }
    }

    /// What somebody did who asked for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Halt => "halted it",
            Self::Resume => "let it go on",
            Self::RollBack => "had it rolled back",
            Self::Abandon => "ended it as it was",
        }
    }
}

impl FromStr for Signal {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|signal| signal.word() == text).ok_or(())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit { status } => write!(f, "ended with exit status {status}"),
            Self::TimedOut => f.write_str("was over its time limit and was ended"),
            Self::Ended { by } => write!(f, "was ended by {by}"),
            Self::Broken { said } => write!(f, "could not be begun: {said}"),
            Self::NotMet { said } => f.write_str(said),
            Self::Refused { by, why } => write!(f, "{by} said no: {why}"),
        }
    }
}

impl Reply {
    /// What somebody did who said it.
    pub fn words(&self) -> String {
        match self {
            Self::GoOn => "had it go on".to_owned(),
            Self::End => "had it end".to_owned(),
            Self::Yes => "said yes".to_owned(),
            Self::No { why } => format!("said no: {why}"),
        }
    }
}

/// Acts that are written down as never begun.
pub(super) fn came_to_nothing<'j>(journal: impl Iterator<Item = &'j Entry>) -> BTreeSet<&'j ActKey> {
    let key = |entry: &'j Entry| match entry {
        Entry::Settled { key, outcome: Outcome::NotStarted { .. } } => Some(key),
        _ => None,
    };
    journal.filter_map(key).collect()
}

/// Whether anything of a deploy may have happened outside.
pub fn has_begun(plan: &Plan, journal: &[Entry]) -> bool {
    let nothing = came_to_nothing(journal.iter());
    journal.iter().any(|entry| match entry {
        Entry::Intended { key } => !nothing.contains(key) && plan.changes_by(key),
        // A person did it by hand.
        Entry::Decided { key, choice: Choice::CountAsDone, .. } => plan.changes_by(key),
        Entry::Settled { .. }
        | Entry::Decided { .. }
        | Entry::Replied { .. }
        | Entry::Asked { .. }
        | Entry::Guarded { .. }
        | Entry::Watched => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written_and_not_otherwise() {
        let key = Act { direction: Direction::Back, step: 1, on: None, attempt: 3 }.key();
        assert_eq!((key.to_string().as_str(), "back-2-3".parse()), ("back-2-3", Ok(key)));
        let on = Some(On { host: 6, phase: Phase::Undrain });
        let key = Act { direction: Direction::Forward, step: 1, on, attempt: 3 }.key();
        let text = "step-2-on-7-undrain-3";
        assert_eq!((key.to_string().as_str(), text.parse()), (text, Ok(key)));
        let odd_ones =
            ["", "step", "step-0-1", "step-1-0", "step-01-1", "step-1-1-1", "step-+1-1", "../step-1-1", "x-1-1"];
        let on_hosts =
            ["step-1-on-0-run-1", "step-1-on-1-ran-1", "step-1-on-1-run", "step-1-on-1-run-1-1", "step-1-on-01-run-1"];
        for odd in odd_ones.into_iter().chain(on_hosts) {
            assert!(odd.parse::<ActKey>().is_err(), "{odd}");
        }
    }

    #[test]
    fn entries_keep_their_shape_in_the_store() {
        let key = Act { direction: Direction::Forward, step: 0, on: None, attempt: 1 }.key();
        let failed = Outcome::Failed { failure: Failure::Exit { status: 3 } };
        let text = serde_json::to_string(&Entry::Settled { key, outcome: failed.clone() }).unwrap();
        let expected = r#"{"entry":"settled","key":"step-1-1","outcome":{"outcome":"failed","failure":{"kind":"exit","status":3}}}"#;
        assert_eq!(text, expected);
        let read: Entry = serde_json::from_str(&text).unwrap();
        assert!(matches!(read, Entry::Settled { outcome, .. } if outcome == failed));
    }
}
