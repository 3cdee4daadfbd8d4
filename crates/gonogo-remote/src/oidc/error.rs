//! What can go wrong with a provider, for a person who can mend it.

use crate::http::HttpError;
use gonogo_core::fact::Why;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum OidcError {
    #[error(transparent)]
    Http(HttpError),
    #[error("it calls itself `{named}`, and `{configured}` is configured")]
    OtherIssuer { configured: String, named: String },
    #[error("its description cannot be used: {0}")]
    Metadata(String),
    #[error("its ID token is not believed: {0}")]
    NotBelieved(#[from] NotBelieved),
    /// Our own credentials.
    #[error("it does not take our client id and secret ({0})")]
    Client(String),
    /// The code, or the refresh token, is worth nothing, or no more.
    #[error("it refuses ({0})")]
    Refused(String),
    #[error("the access token counts no more")]
    AccessEnded,
    #[error("its answer to {what} could not be read: {said}")]
    Odd { what: &'static str, said: String },
}

/// Why nobody is let in by an ID token.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NotBelieved {
    #[error("it is no signed token")]
    NoToken,
    #[error("it is signed by `{0}`, which is not taken")]
    Algorithm(String),
    #[error("no key of the provider's fits it")]
    NoKey,
    #[error("its signature is wrong")]
    Signature,
    #[error("another issuer made it")]
    Issuer,
    #[error("it is for another client")]
    Audience,
    #[error("it is over")]
    Expired,
    #[error("it is not from now")]
    NotYet,
    #[error("it is not the answer to this sign-in (nonce)")]
    Nonce,
    #[error("it names nobody")]
    NoSubject,
    #[error("it is about somebody else")]
    OtherSubject,
}

impl OidcError {
    pub(super) fn odd(what: &'static str, said: impl Into<String>) -> Self {
        Self::Odd { what, said: said.into() }
    }

    /// Whether the provider gave no answer of its own, which passes.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Http(error) if error.is_away())
    }

    pub fn why(&self) -> Why {
        let fix = match self {
            Self::OtherIssuer { .. } => "write the issuer into [oidc] exactly as the provider calls itself",
            Self::Metadata(_) => "see that [oidc] issuer is an OpenID provider for web applications",
            Self::Client(_) => {
                "look at [oidc] client_id, and write the provider's secret into GONOGO_OIDC_CLIENT_SECRET"
            }
            Self::Http(HttpError::Certificate(_)) => "name its certificate authority in GONOGO_CA_FILE",
            Self::Http(HttpError::Connect(_) | HttpError::TimedOut(_)) => {
                "look at [oidc] issuer, HTTPS_PROXY and the network"
            }
            Self::NotBelieved(_) => "look at the clocks, and at the application's settings at the provider",
            Self::Http(_) | Self::Refused(_) | Self::AccessEnded | Self::Odd { .. } => {
                "look at [oidc] issuer, and at the provider's log"
            }
        };
        Why::new(self.to_string(), fix)
    }
}
