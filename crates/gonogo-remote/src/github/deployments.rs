//! Deployments that somebody says there: which commit, where, and what came of it.

use super::remembered::Remember;
use super::statuses::MOST_DESCRIPTION;
use super::{GitHub, GitHubError, RepositoryName};
use gonogo_core::ids::Sha;
use jiff::Timestamp;
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Deployments of one page.
const PAGE: usize = 100;
/// In a deployment's payload: which one of ours it is.
const MADE_FOR: &str = "gonogo";

/// A page of deployments, newest first.
#[derive(Debug)]
pub struct DeploymentsPage {
    pub deployments: Vec<Deployment>,
    pub is_last: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Deployment {
    pub id: u64,
    pub sha: Sha,
}

#[derive(Clone, Debug, Deserialize)]
struct OwnDeployment {
    id: u64,
    sha: Sha,
    #[serde(default)]
    payload: Value,
}

impl OwnDeployment {
    fn is_for(&self, made_for: &str) -> bool {
        // It comes as it was sent, or as text.
        let text = self.payload.as_str().and_then(|text| serde_json::from_str(text).ok());
        text.as_ref().unwrap_or(&self.payload)[MADE_FOR] == made_for
    }
}

/// What was said last of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DeploymentState {
    /// `success`, `in_progress`, `failure` …
    pub state: String,
    pub created_at: Timestamp,
}

impl GitHub {
    /// A page of the deployments to an environment, from 1 on, with the newest.
    pub async fn deployments(
        &self,
        name: &RepositoryName,
        environment: &str,
        page: usize,
        now: Timestamp,
    ) -> Result<DeploymentsPage, GitHubError> {
        let (size, page) = (PAGE.to_string(), page.to_string());
        let asked = query(&[("environment", environment), ("per_page", &size), ("page", &page)]);
        let read = |body: &Value| Vec::<Deployment>::deserialize(body).map_err(|e| e.to_string());
        let deployments = self.read(name, &format!("/deployments?{asked}"), now, read).await?;
        Ok(DeploymentsPage { is_last: deployments.len() < PAGE, deployments: Arc::unwrap_or_clone(deployments) })
    }

    /// The deployment of a commit that was made for this; `None` where there is none.
    pub async fn own_deployment(
        &self,
        name: &RepositoryName,
        (environment, sha): (&str, Sha),
        made_for: &str,
        now: Timestamp,
    ) -> Result<Option<Deployment>, GitHubError> {
        let (sha, size) = (sha.to_string(), PAGE.to_string());
        let asked = query(&[("environment", environment), ("sha", &sha), ("per_page", &size)]);
        let read = |body: &Value| Vec::<OwnDeployment>::deserialize(body).map_err(|e| e.to_string());
        let all = self.read(name, &format!("/deployments?{asked}"), now, read).await?;
        Ok(all.iter().find(|one| one.is_for(made_for)).map(|one| Deployment { id: one.id, sha: one.sha }))
    }

    /// Says that a commit is being deployed; which statuses it has is not asked.
    pub async fn make_deployment(
        &self,
        name: &RepositoryName,
        (environment, sha): (&str, Sha),
        made_for: &str,
        now: Timestamp,
    ) -> Result<Deployment, GitHubError> {
        let body = json!({
            "ref": sha,
            "environment": environment,
            "auto_merge": false,
            "required_contexts": [],
            "payload": { MADE_FOR: made_for },
            "description": "by gonogo",
        });
        let answer = self.post(name, "/deployments", &body, now).await?;
        let odd = || GitHubError::odd(&name.path("/deployments"), "it does not show our deployment");
        Deployment::deserialize(&answer).map_err(|_| odd())
    }

    /// Says how it stands, unless that was said last.
    pub async fn say_deployment(
        &self,
        name: &RepositoryName,
        deployment: &Deployment,
        (state, description): (&str, &str),
        url: &str,
        now: Timestamp,
    ) -> Result<(), GitHubError> {
        if self.deployment_state(name, deployment, now).await?.is_some_and(|said| said.state == state) {
            return Ok(());
        }
        let description: String = description.chars().take(MOST_DESCRIPTION).collect();
        let body = json!({ "state": state, "description": description, "log_url": url });
        self.post(name, &format!("/deployments/{}/statuses", deployment.id), &body, now).await.map(drop)
    }

    /// `None` where nothing was said of it yet.
    pub async fn deployment_state(
        &self,
        name: &RepositoryName,
        deployment: &Deployment,
        now: Timestamp,
    ) -> Result<Option<DeploymentState>, GitHubError> {
        let path = format!("/deployments/{}/statuses?per_page=1", deployment.id);
        let read = |body: &Value| Vec::<DeploymentState>::deserialize(body).map_err(|e| e.to_string());
        Ok(self.read(name, &path, now, read).await?.first().cloned())
    }
}

impl Remember for Vec<Deployment> {
    fn bytes(&self) -> usize {
        size_of_val(self.as_slice())
    }
}

impl Remember for Vec<OwnDeployment> {
    fn bytes(&self) -> usize {
        self.iter().map(|one| size_of::<OwnDeployment>() + one.payload.to_string().len()).sum()
    }
}

impl Remember for Vec<DeploymentState> {
    fn bytes(&self) -> usize {
        self.iter().map(|one| one.state.capacity() + size_of::<DeploymentState>()).sum()
    }
}

/// Escaped as an address wants it.
fn query(pairs: &[(&str, &str)]) -> String {
    let any = Url::parse_with_params("http://any/", pairs);
    any.ok().and_then(|url| url.query().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::query;

    #[test]
    fn an_environment_cannot_leave_its_place() {
        assert_eq!(query(&[("environment", "a&b=c/../#d é")]), "environment=a%26b%3Dc%2F..%2F%23d+%C3%A9");
    }
}
