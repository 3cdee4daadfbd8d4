//! HAProxy's runtime API: a line, and its answer until it hangs up. There is no status: the
//! answer's words say what came of it.

use super::BalancerError;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

/// An answer takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);
/// A larger answer is none of ours.
const MOST_ANSWER: u64 = 32 << 20;
const GLANCE: Duration = Duration::from_millis(100);

/// Where it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Socket(PathBuf),
    /// HOST:PORT
    Address(String),
}

#[derive(Clone, Debug)]
pub struct Haproxy {
    place: Place,
}

/// How a server of a backend stands.
struct Server {
    status: String,
    /// What runs there now.
    sessions: u64,
}

impl FromStr for Place {
    type Err = BalancerError;

    fn from_str(text: &str) -> Result<Self, BalancerError> {
        if text.starts_with('/') {
            return Ok(Self::Socket(PathBuf::from(text)));
        }
        let port = text.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port.parse::<u16>());
        match port {
            Some(Ok(1..)) => Ok(Self::Address(text.to_owned())),
            _ => Err(BalancerError::Place(text.to_owned())),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(f, "{}", path.display()),
            Self::Address(address) => f.write_str(address),
        }
    }
}

impl Haproxy {
    pub fn at(place: Place) -> Self {
        Self { place }
    }

    /// What people call it.
    pub fn place(&self) -> String {
        self.place.to_string()
    }

    /// What it answers, without the empty lines at its end.
    pub(super) async fn ask(&self, command: &str) -> Result<String, BalancerError> {
        let answer = tokio::time::timeout(PATIENCE, self.answer(command)).await;
        let bytes = match answer {
            Err(_) => return Err(BalancerError::Silent { place: self.place(), within: PATIENCE }),
            Ok(Err(error)) => return Err(self.away(&error)),
            Ok(Ok(bytes)) => bytes,
        };
        if bytes.len() as u64 >= MOST_ANSWER {
            return Err(self.odd(command, &format!("an answer of over {} MB", MOST_ANSWER >> 20)));
        }
        // An answer ends with an empty line: without it HAProxy hung up on us.
        let Some(text) = bytes.strip_suffix(b"\n") else {
            return Err(self.odd(command, "nothing: its line may be too long"));
        };
        let text = String::from_utf8(text.to_vec()).map_err(|_| self.odd(command, "bytes that are no text"))?;
        Ok(text.trim_end_matches('\n').to_owned())
    }

    async fn answer(&self, command: &str) -> io::Result<Vec<u8>> {
        match &self.place {
            Place::Socket(path) => over(UnixStream::connect(path).await?, command).await,
            Place::Address(address) => over(TcpStream::connect(address).await?, command).await,
        }
    }

    /// Has it do something to which it says nothing where that was done.
    pub(super) async fn tell(&self, command: &str) -> Result<(), BalancerError> {
        let said = self.ask(command).await?;
        if said.trim().is_empty() {
            return Ok(());
        }
        let command = command.lines().next().unwrap_or_default().to_owned();
        Err(BalancerError::Refused { place: self.place(), command, said: said.trim().to_owned() })
    }

    fn away(&self, error: &io::Error) -> BalancerError {
        let fix = match error.kind() {
            ErrorKind::NotFound => "see that HAProxy runs, and that haproxy.cfg has this `stats socket`",
            ErrorKind::PermissionDenied => "let the runner's user write there: `stats socket … group … mode 660`",
            _ => "see that HAProxy runs, and that this is its stats socket",
        };
        BalancerError::Away { place: self.place(), said: error.to_string(), fix }
    }

    pub(super) fn odd(&self, command: &str, said: &str) -> BalancerError {
        let command = command.lines().next().unwrap_or_default().to_owned();
        BalancerError::Odd { place: self.place(), command, said: said.to_owned() }
    }

    /// Takes a server (`BACKEND/SERVER`) out of service: nobody comes there any more, also by
    /// a cookie. Done once nothing runs there any more.
    pub async fn drain(&self, server: &str, within: Duration) -> Result<(), BalancerError> {
        self.set_state(server, "maint").await?;
        let is_empty = |stands: &Server| stands.sessions == 0;
        let busy = |stands: &Server| format!("{} requests still run there", stands.sessions);
        self.until(server, "empty", within, is_empty, busy).await
    }

    /// Puts it into service again. Done once HAProxy counts it as up.
    pub async fn undrain(&self, server: &str, within: Duration) -> Result<(), BalancerError> {
        self.set_state(server, "ready").await?;
        let is_up = |stands: &Server| stands.status.trim() == "UP" || stands.status.trim() == "no check";
        let down = |stands: &Server| format!("HAProxy says that it is {}", stands.status);
        self.until(server, "up", within, is_up, down).await
    }

    async fn set_state(&self, server: &str, state: &str) -> Result<(), BalancerError> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/');
        if !server.contains('/') || !server.chars().all(is_plain) {
            return Err(self.no_server(server, "it is no BACKEND/SERVER"));
        }
        match self.tell(&format!("set server {server} state {state}")).await {
            Err(BalancerError::Refused { said, .. }) if said.starts_with("No such") => {
                Err(self.no_server(server, &said))
            }
            told => told,
        }
    }

    fn no_server(&self, server: &str, said: &str) -> BalancerError {
        let fix = "write BACKEND/SERVER as in haproxy.cfg".to_owned();
        BalancerError::Unknown { place: self.place(), what: format!("the server {server}"), said: said.to_owned(), fix }
    }

    async fn until(
        &self,
        server: &str,
        wanted: &'static str,
        within: Duration,
        is_so: impl Fn(&Server) -> bool,
        says: impl Fn(&Server) -> String,
    ) -> Result<(), BalancerError> {
        let begun = tokio::time::Instant::now();
        loop {
            let stands = self.server(server).await?;
            if is_so(&stands) {
                return Ok(());
            }
            if begun.elapsed() >= within {
                let (server, said) = (server.to_owned(), says(&stands));
                return Err(BalancerError::NotYet { server, wanted, after: within, said });
            }
            // HAProxy tells nobody of a change.
            tokio::time::sleep(GLANCE).await;
        }
    }

    async fn server(&self, server: &str) -> Result<Server, BalancerError> {
        const COMMAND: &str = "show stat";
        let table = self.ask(COMMAND).await?;
        let mut lines = table.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let names = lines.next().unwrap_or_default();
        let column = |name: &str| {
            let at = names.iter().position(|one| one.trim_start_matches("# ") == name);
            at.ok_or_else(|| self.odd(COMMAND, &format!("a table with no {name}")))
        };
        let (backend, name, status, sessions) =
            (column("pxname")?, column("svname")?, column("status")?, column("scur")?);
        let row = lines.find(|row| {
            row.get(backend).zip(row.get(name)).is_some_and(|(backend, name)| format!("{backend}/{name}") == server)
        });
        let row = row.ok_or_else(|| self.no_server(server, "`show stat` has none"))?;
        let of = |column: usize| row.get(column).copied().unwrap_or_default();
        let sessions = of(sessions).parse().map_err(|_| self.odd(COMMAND, "a number of sessions that is none"))?;
        Ok(Server { status: of(status).to_owned(), sessions })
    }
}

async fn over(mut stream: impl AsyncRead + AsyncWrite + Unpin, command: &str) -> io::Result<Vec<u8>> {
    stream.write_all(format!("{command}\n").as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MOST_ANSWER).read_to_end(&mut answer).await?;
    Ok(answer)
}
