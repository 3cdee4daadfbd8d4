//! What can go wrong with GitHub, for a person who can mend it.

use crate::http::HttpError;
use gonogo_core::fact::Why;
use jiff::Timestamp;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum GitHubError {
    #[error(transparent)]
    Http(HttpError),
    #[error("it does not take our credentials")]
    Unauthorized,
    #[error("the credentials are wrong: {0}")]
    Credentials(String),
    #[error("our credentials do not allow {path}{}", told(.said))]
    Forbidden { path: String, said: String },
    #[error("there is no {path}, or our credentials may not see it")]
    NotFound { path: String },
    #[error("it refuses {path}{}", told(.said))]
    Refused { path: String, said: String },
    #[error("it answered {status} to {path}{}", told(.said))]
    Status { path: String, status: u16, said: String },
    #[error("its rate limit is used up until {until}")]
    Limited { until: Timestamp },
    #[error("the address is wrong: {0}")]
    Address(String),
    #[error("its answer to {path} could not be read: {said}")]
    Odd { path: String, said: String },
}

fn told(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(" ({said})") }
}

impl GitHubError {
    pub(super) fn odd(path: &str, said: impl Into<String>) -> Self {
        Self::Odd { path: path.to_owned(), said: said.into() }
    }

    /// When it makes sense to ask again, where GitHub says so.
    pub fn until(&self) -> Option<Timestamp> {
        if let Self::Limited { until } = self { Some(*until) } else { None }
    }

    /// Whether GitHub gave no answer of its own, which passes.
    pub fn is_away(&self) -> bool {
        match self {
            Self::Http(error) => error.is_away(),
            Self::Status { status, .. } => *status >= 500,
            _ => false,
        }
    }

    /// Whether another question of the kind would fare no better.
    pub fn is_of_all(&self) -> bool {
        !matches!(self, Self::NotFound { .. } | Self::Refused { .. } | Self::Odd { .. })
    }

    pub fn why(&self) -> Why {
        let fix = match self {
            Self::Unauthorized | Self::Credentials(_) => {
                "renew GONOGO_GITHUB_TOKEN, or the App's key and its installation"
            }
            Self::Forbidden { .. } => "give the token or the App the right: see the table of rights in the docs",
            Self::NotFound { .. } => "look at the repository's name, and let the token or the App see it",
            Self::Limited { .. } => "nothing to do: it is asked again then; an App has a larger allowance",
            Self::Http(HttpError::Certificate(_)) => "name its certificate authority in GONOGO_CA_FILE",
            Self::Http(HttpError::Connect(_) | HttpError::TimedOut(_)) | Self::Address(_) => {
                "look at [github] url, HTTPS_PROXY and the network"
            }
            Self::Http(_) | Self::Refused { .. } | Self::Status { .. } | Self::Odd { .. } => {
                "it is tried again; if it stays, look at GitHub's status page"
            }
        };
        Why::new(format!("GitHub: {self}"), fix)
    }
}
