//! E-mail by SMTP: one connection for one message to one address. Until the server
//! has the message's last byte nothing was said; from then on its answer alone tells.

mod error;
mod message;
mod sender;

pub use error::SmtpError;
pub use message::{Mail, MessageId};
pub use sender::Sender;

use crate::secret::Secret;
use error::{Doing, read};
use gonogo_core::email::EmailAddress;
use lettre::address::Address;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Noop, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use secrecy::ExposeSecret;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How a connection is kept from being read by others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// From the first byte on; usually at port 465.
    Implicit,
    /// Asked for before anything is said, and never done without; usually at port 587.
    StartTls,
    None,
}

impl Tls {
    pub fn usual_port(self) -> u16 {
        match self {
            Self::Implicit => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }
}

/// A server that takes our mail.
#[derive(Clone, Debug)]
pub struct Smtp {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub sender: Sender,
    /// What we call ourselves.
    pub hello: String,
    /// Without them it takes mail from whoever connects.
    pub user: Option<(String, Secret)>,
    /// PEM certificates that count beside the system's.
    pub ca_file: Option<PathBuf>,
}

/// Greeting, TLS and signing in end within this: some servers let strangers wait.
const TO_OPEN: Duration = Duration::from_secs(15);
/// What is said before the message, and the answer to it. RFC 5321 asks for more
/// patience: what takes longer is put before a person.
const TO_OFFER: Duration = Duration::from_secs(10);
const TO_TAKE: Duration = Duration::from_secs(30);
const TO_CLOSE: Duration = Duration::from_secs(3);
/// All of it.
pub const WITHIN: Duration = Duration::from_mins(1);

/// A server that listens to us.
pub struct Open {
    connection: AsyncSmtpConnection,
    begun: Instant,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Open").finish_non_exhaustive()
    }
}

impl Smtp {
    /// `smtp.example.com:587`
    pub fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Connects, as it is configured: with TLS, and signed in.
    pub async fn open(&self) -> Result<Open, SmtpError> {
        let begun = Instant::now();
        let opened = tokio::time::timeout(TO_OPEN, self.opened());
        let opened = opened.await.unwrap_or(Err(SmtpError::Silent { place: self.place(), within: TO_OPEN }));
        match opened {
            Ok(connection) => Ok(Open { connection, begun }),
            Err(error) => Err(told(begun, error)),
        }
    }

    async fn opened(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        // Another part of the program may have installed it: that is as good.
        rustls::crypto::ring::default_provider().install_default().ok();
        let hello = ClientId::Domain(self.hello.clone());
        let place = (self.host.as_str(), self.port);
        let with_tls = match self.tls {
            Tls::Implicit => Some(self.parameters()?),
            Tls::StartTls | Tls::None => None,
        };
        let connected = AsyncSmtpConnection::connect_tokio1(place, Some(TO_OPEN), &hello, with_tls, None).await;
        let mut connection = connected.map_err(|error| self.failed(Doing::Connecting, &error))?;
        if self.tls == Tls::StartTls {
            if !connection.can_starttls() {
                close(&mut connection).await;
                return Err(SmtpError::NoTls { place: self.place() });
            }
            let secured = connection.starttls(self.parameters()?, &hello).await;
            secured.map_err(|error| self.failed(Doing::Securing, &error))?;
        }
        if let Some((user, password)) = &self.user {
            let credentials = Credentials::new(user.clone(), password.now().expose_secret().to_owned());
            let entered = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await;
            if let Err(error) = entered {
                close(&mut connection).await;
                return Err(self.failed(Doing::SigningIn, &error));
            }
        }
        Ok(connection)
    }

    fn parameters(&self) -> Result<TlsParameters, SmtpError> {
        let wrong = |said: String| SmtpError::Certificates { said };
        let mut builder = TlsParameters::builder(self.host.clone());
        if let Some(path) = &self.ca_file {
            let pem = std::fs::read(path).map_err(|error| wrong(format!("{}: {error}", path.display())))?;
            let certificate = Certificate::from_pem(&pem);
            builder = builder.add_root_certificate(certificate.map_err(|error| wrong(error.to_string()))?);
        }
        builder.build().map_err(|error| wrong(error.to_string()))
    }

    fn failed(&self, doing: Doing, error: &lettre::transport::smtp::Error) -> SmtpError {
        read(doing, &self.place(), error)
    }

    /// Whether it would take mail of ours; nothing is sent.
    pub async fn is_there(&self) -> Result<(), SmtpError> {
        let Open { mut connection, begun } = self.open().await?;
        let answered = tokio::time::timeout(TO_OFFER, connection.command(Noop)).await;
        let answered = match answered {
            Ok(answered) => answered.map(drop).map_err(|error| self.failed(Doing::Offering, &error)),
            Err(_) => Err(SmtpError::Silent { place: self.place(), within: TO_OFFER }),
        };
        close(&mut connection).await;
        answered.map_err(|error| told(begun, error))?;
        record(begun, "2xx");
        Ok(())
    }

    /// Tells from whom and to whom. When it agreed nothing was said yet.
    pub async fn offer(&self, open: &mut Open, to: &EmailAddress) -> Result<(), SmtpError> {
        let no_address = || SmtpError::Unsayable { said: format!("`{to}` is no address") };
        let to: Address = to.as_str().parse().map_err(|_| no_address())?;
        let offered = tokio::time::timeout(TO_OFFER, async {
            let from = MailFrom::new(Some(self.sender.from.email.clone()), Vec::new());
            let connection = &mut open.connection;
            connection.command(from).await.map_err(|error| self.failed(Doing::Introducing, &error))?;
            let refused = |error| self.failed(Doing::Offering, &error);
            connection.command(Rcpt::new(to, Vec::new())).await.map_err(refused)?;
            connection.command(Data).await.map(drop).map_err(refused)
        });
        let silent = SmtpError::Silent { place: self.place(), within: TO_OFFER };
        let offered = offered.await.unwrap_or(Err(silent));
        if offered.is_err() {
            close(&mut open.connection).await;
        }
        offered.map_err(|error| told(open.begun, error))
    }

    /// Says it. What it answered.
    pub async fn say(&self, mut open: Open, message: &[u8]) -> Result<String, SmtpError> {
        let taken = tokio::time::timeout(TO_TAKE, open.connection.message(message)).await;
        let taken = match taken {
            Ok(Ok(answer)) => Ok(first_line(&answer)),
            Ok(Err(error)) => Err(self.failed(Doing::Saying, &error)),
            Err(_) => Err(SmtpError::NoAnswer { place: self.place() }),
        };
        close(&mut open.connection).await;
        match taken {
            Ok(said) => {
                record(open.begun, "2xx");
                Ok(said)
            }
            Err(error) => Err(told(open.begun, error)),
        }
    }
}

/// What it says to our farewell changes nothing.
async fn close(connection: &mut AsyncSmtpConnection) {
    tokio::time::timeout(TO_CLOSE, connection.abort()).await.ok();
}

fn first_line(answer: &Response) -> String {
    answer.first_line().unwrap_or("taken").to_owned()
}

fn told(begun: Instant, error: SmtpError) -> SmtpError {
    record(begun, error.outcome());
    error
}

fn record(begun: Instant, outcome: &'static str) {
    metrics::histogram!("gonogo_outside_seconds", "system" => "smtp", "outcome" => outcome).record(begun.elapsed());
}
