//! Deployments that somebody says there: which commit, where, and what came of it.

use super::remembered::Remember;
use super::{GitHub, GitHubError, RepositoryName};
use gonogo_core::ids::Sha;
use jiff::Timestamp;
use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

/// Deployments of one page.
const PAGE: usize = 100;

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
