//! Where the server listens: an address, a socket in the file system, or one
//! that systemd hands over; with TLS of its own, or behind a proxy.

mod connections;
mod idle;
mod stalled;
mod tls;
mod unix;

pub use tls::{Certificate, CertificateError};

use axum::Router;
use connections::Connections;
use listenfd::ListenFd;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use thiserror::Error;
use tls::TlsListener;
use tokio::net::{TcpListener, UnixListener};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// `127.0.0.1:8040`
    Address(SocketAddr),
    /// `unix:/run/gonogo/gonogo.sock`
    Unix(PathBuf),
    /// `systemd`: the socket that it hands over.
    HandedOver,
}

impl FromStr for Listen {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match (text, text.strip_prefix("unix:")) {
            ("systemd", _) => Ok(Self::HandedOver),
            (_, Some(path)) if !path.is_empty() => Ok(Self::Unix(PathBuf::from(path))),
            _ => text.parse().map(Self::Address).map_err(|_| ()),
        }
    }
}

#[derive(Debug, Error)]
pub enum ListenError {
    #[error("cannot listen on {place}: {said}")]
    Taken { place: String, said: String },
    #[error(
        "[server] listen is \"systemd\", and no socket was handed over\n  → start it by its .socket unit, or name an address"
    )]
    NotHandedOver,
    #[error("the socket that was handed over cannot be used: {0}\n  → one stream socket is wanted: ListenStream=")]
    HandedOver(String),
    #[error(
        "{0} is a unix socket, which has no TLS, and tls_certificate is set\n  → leave tls_certificate and tls_key out: TLS is the proxy's; or have systemd hand over an address"
    )]
    NoTls(String),
}

/// A socket that is listened on.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    certificate: Option<Arc<Certificate>>,
    /// How many connections may be open.
    most: usize,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener, SocketAddr),
    Unix(UnixListener, String),
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.socket, &self.certificate) {
            (Socket::Tcp(_, address), None) => write!(f, "http://{address}"),
            (Socket::Tcp(_, address), Some(_)) => write!(f, "https://{address}"),
            (Socket::Unix(_, place), _) => f.write_str(place),
        }
    }
}

impl Listener {
    /// With at most so many connections open.
    pub async fn bind(listen: &Listen, certificate: Option<Certificate>, most: usize) -> Result<Self, ListenError> {
        let socket = match listen {
            Listen::Address(address) => {
                let taken = |e: std::io::Error| ListenError::Taken { place: address.to_string(), said: e.to_string() };
                let listener = TcpListener::bind(address).await.map_err(taken)?;
                let address = listener.local_addr().map_err(taken)?;
                Socket::Tcp(listener, address)
            }
            Listen::Unix(path) => Socket::Unix(unix::bind(path)?, format!("unix:{}", path.display())),
            Listen::HandedOver => handed_over()?,
        };
        match &socket {
            Socket::Unix(_, place) if certificate.is_some() => Err(ListenError::NoTls(place.clone())),
            _ => Ok(Self { socket, certificate: certificate.map(Arc::new), most }),
        }
    }

    /// Unless it is a socket in the file system.
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.socket {
            Socket::Tcp(_, address) => Some(*address),
            Socket::Unix(..) => None,
        }
    }

    /// Answers until `stopped`; what is being answered then is finished.
    pub(crate) async fn answer(self, router: Router, stopped: impl Future<Output = ()>) {
        let connections = Connections::new(router, self.most);
        match (self.socket, self.certificate) {
            (Socket::Tcp(listener, _), None) => connections.answer(listener, stopped).await,
            (Socket::Tcp(listener, address), Some(certificate)) => {
                connections.answer(TlsListener::start(listener, address, certificate), stopped).await;
            }
            (Socket::Unix(listener, _), _) => connections.answer(listener, stopped).await,
        }
    }
}

/// The first socket of systemd's, of whichever kind it is.
fn handed_over() -> Result<Socket, ListenError> {
    let wrong = |e: std::io::Error| ListenError::HandedOver(e.to_string());
    let mut sockets = ListenFd::from_env();
    if sockets.len() == 0 {
        return Err(ListenError::NotHandedOver);
    }
    if let Ok(Some(listener)) = sockets.take_tcp_listener(0) {
        listener.set_nonblocking(true).map_err(wrong)?;
        let listener = TcpListener::from_std(listener).map_err(wrong)?;
        let address = listener.local_addr().map_err(wrong)?;
        return Ok(Socket::Tcp(listener, address));
    }
    let listener = sockets.take_unix_listener(0).map_err(wrong)?.ok_or(ListenError::NotHandedOver)?;
    listener.set_nonblocking(true).map_err(wrong)?;
    let place = listener.local_addr().ok().and_then(|at| Some(at.as_pathname()?.display().to_string()));
    let listener = UnixListener::from_std(listener).map_err(wrong)?;
    Ok(Socket::Unix(listener, format!("unix:{}", place.as_deref().unwrap_or("a socket without a name"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read() {
        assert_eq!("systemd".parse(), Ok(Listen::HandedOver));
        assert_eq!("unix:/run/x.sock".parse(), Ok(Listen::Unix("/run/x.sock".into())));
        assert_eq!("[::1]:80".parse(), Ok(Listen::Address("[::1]:80".parse().unwrap())));
        for wrong in ["", "unix:", "localhost:80", ":80", "127.0.0.1"] {
            assert_eq!(wrong.parse::<Listen>(), Err(()), "{wrong}");
        }
    }
}
