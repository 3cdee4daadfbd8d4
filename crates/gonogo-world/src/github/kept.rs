//! What a GitHub has beside its repositories' folders, as JSON: for a world
//! that goes on where it ended.

use serde_json::{Map, Value, json};

use super::GitHub;
use super::repository::PostedStatus;

impl GitHub {
    /// The statuses, by repository.
    pub fn kept(&self) -> Value {
        let state = self.state();
        let all = state.repositories.iter();
        let by_name: Map<String, Value> = all
            .map(|repository| (repository.full_name(), repository.statuses.iter().map(status_json).collect()))
            .collect();
        by_name.into()
    }

    /// Has these statuses again, and the branches that its folder has; `None`
    /// where that is not what [`GitHub::kept`] gave.
    #[must_use]
    pub fn goes_on(&self, kept: &Value) -> Option<()> {
        for (name, statuses) in kept.as_object()? {
            let id = self.repository(name).found_again().id();
            let statuses: Vec<PostedStatus> = statuses.as_array()?.iter().map(status).collect::<Option<_>>()?;
            let mut state = self.state();
            let newest = statuses.iter().map(|status| status.id).max().unwrap_or_default();
            state.begin_ids_after(newest);
            state.repository_mut(id).statuses = statuses;
        }
        Some(())
    }
}

fn status_json(status: &PostedStatus) -> Value {
    json!({
        "id": status.id,
        "sha": status.sha,
        "state": status.state,
        "context": status.context,
        "description": status.description,
        "target_url": status.target_url,
        "creator": status.creator,
        "created": status.created.to_string(),
    })
}

fn status(json: &Value) -> Option<PostedStatus> {
    let text = |name: &str| json[name].as_str().map(str::to_owned);
    Some(PostedStatus {
        id: json["id"].as_u64()?,
        sha: text("sha")?,
        state: text("state")?,
        context: text("context")?,
        description: text("description"),
        target_url: text("target_url"),
        creator: text("creator")?,
        created: text("created")?.parse().ok()?,
    })
}
