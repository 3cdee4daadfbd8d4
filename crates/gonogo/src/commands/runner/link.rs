//! What the runner asks the server, and tells it. It does not give up: a server that
//! is away comes back, and what is told twice does no harm.

use anyhow::{Context, bail};
use gonogo_api::runner::{AskForWork, RunEnded, RunOf, SaidFrom, SaidSoFar, Work};
use gonogo_remote::http::{
    Again, Answer, Ask, CA_FILE_VARIABLE, Connections, HeaderName, HeaderValue, Http, HttpError, HttpSettings, Method,
    StatusCode, Url,
};
use gonogo_remote::secret::Secret;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

pub(super) struct Link {
    connections: Connections,
    base: Url,
    name: HeaderValue,
    token: Secret,
    /// It is said once that the server is away.
    is_away: AtomicBool,
}

/// What the server says of an act that is not this runner's any more, or over.
const HAS_NOT: [StatusCode; 3] = [StatusCode::NOT_FOUND, StatusCode::CONFLICT, StatusCode::GONE];

/// The server does not know this runner: it is no use to ask again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unknown;

impl Link {
    pub(super) fn to(server: &str, name: &str, token_file: &Path) -> anyhow::Result<Self> {
        let server = server.trim_end_matches('/');
        let base: Url =
            format!("{server}/runner/v1/").parse().with_context(|| format!("the server's address: {server}"))?;
        if !matches!(base.scheme(), "http" | "https") {
            bail!("the server's address: {server}\n  → write https://HOST");
        }
        let file = |name: &str| (name == "GONOGO_RUNNER_TOKEN_FILE").then(|| token_file.display().to_string());
        let Some(token) = Secret::read("GONOGO_RUNNER_TOKEN", file)? else { bail!("--token-file names no file") };
        let ca_file = std::env::var_os(CA_FILE_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
        let connections = Connections::new(&HttpSettings { ca_file, is_direct: false })?;
        let name = HeaderValue::from_str(name).context("--name has characters that no header has")?;
        Ok(Self { connections, base, name, token, is_away: AtomicBool::new(false) })
    }

    pub(super) async fn work(&self, ask: &AskForWork) -> Result<Work, Unknown> {
        let body = json(ask);
        let answer = self.answer(Ask::new(Method::POST, self.url("work"), Some(&body)), read).await;
        answer.map(Option::unwrap_or_default)
    }

    /// How many bytes of it the server has then; none where it wants no more of it.
    pub(super) async fn said(&self, of: &RunOf, at_byte: u64, bytes: Vec<u8>) -> Result<Option<u64>, Unknown> {
        let from = SaidFrom { deploy: of.deploy, key: of.key.clone(), at_byte };
        let mut url = self.url("said");
        url.query_pairs_mut()
            .append_pair("deploy", &from.deploy.to_string())
            .append_pair("key", &from.key)
            .append_pair("at_byte", &from.at_byte.to_string());
        let ask = Ask { bytes: Some(bytes), ..Ask::new(Method::POST, url, None) };
        let so_far: Option<SaidSoFar> = self.answer(ask, read).await?;
        Ok(so_far.map(|so_far| so_far.said_bytes))
    }

    pub(super) async fn ended(&self, ended: &RunEnded) -> Result<(), Unknown> {
        let body = json(ended);
        // What is answered does not matter: it is written down.
        self.answer(Ask::new(Method::POST, self.url("ended"), Some(&body)), |_| Some(())).await.map(|_| ())
    }

    /// Asks until there is an answer; none where the server does not have what was
    /// asked for.
    async fn answer<T>(&self, mut ask: Ask<'_>, read: fn(Value) -> Option<T>) -> Result<Option<T>, Unknown> {
        ask.sees = |_| true;
        // It is asked again below, as often as it takes.
        ask.again = Again::MustNotCome;
        ask.headers = vec![(HeaderName::from_static("gonogo-runner"), self.name.clone())];
        let mut pause = FIRST_PAUSE;
        loop {
            let trouble = match self.once(&ask).await {
                Ok(Answer { status: StatusCode::UNAUTHORIZED, .. }) => return Err(Unknown),
                Ok(Answer { status, .. }) if HAS_NOT.contains(&status) => return Ok(None),
                Ok(Answer { status, body, .. }) if status.is_success() => match read(body) {
                    Some(answer) => {
                        if self.is_away.swap(false, Ordering::Relaxed) {
                            tracing::info!("the server is back");
                        }
                        return Ok(Some(answer));
                    }
                    None => "it answered otherwise than this version understands".to_owned(),
                },
                Ok(Answer { status, .. }) => format!("it answered {status}"),
                Err(error) => error.to_string(),
            };
            if !self.is_away.swap(true, Ordering::Relaxed) {
                tracing::warn!(error = trouble, "the server gives no answer: it is asked again until it does");
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn once(&self, ask: &Ask<'_>) -> Result<Answer, HttpError> {
        let bearer = format!("Bearer {}", self.token.now().expose_secret());
        let authorization = HeaderValue::from_str(&bearer).ok();
        Http::over(&self.connections, authorization).answer(ask).await
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path()));
        url
    }
}

fn json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default() // the wire's structs are JSON
}

fn read<T: DeserializeOwned>(answer: Value) -> Option<T> {
    serde_json::from_value(answer).ok()
}
