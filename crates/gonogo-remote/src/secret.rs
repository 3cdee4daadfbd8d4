//! A secret, from the environment or from a file. A file is read again each time
//! the secret is wanted: who changes it needs no restart.

use secrecy::{ExposeSecret, SecretString};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;

#[derive(Clone, Debug)]
pub struct Secret(Kept);

#[derive(Clone, Debug)]
enum Kept {
    Given(SecretString),
    File { variable: String, path: PathBuf, last: Arc<Mutex<Last>> },
}

#[derive(Debug)]
struct Last {
    secret: SecretString,
    /// Why the file could not be read when it was tried last.
    wrong: Option<String>,
}

#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SecretError {
    #[error("{variable}: {} could not be read: {said}\n  → mend {variable}, or let this user read the file", .path.display())]
    File { variable: String, path: PathBuf, said: String },
    #[error("{variable}: the file {} is empty\n  → write the secret into it, alone", .path.display())]
    Empty { variable: String, path: PathBuf },
}

impl From<SecretString> for Secret {
    fn from(secret: SecretString) -> Self {
        Self(Kept::Given(secret))
    }
}

impl From<&str> for Secret {
    fn from(secret: &str) -> Self {
        SecretString::from(secret).into()
    }
}

impl Secret {
    /// The variable `name`, else the file that `name` with `_FILE` names.
    pub fn read(name: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, SecretError> {
        let given = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        if let Some(text) = given(name) {
            return Ok(Some(SecretString::from(text.trim()).into()));
        }
        let name = format!("{name}_FILE");
        given(&name).map(|path| Self::in_file(&name, Path::new(&path))).transpose()
    }

    /// What stands in a file, which is called by what names it.
    pub fn in_file(named_by: &str, path: &Path) -> Result<Self, SecretError> {
        let secret = read_file(named_by, path)?;
        let last = Arc::new(Mutex::new(Last { secret, wrong: None }));
        Ok(Self(Kept::File { variable: named_by.to_owned(), path: path.to_owned(), last }))
    }

    /// As it is now. A file that cannot be read, or is empty, as while somebody
    /// writes it, leaves the last one standing, and the log says so once.
    pub fn now(&self) -> SecretString {
        let (variable, path, last) = match &self.0 {
            Kept::Given(secret) => return secret.clone(),
            Kept::File { variable, path, last } => (variable, path, last),
        };
        let read = read_file(variable, path);
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(secret) => {
                if secret.expose_secret() != last.secret.expose_secret() {
                    tracing::info!(variable, "a secret was changed, and counts from now on");
                }
                *last = Last { secret, wrong: None };
            }
            Err(error) => {
                let wrong = Some(error.to_string());
                if last.wrong != wrong {
                    tracing::warn!(%error, "a secret cannot be read any more: the last one counts");
                    last.wrong = wrong;
                }
            }
        }
        last.secret.clone()
    }

    /// Each line by itself: two secrets count while one is changed for the other.
    pub fn lines(&self) -> Vec<SecretString> {
        let now = self.now();
        let lines = now.expose_secret().lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(SecretString::from).collect()
    }
}

fn read_file(variable: &str, path: &Path) -> Result<SecretString, SecretError> {
    let (variable, path) = (variable.to_owned(), path.to_owned());
    match std::fs::read_to_string(&path) {
        Err(error) => Err(SecretError::File { variable, path, said: error.to_string() }),
        Ok(text) if text.trim().is_empty() => Err(SecretError::Empty { variable, path }),
        Ok(text) => Ok(SecretString::from(text.trim())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_again_and_one_that_is_gone_leaves_the_last() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let read = |name: &str| (name == "X_FILE").then(|| path.display().to_string());
        assert!(matches!(Secret::read("X", read), Err(SecretError::File { .. })));
        std::fs::write(&path, "\n").unwrap();
        assert!(matches!(Secret::read("X", read), Err(SecretError::Empty { .. })));
        std::fs::write(&path, "one\n").unwrap();
        let secret = Secret::read("X", read).unwrap().unwrap();
        let is = |text: &str| secret.now().expose_secret() == text;
        assert!(is("one"));
        std::fs::write(&path, "two\n three \n").unwrap();
        assert!(is("two\n three"));
        assert_eq!(secret.lines().len(), 2);
        std::fs::remove_file(&path).unwrap();
        assert!(is("two\n three"));
        assert!(!format!("{secret:?}").contains("three"));
    }

    #[test]
    fn the_variable_goes_before_the_file() {
        let secret = Secret::read("X", |name| (name == "X").then(|| " given ".to_owned())).unwrap().unwrap();
        assert_eq!(secret.now().expose_secret(), "given");
        assert!(Secret::read("X", |_| Some(" ".to_owned())).unwrap().is_none());
    }
}
