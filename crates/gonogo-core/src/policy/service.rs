//! `[service]`: what is deployed on its own.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// What is deployed on its own.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Service {
    /// Its name; without one the remote's name, else the folder's.
    pub name: Option<String>,
    /// The folder of the repository that it is, where that holds several; what
    /// changes nothing below it does not concern it.
    pub path: Option<ServicePath>,
}

/// A folder of a repository, from its top, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServicePath(String);

impl ServicePath {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a path of the repository is the folder, or lies in it.
    pub fn holds(&self, path: &str) -> bool {
        path.strip_prefix(self.0.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl TryFrom<String> for ServicePath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let path = text.strip_suffix('/').unwrap_or(&text);
        let is_name = |part: &str| !part.is_empty() && !matches!(part, "." | "..") && !part.contains(['\\', '\0']);
        if path.split('/').all(is_name) {
            return Ok(Self(path.to_owned()));
        }
        Err(format!("`{text}` is no folder of the repository: write its path from the top, as in services/web"))
    }
}

impl From<ServicePath> for String {
    fn from(path: ServicePath) -> Self {
        path.0
    }
}

impl fmt::Display for ServicePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for ServicePath {
    fn schema_name() -> Cow<'static, str> {
        "ServicePath".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string"})
    }
}

#[cfg(test)]
mod tests {
    use super::ServicePath;

    #[test]
    fn a_folder_holds_what_is_in_it_and_no_namesake() {
        let path = ServicePath::try_from("services/web/".to_owned()).unwrap();
        assert_eq!(path.as_str(), "services/web");
        assert!(path.holds("services/web/a.rb") && path.holds("services/web"));
        assert!(!path.holds("services/webhooks/a.rb") && !path.holds("web/a.rb"));
        for wrong in ["", "/", "/srv/web", "a//b", "../web", "a/./b", "a\\b"] {
            assert!(ServicePath::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
