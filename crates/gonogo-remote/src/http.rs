//! HTTP as every client of ours uses it: proxies and certificates of the
//! system, no redirects followed, answers of bounded size, patience with limits.

mod plain;

pub use plain::{Plain, PlainAnswer};

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Certificate, Client, Response, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::error::Error as _;
use std::fmt;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;
use thiserror::Error;
use tokio::time::Instant;

/// What requests are made of.
pub use reqwest::header::{HeaderName, HeaderValue};
pub use reqwest::{Method, StatusCode, Url};

/// All requests of one run to one system end within this.
pub const BUDGET: Duration = Duration::from_secs(30);
/// No answer makes us wait longer, whatever it asks for: then it is asked again.
const MOST_WAIT: Duration = Duration::from_mins(15);
/// A larger answer is dropped.
pub const MOST_BODY: usize = 32 << 20;
/// Server errors and resets are tried again so often.
const TRIES_AGAIN: u32 = 2;
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Where a certificate authority beside the system's is.
pub const CA_FILE_VARIABLE: &str = "GONOGO_CA_FILE";

/// The settings of a client that come from the environment.
#[derive(Clone, Debug, Default)]
pub struct HttpSettings {
    /// PEM certificates that count beside the system's.
    pub ca_file: Option<PathBuf>,
    /// No proxy is asked, whatever the environment says: for systems on this machine.
    pub is_direct: bool,
}

/// Why there was no answer to use.
#[derive(Debug, Error)]
pub enum HttpError {
    #[error("{CA_FILE_VARIABLE}: {}: {said}", .path.display())]
    CaFile { path: PathBuf, said: String },
    /// Nothing was sent.
    #[error("no connection: {0}")]
    Connect(String),
    #[error("its certificate is not trusted: {0}")]
    Certificate(String),
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    #[error("it asks to wait {} s, longer than a run may take", .0.as_secs())]
    AskedToWait(Duration),
    #[error("it answered {status}{}", said_or_nothing(.said))]
    Status { status: u16, said: String },
    #[error("it redirects to {0}")]
    Redirect(String),
    #[error("it answered with a web page instead of JSON")]
    WebPage,
    #[error("its answer is no JSON: {0}")]
    NotJson(String),
    /// Also before it began.
    #[error("its answer broke off")]
    BrokeOff,
    #[error("its answer is over {} MB", MOST_BODY >> 20)]
    TooLarge,
    #[error("its answer is over {0} bytes")]
    TooLong(usize),
    #[error("its answer is no text")]
    NotText,
    #[error("the client could not be made: {0}")]
    Client(String),
}

impl HttpError {
    /// Whether the system gave no answer of its own, which passes.
    pub fn is_away(&self) -> bool {
        match self {
            Self::Connect(_) | Self::TimedOut(_) | Self::AskedToWait(_) | Self::BrokeOff => true,
            Self::Status { status, .. } => *status == 429 || *status >= 500,
            _ => false,
        }
    }
}

fn said_or_nothing(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(" ({said})") }
}

/// A request.
#[derive(Debug)]
pub struct Ask<'a> {
    pub method: Method,
    pub url: Url,
    pub body: Option<&'a Value>,
    /// Instead of JSON: a form, as it goes over the wire. It may hold a secret.
    pub form: Option<SecretString>,
    /// Instead of JSON: bytes as they are.
    pub bytes: Option<Vec<u8>>,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Answers that the client wants to see itself, beside successes.
    pub sees: fn(StatusCode) -> bool,
    pub again: Again,
    /// What makes JSON of answers that are nearly such.
    pub mend: fn(Vec<u8>) -> Vec<u8>,
}

/// Whether the same request may do no harm when it arrives twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Sent again where that may help.
    MayCome,
    /// Sent once: whoever asks looks at what came of it before asking again.
    MustNotCome,
}

impl<'a> Ask<'a> {
    pub fn new(method: Method, url: Url, body: Option<&'a Value>) -> Self {
        Self {
            method,
            url,
            body,
            form: None,
            bytes: None,
            headers: Vec::new(),
            sees: |_| false,
            again: Again::MayCome,
            mend: |body| body,
        }
    }
}

/// What came back and is no error: a success, or what a client of ours asked
/// to see itself.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// `Null` where there is none.
    pub body: Value,
}

/// Connections that several clients of one system share.
#[derive(Clone, Debug)]
pub struct Connections {
    client: Client,
    /// Whose, for what is counted and logged.
    system: &'static str,
}

impl Connections {
    #[allow(clippy::disallowed_methods, reason = "the one place that builds clients")]
    pub fn new(settings: &HttpSettings) -> Result<Self, HttpError> {
        // Another part of the program may have installed it: that is as good.
        rustls::crypto::ring::default_provider().install_default().ok();
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .user_agent(concat!("gonogo/", env!("CARGO_PKG_VERSION")));
        if settings.is_direct {
            builder = builder.no_proxy();
        }
        if let Some(path) = &settings.ca_file {
            let wrong = |said: String| HttpError::CaFile { path: path.clone(), said };
            let pem = std::fs::read(path).map_err(|e| wrong(e.to_string()))?;
            let certificates =
                Certificate::from_pem_bundle(&pem).map_err(|_| wrong("no PEM certificates".to_owned()))?;
            if certificates.is_empty() {
                return Err(wrong("it holds no certificate".to_owned()));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        Ok(Self { client: builder.build().map_err(|e| HttpError::Client(causes(&e)))?, system: "other" })
    }

    /// The same, counted and logged as this system's.
    pub(crate) fn of(self, system: &'static str) -> Self {
        Self { system, ..self }
    }
}

/// A client of one system, with its credentials and its patience.
pub struct Http {
    client: Client,
    system: &'static str,
    authorization: Option<HeaderValue>,
    /// When its time is up; the clock starts with the first request.
    deadline: OnceLock<Instant>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").finish_non_exhaustive()
    }
}

impl Http {
    /// Over connections that are there already, with time of its own. `authorization`
    /// is the header's value; it is never logged.
    pub fn over(connections: &Connections, authorization: Option<HeaderValue>) -> Self {
        let authorization = authorization.map(|mut value| {
            value.set_sensitive(true);
            value
        });
        let (client, system) = (connections.client.clone(), connections.system);
        Self { client, system, authorization, deadline: OnceLock::new() }
    }

    /// Sends until there is an answer with JSON, or no more sense in sending.
    pub async fn json(&self, ask: &Ask<'_>) -> Result<Value, HttpError> {
        self.answer(ask).await.map(|answer| answer.body)
    }

    /// The same with the answer's status and headers.
    pub async fn answer(&self, ask: &Ask<'_>) -> Result<Answer, HttpError> {
        let deadline = *self.deadline.get_or_init(|| Instant::now() + BUDGET);
        let (mut failed, mut pause) = (0, FIRST_PAUSE);
        loop {
            let sent = tokio::time::timeout_at(deadline, self.once(ask)).await;
            let error = match sent {
                Err(_) => return Err(HttpError::TimedOut(BUDGET)),
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => error,
            };
            let wait = match error {
                Trouble::Final(error) => return Err(error),
                error if ask.again == Again::MustNotCome => return Err(error.into_error()),
                Trouble::WaitAsTold(wait, _) => {
                    if Instant::now() + wait >= deadline {
                        return Err(HttpError::AskedToWait(wait));
                    }
                    wait
                }
                Trouble::Slower(error) => {
                    let wait = pause * 4;
                    if Instant::now() + wait >= deadline {
                        return Err(error);
                    }
                    pause *= 2;
                    wait
                }
                Trouble::TryAgain(error) if failed >= TRIES_AGAIN => return Err(error),
                Trouble::TryAgain(_) => {
                    failed += 1;
                    let wait = pause;
                    pause *= 2;
                    wait
                }
            };
            tokio::time::sleep_until((Instant::now() + wait).min(deadline)).await;
        }
    }

    async fn once(&self, ask: &Ask<'_>) -> Result<Answer, Trouble> {
        let mut request = self.client.request(ask.method.clone(), ask.url.clone());
        if let Some(authorization) = &self.authorization {
            request = request.header(reqwest::header::AUTHORIZATION, authorization.clone());
        }
        if let Some(body) = ask.body {
            request = request.json(body);
        }
        if let Some(form) = &ask.form {
            let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
            request = request.header(CONTENT_TYPE, kind).body(form.expose_secret().to_owned());
        }
        if let Some(bytes) = &ask.bytes {
            let kind = HeaderValue::from_static("application/octet-stream");
            request = request.header(CONTENT_TYPE, kind).body(bytes.clone());
        }
        let mut headers: HeaderMap = ask.headers.iter().cloned().collect();
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        let counted = Counted::begin(self.system, ask);
        let response = request.headers(headers).send().await;
        counted.ended(response.as_ref());
        let response = response.map_err(|e| trouble_of(&e))?;
        let status = response.status();
        if (ask.sees)(status) {
            let headers = response.headers().clone();
            // An error's body may be anything, or nothing.
            let body = json_of(response, |body| body).await.unwrap_or(Value::Null);
            return Ok(Answer { status, headers, body });
        }
        if status.is_redirection() {
            return Err(Trouble::Final(redirected(&response)));
        }
        if status.is_success() {
            let headers = response.headers().clone();
            let body = match status {
                StatusCode::NO_CONTENT => Value::Null,
                _ => json_of(response, ask.mend).await.map_err(Trouble::Final)?,
            };
            return Ok(Answer { status, headers, body });
        }
        // Told not to wait at all, we wait as if we were told nothing.
        let told = told_to_wait(response.headers()).filter(|wait| !wait.is_zero());
        let said = json_of(response, |body| body).await.map(|v| said_by(&v)).unwrap_or_default();
        let error = HttpError::Status { status: status.as_u16(), said };
        Err(match (status, told) {
            (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE, Some(wait)) => {
                Trouble::WaitAsTold(wait, error)
            }
            (StatusCode::TOO_MANY_REQUESTS, None) => Trouble::Slower(error),
            (status, _) if status.is_server_error() => Trouble::TryAgain(error),
            _ => Trouble::Final(error),
        })
    }
}

/// One request, for the metrics and the log.
struct Counted<'a> {
    system: &'static str,
    method: &'a Method,
    /// Without the query, in which there may be anything.
    path: &'a str,
    begun: Instant,
}

impl<'a> Counted<'a> {
    fn begin(system: &'static str, ask: &'a Ask<'_>) -> Self {
        Self { system, method: &ask.method, path: ask.url.path(), begun: Instant::now() }
    }

    fn ended(self, answer: Result<&Response, &reqwest::Error>) {
        let Self { system, method, path, begun } = self;
        let took = begun.elapsed();
        let outcome = match answer.map(Response::status) {
            Ok(StatusCode::TOO_MANY_REQUESTS) => "limited",
            // A WebSocket begins with 101.
            Ok(status) if status.is_success() || status.is_informational() => "2xx",
            Ok(status) if status.is_redirection() => "3xx",
            Ok(status) if status.is_client_error() => "4xx",
            Ok(_) => "5xx",
            Err(_) => "no-answer",
        };
        metrics::histogram!("gonogo_outside_seconds", "system" => system, "outcome" => outcome).record(took);
        let left = answer.ok().and_then(|answer| {
            answer.headers().get("x-ratelimit-remaining")?.to_str().ok()?.trim().parse::<u32>().ok()
        });
        if let Some(left) = left {
            metrics::gauge!("gonogo_outside_rate_limit_remaining", "system" => system).set(left);
        }
        let seconds = took.as_secs_f64();
        match answer {
            Ok(answer) => {
                let status = answer.status().as_u16();
                tracing::debug!(system, %method, path, status, seconds, "asked");
            }
            Err(error) => tracing::warn!(system, %method, path, error = causes(error), seconds, "no answer"),
        }
    }
}

/// A short text from an address outside: asked once, without credentials; what
/// redirects is not followed.
pub async fn short_text(connections: &Connections, url: Url, most: usize) -> Result<String, HttpError> {
    let patience = Duration::from_secs(10);
    let path = url.path().to_owned();
    let counted = Counted { system: "production", method: &Method::GET, path: &path, begun: Instant::now() };
    let sent = connections.client.get(url).timeout(patience).send().await;
    counted.ended(sent.as_ref());
    let response =
        sent.map_err(|e| if e.is_timeout() { HttpError::TimedOut(patience) } else { trouble_of(&e).into_error() })?;
    let status = response.status();
    if status.is_redirection() {
        return Err(redirected(&response));
    }
    if !status.is_success() {
        return Err(HttpError::Status { status: status.as_u16(), said: String::new() });
    }
    let body = body_of(response, most)
        .await
        .map_err(|e| if let HttpError::TooLarge = e { HttpError::TooLong(most) } else { e })?;
    String::from_utf8(body).map_err(|_| HttpError::NotText)
}

/// What a connection becomes that speaks another protocol from now on.
pub(crate) type Upgraded = reqwest::Upgraded;

/// Opens a WebSocket, and leaves it to the caller to speak on it: with the answer's
/// headers.
pub(crate) async fn upgraded(
    connections: &Connections,
    url: Url,
    key: HeaderValue,
) -> Result<(HeaderMap, Upgraded), HttpError> {
    let path = url.path().to_owned();
    let counted = Counted { system: connections.system, method: &Method::GET, path: &path, begun: Instant::now() };
    let request = connections.client.get(url).header("connection", "Upgrade").header("upgrade", "websocket");
    let sent = request.header("sec-websocket-version", "13").header("sec-websocket-key", key).send().await;
    counted.ended(sent.as_ref());
    let response = sent.map_err(|e| trouble_of(&e).into_error())?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(HttpError::Status { status: response.status().as_u16(), said: "no WebSocket".to_owned() });
    }
    let headers = response.headers().clone();
    let io = response.upgrade().await.map_err(|e| trouble_of(&e).into_error())?;
    Ok((headers, io))
}

fn redirected(response: &Response) -> HttpError {
    let to = response.headers().get(LOCATION).and_then(|l| l.to_str().ok()).unwrap_or("another page");
    HttpError::Redirect(without_query(to))
}

/// What a failed request means for the next try.
enum Trouble {
    Final(HttpError),
    WaitAsTold(Duration, HttpError),
    /// Asked too often, and not told how long to wait.
    Slower(HttpError),
    TryAgain(HttpError),
}

impl Trouble {
    fn into_error(self) -> HttpError {
        match self {
            Self::Final(error) | Self::TryAgain(error) | Self::Slower(error) | Self::WaitAsTold(_, error) => error,
        }
    }
}

fn trouble_of(error: &reqwest::Error) -> Trouble {
    let said = causes(error);
    if said.contains("certificate") || said.contains("UnknownIssuer") {
        return Trouble::Final(HttpError::Certificate(said));
    }
    if error.is_builder() {
        return Trouble::Final(HttpError::Client(said));
    }
    // Of all other errors what was asked may have come there.
    if !error.is_connect() {
        return Trouble::TryAgain(HttpError::BrokeOff);
    }
    let said = if error.is_timeout() { "the connection timed out".to_owned() } else { said };
    Trouble::TryAgain(HttpError::Connect(said))
}

/// The innermost cause says most: "connection refused", "failed to lookup address".
fn causes(error: &reqwest::Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        said = inner.to_string();
        source = inner.source();
    }
    said
}

/// When it was answered, by the clock of who answered.
pub(crate) fn date_of(headers: &HeaderMap) -> Option<jiff::Timestamp> {
    let text = headers.get(reqwest::header::DATE)?.to_str().ok()?;
    let civil = jiff::civil::DateTime::strptime("%a, %d %b %Y %H:%M:%S GMT", text).ok()?;
    jiff::tz::Offset::UTC.to_timestamp(civil).ok()
}

/// Addresses of logins carry tokens and return paths that help nobody.
fn without_query(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or(url).chars().take(200).collect()
}

/// How long an answer asks to wait. It may be anybody's: a proxy's, or one that
/// is wrong by a year.
pub(crate) fn told_to_wait(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(|seconds| Duration::from_secs(seconds).min(MOST_WAIT))
}

/// A system's own words on an error, cut.
fn said_by(value: &Value) -> String {
    let messages = value.get("errorMessages").and_then(Value::as_array).into_iter().flatten();
    let errors = value.get("errors").and_then(Value::as_object).into_iter().flat_map(|e| e.values());
    let texts: Vec<&str> = messages
        .chain(errors)
        .chain(value.get("message"))
        .chain(value.get("error"))
        .filter_map(Value::as_str)
        .collect();
    texts.join("; ").chars().take(300).collect()
}

async fn body_of(mut response: Response, most: usize) -> Result<Vec<u8>, HttpError> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > most => return Err(HttpError::TooLarge),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(_) => return Err(HttpError::BrokeOff),
        }
    }
}

async fn json_of(response: Response, mend: fn(Vec<u8>) -> Vec<u8>) -> Result<Value, HttpError> {
    let is_page = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|t| t.to_str().ok())
        .is_some_and(|t| t.to_ascii_lowercase().starts_with("text/html"));
    let body = body_of(response, MOST_BODY).await?;
    if is_page || body.trim_ascii_start().starts_with(b"<") {
        return Err(HttpError::WebPage);
    }
    gonogo_read::json::parse(&mend(body)).map_err(|e| match e.classify() {
        serde_json::error::Category::Eof => HttpError::BrokeOff,
        _ => HttpError::NotJson(e.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    /// What is said of a server at this address.
    async fn error_of(address: std::net::SocketAddr) -> HttpError {
        let connections = Connections::new(&HttpSettings { is_direct: true, ..HttpSettings::default() }).unwrap();
        let body = serde_json::json!({ "body": "x" });
        let mut ask = Ask::new(Method::POST, format!("http://{address}/comment").parse().unwrap(), Some(&body));
        ask.again = Again::MustNotCome;
        Http::over(&connections, None).json(&ask).await.unwrap_err()
    }

    #[tokio::test]
    async fn a_connection_that_broke_is_another_error_than_none() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let taking = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let heard = stream.read(&mut [0; 4096]).await.unwrap();
            assert!(heard > 0, "it was asked");
        });
        let broke = error_of(address).await;
        taking.await.unwrap();
        assert!(matches!(broke, HttpError::BrokeOff), "it may have been done: {broke:?}");
        let refused = error_of(address).await;
        assert!(matches!(refused, HttpError::Connect(_)), "nobody listens any more: {refused:?}");
    }
}
