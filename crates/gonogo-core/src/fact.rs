//! What was found out about the world, and what could not be.

use serde::{Deserialize, Serialize};

/// Why something could not be found out, and what mends that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    pub said: String,
    pub fix: String,
}

impl Why {
    pub fn new(said: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { said: said.into(), fix: fix.into() }
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
