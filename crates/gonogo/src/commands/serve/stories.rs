//! `[story_deployed]`: what is said of stories in production.

use gonogo_engine::StoryDeployed;
use serde::{Deserialize, Serialize};

/// What is said of a story that is deployed, or was rolled back.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StoryDeployedConfig {
    /// One comment on its issue, which changes.
    pub jira_comment: bool,
    /// The state that its issue comes to be in.
    pub jira_transition: Option<String>,
    /// A message in Slack.
    pub slack: bool,
    /// In this channel instead of those of its services.
    pub slack_channel: Option<String>,
    /// More stories at once are one message in a channel.
    pub digest_over: usize,
}

impl Default for StoryDeployedConfig {
    fn default() -> Self {
        Self { jira_comment: false, jira_transition: None, slack: true, slack_channel: None, digest_over: 5 }
    }
}

impl StoryDeployedConfig {
    pub(super) fn validate(&self, has_slack: bool) -> Result<(), String> {
        if self.slack_channel.is_some() && !has_slack {
            return Err("[story_deployed] has a slack_channel, and there is no [slack]: write that too".to_owned());
        }
        if self.slack_channel.is_some() && !self.slack {
            return Err("[story_deployed] has a slack_channel and slack = false: leave one of them out".to_owned());
        }
        if self.jira_transition.as_ref().is_some_and(|state| state.trim().is_empty()) {
            return Err(
                "[story_deployed] jira_transition names no state: write jira_transition = \"Released\"".to_owned()
            );
        }
        if !self.jira_comment && self.jira_transition.is_none() && !(self.slack && has_slack) {
            return Err(
                "[story_deployed] tells nobody: write jira_comment = true, jira_transition = \"…\" or a [slack]"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

impl From<&StoryDeployedConfig> for StoryDeployed {
    fn from(config: &StoryDeployedConfig) -> Self {
        Self {
            jira_comment: config.jira_comment,
            jira_transition: config.jira_transition.clone(),
            slack: config.slack,
            slack_channel: config.slack_channel.clone(),
            digest_over: config.digest_over,
        }
    }
}
