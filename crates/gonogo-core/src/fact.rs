//! What was found out about the world, and what could not be.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// A system outside that answers questions, and may be away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum System {
    Tracker,
    CodeHost,
}

impl System {
    pub const ALL: [Self; 2] = [Self::Tracker, Self::CodeHost];

    /// The word for it in output and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tracker => "tracker",
            Self::CodeHost => "code-host",
        }
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tracker => "Jira",
            Self::CodeHost => "GitHub",
        }
    }
}

impl FromStr for System {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let words = Self::ALL.map(Self::word).join(" or ");
        let named = Self::ALL.into_iter().find(|system| system.word() == word);
        named.ok_or_else(|| format!("`{word}` is no system that may be away: {words}"))
    }
}

/// Why something could not be found out, and what mends that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    pub said: String,
    pub fix: String,
    /// Who was asked, where that is a system outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<System>,
    /// Whether it gave no answer at all, which passes: a wrong question or a
    /// missing right does not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_away: bool,
}

impl Why {
    pub fn new(said: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { said: said.into(), fix: fix.into(), system: None, is_away: false }
    }

    /// The same, of who was asked.
    #[must_use]
    pub fn of(self, system: System) -> Self {
        Self { system: Some(system), ..self }
    }
}

/// The answer to a question. There is no way to turn `Unknown` into a default:
/// who reads a fact says what each of the three means.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact<T> {
    Known(T),
    Absent,
    Unknown(Why),
}
