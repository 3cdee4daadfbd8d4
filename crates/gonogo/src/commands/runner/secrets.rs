//! What steps want as secrets: from a file, else from the runner's own environment.

use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Our own: no step gets them, whatever it asks for.
const OURS: &str = "GONOGO_";

pub(super) struct Secrets {
    file: Option<PathBuf>,
}

impl Secrets {
    /// The file is read again for each step: who changes it needs no restart.
    pub(super) fn of(file: Option<&Path>) -> anyhow::Result<Self> {
        let secrets = Self { file: file.map(Path::to_owned) };
        secrets.all()?;
        Ok(secrets)
    }

    pub(super) fn named(&self, names: &[String]) -> anyhow::Result<BTreeMap<String, SecretString>> {
        let all = self.all()?;
        let mut named = BTreeMap::new();
        for name in names {
            if name.starts_with(OURS) {
                bail!("`{name}` is no secret that a step may have");
            }
            let own = || std::env::var(name).ok().filter(|value| !value.is_empty()).map(SecretString::from);
            let Some(secret) = all.get(name).cloned().or_else(own) else {
                bail!(
                    "the runner has no secret `{name}`: write it into its secrets file, or set it in its environment"
                );
            };
            named.insert(name.clone(), secret);
        }
        Ok(named)
    }

    fn all(&self) -> anyhow::Result<BTreeMap<String, SecretString>> {
        let Some(path) = &self.file else { return Ok(BTreeMap::new()) };
        let text = std::fs::read_to_string(path).with_context(|| format!("{} could not be read", path.display()))?;
        let mut all = BTreeMap::new();
        for (at, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            // The line itself is not shown: it may be a secret that lost its name.
            let Some((name, value)) = line.split_once('=') else {
                bail!("{}:{}: no NAME=value\n  → write each secret in a line of its own", path.display(), at + 1);
            };
            all.insert(name.trim().to_owned(), SecretString::from(value));
        }
        Ok(all)
    }
}

/// Tells whether secrets are those of before, and nothing else of them.
pub(super) fn fingerprint(key: &str, secrets: &BTreeMap<String, SecretString>) -> String {
    let mut hash = Sha256::new();
    hash.update(key);
    for (name, secret) in secrets {
        for part in [name.as_str(), secret.expose_secret()] {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
    }
    let mut said = String::new();
    for byte in hash.finalize() {
        let _ = write!(said, "{byte:02x}"); // a String takes all
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_gets_what_it_asks_for_and_nothing_of_ours() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "# of web\n\nDEPLOY_TOKEN=a=b \nGONOGO_TOKEN=x\n").unwrap();
        let secrets = Secrets::of(Some(file.path())).unwrap();
        let named = secrets.named(&["DEPLOY_TOKEN".to_owned(), "PATH".to_owned()]).unwrap();
        assert_eq!(named["DEPLOY_TOKEN"].expose_secret(), "a=b ");
        assert_eq!(named["PATH"].expose_secret(), std::env::var("PATH").unwrap());
        let refused = |name: &str| secrets.named(&[name.to_owned()]).unwrap_err().to_string();
        assert!(refused("GONOGO_TOKEN").contains("no secret that a step may have"));
        assert!(refused("NO_SUCH").contains("the runner has no secret `NO_SUCH`"));
        std::fs::write(file.path(), "s3cr3t\n").unwrap();
        let said = Secrets::of(Some(file.path())).err().unwrap().to_string();
        assert!(said.contains(":1: no NAME=value") && !said.contains("s3cr3t"), "{said}");
    }

    #[test]
    fn a_fingerprint_knows_where_a_name_ends() {
        let of = |name: &str, value: &str| {
            fingerprint("d1-step-1-1", &BTreeMap::from([(name.to_owned(), SecretString::from(value))]))
        };
        assert_eq!(of("A", "bc"), of("A", "bc"));
        assert_ne!(of("A", "bc"), of("Ab", "c"));
    }
}
