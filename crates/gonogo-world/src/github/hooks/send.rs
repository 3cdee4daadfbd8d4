//! One delivery over the wire.

use http_body_util::{BodyExt as _, Collected, Limited};
use hyper::Request;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::courier::Parcel;
use crate::serve::Outgoing;

/// No more of an answer is kept.
const ANSWER_LIMIT: usize = 1024 * 1024;

/// What came back.
#[derive(Debug)]
pub(in super::super) struct Came {
    pub(in super::super) status: Option<u16>,
    pub(in super::super) headers: Vec<(String, String)>,
    pub(in super::super) body: Option<String>,
    pub(in super::super) error: Option<String>,
}

impl Came {
    pub(in super::super) fn nothing(why: &str) -> Self {
        Self { status: None, headers: Vec::new(), body: None, error: Some(why.to_owned()) }
    }
}

pub(super) async fn send(parcel: Parcel) -> Came {
    let Some((authority, path)) = parcel.url.strip_prefix("http://").map(split) else {
        return Came::nothing("this stand-in sends to http:// alone");
    };
    let Ok(stream) = TcpStream::connect(&authority).await else {
        return Came::nothing("failed to connect to host");
    };
    let Ok((mut sender, connection)) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await else {
        return Came::nothing("failed to connect to host");
    };
    tokio::spawn(connection);
    let mut request = Request::post(path).header("Host", &authority);
    for (name, value) in &parcel.headers {
        request = request.header(name, value);
    }
    let body = if parcel.is_truncated { Outgoing::cut_off(parcel.body) } else { Outgoing::whole(parcel.body) };
    let Ok(request) = request.body(body) else {
        return Came::nothing("the URL is not one");
    };
    let Ok(response) = sender.send_request(request).await else {
        return Came::nothing("the connection ended before an answer came");
    };
    let (head, body) = response.into_parts();
    let headers = head
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let headers = headers.collect();
    let body = Limited::new(body, ANSWER_LIMIT).collect().await.ok().map(Collected::to_bytes);
    Came {
        status: Some(head.status.as_u16()),
        headers,
        body: body.map(|body| String::from_utf8_lossy(body.as_ref()).into_owned()),
        error: None,
    }
}

/// Authority, with its port, and path.
fn split(rest: &str) -> (String, String) {
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    let authority = if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
    (authority, path.to_owned())
}
