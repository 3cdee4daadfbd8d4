//! What a deploy leaves on its stories' issues beside words: how their fix version
//! is called, and what a field of theirs gets.

use serde::{Deserialize, Serialize};

const SERVICE: &str = "{service}";
const DATE: &str = "{date}";
const VERSION: &str = "{version}";
const SERVICES: &str = "{services}";

/// Jira has no longer names of versions.
const MOST_NAME: usize = 255;

/// How a fix version is called: words, with what differs in braces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VersionName(String);

/// A field that says where a story stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldMark {
    /// By its name or id.
    pub name: String,
    /// What it gets with a deploy; without it when that was.
    pub value: Option<String>,
    /// What it gets with a rollback; without it nothing is left in it.
    pub rolled_back: Option<String>,
}

impl VersionName {
    /// Of one service, at a day, for what it runs.
    pub(crate) fn of(&self, service: &str, date: &str, version: &str) -> String {
        let name = self.0.replace(SERVICE, service).replace(DATE, date).replace(VERSION, version);
        name.chars().take(MOST_NAME).collect()
    }

    /// Whether it has to be known what a service's revision is called.
    pub(crate) fn asks_version(&self) -> bool {
        self.0.contains(VERSION)
    }
}

impl TryFrom<String> for VersionName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let name = name.trim();
        if name.is_empty() || name.chars().any(char::is_control) || name.chars().count() > MOST_NAME {
            return Err(format!("a fix version has a name of one line, up to {MOST_NAME} characters"));
        }
        knows(name, &[SERVICE, DATE, VERSION])?;
        Ok(Self(name.to_owned()))
    }
}

impl From<VersionName> for String {
    fn from(name: VersionName) -> Self {
        name.0
    }
}

impl FieldMark {
    pub fn validate(&self) -> Result<(), String> {
        let texts = || [Some(&self.name), self.value.as_ref(), self.rolled_back.as_ref()].into_iter().flatten();
        if texts().any(|text| text.trim().is_empty()) {
            return Err("an empty text says nothing: leave it out".to_owned());
        }
        [&self.value, &self.rolled_back].into_iter().flatten().try_for_each(|text| knows(text, &[SERVICES]))
    }
}

/// A text that names the services.
pub(crate) fn with_services(text: &str, services: &str) -> String {
    text.replace(SERVICES, services)
}

/// What stands in braces is one of these.
fn knows(text: &str, known: &[&str]) -> Result<(), String> {
    let rest = known.iter().fold(text.to_owned(), |text, word| text.replace(word, ""));
    if rest.contains(['{', '}']) {
        return Err(format!("`{text}` has something in braces that is none of {}", known.join(", ")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_called_by_service_day_and_revision() {
        let name = VersionName::try_from("{service} {date} ({version})".to_owned()).unwrap();
        assert_eq!(name.of("web", "2026-11-30", "v812"), "web 2026-11-30 (v812)");
        assert!(name.asks_version());
        for wrong in ["", " ", "a\nb", "{branch}", "{service", &"x".repeat(256)] {
            assert!(VersionName::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
