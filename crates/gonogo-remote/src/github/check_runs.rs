//! Check runs: what an App says of a commit at length, with notes at its lines.
//! The newest of a name is the one that is seen. Each carries a key, by which it
//! is looked for before it is said again.

use super::{GitHub, GitHubError, RepositoryName};
use crate::http::{Again, Ask};
use gonogo_core::ids::Sha;
use jiff::Timestamp;
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};

/// Characters that GitHub takes in a summary.
pub const MOST_SUMMARY: usize = 65_535;
/// Annotations that it takes in one request.
pub const MOST_ANNOTATIONS: usize = 50;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckRun {
    pub name: String,
    /// Ours, of what it says.
    pub key: String,
    /// Without one it goes on.
    pub conclusion: Option<Conclusion>,
    pub url: String,
    pub title: String,
    /// Markdown.
    pub summary: String,
    pub annotations: Vec<Annotation>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Conclusion {
    Success,
    Failure,
    /// Counts as a pass.
    Neutral,
    /// Nobody will say; counts as none.
    Cancelled,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Annotation {
    pub path: String,
    pub start_line: u32,
    pub end_line: u32,
    #[serde(rename = "annotation_level")]
    pub level: AnnotationLevel,
    pub title: String,
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AnnotationLevel {
    Notice,
    Warning,
    Failure,
}

impl GitHub {
    /// Says it, unless it is what was said last.
    pub async fn post_check_run(
        &self,
        name: &RepositoryName,
        sha: Sha,
        run: &CheckRun,
        now: Timestamp,
    ) -> Result<(), GitHubError> {
        if self.said_last(name, sha, run, now).await? {
            return Ok(());
        }
        let mut body = json!({
            "name": run.name,
            "head_sha": sha,
            "external_id": run.key,
            "details_url": run.url,
            "status": if run.conclusion.is_some() { "completed" } else { "in_progress" },
            "output": {"title": run.title, "summary": run.summary, "annotations": run.annotations},
        });
        if let Some(conclusion) = run.conclusion {
            body["conclusion"] = json!(conclusion);
        }
        let mut ask = Ask::new(Method::POST, self.url(&name.path("/check-runs"))?, Some(&body));
        // Where the answer is lost, it is looked for first.
        ask.again = Again::MustNotCome;
        let answer = self.send_asked(name, ask, now).await?;
        let is_ours = is_it(&answer.body, run);
        if is_ours {
            Ok(())
        } else {
            Err(GitHubError::odd(&name.path("/check-runs"), "it does not show our check run"))
        }
    }

    async fn said_last(
        &self,
        name: &RepositoryName,
        sha: Sha,
        run: &CheckRun,
        now: Timestamp,
    ) -> Result<bool, GitHubError> {
        let path = format!("/commits/{sha}/check-runs");
        let query: String = reqwest::Url::parse_with_params("https://x", [("check_name", &run.name)])
            .ok()
            .and_then(|url| url.query().map(str::to_owned))
            .unwrap_or_default();
        let found = self.get(name, &format!("{path}?filter=latest&{query}"), now).await?;
        let runs = found.get("check_runs").and_then(Value::as_array);
        let runs = runs.ok_or_else(|| GitHubError::odd(&name.path(&path), "an answer without a list"))?;
        Ok(runs.iter().any(|shown| is_it(shown, run)))
    }
}

fn is_it(shown: &Value, run: &CheckRun) -> bool {
    shown["name"] == run.name && shown["external_id"] == run.key
}
