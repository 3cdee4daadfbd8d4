//! A GitHub with state, as far as it goes: repositories, commit statuses, rate
//! limits, renames, and webhooks as it signs them. git itself is a `Repo`.
//!
//! What it does not understand it answers with 404 and notes; that fails the
//! test in the end.

mod hooks;

use crate::serve::{Answer, Ask, Background, Record, Reply, Request, Say, Stand, serve};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

pub use hooks::Hook;

/// The one that may post statuses.
pub const TOKEN: &str = "ghp_worldtoken";
/// What GitHub takes at most, by its documentation.
const MOST_DESCRIPTION: usize = 140;
const MOST_STATUSES: usize = 1_000;

/// A GitHub on 127.0.0.1 until it is dropped.
#[derive(Debug)]
pub struct GitHub {
    shared: Arc<Shared>,
    server: Background,
}

/// A commit status as it was posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub sha: String,
    pub context: String,
    pub state: String,
    pub description: String,
    pub target_url: String,
}

#[derive(Debug)]
struct Shared(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    record: Record,
    /// By the name as it is now.
    repositories: BTreeMap<String, Repository>,
    /// Old names, with the number of what is called otherwise now.
    renamed: BTreeMap<String, u64>,
    is_down: bool,
    delay: Duration,
    /// Answers to come that say when to ask again, in seconds.
    limits: Vec<u64>,
    unexpected: Vec<String>,
}

#[derive(Debug)]
struct Repository {
    id: u64,
    /// Oldest first.
    statuses: Vec<Status>,
}

impl GitHub {
    pub fn new() -> Self {
        let shared = Arc::new(Shared(Mutex::default()));
        let stand: Arc<dyn Stand> = Arc::clone(&shared) as _;
        let server = Background::start("world-github", move |stream| serve(Arc::clone(&stand), None, stream));
        Self { shared, server }
    }

    /// The API's address.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// There is a repository of this name, `owner/name`.
    pub fn repository(&self, name: &str) -> &Self {
        let mut state = self.state();
        let id = 1_296_269 + state.repositories.len() as u64;
        state.repositories.entry(name.to_owned()).or_insert(Repository { id, statuses: Vec::new() });
        drop(state);
        self
    }

    /// It is called otherwise from now on; the old name redirects.
    pub fn renames(&self, old: &str, new: &str) -> &Self {
        let mut state = self.state();
        let repository = state.repositories.remove(old).expect("the test has made this repository");
        state.renamed.insert(old.to_owned(), repository.id);
        state.repositories.insert(new.to_owned(), repository);
        drop(state);
        self
    }

    /// Every answer is 502 until it comes back.
    pub fn goes_down(&self) {
        self.state().is_down = true;
    }

    pub fn comes_back(&self) {
        self.state().is_down = false;
    }

    /// Each answer takes so long.
    pub fn answers_after(&self, delay: Duration) {
        self.state().delay = delay;
    }

    /// The next request is refused by the secondary limit for so many seconds.
    pub fn limits_next_for(&self, seconds: u64) {
        self.state().limits.push(seconds);
    }

    /// The statuses of a repository, oldest first.
    pub fn statuses(&self, repository: &str) -> Vec<Status> {
        self.state().repositories.get(repository).map(|r| r.statuses.clone()).unwrap_or_default()
    }

    /// The newest status of a commit, as its page shows it.
    pub fn status_of(&self, repository: &str, sha: &str) -> Option<Status> {
        self.statuses(repository).into_iter().rev().find(|status| status.sha == sha)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.state().record.all()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }
}

impl Default for GitHub {
    fn default() -> Self {
        Self::new()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // A test that panicked in between has left nothing half-done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stand for Shared {
    fn ask(&self, ask: Ask) -> (usize, Reply) {
        let mut state = self.state();
        let number = state.record.note(&ask);
        let answer = state.answer(&ask);
        (number, Reply { delay: state.delay, say: Say::Whole(answer) })
    }

    fn answered(&self, number: usize, status: Option<u16>) {
        self.state().record.answered(number, status);
    }
}

impl State {
    fn answer(&mut self, ask: &Ask) -> Answer {
        if self.is_down {
            return page(502, "<html><body>Unicorn!</body></html>");
        }
        if let Some(seconds) = self.limits.pop() {
            let mut answer = message(403, "You have exceeded a secondary rate limit.");
            answer.headers.push(("Retry-After".to_owned(), seconds.to_string()));
            return answer;
        }
        let authorization = ask.header("authorization").unwrap_or_default();
        if authorization != format!("Bearer {TOKEN}") && authorization != format!("token {TOKEN}") {
            return message(401, "Bad credentials");
        }
        let parts: Vec<&str> = ask.path.trim_start_matches('/').split('/').collect();
        match (ask.method.as_str(), parts.as_slice()) {
            ("POST", ["repos", owner, name, "statuses", sha]) => {
                let name = format!("{owner}/{name}");
                if let Some(id) = self.renamed.get(&name) {
                    return moved(ask, &format!("/repositories/{id}/statuses/{sha}"));
                }
                self.post_status(&name, sha, ask)
            }
            ("POST", ["repositories", id, "statuses", sha]) => {
                let found = self.repositories.iter().find(|(_, repository)| repository.id.to_string() == *id);
                let name = found.map(|(name, _)| name.clone()).unwrap_or_default();
                self.post_status(&name, sha, ask)
            }
            _ => {
                self.unexpected.push(format!("{} {}", ask.method, ask.path));
                message(404, "Not Found")
            }
        }
    }

    fn post_status(&mut self, name: &str, sha: &str, ask: &Ask) -> Answer {
        let Some(repository) = self.repositories.get_mut(name) else { return message(404, "Not Found") };
        let Ok(body) = serde_json::from_slice::<Value>(&ask.body) else {
            return message(400, "Problems parsing JSON");
        };
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let status = Status {
            sha: sha.to_owned(),
            context: body["context"].as_str().unwrap_or("default").to_owned(),
            state: text("state"),
            description: text("description"),
            target_url: text("target_url"),
        };
        let earlier = repository.statuses.iter().filter(|s| s.sha == sha && s.context == status.context).count();
        let is_sha = sha.len() == 40 && sha.bytes().all(|digit| digit.is_ascii_hexdigit());
        let is_state = ["error", "failure", "pending", "success"].contains(&status.state.as_str());
        if !is_sha || !is_state || status.description.chars().count() > MOST_DESCRIPTION || earlier >= MOST_STATUSES {
            let said = "Validation Failed";
            self.unexpected.push(format!("a status that it refuses: {body}"));
            return message(422, said);
        }
        repository.statuses.push(status.clone());
        json_answer(
            201,
            &json!({"id": repository.statuses.len(), "state": status.state, "context": status.context, "description": status.description, "target_url": status.target_url}),
        )
    }
}

fn moved(ask: &Ask, path: &str) -> Answer {
    let host = ask.header("host").unwrap_or_default();
    let mut answer = message(307, "Moved Permanently");
    answer.headers.push(("Location".to_owned(), format!("http://{host}{path}")));
    answer
}

fn message(status: u16, said: &str) -> Answer {
    json_answer(status, &json!({"message": said, "documentation_url": "https://docs.github.com/rest"}))
}

fn json_answer(status: u16, body: &Value) -> Answer {
    let headers = vec![("Content-Type".to_owned(), "application/json; charset=utf-8".to_owned())];
    Answer { status, headers, body: body.to_string().into_bytes() }
}

fn page(status: u16, body: &str) -> Answer {
    let headers = vec![("Content-Type".to_owned(), "text/html".to_owned())];
    Answer { status, headers, body: body.as_bytes().to_vec() }
}

impl Drop for GitHub {
    fn drop(&mut self) {
        let unexpected = self.state().unexpected.clone();
        assert!(
            unexpected.is_empty() || thread::panicking(),
            "GitHub was asked what it did not expect:\n- {}",
            unexpected.join("\n- ")
        );
    }
}
