//! Jira, Cloud (REST v3) and Data Center (REST v2), behind one trait. What is
//! read wants a token that may read; what is said and done wants one that may.

mod access;
mod app;
mod by_key;
mod changed;
mod cloud;
mod credentials;
mod data_center;
mod fields;
mod form;
mod issue;
mod jiras;
mod marking;
mod paging;
mod persons;
mod writing;

pub use access::Account;
pub use app::{AppAt, GoingToJira, JiraApp, JiraAppError, JiraTokens};
pub use changed::{ChangedIssue, Changes};
pub use credentials::{Credentials, CredentialsError};
pub use form::{Choice, Entry, FormField, MoveWay, chosen};
pub use jiras::Jiras;
pub use marking::{FieldTo, Holds, Versions};
pub use persons::{IssueForm, NotForYou, PersonsJira, Write};
pub use writing::{Comment, Known, Moved, NotWritten};

use crate::http::{Http, HttpError, Method};
use futures_util::future::BoxFuture;
use gonogo_core::fact::{Fact, Why};
use gonogo_core::ids::IssueKey;
use gonogo_core::policy::Tracker as TrackerPolicy;
use gonogo_core::story::Issue;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

/// Keys in one request.
const MOST_KEYS: usize = 100;
/// Pages of a search; more would be no search for one deploy.
const MOST_PAGES: usize = 20;

/// What is wanted of each issue beside the usual.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Names or ids of fields.
    pub fields: BTreeSet<String>,
    pub history: bool,
}

/// A tracker of stories.
pub trait Tracker: Send + Sync {
    /// One fact for each key, in their order; a key that is not there is absent.
    fn issues<'a>(&'a self, keys: &'a [IssueKey], selection: &'a Selection) -> BoxFuture<'a, Vec<Fact<Issue>>>;

    /// All issues that a query finds.
    fn search<'a>(&'a self, query: &'a str, selection: &'a Selection) -> BoxFuture<'a, Fact<Vec<Issue>>>;

    /// What changed in these projects in the last minutes.
    fn changed<'a>(&'a self, projects: &'a [String], minutes: u32) -> BoxFuture<'a, Result<Changes, Why>>;

    /// Who we are to it, and what its clock says.
    fn account(&self) -> BoxFuture<'_, Result<Account, Why>>;

    /// Our one comment of its key on an issue says this from now on; its id.
    fn comment<'a>(&'a self, issue: &'a IssueKey, comment: &'a Comment) -> BoxFuture<'a, Result<String, NotWritten>>;

    /// The issue is in this state from now on, where a transition leads to it.
    fn move_to<'a>(&'a self, issue: &'a IssueKey, state: &'a str) -> BoxFuture<'a, Result<Moved, NotWritten>>;

    /// The issue has these fix versions from now on, and lacks those.
    fn set_versions<'a>(&'a self, issue: &'a IssueKey, to: &'a Versions) -> BoxFuture<'a, Result<(), NotWritten>>;

    /// A field of the issue, by its name or id, holds this from now on.
    fn set_field<'a>(
        &'a self,
        issue: &'a IssueKey,
        name: &'a str,
        to: &'a FieldTo,
    ) -> BoxFuture<'a, Result<(), NotWritten>>;
}

/// What both flavours stand on.
#[derive(Debug)]
struct Base {
    http: Http,
    /// Without a slash at the end.
    url: String,
    fields: Arc<fields::FieldMap>,
    /// What was told of the fields since then is new enough for whatever we ask.
    begun: Instant,
}

impl Base {
    fn new(policy: &TrackerPolicy, http: Http) -> Result<Self, Why> {
        let url = policy.url.trim_end_matches('/').to_owned();
        reqwest::Url::parse(&url).map_err(|e| Why::new(format!("[tracker] url: {e}"), "mend it in gonogo.toml"))?;
        Ok(Self { http, url, fields: Arc::default(), begun: Instant::now() })
    }

    async fn get(&self, path: &str) -> Result<serde_json::Value, Why> {
        self.send(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: &serde_json::Value) -> Result<serde_json::Value, Why> {
        self.send(Method::POST, path, Some(body)).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&serde_json::Value>,
    ) -> Result<serde_json::Value, Why> {
        self.http.json(&self.ask(method, path, body)?).await.map_err(|error| self.why(path, &error))
    }

    fn ask<'a>(
        &self,
        method: Method,
        path: &str,
        body: Option<&'a serde_json::Value>,
    ) -> Result<crate::http::Ask<'a>, Why> {
        let url = format!("{}{path}", self.url);
        let url = reqwest::Url::parse(&url).map_err(|e| Why::new(format!("{url}: {e}"), "mend [tracker] url"))?;
        Ok(crate::http::Ask::new(method, url, body))
    }

    /// What happened, and what mends it.
    fn why(&self, path: &str, error: &HttpError) -> Why {
        let fix = match error {
            HttpError::Status { status: 400, .. } => {
                "look at what it says: a field or a query in gonogo.toml may be wrong"
            }
            HttpError::Status { status: 401, .. } | HttpError::Redirect(_) | HttpError::WebPage => {
                "renew the token: GONOGO_JIRA_USER and GONOGO_JIRA_TOKEN (Cloud), GONOGO_JIRA_TOKEN (Data Center); look at [tracker] url"
            }
            HttpError::Status { status: 403, .. } => "let the token's account browse the projects",
            HttpError::Status { status: 404, .. } => "look at [tracker] url and kind: there is no such Jira",
            HttpError::Status { status: 429, .. } | HttpError::AskedToWait(_) => {
                "check again later; a token of its own helps"
            }
            HttpError::Certificate(_) => "name its certificate authority in GONOGO_CA_FILE",
            HttpError::CaFile { .. } => "mend GONOGO_CA_FILE",
            HttpError::Connect(_) | HttpError::TimedOut(_) => {
                "look at [tracker] url, HTTPS_PROXY and the network; `gonogo doctor` tries each"
            }
            HttpError::TooLarge => "ask for less: narrow ready_query",
            HttpError::Status { .. }
            | HttpError::NotJson(_)
            | HttpError::NotText
            | HttpError::TooLong(_)
            | HttpError::BrokeOff
            | HttpError::Client(_) => "check again; if it stays, look at the tracker",
        };
        let host = self.url.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or(&self.url);
        let at =
            if matches!(error, HttpError::Status { status: 404, .. }) { format!(" at {path}") } else { String::new() };
        let why = Why::new(format!("Jira ({host}): {error}{at}"), fix);
        Why { is_away: error.is_away(), ..why }
    }
}
