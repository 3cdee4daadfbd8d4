//! A mail server: SMTP as RFC 5321 has it, with STARTTLS (RFC 3207), TLS from the
//! first byte (RFC 8314) and signing in (RFC 4954). What it takes it keeps, as it
//! came.

mod talk;

use std::collections::VecDeque;
use std::net::TcpStream;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::net;

use crate::serve::{Background, Certificates, any_port};
use talk::{Ended, Talk};

/// A mail server on 127.0.0.1 until it is dropped.
#[derive(Debug)]
pub struct Mail {
    server: Background,
    certificates: Arc<Certificates>,
    state: Arc<State>,
}

/// What it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// As the envelope has them.
    pub from: String,
    pub to: Vec<String>,
    /// The message, byte for byte, without what only the transport added.
    pub message: Vec<u8>,
    /// Whether nobody on the way could read it.
    pub is_secured: bool,
    /// Who had signed in.
    pub user: Option<String>,
}

/// A point at which it answers, or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    Greeting,
    Sender,
    Recipient,
    /// Before the message comes.
    Data,
    /// When it has the message.
    Message,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    received: Vec<Received>,
    faults: VecDeque<(At, Fault)>,
    wants: Option<(String, String)>,
    connections: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    /// It answers so instead.
    Answer(String),
    /// It closes the connection without a word; whether it keeps the message all the same.
    Drop { keeps: bool },
    /// It keeps the message, and says nothing more.
    Hang,
}

/// How connections begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begins {
    Plain { offers_tls: bool },
    Secured,
}

/// Something that should come does so within this.
const PATIENCE: Duration = Duration::from_secs(40);

impl Mail {
    /// One that offers STARTTLS, and takes no password without.
    pub fn start() -> Self {
        Self::begins(Begins::Plain { offers_tls: true })
    }

    /// One with TLS from the first byte on.
    pub fn secured() -> Self {
        Self::begins(Begins::Secured)
    }

    /// One that knows no TLS.
    pub fn plain() -> Self {
        Self::begins(Begins::Plain { offers_tls: false })
    }

    fn begins(begins: Begins) -> Self {
        let certificates = Arc::new(Certificates::issue());
        let state = Arc::new(State::default());
        let (theirs, acceptor) = (Arc::clone(&state), certificates.acceptor());
        let server = Background::start("world-mail", any_port(), move |stream| {
            let (state, acceptor) = (Arc::clone(&theirs), acceptor.clone());
            async move {
                // A connection that breaks is the business of its two ends.
                drop(serve(&state, begins, &acceptor, stream).await);
            }
        });
        Self { server, certificates, state }
    }

    pub fn port(&self) -> u16 {
        self.server.address().port()
    }

    /// The authority of its certificate.
    pub fn ca_file(&self) -> &Path {
        self.certificates.ca_file()
    }

    /// It takes mail only of who signs in so.
    pub fn lets_in(&self, user: &str, password: &str) -> &Self {
        self.state.inner().wants = Some((user.to_owned(), password.to_owned()));
        self
    }

    /// So often it answers this at a point, instead of what it would.
    pub fn answers(&self, at: At, answer: &str, times: usize) -> &Self {
        self.faults(at, &Fault::Answer(answer.to_owned()), times)
    }

    /// So often it closes the connection at a point.
    pub fn drops(&self, at: At, times: usize) -> &Self {
        self.faults(at, &Fault::Drop { keeps: false }, times)
    }

    /// So often it keeps a message, and closes the connection before it says so.
    pub fn keeps_in_silence(&self, times: usize) -> &Self {
        self.faults(At::Message, &Fault::Drop { keeps: true }, times)
    }

    fn faults(&self, at: At, fault: &Fault, times: usize) -> &Self {
        self.state.inner().faults.extend((0..times).map(|_| (at, fault.clone())));
        self
    }

    /// So often it gets a message, and neither answers nor ends.
    pub fn hangs(&self, times: usize) -> &Self {
        self.faults(At::Message, &Fault::Hang, times)
    }

    /// It does everything as it should again.
    pub fn heals(&self) {
        self.state.inner().faults.clear();
    }

    /// What it took, in order.
    pub fn received(&self) -> Vec<Received> {
        self.state.inner().received.clone()
    }

    /// How often somebody connected.
    pub fn connections(&self) -> usize {
        self.state.inner().connections
    }

    /// Waits until it has taken so many.
    #[track_caller]
    pub fn has(&self, number: usize) -> Vec<Received> {
        let begin = Instant::now();
        loop {
            let received = self.received();
            if received.len() >= number {
                assert_eq!(received.len(), number, "more came: {received:?}");
                return received;
            }
            assert!(begin.elapsed() < PATIENCE, "{} of {number} came within {PATIENCE:?}", received.len());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl State {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What goes wrong at this point now.
    fn fault(&self, at: At) -> Option<Fault> {
        let mut inner = self.inner();
        let place = inner.faults.iter().position(|(point, _)| *point == at)?;
        inner.faults.remove(place).map(|(_, fault)| fault)
    }

    fn keep(&self, received: Received) {
        self.inner().received.push(received);
    }
}

async fn serve(
    state: &State,
    begins: Begins,
    acceptor: &tokio_rustls::TlsAcceptor,
    stream: TcpStream,
) -> std::io::Result<()> {
    state.inner().connections += 1;
    let stream = net::TcpStream::from_std(stream)?;
    match begins {
        Begins::Secured => {
            let mut talk = Talk::new(acceptor.accept(stream).await?, true, false);
            talk.greets(state).await?;
            talk.goes_on(state).await.map(drop)
        }
        Begins::Plain { offers_tls } => {
            let mut talk = Talk::new(stream, false, offers_tls);
            talk.greets(state).await?;
            match talk.goes_on(state).await? {
                Ended::WantsTls => {
                    let mut talk = Talk::new(acceptor.accept(talk.into_stream()).await?, true, false);
                    talk.goes_on(state).await.map(drop)
                }
                Ended::Closed => Ok(()),
            }
        }
    }
}
