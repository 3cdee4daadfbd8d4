//! `[story_deployed]`: what is said of stories in production.

use super::routes::RouteConfig;
use gonogo_core::email::EmailAddress;
use gonogo_engine::{FieldMark, StoryDeployed, VersionName};
use serde::{Deserialize, Serialize};

/// What is said of a story that is deployed, or was rolled back.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StoryDeployedConfig {
    /// One comment on its issue, which changes.
    pub jira_comment: bool,
    /// The state that its issue comes to be in.
    pub jira_transition: Option<String>,
    /// The fix version that its issue gets.
    pub jira_fix_version: Option<VersionName>,
    /// What a field of its issue gets.
    pub jira_field: Option<FieldMark>,
    /// A message in Slack.
    pub slack: bool,
    /// In this channel instead of those of its services.
    pub slack_channel: Option<String>,
    /// A mail to each of these.
    pub email: Vec<EmailAddress>,
    /// More stories at once are one message to each place.
    pub digest_over: usize,
}

impl Default for StoryDeployedConfig {
    fn default() -> Self {
        Self {
            jira_comment: false,
            jira_transition: None,
            jira_fix_version: None,
            jira_field: None,
            slack: true,
            slack_channel: None,
            email: Vec::new(),
            digest_over: 5,
        }
    }
}

impl StoryDeployedConfig {
    /// `is_told` is whether a service tells of it in Slack or by e-mail.
    pub(super) fn validate(&self, is_told: bool) -> Result<(), String> {
        if self.jira_transition.as_ref().is_some_and(|state| state.trim().is_empty()) {
            return Err(
                "[story_deployed] jira_transition names no state: write jira_transition = \"Released\"".to_owned()
            );
        }
        if let Some(field) = &self.jira_field {
            field.validate().map_err(|said| format!("[story_deployed] jira_field: {said}"))?;
        }
        if !self.marks() && !is_told {
            return Err("[story_deployed] tells nobody: write jira_comment = true, jira_transition = \"…\", \
                 jira_fix_version = \"…\", jira_field = { … }, a [slack] or email = [\"…\"]"
                .to_owned());
        }
        Ok(())
    }

    /// Whether something is done in Jira.
    fn marks(&self) -> bool {
        self.jira_comment
            || self.jira_transition.is_some()
            || self.jira_fix_version.is_some()
            || self.jira_field.is_some()
    }

    pub(super) fn route(&self) -> RouteConfig {
        RouteConfig {
            slack: Some(self.slack),
            slack_channel: self.slack_channel.clone(),
            email: Some(self.email.clone()),
        }
    }
}

impl From<&StoryDeployedConfig> for StoryDeployed {
    fn from(config: &StoryDeployedConfig) -> Self {
        Self {
            jira_comment: config.jira_comment,
            jira_transition: config.jira_transition.clone(),
            jira_fix_version: config.jira_fix_version.clone(),
            jira_field: config.jira_field.clone(),
            digest_over: config.digest_over,
        }
    }
}
