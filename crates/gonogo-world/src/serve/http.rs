//! HTTP/1.1 over a connection, plain or TLS: asks a [`Stand`], and carries out
//! its reply, be it rude.

use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Bytes;
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net;
use tokio_rustls::TlsAcceptor;

use super::body::{HungUp, Outgoing};
use super::conversation::{self, Conversation};
use super::program::Program;

/// A request, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    /// Path and query as they came.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Ask {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// What to do with a request.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) delay: Duration,
    pub(crate) say: Say,
}

/// What goes over the wire.
#[derive(Debug)]
pub(crate) enum Say {
    Whole(Answer),
    /// The first half of the body; then the connection ends.
    CutOff(Answer),
    /// The body, then blanks without end.
    Endless(Answer),
    /// A reset connection instead of an answer.
    Reset,
}

/// A whole answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(status: u16, json: &Value) -> Self {
        Self::raw_json(status, &json.to_string())
    }

    pub(crate) fn raw_json(status: u16, body: &str) -> Self {
        Self::of_type(status, "application/json;charset=UTF-8", body)
    }

    pub(crate) fn html(status: u16, body: &str) -> Self {
        Self::of_type(status, "text/html;charset=UTF-8", body)
    }

    pub(crate) fn of_type(status: u16, kind: &str, body: &str) -> Self {
        Self { status, headers: vec![("Content-Type".to_owned(), kind.to_owned())], body: body.as_bytes().to_vec() }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// Something that answers requests.
pub(crate) trait Stand: Send + Sync + 'static {
    /// A request has arrived; the number is handed to `answered`.
    fn ask(&self, ask: Ask) -> (usize, Reply);
    /// Its answer, with this status if any, is about to be sent.
    fn answered(&self, number: usize, status: Option<u16>);
    /// The program that is to answer instead of [`Stand::ask`], with the body
    /// as it comes; the body of such a request is not recorded.
    fn program(&self, _head: &Ask) -> Option<Program> {
        None
    }
    /// What is said on a WebSocket, where one may be opened so.
    fn conversation(&self, _head: &Ask) -> Option<Conversation> {
        None
    }
    /// The program that answered has ended.
    fn program_ended(&self, _head: &Ask) {}
}

/// Serves one connection to its end.
pub(crate) async fn serve(stand: Arc<dyn Stand>, tls: Option<TlsAcceptor>, stream: TcpStream) {
    // A second handle to the socket, to be able to reset it from within.
    let Ok(socket) = stream.try_clone() else {
        return;
    };
    let Ok(stream) = net::TcpStream::from_std(stream) else {
        return;
    };
    let _ = stream.set_nodelay(true);
    match tls {
        None => exchange(stand, socket, stream).await,
        Some(acceptor) => {
            // A client that refuses the certificate ends the handshake.
            if let Ok(stream) = acceptor.accept(stream).await {
                exchange(stand, socket, stream).await;
            }
        }
    }
}

async fn exchange<S>(stand: Arc<dyn Stand>, socket: TcpStream, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let socket = Arc::new(socket);
    let service = service_fn(move |request| {
        let (stand, socket) = (Arc::clone(&stand), Arc::clone(&socket));
        async move {
            if conversation::is_wanted(request.headers()) {
                let (head, body) = request.into_parts();
                let begun = stand.conversation(&head_of(head.clone()));
                let request = Request::from_parts(head, body);
                return begun.map(|begun| conversation::begin(request, begun)).ok_or(HungUp);
            }
            let (head, body) = request.into_parts();
            let mut ask = head_of(head);
            if let Some(program) = stand.program(&ask) {
                return program.run(stand, ask, body).await;
            }
            ask.body = body.collect().await.map_err(|_| HungUp)?.to_bytes();
            let (number, reply) = stand.ask(ask);
            tokio::time::sleep(reply.delay).await;
            stand.answered(number, reply.say.status());
            reply.say.into_response(&socket)
        }
    });
    // Errors here are the client's hanging up, or ours on purpose.
    let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let _ = connection.with_upgrades().await;
}

fn head_of(head: Parts) -> Ask {
    let query = head.uri.query().unwrap_or_default();
    Ask {
        path: head.uri.path().to_owned(),
        query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        target: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        method: head.method,
        headers: head.headers,
        body: Bytes::new(),
    }
}

impl Say {
    fn status(&self) -> Option<u16> {
        match self {
            Self::Whole(answer) | Self::CutOff(answer) | Self::Endless(answer) => Some(answer.status),
            Self::Reset => None,
        }
    }

    /// Half of nothing is nothing: then all of the answer gets lost.
    fn is_lost(&self) -> bool {
        match self {
            Self::Reset => true,
            Self::CutOff(answer) => answer.body.is_empty(),
            Self::Whole(_) | Self::Endless(_) => false,
        }
    }

    fn into_response(self, socket: &TcpStream) -> Result<Response<Outgoing>, HungUp> {
        if self.is_lost() {
            let _ = SockRef::from(socket).set_linger(Some(Duration::ZERO));
            return Err(HungUp);
        }
        let (answer, body): (Answer, fn(Vec<u8>) -> Outgoing) = match self {
            Self::Whole(answer) => (answer, Outgoing::whole),
            Self::CutOff(answer) => (answer, Outgoing::cut_off),
            Self::Endless(answer) => (answer, Outgoing::endless),
            Self::Reset => return Err(HungUp),
        };
        let mut response = Response::builder().status(answer.status);
        for (name, value) in answer.headers {
            response = response.header(name, value);
        }
        Ok(response.body(body(answer.body)).expect("a stand-in writes valid statuses and headers"))
    }
}
