//! A request of somebody's own: sent once, with whatever came back, up to a length.

use super::{Connections, Counted, HttpError, LOCATION, trouble_of, without_query};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Response, StatusCode, Url};
use std::time::Duration;
use tokio::time::Instant;

#[derive(Debug)]
pub struct Plain {
    pub method: Method,
    pub url: Url,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub body: Option<Vec<u8>>,
    /// Of the body, where no header says it.
    pub content_type: &'static str,
    /// An answer that takes longer is none.
    pub patience: Duration,
    /// Of the answer no more is read.
    pub most: usize,
}

#[derive(Debug)]
pub struct PlainAnswer {
    pub status: StatusCode,
    /// Where it leads on to; nobody goes there.
    pub location: Option<String>,
    pub body: Vec<u8>,
    /// Whether there was more.
    pub is_cut: bool,
}

impl Plain {
    pub async fn sent(self, connections: &Connections) -> Result<PlainAnswer, HttpError> {
        let patience = self.patience;
        match tokio::time::timeout(patience, self.answered(connections)).await {
            Ok(answered) => answered,
            Err(_) => Err(HttpError::TimedOut(patience)),
        }
    }

    async fn answered(self, connections: &Connections) -> Result<PlainAnswer, HttpError> {
        let Self { method, url, headers, body, content_type, most, .. } = self;
        let path = url.path().to_owned();
        let counted = Counted { system: connections.system, method: &method, path: &path, begun: Instant::now() };
        let mut headers: HeaderMap = headers.into_iter().collect();
        let mut request = connections.client.request(method.clone(), url);
        if let Some(body) = body {
            headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(content_type));
            request = request.body(body);
        }
        let sent = request.headers(headers).send().await;
        counted.ended(sent.as_ref());
        // An address may hold a secret.
        let response = sent.map_err(|e| trouble_of(&e.without_url()).into_error())?;
        let status = response.status();
        let location = response.headers().get(LOCATION).and_then(|to| to.to_str().ok()).map(without_query);
        let (body, is_cut) = beginning(response, most).await?;
        Ok(PlainAnswer { status, location, body, is_cut })
    }
}

/// Of an answer's body, and whether there is more.
async fn beginning(mut response: Response, most: usize) -> Result<(Vec<u8>, bool), HttpError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| HttpError::BrokeOff)? {
        body.extend_from_slice(&chunk);
        if body.len() > most {
            body.truncate(most);
            return Ok((body, true));
        }
    }
    Ok((body, false))
}
