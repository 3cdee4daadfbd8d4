//! A server that is asked over its API, with a token of its.

use crate::commands::{outside, secret};
use anyhow::{Context, bail};
use gonogo_api::{
    Candidate, Check, Deploy, DeployStop, DryRun, GivenWaiver, LockEnd, Made, NewDeploy, NewReply, NewServiceLock,
    NewStop, NewSystemWaiver, NewWaiver, Page, Problem, Service, StepLog,
};
use gonogo_engine::commands::people::random_word;
use gonogo_remote::http::{
    Answer, Ask, Connections, HeaderName, HeaderValue, Http, HttpError, Method, StatusCode, Url,
};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use thiserror::Error;

/// Candidates that are asked for at once.
const MOST: &str = "200";

pub(crate) struct Server {
    api: Url,
    connections: Connections,
    authorization: HeaderValue,
}

/// It could not be asked: nothing is known.
#[derive(Debug, Error)]
#[error("{server} cannot be asked: {error}\n  → see that it runs (GET /readyz), and that this is its address")]
pub(crate) struct Away {
    server: String,
    error: HttpError,
}

/// It answered that it does not do so.
#[derive(Debug, Error)]
#[error("{}\n  → {}", .0.detail, .0.fix)]
pub(crate) struct Refused(pub Problem);

impl Server {
    pub(crate) fn at(url: &str) -> anyhow::Result<Self> {
        let url = url.trim_end_matches('/');
        let api: Url = format!("{url}/api/v1/").parse().with_context(|| format!("the server's address: {url}"))?;
        if !matches!(api.scheme(), "http" | "https") {
            bail!("the server's address: {url}\n  → write https://HOST");
        }
        let Some(token) = secret("GONOGO_TOKEN")? else {
            bail!(
                "no GONOGO_TOKEN\n  → make a token at {url}/tokens, and set it, or GONOGO_TOKEN_FILE to a file with it"
            );
        };
        let authorization = HeaderValue::from_str(&format!("Bearer {}", token.now().expose_secret()))
            .context("GONOGO_TOKEN has characters that no token has")?;
        Ok(Self { api, connections: Connections::new(&outside()?.http)?, authorization })
    }

    pub(crate) async fn service(&self, name: &str) -> anyhow::Result<Service> {
        self.read(&["services", name], &[]).await
    }

    /// The open candidates of a service, by branch.
    pub(crate) async fn open(&self, service: &str) -> anyhow::Result<Vec<Candidate>> {
        let mut all: Vec<Candidate> = Vec::new();
        let mut cursor = None;
        loop {
            let mut query = vec![("service", service), ("open", "true"), ("limit", MOST)];
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let page: Page<Candidate> = self.read(&["candidates"], &query).await?;
            all.extend(page.items);
            let Some(next) = page.next else { break };
            cursor = Some(next);
        }
        all.sort_by(|one, other| one.branch.cmp(&other.branch));
        Ok(all)
    }

    /// A service's open candidate of a branch, or its newest of a SHA, of the first of
    /// these stages that has one.
    pub(crate) async fn candidate(
        &self,
        service: &str,
        which: &str,
        stages: &[&str],
    ) -> anyhow::Result<Option<Candidate>> {
        for stage in stages {
            let found = self.candidate_for(stage, service, which).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    async fn candidate_for(&self, stage: &str, service: &str, which: &str) -> anyhow::Result<Option<Candidate>> {
        let of_branch = [("service", service), ("branch", which), ("open", "true"), ("stage", stage)];
        let page: Page<Candidate> = self.read(&["candidates"], &of_branch).await?;
        let is_sha = (4..=40).contains(&which.len()) && which.bytes().all(|b| b.is_ascii_hexdigit());
        if !page.items.is_empty() || !is_sha {
            return Ok(page.items.into_iter().next());
        }
        let head = which.to_ascii_lowercase();
        let page: Page<Candidate> =
            self.read(&["candidates"], &[("service", service), ("head", &head), ("stage", stage)]).await?;
        let first = page.items.first().cloned();
        if let Some(first) = &first
            && page.items.iter().any(|one| one.head != first.head)
        {
            bail!("{which} is the beginning of several SHAs\n  → write more of it");
        }
        Ok(first)
    }

    pub(crate) async fn check(&self, candidate: i64, evaluation: i64) -> anyhow::Result<Check> {
        let (candidate, evaluation) = (candidate.to_string(), evaluation.to_string());
        self.read(&["candidates", &candidate, "evaluations", &evaluation, "check"], &[]).await
    }

    /// Lets a finding pass.
    pub(crate) async fn waive(&self, candidate: i64, new: &NewWaiver) -> anyhow::Result<Made> {
        self.make(&["candidates", &candidate.to_string(), "waivers"], &json!(new)).await
    }

    /// A service's waiver, unless it was taken back.
    pub(crate) async fn waiver(&self, service: &str, id: i64) -> anyhow::Result<Option<GivenWaiver>> {
        let after = id.saturating_add(1).to_string();
        let part = [("cursor", after.as_str()), ("limit", "1")];
        let page: Page<GivenWaiver> = self.read(&["services", service, "waivers"], &part).await?;
        Ok(page.items.into_iter().find(|waiver| waiver.id == id))
    }

    /// Lets all pass that a system leaves unchecked in a service.
    pub(crate) async fn waive_system(&self, service: &str, new: &NewSystemWaiver) -> anyhow::Result<Made> {
        self.make(&["services", service, "waivers"], &json!(new)).await
    }

    /// Asks that a candidate be deployed.
    pub(crate) async fn deploy(&self, service: &str, new: &NewDeploy) -> anyhow::Result<Made> {
        self.make(&["services", service, "deploys"], &json!(new)).await
    }

    /// What that would do.
    pub(crate) async fn dry_run(&self, candidate: i64) -> anyhow::Result<DryRun> {
        self.read(&["candidates", &candidate.to_string(), "dry-run"], &[]).await
    }

    pub(crate) async fn one_deploy(&self, id: i64) -> anyhow::Result<Deploy> {
        self.read(&["deploys", &id.to_string()], &[]).await
    }

    /// The newest ones of a service, the newest first, from a place in the list on.
    pub(crate) async fn deploys(&self, service: &str, from: Option<&str>) -> anyhow::Result<Page<Deploy>> {
        let part: Vec<(&str, &str)> =
            [Some(("limit", "50")), from.map(|from| ("cursor", from))].into_iter().flatten().collect();
        self.read(&["services", service, "deploys"], &part).await
    }

    /// Agrees to one that waits for that.
    pub(crate) async fn approve(&self, deploy: i64) -> anyhow::Result<()> {
        self.send(Method::POST, &["deploys", &deploy.to_string(), "approval"], None).await
    }

    /// A word on a step that it waits with.
    pub(crate) async fn reply(&self, deploy: i64, key: &str, new: &NewReply) -> anyhow::Result<()> {
        self.send(Method::POST, &["deploys", &deploy.to_string(), "steps", key, "reply"], Some(&json!(new))).await
    }

    pub(crate) async fn step_log(&self, deploy: i64, key: &str, from_byte: u64) -> anyhow::Result<StepLog> {
        let (deploy, from) = (deploy.to_string(), from_byte.to_string());
        self.read(&["deploys", &deploy, "steps", key, "log"], &[("from_byte", &from)]).await
    }

    /// Whether all deploys are stopped, and what runs.
    pub(crate) async fn deploy_stop(&self) -> anyhow::Result<DeployStop> {
        self.read(&["stop"], &[]).await
    }

    pub(crate) async fn stop_all(&self, new: &NewStop) -> anyhow::Result<()> {
        self.send(Method::POST, &["stop"], Some(&json!(new))).await
    }

    pub(crate) async fn lift_stop(&self) -> anyhow::Result<()> {
        self.send(Method::DELETE, &["stop"], None).await
    }

    /// Nobody else has a deploy of it begin.
    pub(crate) async fn lock(&self, service: &str, new: &NewServiceLock) -> anyhow::Result<Made> {
        self.make(&["services", service, "lock"], &json!(new)).await
    }

    pub(crate) async fn unlock(&self, service: &str, end: &LockEnd) -> anyhow::Result<()> {
        self.send(Method::POST, &["services", service, "lock", "end"], Some(&json!(end))).await
    }

    /// What is answered with nothing.
    async fn send(&self, method: Method, path: &[&str], body: Option<&Value>) -> anyhow::Result<()> {
        let mut ask = Ask::new(method, self.url(path, &[])?, body);
        ask.headers = vec![once()?];
        self.ask::<Value>(ask).await.map(drop)
    }

    /// However often the request arrives, it is done once.
    async fn make(&self, path: &[&str], body: &Value) -> anyhow::Result<Made> {
        let mut ask = Ask::new(Method::POST, self.url(path, &[])?, Some(body));
        ask.headers = vec![once()?];
        self.ask(ask).await
    }

    async fn read<T: DeserializeOwned>(&self, path: &[&str], query: &[(&str, &str)]) -> anyhow::Result<T> {
        self.ask(Ask::new(Method::GET, self.url(path, query)?, None)).await
    }

    fn url(&self, path: &[&str], query: &[(&str, &str)]) -> anyhow::Result<Url> {
        let mut url = self.api.clone();
        let no_path = |()| anyhow::anyhow!("the server's address has no path");
        url.path_segments_mut().map_err(no_path)?.pop_if_empty().extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    async fn ask<T: DeserializeOwned>(&self, mut ask: Ask<'_>) -> anyhow::Result<T> {
        // What is asked too often is tried again by itself.
        ask.sees = |status| status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS;
        let http = Http::over(&self.connections, Some(self.authorization.clone()));
        let away = |error| Away { server: self.api.as_str().trim_end_matches("/api/v1/").to_owned(), error };
        let Answer { status, body, .. } = http.answer(&ask).await.map_err(away)?;
        if status.is_client_error() {
            return Err(refused(status, body));
        }
        serde_json::from_value(body).context("the server answered otherwise than this version understands")
    }
}

/// Under this key it is done once.
fn once() -> anyhow::Result<(HeaderName, HeaderValue)> {
    let key = HeaderValue::from_str(random_word().expose_secret()).context("a word in hex is a header's value")?;
    Ok((HeaderName::from_static("idempotency-key"), key))
}

fn refused(status: StatusCode, body: Value) -> anyhow::Error {
    match serde_json::from_value(body) {
        Ok(problem) => Refused(problem).into(),
        Err(_) => anyhow::anyhow!("it answered {status}\n  → see that this is the address of a gonogo server"),
    }
}
