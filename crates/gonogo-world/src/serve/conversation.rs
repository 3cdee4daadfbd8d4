//! A WebSocket with a client, from the handshake (RFC 6455) on: what is said on it
//! is its stand-in's business.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use ring::digest;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::Outgoing;

/// What a server adds to a key, to show that it speaks WebSocket.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

pub(crate) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// What a stand-in says on a WebSocket, to its end.
pub(crate) type Conversation = Box<dyn FnOnce(Socket) -> BoxFuture<'static, ()> + Send>;

/// Whether a client wants to speak WebSocket.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    let upgrade = headers.get("upgrade").and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket")) && headers.contains_key("sec-websocket-key")
}

/// The answer; the conversation follows it.
pub(super) fn begin(mut request: Request<Incoming>, conversation: Conversation) -> Response<Outgoing> {
    let key = request.headers().get("sec-websocket-key").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{GUID}").as_bytes());
    let accept = STANDARD.encode(hash.as_ref());
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        if let Ok(io) = upgrade.await {
            conversation(WebSocketStream::from_raw_socket(TokioIo::new(io), Role::Server, None).await).await;
        }
    });
    let response = Response::builder().status(101).header("Connection", "Upgrade").header("Upgrade", "websocket");
    response.header("Sec-WebSocket-Accept", accept).body(Outgoing::whole(Vec::new())).expect("the headers are valid")
}
