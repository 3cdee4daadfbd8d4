//! Deployments and their statuses.

use serde_json::{Value, json};

use super::super::clock::moment;
use super::super::hooks::node;
use super::super::repository::{PostedDeployment, PostedDeploymentStatus, Repository};
use super::super::state::State;

impl State {
    pub(in super::super) fn deployment_json(&self, repository: &Repository, deployment: &PostedDeployment) -> Value {
        let url = self.url_of(repository);
        let updated = deployment.statuses.last().map_or(deployment.created, |status| status.created);
        json!({
            "url": format!("{url}/deployments/{}", deployment.id),
            "id": deployment.id,
            "node_id": node("Deployment", deployment.id),
            "sha": deployment.sha,
            "ref": deployment.name,
            "task": deployment.task,
            "payload": deployment.payload,
            "original_environment": deployment.environment,
            "environment": deployment.environment,
            "description": deployment.description,
            "creator": self.user_json(&deployment.creator),
            "created_at": moment(deployment.created),
            "updated_at": moment(updated),
            "statuses_url": format!("{url}/deployments/{}/statuses", deployment.id),
            "repository_url": url,
            "transient_environment": false,
            "production_environment": deployment.environment == "production",
        })
    }

    pub(in super::super) fn deployment_status_json(
        &self,
        repository: &Repository,
        deployment: &PostedDeployment,
        status: &PostedDeploymentStatus,
    ) -> Value {
        let url = self.url_of(repository);
        let of = format!("{url}/deployments/{}", deployment.id);
        json!({
            "url": format!("{of}/statuses/{}", status.id),
            "id": status.id,
            "node_id": node("DeploymentStatus", status.id),
            "state": status.state,
            "creator": self.user_json(&status.creator),
            "description": status.description,
            "environment": deployment.environment,
            "target_url": status.target_url,
            "log_url": status.log_url,
            "environment_url": status.environment_url,
            "created_at": moment(status.created),
            "updated_at": moment(status.created),
            "deployment_url": of,
            "repository_url": url,
        })
    }
}
