//! `[tracker]`: where the stories are.

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The issue tracker. Credentials come from the environment, never from here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tracker {
    pub kind: TrackerKind,
    /// `https://example.atlassian.net`, or a server's address with its context path.
    pub url: String,
    /// For so long what it answered counts while it does not answer; 0: not at all.
    #[serde(default = "two_hours")]
    max_age_minutes: u16,
}

/// Older than this nothing counts, whatever a policy says.
const MOST_MINUTES: u16 = 24 * 60;

fn two_hours() -> u16 {
    120
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrackerKind {
    JiraCloud,
    JiraDataCenter,
}

impl Tracker {
    /// The one of this kind at an address that a policy named before.
    pub fn at(kind: TrackerKind, url: String) -> Self {
        Self { kind, url, max_age_minutes: two_hours() }
    }

    pub(super) fn validate(&self) -> Result<(), String> {
        if self.max_age_minutes > MOST_MINUTES {
            return Err(format!("`max_age_minutes` of tracker: an older answer than {MOST_MINUTES} minutes is none"));
        }
        let rest = self.url.strip_prefix("https://").or_else(|| self.url.strip_prefix("http://"));
        match rest {
            Some(rest) if rest.contains('@') => {
                Err("the tracker's url holds credentials: put them into the environment".to_owned())
            }
            Some(rest) if !rest.is_empty() && !rest.starts_with('/') && !rest.contains(['?', '#', ' ']) => Ok(()),
            _ => Err(format!("`{}` is not an address like https://example.atlassian.net", self.url)),
        }
    }

    pub fn max_age(&self) -> SignedDuration {
        SignedDuration::from_mins(self.max_age_minutes.into())
    }

    /// Where a person reads the issue.
    pub fn page_of(&self, key: &impl std::fmt::Display) -> String {
        format!("{}/browse/{key}", self.url.trim_end_matches('/'))
    }
}
