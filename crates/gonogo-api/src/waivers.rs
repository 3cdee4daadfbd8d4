//! Waivers as the server keeps them.

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// A person's decision to let one finding of a service pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GivenWaiver {
    pub id: i64,
    pub service: String,
    pub fingerprint: String,
    /// What was waived, in the words of then.
    pub said: String,
    pub by: String,
    pub why: String,
    /// RFC 3339, UTC.
    pub given_at: String,
    /// RFC 3339, UTC. Past that it holds no more.
    pub until: String,
    /// Then it lets nothing pass until somebody else has confirmed it.
    pub needs_second: bool,
    pub confirmed_by: Option<String>,
    /// Where it lets pass; null: in all branches of the service.
    pub branch: Option<String>,
}

/// A finding of a candidate is to pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWaiver {
    #[schemars(length(min = 1, max = 200))]
    pub fingerprint: String,
    /// For people who read it later.
    #[schemars(length(min = 1, max = 2000), regex(pattern = r"\S"))]
    pub why: String,
    /// For so many days; a finding that could not be checked for one.
    #[serde(deserialize_with = "whole")]
    #[schemars(range(min = 1, max = 90))]
    pub days: i64,
    /// In the candidate's branch alone, not in all of its service.
    #[serde(default)]
    pub this_branch: bool,
}

/// A system outside that may be away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AwaySystem {
    Tracker,
    CodeHost,
}

/// All that a system which is away leaves unchecked in a service is to pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSystemWaiver {
    pub system: AwaySystem,
    /// For people who read it later.
    #[schemars(length(min = 1, max = 2000), regex(pattern = r"\S"))]
    pub why: String,
    /// For so many seconds; four hours at most.
    #[serde(deserialize_with = "whole")]
    #[schemars(range(min = 1, max = 14_400))]
    pub seconds: i64,
}

/// The same, or null.
pub(crate) fn whole_or_null<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    struct Whole(#[serde(deserialize_with = "whole")] i64);
    Ok(Option::<Whole>::deserialize(from)?.map(|Whole(number)| number))
}

/// JSON knows one kind of numbers: 3.0 is a whole one.
pub(crate) fn whole<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Whole(i64),
        Broken(f64),
    }
    match Number::deserialize(from)? {
        Number::Whole(number) => Ok(number),
        // Exact up to 2^53, far more days than there are.
        #[allow(clippy::cast_possible_truncation, reason = "it has no fraction, and is small")]
        Number::Broken(number) if number.fract() == 0.0 && number.abs() < 1e9 => Ok(number as i64),
        Number::Broken(number) => Err(D::Error::custom(format!("{number} is no whole number"))),
    }
}
