//! Credentials for Jira: from the environment or a file, never from a policy.

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use gonogo_core::policy::TrackerKind;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;
use thiserror::Error;

const USER_VARIABLE: &str = "GONOGO_JIRA_USER";
const TOKEN_VARIABLE: &str = "GONOGO_JIRA_TOKEN";
const TOKEN_FILE_VARIABLE: &str = "GONOGO_JIRA_TOKEN_FILE";

/// What the tracker wants to see.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// Cloud: an account's address and its API token.
    User { user: String, token: SecretString },
    /// Data Center: a personal access token.
    Token(SecretString),
}

#[derive(Debug, Error, PartialEq, Eq)]
pub enum CredentialsError {
    #[error("no {TOKEN_VARIABLE}")]
    NoToken,
    #[error("no {USER_VARIABLE}: Jira Cloud wants the account's address beside the token")]
    NoUser,
    #[error("{TOKEN_FILE_VARIABLE}: {} could not be read: {said}", .path.display())]
    File { path: PathBuf, said: String },
    #[error("the token in {0} is empty or has characters that no token has")]
    NoTokenInIt(&'static str),
}

impl CredentialsError {
    pub fn fix(&self) -> &'static str {
        match self {
            Self::NoToken => "set GONOGO_JIRA_TOKEN, or GONOGO_JIRA_TOKEN_FILE to a file with it",
            Self::NoUser => "set GONOGO_JIRA_USER",
            Self::File { .. } => "mend GONOGO_JIRA_TOKEN_FILE, or let this user read the file",
            Self::NoTokenInIt(_) => "write the token alone, in one line",
        }
    }
}

impl Credentials {
    /// Reads them by a look-up of variables.
    pub fn read(kind: TrackerKind, variable: impl Fn(&str) -> Option<String>) -> Result<Self, CredentialsError> {
        let given = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let (from, text) = match (given(TOKEN_VARIABLE), given(TOKEN_FILE_VARIABLE)) {
            (Some(token), _) => (TOKEN_VARIABLE, token),
            (None, Some(path)) => {
                let path = PathBuf::from(path);
                let read = std::fs::read_to_string(&path);
                (TOKEN_FILE_VARIABLE, read.map_err(|e| CredentialsError::File { path, said: e.to_string() })?)
            }
            (None, None) => return Err(CredentialsError::NoToken),
        };
        let token = text.trim();
        if token.is_empty() || token.chars().any(|c| c.is_control() || !c.is_ascii()) {
            return Err(CredentialsError::NoTokenInIt(from));
        }
        let token = SecretString::from(token.to_owned());
        match (kind, given(USER_VARIABLE)) {
            (TrackerKind::JiraCloud, Some(user)) => Ok(Self::User { user, token }),
            (TrackerKind::JiraCloud, None) => Err(CredentialsError::NoUser),
            (TrackerKind::JiraDataCenter, _) => Ok(Self::Token(token)),
        }
    }

    /// The value of the `Authorization` header.
    pub(super) fn header(&self) -> HeaderValue {
        let text = match self {
            Self::User { user, token } => {
                format!("Basic {}", BASE64.encode(format!("{user}:{}", token.expose_secret())))
            }
            Self::Token(token) => format!("Bearer {}", token.expose_secret()),
        };
        HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

/// RFC 4648, section 4.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_printed() {
        let read = |name: &str| (name != TOKEN_FILE_VARIABLE).then(|| "hunter2".to_owned());
        for kind in [TrackerKind::JiraCloud, TrackerKind::JiraDataCenter] {
            let credentials = Credentials::read(kind, read).unwrap();
            let shown = format!("{credentials:?}").replace("user: \"hunter2\"", "");
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        assert_eq!(Credentials::read(TrackerKind::JiraCloud, |_| None).unwrap_err(), CredentialsError::NoToken);
    }
}
