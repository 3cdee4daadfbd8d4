//! `[deploy.follow]`: what at the code host follows what runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is moved or said at the code host once a deploy went well, or back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Follow {
    /// A branch that is at what runs: it goes forward, and back after a roll back, never
    /// from where somebody else has put it.
    pub branch: Option<String>,
    /// A tag that is made where a deploy went well, such as `deployed/{deploy}`; `{service}`
    /// and `{sha}` stand for what they are.
    pub tag: Option<String>,
    /// An environment of GitHub's deployments, such as `production`.
    pub environment: Option<String>,
}

impl Follow {
    pub(super) fn validate(&self) -> Result<(), String> {
        if self == &Self::default() {
            return Err("`follow` says nothing: write `branch`, `tag` or `environment`, or leave it out".to_owned());
        }
        if let Some(branch) = self.branch.as_deref().filter(|branch| !is_ref(branch)) {
            return Err(format!(
                "`follow.branch` is `{branch}`, which is no branch's name: write one without refs/heads/"
            ));
        }
        let tag = self.tag.as_deref().unwrap_or("{deploy}");
        super::plan::known(tag, &["deploy", "service", "sha"]).map_err(|said| format!("`follow.tag`: {said}"))?;
        if !is_ref(&tag.replace(['{', '}'], "")) {
            return Err(format!("`follow.tag` is `{tag}`, which is no tag's name"));
        }
        if !tag.contains("{deploy}") {
            return Err("`follow.tag` has `{deploy}` in it: a tag is of one deploy, and stays where it is".to_owned());
        }
        if self.environment.as_ref().is_some_and(|name| name.trim().is_empty() || name.chars().count() > 255) {
            return Err("`follow.environment` is a name of up to 255 characters".to_owned());
        }
        Ok(())
    }

    /// The tag of one deploy.
    pub fn tag_of(&self, deploy: i64, service: &str, sha: crate::ids::Sha) -> Option<String> {
        let values = [("deploy", deploy.to_string()), ("service", service.to_owned()), ("sha", sha.to_string())];
        self.tag.as_deref().map(|tag| super::plan::filled(tag, &values))
    }
}

/// What git takes for the name of a branch or a tag.
fn is_ref(name: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "~^:?*[\\".contains(c);
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && part.strip_suffix(".lock").is_none();
    !name.is_empty()
        && name.len() <= 200
        && !name.starts_with(['-', '/'])
        && !name.ends_with(['/', '.'])
        && !name.contains("..")
        && !name.contains("@{")
        && !name.starts_with("refs/")
        && !name.chars().any(odd)
        && name.split('/').all(part)
}

#[cfg(test)]
mod tests {
    use crate::policy::{Policy, Source};

    fn follow(text: &str) -> Result<super::Follow, String> {
        let policy = Policy::parse(Source::new("gonogo.toml", format!("[deploy.follow]\n{text}")));
        policy.map(|policy| policy.sections.deploy.follow.unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_tag_has_the_number_of_its_deploy() {
        let sha = "b".repeat(40).parse().unwrap();
        let of = follow("tag = 'deployed/{service}/{deploy}'").unwrap();
        assert_eq!(of.tag_of(7, "web", sha).as_deref(), Some("deployed/web/7"));
        assert_eq!(follow("branch = 'production'").unwrap().tag_of(7, "web", sha), None);
    }

    #[test]
    fn what_git_would_not_take_is_refused() {
        for odd in ["-x", "a b", "refs/heads/a", "a..b", "a/", "a.lock", "a~1", "", "/a", "a//b", "x@{1}"] {
            let said = follow(&format!("branch = '{odd}'")).unwrap_err();
            assert!(said.contains("no branch's name"), "{odd}: {said}");
        }
        for (text, said) in [
            ("tag = 'deployed'", "has `{deploy}` in it"),
            ("tag = '{deploy} x'", "no tag's name"),
            ("tag = '{deploy}{host}'", "`{host}` is not known"),
            ("environment = ' '", "up to 255 characters"),
            ("", "says nothing"),
        ] {
            let error = follow(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
