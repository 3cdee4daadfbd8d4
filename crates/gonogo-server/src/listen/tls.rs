//! TLS by certificate files, which are read again when they change.

use axum::serve::Listener;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Who has not shaken hands by then is gone.
const PATIENCE: Duration = Duration::from_secs(10);
/// Connections that shake hands at once.
const AT_ONCE: usize = 256;
/// When no connection can be taken, as without file handles.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, Error)]
pub enum CertificateError {
    #[error("{}: {said}\n  → name a PEM file that this user may read", .path.display())]
    Unreadable { path: PathBuf, said: String },
    #[error("the certificate {} and the key {} cannot be used: {said}", .chain.display(), .key.display())]
    Unfit { chain: PathBuf, key: PathBuf, said: String },
}

/// A certificate with its chain, and its key, in PEM files.
#[derive(Debug)]
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    read: Mutex<Read>,
}

#[derive(Debug)]
struct Read {
    config: Arc<ServerConfig>,
    /// As the files were when they were looked at last.
    seen: [Option<Stamp>; 2],
}

type Stamp = (SystemTime, u64);

impl Certificate {
    pub fn read(chain: PathBuf, key: PathBuf) -> Result<Self, CertificateError> {
        let seen = [stamp(&chain), stamp(&key)];
        let config = config(&chain, &key)?;
        Ok(Self { chain, key, read: Mutex::new(Read { config, seen }) })
    }

    /// As the files are now. While they do not fit together, as between the two
    /// writes of a renewal, the last ones count, and the log says so once.
    fn now(&self) -> Arc<ServerConfig> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = [stamp(&self.chain), stamp(&self.key)];
        if read.seen != seen {
            read.seen = seen;
            match config(&self.chain, &self.key) {
                Ok(config) => {
                    tracing::info!("the certificate was changed, and counts from now on");
                    read.config = config;
                }
                Err(error) => tracing::warn!(%error, "the certificate cannot be read any more: the last one counts"),
            }
        }
        Arc::clone(&read.config)
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let there = std::fs::metadata(path).ok()?;
    Some((there.modified().ok()?, there.len()))
}

fn config(chain: &Path, key: &Path) -> Result<Arc<ServerConfig>, CertificateError> {
    let unreadable = |path: &Path, said: String| CertificateError::Unreadable { path: path.to_owned(), said };
    let unfit = |said: String| CertificateError::Unfit { chain: chain.to_owned(), key: key.to_owned(), said };
    let certificates = CertificateDer::pem_file_iter(chain).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = certificates.map_err(|e| unreadable(chain, e.to_string()))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|e| unreadable(key, e.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, private))
        .map_err(|e| unfit(e.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Connections that have shaken hands: a slow one holds up no other.
pub(super) struct TlsListener {
    address: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl TlsListener {
    pub(super) fn start(listener: TcpListener, address: SocketAddr, certificate: Arc<Certificate>) -> Self {
        let (to, ready) = mpsc::channel(AT_ONCE);
        tokio::spawn(shake_hands(listener, certificate, to));
        Self { address, ready }
    }
}

async fn shake_hands(
    listener: TcpListener,
    certificate: Arc<Certificate>,
    to: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = to.closed() => return,
        };
        let Ok((stream, from)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let (acceptor, to) = (TlsAcceptor::from(certificate.now()), to.clone());
        tokio::spawn(async move {
            match tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => to.send((stream, from)).await.unwrap_or(()), // nobody answers any more
                // Strangers do that all day.
                Ok(Err(error)) => tracing::debug!(%error, "no TLS"),
                Err(_) => tracing::debug!("no TLS in time"),
            }
            drop(place);
        });
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        match self.ready.recv().await {
            Some(ready) => ready,
            // Whoever shakes hands lives as long as this does.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(self.address)
    }
}
