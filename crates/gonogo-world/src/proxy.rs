//! A small HTTP proxy that records what passed through it: `CONNECT`, and plain
//! requests in absolute form.

use std::io;
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net;

use crate::serve::{Background, any_port};

/// A longer request head is no head.
const HEAD_LIMIT: usize = 64 * 1024;

/// A proxy on 127.0.0.1 until it is dropped.
#[derive(Debug)]
pub struct Proxy {
    server: Background,
    seen: Arc<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    passed: Mutex<Vec<Passed>>,
    wants: Mutex<Option<String>>,
}

/// A request that reached the proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// `CONNECT` for TLS, otherwise the method of the request.
    pub method: String,
    /// `host:port`.
    pub host: String,
    /// The request's target as it came: `host:port` or a whole URL.
    pub target: String,
    /// The `Proxy-Authorization` header.
    pub proxy_authorization: Option<String>,
    /// Whether the proxy let it pass.
    pub allowed: bool,
}

impl Proxy {
    /// A proxy that lets everything pass.
    pub fn start() -> Self {
        let seen = Arc::new(Seen::default());
        let theirs = Arc::clone(&seen);
        let server = Background::start("world-proxy", any_port(), move |stream| {
            let seen = Arc::clone(&theirs);
            async move {
                // A connection that breaks is the business of its two ends.
                let _ = pass(&seen, stream).await;
            }
        });
        Self { server, seen }
    }

    /// From now on it answers 407 to whoever does not give these credentials.
    #[must_use]
    pub fn requiring(self, user: &str, password: &str) -> Self {
        let expected = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        *lock(&self.seen.wants) = Some(expected);
        self
    }

    /// `http://127.0.0.1:PORT`, for `HTTP_PROXY` and `HTTPS_PROXY`.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// What reached it, in order.
    pub fn passed(&self) -> Vec<Passed> {
        lock(&self.seen.passed).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn pass(seen: &Seen, client: TcpStream) -> io::Result<()> {
    let mut client = net::TcpStream::from_std(client)?;
    let (head, rest) = read_head(&mut client).await?;
    let (mut passed, forwarded) = understand(&head).ok_or(io::ErrorKind::InvalidData)?;

    let wants = lock(&seen.wants).clone();
    passed.allowed = wants.is_none() || wants == passed.proxy_authorization;
    let (host, allowed) = (passed.host.clone(), passed.allowed);
    lock(&seen.passed).push(passed);
    if !allowed {
        let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\n\
            Proxy-Authenticate: Basic realm=\"world\"\r\n\
            Content-Length: 0\r\nConnection: close\r\n\r\n";
        return client.write_all(refusal).await;
    }
    let Ok(mut server) = net::TcpStream::connect(&host).await else {
        let refusal = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return client.write_all(refusal).await;
    };
    match forwarded {
        None => client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?,
        Some(head) => server.write_all(head.as_bytes()).await?,
    }
    server.write_all(&rest).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

/// The head with its last blank line, and what came after it.
async fn read_head(client: &mut net::TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return Ok((String::from_utf8_lossy(&bytes).into_owned(), rest));
        }
        if bytes.len() > HEAD_LIMIT || client.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
}

/// What passes, and for a plain request the head to send on: in origin form,
/// for one exchange only.
fn understand(head: &str) -> Option<(Passed, Option<String>)> {
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
    let proxy_authorization = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("proxy-authorization"))
        .map(|(_, value)| (*value).to_owned());
    let passed = |host: String| Passed {
        method: method.to_owned(),
        host,
        target: target.to_owned(),
        proxy_authorization,
        allowed: true,
    };
    if method == "CONNECT" {
        return Some((passed(target.to_owned()), None));
    }

    let address = target.strip_prefix("http://")?;
    let (host, path) = address.split_at(address.find('/').unwrap_or(address.len()));
    let path = if path.is_empty() { "/" } else { path };
    let mut forwarded = format!("{method} {path} HTTP/1.1\r\n");
    for (name, value) in headers {
        let own = ["connection", "proxy-authorization", "proxy-connection"];
        if !own.contains(&name.to_ascii_lowercase().as_str()) {
            forwarded.extend([name, ": ", value, "\r\n"]);
        }
    }
    forwarded.push_str("Connection: close\r\n\r\n");
    let host = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    Some((passed(host), Some(forwarded)))
}
