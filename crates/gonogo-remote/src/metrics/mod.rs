//! Metrics servers: the points of one series over a stretch of time. What they mean is
//! gonogo-core's guard.

mod graphite;
mod prometheus;
#[cfg(test)]
mod tests;

pub use graphite::Graphite;
pub use prometheus::Prometheus;

use crate::http::{Ask, Connections, Http, HttpError, Method, Url};
use crate::secret::{Secret, SecretError};
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use futures_util::future::BoxFuture;
use gonogo_core::fact::{Fact, Why};
use gonogo_core::guard::{MetricsKind, Sample};
use jiff::Timestamp;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::time::Duration;

/// A server of metrics.
pub trait Metrics: Send + Sync + std::fmt::Debug {
    /// The points from `from` up to, not including, `until`, each at the beginning of the
    /// time that it is of. `step` is the length of a bucket in seconds. Absent where the
    /// query gives no series: that is nothing to go by, not good news.
    fn samples<'a>(
        &'a self,
        query: &'a str,
        from: Timestamp,
        until: Timestamp,
        step: u32,
    ) -> BoxFuture<'a, Fact<Vec<Sample>>>;
}

/// What a server wants to see, by variables.
#[derive(Clone, Debug)]
pub struct Credentials {
    user: Option<String>,
    token: Secret,
}

impl Credentials {
    /// `GONOGO_GRAPHITE_TOKEN`, or the file of `GONOGO_GRAPHITE_TOKEN_FILE`, as a bearer's;
    /// with `GONOGO_GRAPHITE_USER` as that user's password. The same with `PROMETHEUS`.
    pub fn read(kind: MetricsKind, variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, SecretError> {
        let name = upper(kind);
        let user = variable(&format!("GONOGO_{name}_USER")).filter(|user| !user.trim().is_empty());
        Ok(Secret::read(&format!("GONOGO_{name}_TOKEN"), variable)?.map(|token| Self { user, token }))
    }

    fn header(&self, kind: MetricsKind) -> Result<HeaderValue, Why> {
        let token: SecretString = self.token.now();
        let text = match &self.user {
            Some(user) => format!("Basic {}", BASE64.encode(format!("{}:{}", user.trim(), token.expose_secret()))),
            None => format!("Bearer {}", token.expose_secret()),
        };
        HeaderValue::from_str(&text).map_err(|_| {
            let name = upper(kind);
            Why::new(
                format!("GONOGO_{name}_TOKEN has characters that no token has"),
                "write the token alone, in one line",
            )
        })
    }
}

fn upper(kind: MetricsKind) -> &'static str {
    match kind {
        MetricsKind::Graphite => "GRAPHITE",
        MetricsKind::Prometheus => "PROMETHEUS",
    }
}

/// A server at this address; an answer that takes longer than `patience` is none.
pub fn server(
    kind: MetricsKind,
    address: &str,
    connections: &Connections,
    credentials: Option<Credentials>,
    patience: Duration,
) -> Result<Box<dyn Metrics>, Why> {
    let place = Place::new(kind, address, connections, credentials, patience)?;
    Ok(match kind {
        MetricsKind::Graphite => Box::new(Graphite(place)),
        MetricsKind::Prometheus => Box::new(Prometheus(place)),
    })
}

/// What both stand on.
#[derive(Debug)]
struct Place {
    kind: MetricsKind,
    /// With a slash at the end.
    address: Url,
    connections: Connections,
    credentials: Option<Credentials>,
    patience: Duration,
}

impl Place {
    fn new(
        kind: MetricsKind,
        address: &str,
        connections: &Connections,
        credentials: Option<Credentials>,
        patience: Duration,
    ) -> Result<Self, Why> {
        let wrong = |said: String| Why::new(format!("[deploy.metrics] {address}: {said}"), "mend it in gonogo.toml");
        let address = Url::parse(&format!("{}/", address.trim_end_matches('/'))).map_err(|e| wrong(e.to_string()))?;
        Ok(Self { kind, address, connections: connections.clone().of(kind.word()), credentials, patience })
    }

    async fn get(&self, path: &str, query: &[(&str, &str)], mend: fn(Vec<u8>) -> Vec<u8>) -> Result<Value, Why> {
        let mut url = self.address.join(path).map_err(|e| Why::new(e.to_string(), "mend [deploy.metrics]"))?;
        url.query_pairs_mut().extend_pairs(query);
        let authorization = self.credentials.as_ref().map(|known| known.header(self.kind)).transpose()?;
        let http = Http::over(&self.connections, authorization);
        let ask = Ask { mend, ..Ask::new(Method::GET, url, None) };
        let answered = tokio::time::timeout(self.patience, http.json(&ask)).await;
        answered.unwrap_or(Err(HttpError::TimedOut(self.patience))).map_err(|error| self.why(&error))
    }

    /// What happened, and what mends it.
    fn why(&self, error: &HttpError) -> Why {
        let name = upper(self.kind);
        let fix = match error {
            HttpError::Status { status: 400 | 422, .. } => {
                "look at the query: the server does not understand it".to_owned()
            }
            HttpError::Status { status: 401 | 403, .. } | HttpError::Redirect(_) | HttpError::WebPage => {
                format!("look at GONOGO_{name}_TOKEN, GONOGO_{name}_USER and the address in [deploy.metrics]")
            }
            HttpError::Status { status: 404, .. } => {
                "look at the address in [deploy.metrics]: there is no such server".to_owned()
            }
            HttpError::Certificate(_) => "name its certificate authority in GONOGO_CA_FILE".to_owned(),
            HttpError::CaFile { .. } => "mend GONOGO_CA_FILE".to_owned(),
            HttpError::Connect(_) => "look at the address in [deploy.metrics], HTTPS_PROXY and the network".to_owned(),
            HttpError::TimedOut(_) | HttpError::AskedToWait(_) => {
                "ask for less: a query over fewer series, or a shorter time".to_owned()
            }
            HttpError::TooLarge | HttpError::TooLong(_) => {
                "ask for less: a query that gives one series, or a longer `resolution_seconds`".to_owned()
            }
            HttpError::Status { .. }
            | HttpError::NotJson(_)
            | HttpError::NotText
            | HttpError::BrokeOff
            | HttpError::Client(_) => "look at the server's log; it is asked again".to_owned(),
        };
        let why = Why::new(format!("{} ({}): {error}", self.name(), self.host()), fix);
        Why { is_away: error.is_away(), ..why }
    }

    /// An answer that is JSON, and not what is described.
    fn odd(&self, said: &str) -> Why {
        Why::new(
            format!("{} ({}): {said}", self.name(), self.host()),
            format!("look at the address in [deploy.metrics]: it should be {}'s own", self.name()),
        )
    }

    fn several(&self, query: &str, count: usize, sum: &str) -> Why {
        Why::new(
            format!("{} ({}): `{query}` gives {count} series, and a guard watches one", self.name(), self.host()),
            format!("write a query that gives one, such as {sum}"),
        )
    }

    fn name(&self) -> &'static str {
        match self.kind {
            MetricsKind::Graphite => "Graphite",
            MetricsKind::Prometheus => "Prometheus",
        }
    }

    fn host(&self) -> &str {
        self.address.host_str().unwrap_or_default()
    }
}

/// A result as a fact.
fn fact(found: Result<Option<Vec<Sample>>, Why>) -> Fact<Vec<Sample>> {
    match found {
        Ok(Some(samples)) => Fact::Known(samples),
        Ok(None) => Fact::Absent,
        Err(why) => Fact::Unknown(why),
    }
}
