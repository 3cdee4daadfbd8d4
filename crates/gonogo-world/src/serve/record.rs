//! What was asked of a stand-in, for tests to look at.

use std::time::Instant;

use serde_json::Value;

use super::http::Ask;

/// A request that arrived.
#[derive(Debug, Clone)]
pub struct Request {
    /// In capitals.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// Names and values, decoded, in their order.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as JSON, or null where it is none.
    pub body: Value,
    /// The body as it came.
    pub raw_body: Vec<u8>,
    /// What it was answered with; none while it is under way or after a reset.
    pub status: Option<u16>,
    /// When all of it had arrived.
    pub started: Instant,
    /// When its answer began; none while it is under way.
    pub ended: Option<Instant>,
}

impl Request {
    /// The value of a query parameter.
    pub fn query(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// The value of a header, whose name is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The `Authorization` header.
    pub fn authorization(&self) -> Option<&str> {
        self.header("authorization")
    }

    /// Whether `secret` occurs anywhere but in the `Authorization` header.
    pub fn leaks(&self, secret: &str) -> bool {
        let in_headers =
            self.headers.iter().filter(|(name, _)| name != "authorization").any(|(_, value)| value.contains(secret));
        let in_query = self.query.iter().any(|(name, value)| name.contains(secret) || value.contains(secret));
        in_headers || in_query || self.path.contains(secret) || String::from_utf8_lossy(&self.raw_body).contains(secret)
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(its_name, _)| its_name == name).map(|(_, value)| value.as_str())
}

/// How many of these requests were made one after the other: the longest chain
/// in which each began when the one before had been answered.
pub fn depth_of(requests: &[Request]) -> usize {
    let now = Instant::now();
    let mut spans: Vec<(Instant, Instant)> =
        requests.iter().map(|request| (request.ended.unwrap_or(now), request.started)).collect();
    spans.sort_unstable();
    let mut depth = 0;
    let mut last_end = None;
    for (end, start) in spans {
        if last_end.is_none_or(|last_end| start >= last_end) {
            depth += 1;
            last_end = Some(end);
        }
    }
    depth
}

/// How many of these requests were under way at once, at most.
pub fn width_of(requests: &[Request]) -> usize {
    let now = Instant::now();
    let ends = requests.iter().map(|request| (request.ended.unwrap_or(now), false));
    let mut moments: Vec<(Instant, bool)> =
        requests.iter().map(|request| (request.started, true)).chain(ends).collect();
    // Whatever ends at an instant makes room for what begins then.
    moments.sort_unstable();
    let (mut width, mut widest) = (0_usize, 0);
    for (_, is_start) in moments {
        width = if is_start { width + 1 } else { width.saturating_sub(1) };
        widest = widest.max(width);
    }
    widest
}

/// Requests that a stand-in keeps of which little is asked.
const LITTLE: usize = 100;

/// All requests so far.
#[derive(Debug, Default)]
pub(crate) struct Record {
    requests: Vec<Request>,
    /// How many came before those.
    forgotten: usize,
    /// No more than these are kept, if that is said.
    most: Option<usize>,
}

impl Record {
    pub(crate) fn note(&mut self, ask: &Ask) -> usize {
        if self.most.is_some_and(|most| self.requests.len() >= most) {
            self.forget();
        }
        self.requests.push(Request {
            method: ask.method.to_string(),
            path: ask.path.clone(),
            query: ask.query.clone(),
            headers: ask
                .headers
                .iter()
                .map(|(name, value)| {
                    let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                    (name.to_string(), value)
                })
                .collect(),
            body: serde_json::from_slice(&ask.body).unwrap_or_default(),
            raw_body: ask.body.to_vec(),
            status: None,
            started: Instant::now(),
            ended: None,
        });
        self.forgotten + self.requests.len() - 1
    }

    pub(crate) fn answered(&mut self, number: usize, status: Option<u16>) {
        // The test may have forgotten it in between.
        let index = number.checked_sub(self.forgotten);
        if let Some(request) = index.and_then(|index| self.requests.get_mut(index)) {
            request.status = status;
            request.ended = Some(Instant::now());
        }
    }

    /// Forgets from time to time from now on.
    pub(crate) fn keep_little(&mut self) {
        self.most = Some(LITTLE);
    }

    pub(crate) fn all(&self) -> Vec<Request> {
        self.requests.clone()
    }

    pub(crate) fn forget(&mut self) {
        self.forgotten += self.requests.len();
        self.requests.clear();
    }
}
