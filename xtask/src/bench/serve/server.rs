//! The program as a team would run it, between stand-ins.

use super::http::{Answer, Client};
use crate::programs::{output_of, program};
use anyhow::{Context, bail};
use gonogo_core::case::Stage;
use gonogo_core::person::Role;
use gonogo_store::{Deed, NewEvaluation, Sighted, Store, StoryOf};
use gonogo_world::GitHub;
use jiff::{SignedDuration, Timestamp};
use ring::{digest, hmac};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const SECRET: &str = "hook-secret";
const PASSWORD: &str = "correct horse battery";

/// Where the server keeps its things, and what it is told.
pub(super) struct Site {
    folder: TempDir,
    program: PathBuf,
    store: String,
}

pub(super) struct Server {
    child: Child,
    pub address: String,
    /// The code by which the first admin is added, while there is none.
    code: Option<String>,
    /// Of the admin who is signed in.
    cookie: Vec<String>,
    /// What it prints is read no further, and not cut off.
    _output: BufReader<std::process::ChildStdout>,
}

impl Site {
    /// Without a PostgreSQL server it keeps things in SQLite.
    pub(super) fn new(program: &Path, postgres: Option<&str>) -> anyhow::Result<Self> {
        static DATABASES: AtomicU64 = AtomicU64::new(0);
        let folder = tempfile::tempdir()?;
        let store = match postgres {
            None => format!("sqlite:{}", folder.path().join("gonogo.db").display()),
            Some(server) => {
                let name = format!("bench{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
                output_of(crate::programs::program("createdb").args(["--maintenance-db", server, &name]))?;
                let (address, _) = server.rsplit_once('/').context("the address names a database")?;
                format!("{address}/{name}")
            }
        };
        Ok(Self { folder, program: program.to_owned(), store })
    }

    /// `services` and what else its configuration says.
    pub(super) fn configure(&self, github: &GitHub, more: &str) -> anyhow::Result<()> {
        let text = format!(
            "[server]\nlisten = '127.0.0.1:0'\nurl = 'http://gonogo.example.com'\ndata = '{}'\npoll_seconds = 3600\n\
             [store]\nurl = '{}'\n[github]\nurl = '{}'\n{more}",
            self.folder.path().join("data").display(),
            self.store,
            github.api_url()
        );
        Ok(std::fs::write(self.config(), text)?)
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("gonogo-server.toml")
    }

    /// So many candidates of earlier days, judged and closed.
    pub(super) fn fill(&self, number: usize) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(fill(&self.store, number))
    }

    /// The mirror of a service's repository.
    pub(super) fn mirror(&self, service: &str) -> PathBuf {
        self.folder.path().join("data/mirrors/acme").join(format!("{service}.git"))
    }

    pub(super) fn start(&self) -> anyhow::Result<Server> {
        let mut child = program(&self.program)
            .args(["serve", "--config"])
            .arg(self.config())
            .env("GONOGO_GITHUB_TOKEN", "ghp_bench")
            .env("GONOGO_GITHUB_WEBHOOK_SECRET", SECRET)
            .env("GONOGO_JIRA_USER", "bot@example.com")
            .env("GONOGO_JIRA_TOKEN", "jira-token")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut output = BufReader::new(child.stdout.take().context("its output is read")?);
        let mut line = || {
            let mut line = String::new();
            output.read_line(&mut line).map(|_| line.trim().to_owned())
        };
        let first = line()?;
        let Some((_, address)) = first.rsplit_once("http://") else { bail!("the server did not start: {first}") };
        let address = address.to_owned();
        let code = self.is_new().then(&mut line).transpose()?;
        let code = code.and_then(|line| Some(line.rsplit_once("code=")?.1.to_owned()));
        Ok(Server { child, address, code, cookie: Vec::new(), _output: output })
    }

    /// Nobody was added yet: the server says how.
    fn is_new(&self) -> bool {
        !self.folder.path().join("added").exists()
    }

    /// Adds the first admin, who signs in.
    pub(super) fn signs_in(&self, server: &mut Server) -> anyhow::Result<()> {
        let form = |path: &str, body: String| {
            let kind = ["Content-Type: application/x-www-form-urlencoded".to_owned()];
            Client::to(&server.address)?.ask("POST", path, &kind, body.as_bytes())
        };
        let password = PASSWORD.replace(' ', "+");
        if let Some(code) = &server.code {
            let added = form("/first-admin", format!("code={code}&name=ada&password={password}"))?;
            if added.status != 303 {
                bail!("the first admin was not added: {}", added.status);
            }
            std::fs::write(self.folder.path().join("added"), "")?;
        }
        let entered = form("/sign-in", format!("name=ada&password={password}"))?;
        let cookie = entered.headers.iter().find_map(|line| line.strip_prefix("set-cookie: "));
        let cookie = cookie.and_then(|line| line.split(';').next()).context("nobody was signed in")?;
        server.cookie = vec![format!("Cookie: {cookie}")];
        Ok(())
    }
}

impl Site {
    /// So many people, each with a session: the headers by which they are known.
    #[allow(clippy::disallowed_methods, reason = "their sessions begin when the bench runs")]
    pub(super) fn people(&self, number: usize) -> anyhow::Result<Vec<Vec<String>>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let store = Store::open(&self.store).await?;
            let mut cookies = Vec::new();
            for number in 0..number {
                let (name, token) = (format!("viewer-{number}"), format!("{number:064x}"));
                let now = Timestamp::now();
                let deed = |action| Deed {
                    at: now,
                    actor: "bench".to_owned(),
                    action,
                    subject: name.clone(),
                    detail: String::new(),
                    once: None,
                };
                let added = store.add_person(name.clone(), "x".to_owned(), Role::Viewer, false, deed("added")).await?;
                let person = added.context("a person of that name was there before")?;
                let hash = digest::digest(&digest::SHA256, token.as_bytes());
                let hash = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
                let until = now.saturating_add(SignedDuration::from_hours(1))?;
                store.begin_session(hash, person.id, now, until, deed("signed in")).await?;
                cookies.push(vec![format!("Cookie: gonogo_session={token}")]);
            }
            Ok(cookies)
        })
    }
}

impl Server {
    pub(super) fn get(&self, path: &str) -> anyhow::Result<Answer> {
        Client::to(&self.address)?.ask("GET", path, &self.cookie, b"")
    }

    pub(super) fn follow(&self, path: &str, who: &[String]) -> anyhow::Result<Client> {
        Client::to(&self.address)?.follow(path, who)
    }

    /// GitHub's hook of a push to `acme/NAME`.
    pub(super) fn is_told(&self, name: &str, sha: &str) -> anyhow::Result<()> {
        let body = format!(r#"{{"ref":"refs/heads/main","after":"{sha}","repository":{{"full_name":"acme/{name}"}}}}"#);
        let headers = hook("push", sha, body.as_bytes());
        match Client::to(&self.address)?.ask("POST", "/hooks/github", &headers, body.as_bytes())?.status {
            202 => Ok(()),
            status => bail!("a hook was answered with {status}"),
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.get("/readyz").is_ok_and(|answer| answer.status == 200)
    }

    /// What it holds in memory itself, in MB.
    pub(super) fn resident(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes * 1024.0 / 1e6)
    }

    pub(super) fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A hook as GitHub signs it.
pub(super) fn hook(event: &str, id: &str, body: &[u8]) -> Vec<String> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = hmac::sign(&key, body);
    let hex = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    vec![
        "Content-Type: application/json".to_owned(),
        format!("X-GitHub-Event: {event}"),
        format!("X-GitHub-Delivery: {id}"),
        format!("X-Hub-Signature-256: sha256={hex}"),
    ]
}

/// Waits for a fact; an error says what did not come.
pub(super) fn wait<T>(what: &str, most: Duration, mut look: impl FnMut() -> Option<T>) -> anyhow::Result<T> {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return Ok(found);
        }
        if begin.elapsed() > most {
            bail!("{what}: not within {most:?}");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

async fn fill(url: &str, number: usize) -> anyhow::Result<()> {
    let store = Store::open(url).await?;
    let sha = |number: usize| format!("{number:040x}");
    let now = "2026-01-01T00:00:00Z".parse::<Timestamp>()?;
    for at in 0..number {
        let head = sha(at + 1).parse().map_err(|_| anyhow::anyhow!("no SHA"))?;
        let production = Some(sha(1 << 40).parse().map_err(|_| anyhow::anyhow!("no SHA"))?);
        let (service, branch, stage) = ("web".to_owned(), format!("old/{}", at % 100), Stage::Deploy);
        let seen = Sighted { service, branch, head, production, stage };
        let (candidate, _) = store.open_candidate(seen, now).await?;
        let stories = (1..=20).map(|n| StoryOf { key: format!("STORY-{n}"), title: "x".to_owned(), ships: true });
        let judged = NewEvaluation {
            candidate: candidate.id,
            verdict: "go".to_owned(),
            exit_code: 0,
            policy_hash: String::new(),
            evaluated_at: now,
            summary: "Go".to_owned(),
            result: "x".repeat(5_000),
            recording: vec![b'x'; 20_000],
            fields_hash: String::new(),
            stories: stories.collect(),
            is_unread: false,
        };
        store.record_evaluation(judged, Vec::new(), None).await?;
    }
    for open in store.open_candidates("web").await?.iter().filter(|open| open.branch.starts_with("old/")) {
        store.close_candidate(open.id, now).await?;
    }
    Ok(())
}
