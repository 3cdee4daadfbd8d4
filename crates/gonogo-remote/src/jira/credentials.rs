//! Credentials for Jira: from the environment or a file, never from a policy.

use crate::secret::SecretError;
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use gonogo_core::policy::TrackerKind;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;
use thiserror::Error;

const USER_VARIABLE: &str = "GONOGO_JIRA_USER";
pub(super) const TOKEN_VARIABLE: &str = "GONOGO_JIRA_TOKEN";
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

impl From<SecretError> for CredentialsError {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::File { path, said, .. } => Self::File { path, said },
            SecretError::Empty { .. } => Self::NoTokenInIt(TOKEN_FILE_VARIABLE),
        }
    }
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
    /// With this token; the rest by a look-up of variables.
    pub(super) fn of(
        kind: TrackerKind,
        token: &SecretString,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, CredentialsError> {
        let given = |name: &str| variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let text = token.expose_secret().trim();
        if text.is_empty() || text.chars().any(|c| c.is_control() || !c.is_ascii()) {
            let from = if given(TOKEN_VARIABLE).is_some() { TOKEN_VARIABLE } else { TOKEN_FILE_VARIABLE };
            return Err(CredentialsError::NoTokenInIt(from));
        }
        let token = SecretString::from(text);
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
        for kind in [TrackerKind::JiraCloud, TrackerKind::JiraDataCenter] {
            let credentials = Credentials::of(kind, &"hunter2".into(), |_| Some("hunter2".to_owned())).unwrap();
            let shown = format!("{credentials:?}").replace("user: \"hunter2\"", "");
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        let without_user = Credentials::of(TrackerKind::JiraCloud, &"hunter2".into(), |_| None);
        assert_eq!(without_user.unwrap_err(), CredentialsError::NoUser);
    }
}
