//! `[tracker]`: where the stories are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The issue tracker. Credentials come from the environment, never from here.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tracker {
    pub kind: TrackerKind,
    /// `https://example.atlassian.net`, or a server's address with its context path.
    pub url: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrackerKind {
    JiraCloud,
    JiraDataCenter,
}

impl Tracker {
    pub(super) fn validate(&self) -> Result<(), String> {
        let rest = self.url.strip_prefix("https://").or_else(|| self.url.strip_prefix("http://"));
        match rest {
            Some(rest) if rest.contains('@') => {
                Err("the tracker's url holds credentials: put them into the environment".to_owned())
            }
            Some(rest) if !rest.is_empty() && !rest.starts_with('/') && !rest.contains(['?', '#', ' ']) => Ok(()),
            _ => Err(format!("`{}` is not an address like https://example.atlassian.net", self.url)),
        }
    }

    /// Where a person reads the issue.
    pub fn page_of(&self, key: &impl std::fmt::Display) -> String {
        format!("{}/browse/{key}", self.url.trim_end_matches('/'))
    }
}
