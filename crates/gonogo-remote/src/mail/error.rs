//! What a mail server does instead of taking a message, and what that means.

use gonogo_core::fact::Why;
use gonogo_core::say;
use std::error::Error as _;
use std::time::Duration;
use thiserror::Error;

/// Characters of what a server says.
const MOST_SAID: usize = 500;

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SmtpError {
    #[error("{place} does not answer: {said}")]
    Away { place: String, said: String },
    #[error("{place} does not answer within {} s", .within.as_secs())]
    Silent { place: String, within: Duration },
    #[error("no safe connection to {place}: {said}")]
    NotTrusted { place: String, said: String },
    #[error("{place} offers no STARTTLS")]
    NoTls { place: String },
    #[error("GONOGO_CA_FILE: {said}")]
    Certificates { said: String },
    #[error("{place} does not let us in: {said}")]
    NotLetIn { place: String, said: String },
    /// For now.
    #[error("{place} does not take it now: {said}")]
    Later { place: String, said: String },
    /// Whoever it is for: what is wrong is with us, or passes.
    #[error("{place} takes no mail from us: {said}")]
    NotFromUs { place: String, said: String },
    /// For good.
    #[error("{place} does not take it: {said}")]
    Refused { place: String, said: String },
    /// It has all of it, and did not say what it does with it.
    #[error("{place} got the message, and did not answer")]
    NoAnswer { place: String },
    #[error("it cannot be written: {said}")]
    Unsayable { said: String },
}

/// What was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    Connecting,
    Securing,
    SigningIn,
    /// Saying who it is from.
    Introducing,
    Offering,
    Saying,
}

pub(super) fn read(doing: Doing, place: &str, error: &lettre::transport::smtp::Error) -> SmtpError {
    let place = place.to_owned();
    let said = say::cut(&say::printable(&words(error)), MOST_SAID);
    match doing {
        Doing::SigningIn if error.is_permanent() || error.is_client() => SmtpError::NotLetIn { place, said },
        Doing::Introducing if error.is_permanent() => SmtpError::NotFromUs { place, said },
        Doing::Offering | Doing::Saying if error.is_permanent() => SmtpError::Refused { place, said },
        _ if error.is_transient() || error.is_permanent() => SmtpError::Later { place, said },
        Doing::Saying => SmtpError::NoAnswer { place },
        _ if error.is_tls() || doing == Doing::Securing || is_of_tls(error) => SmtpError::NotTrusted { place, said },
        _ => SmtpError::Away { place, said },
    }
}

/// Whether TLS is what broke, below the connection.
fn is_of_tls(error: &lettre::transport::smtp::Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        let inner = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let is_tls = inner.is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>);
        if is_tls || cause.is::<rustls::Error>() {
            return true;
        }
        source = cause.source();
    }
    false
}

/// `550 no such user`, or what broke.
fn words(error: &lettre::transport::smtp::Error) -> String {
    let mut source = error.source();
    let mut said = String::new();
    while let Some(cause) = source {
        said = cause.to_string();
        source = cause.source();
    }
    match error.status() {
        Some(code) => format!("{code} {said}").trim().to_owned(),
        None if said.is_empty() => error.to_string(),
        None => said,
    }
}

impl SmtpError {
    /// Whether it may have been taken all the same.
    pub fn is_doubtful(&self) -> bool {
        matches!(self, Self::NoAnswer { .. })
    }

    /// Whether the same will never be taken.
    pub fn is_for_good(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::Unsayable { .. })
    }

    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Later { .. } => "4xx",
            Self::Refused { .. } | Self::NotLetIn { .. } | Self::NotFromUs { .. } => "5xx",
            _ => "no-answer",
        }
    }

    pub fn why(&self) -> Why {
        let fix = match self {
            Self::Away { .. } | Self::Silent { .. } => "see that [mail] server and port are right, and that it runs",
            Self::NotTrusted { .. } => {
                "see that the certificate is of [mail] server; GONOGO_CA_FILE names an authority of your own"
            }
            Self::NoTls { .. } => "write tls = \"tls\" into [mail], or its port for submission (587)",
            Self::Certificates { .. } => "let it name a PEM file that can be read",
            Self::NotLetIn { .. } => "mend GONOGO_SMTP_USER and GONOGO_SMTP_PASSWORD",
            Self::Later { .. } => "it is tried again by itself",
            Self::NotFromUs { .. } => "mend from in [mail], or what the server says; it is tried again by itself",
            Self::Refused { .. } => "mend the address, or what the server says",
            Self::NoAnswer { .. } => "ask who should have it, or look into the mail server's log",
            Self::Unsayable { .. } => "mend the address",
        };
        Why::new(self.to_string(), fix)
    }
}
