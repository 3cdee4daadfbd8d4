//! Every Jira that may be asked: the credentials, the connections that all clients
//! share, and what each said of its fields.

use super::credentials::TOKEN_VARIABLE;
use super::fields::FieldMap;
use super::{Base, Credentials, CredentialsError, Tracker, cloud, data_center};
use crate::http::{Connections, Http, HttpError, HttpSettings};
use crate::secret::Secret;
use gonogo_core::fact::Why;
use gonogo_core::policy::{Tracker as TrackerPolicy, TrackerKind};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Debug)]
pub struct Jiras {
    settings: HttpSettings,
    variable: fn(&str) -> Option<String>,
    kept: Mutex<Kept>,
}

/// What was good once: what was not is tried anew each time.
#[derive(Debug, Default)]
struct Kept {
    token: Option<Secret>,
    connections: Option<Connections>,
    /// By the address.
    fields: BTreeMap<String, Arc<FieldMap>>,
}

impl Jiras {
    /// With credentials by a look-up of variables.
    pub fn new(settings: HttpSettings, variable: fn(&str) -> Option<String>) -> Self {
        Self { settings, variable, kept: Mutex::default() }
    }

    /// As they are now: a file with the token is read again each time.
    pub fn credentials(&self, kind: TrackerKind) -> Result<Credentials, CredentialsError> {
        let mut kept = self.kept();
        let token = if let Some(token) = &kept.token {
            token.clone()
        } else {
            let token = Secret::read(TOKEN_VARIABLE, self.variable)?.ok_or(CredentialsError::NoToken)?;
            kept.token.insert(token).clone()
        };
        drop(kept);
        Credentials::of(kind, &token.now(), self.variable)
    }

    /// The tracker that a policy names, with time of its own for what is asked of it:
    /// one is made for each time that something is.
    pub fn tracker(&self, policy: &TrackerPolicy) -> Result<Box<dyn Tracker>, Why> {
        let credentials = self
            .credentials(policy.kind)
            .map_err(|error| Why::new(format!("no usable credentials for the tracker: {error}"), error.fix()))?;
        let fix = "mend [tracker] url, the credentials or GONOGO_CA_FILE";
        let connections = self.connections().map_err(|error| Why::new(error.to_string(), fix))?;
        let mut base = Base::new(policy, Http::over(&connections, Some(credentials.header())))?;
        base.fields = Arc::clone(self.kept().fields.entry(base.url.clone()).or_default());
        Ok(match policy.kind {
            TrackerKind::JiraCloud => Box::new(cloud::Cloud::new(base)),
            TrackerKind::JiraDataCenter => Box::new(data_center::DataCenter::new(base)),
        })
    }

    fn connections(&self) -> Result<Connections, HttpError> {
        let mut kept = self.kept();
        if let Some(connections) = &kept.connections {
            return Ok(connections.clone());
        }
        let connections = Connections::new(&self.settings)?.of("jira");
        Ok(kept.connections.insert(connections).clone())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use std::path::PathBuf;

    fn file() -> PathBuf {
        std::env::temp_dir().join(format!("gonogo-jira-token-{}", std::process::id()))
    }

    fn token_of(jiras: &Jiras) -> Result<String, CredentialsError> {
        jiras.credentials(TrackerKind::JiraDataCenter).map(|credentials| match credentials {
            Credentials::User { token, .. } | Credentials::Token(token) => token.expose_secret().to_owned(),
        })
    }

    #[test]
    fn a_token_file_that_is_empty_or_gone_leaves_the_last_token() {
        let variable = |name: &str| (name == "GONOGO_JIRA_TOKEN_FILE").then(|| file().display().to_string());
        let jiras = Jiras::new(HttpSettings::default(), variable);
        std::fs::remove_file(file()).ok();
        assert!(matches!(token_of(&jiras), Err(CredentialsError::File { .. })));
        std::fs::write(file(), "").unwrap();
        assert_eq!(token_of(&jiras), Err(CredentialsError::NoTokenInIt("GONOGO_JIRA_TOKEN_FILE")));
        std::fs::write(file(), "one\n").unwrap();
        assert_eq!(token_of(&jiras).unwrap(), "one");
        std::fs::write(file(), "").unwrap();
        assert_eq!(token_of(&jiras).unwrap(), "one");
        std::fs::write(file(), "two\n").unwrap();
        assert_eq!(token_of(&jiras).unwrap(), "two");
        std::fs::remove_file(file()).unwrap();
        assert_eq!(token_of(&jiras).unwrap(), "two");
    }

    #[test]
    fn spaces_around_the_user_are_none_of_it() {
        let jiras = Jiras::new(HttpSettings::default(), |name| {
            (name != "GONOGO_JIRA_TOKEN_FILE").then(|| format!(" {} \n", &name[12..]))
        });
        let credentials = jiras.credentials(TrackerKind::JiraCloud).unwrap();
        assert!(matches!(credentials, Credentials::User { user, .. } if user == "USER"));
    }
}
