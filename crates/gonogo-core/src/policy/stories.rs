//! `[stories]`: whose keys count, and which commits are left alone.

use crate::story::{FieldValue, Issue, same_word};
use globset::{Glob, GlobMatcher};
use regex::Regex;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// How commits name their stories.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Stories {
    /// The tracker's project keys, such as STORY. Without any they are guessed
    /// from the history.
    pub projects: Vec<String>,
    /// A commit with one of these words, in any case, says that it has no story.
    pub no_key_words: Vec<String>,
    /// Regular expressions; a commit whose message fits one needs no story.
    pub ignore_commits: Vec<Pattern>,
    /// Names or e-mail addresses, `*` allowed, whose commits need no story: bots.
    pub ignore_authors: Names,
    /// The commit after which the rules hold; what is older gives notes.
    pub since: Option<String>,
    /// Where a key makes its story ship; elsewhere it is only mentioned.
    pub ships_in: Vec<ShipsIn>,
    /// What marks a story a part of which may ship, behind a flag.
    pub partial: Partial,
}

/// A place in a commit where a key can stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ShipsIn {
    Subject,
    Trailer,
    /// A `* …` line in the body of a squash commit.
    Squash,
    /// Any other prose of the message.
    Body,
    /// The title or the branch of the pull request that brought the commit,
    /// where the commit itself names no story; in its text where those have none.
    #[serde(rename = "pull-request")]
    PullRequest,
}

/// Marks of a story that may ship in part.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Partial {
    /// A label in the tracker.
    pub label: Option<String>,
    /// A field in the tracker; its value names the flag.
    pub field: Option<String>,
    /// A trailer of its commits, such as `Flag`; its value names the flag.
    pub trailer: Option<String>,
}

impl Default for Stories {
    fn default() -> Self {
        Self {
            projects: Vec::new(),
            no_key_words: ["no-jira", "no_jira", "nojira"].map(str::to_owned).to_vec(),
            ignore_commits: Vec::new(),
            ignore_authors: Names::default(),
            since: None,
            ships_in: vec![ShipsIn::Subject, ShipsIn::Trailer, ShipsIn::Squash, ShipsIn::PullRequest],
            partial: Partial::default(),
        }
    }
}

impl Partial {
    /// Whether a mark in the tracker may name a flag.
    pub fn asks_tracker(&self) -> bool {
        self.label.is_some() || self.field.is_some()
    }

    /// The flag that a mark in the tracker names.
    pub fn flag_of(&self, issue: &Issue) -> Option<String> {
        if let Some(label) = &self.label
            && issue.labels.iter().any(|l| same_word(l, label))
        {
            return Some(label.clone());
        }
        match issue.fields.get(self.field.as_ref()?)? {
            FieldValue::Text(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            _ => None,
        }
    }
}

impl Stories {
    pub(super) fn validate(&self) -> Result<(), String> {
        let fits = |p: &str| {
            p.starts_with(|c: char| c.is_ascii_uppercase())
                && p.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        };
        let is_commit = |name: &str| (7..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_hexdigit());
        if let Some(since) = self.since.as_deref().filter(|since| !is_commit(since)) {
            return Err(format!("`since = \"{since}\"` is no commit: write at least 7 hex digits of its id"));
        }
        if self.no_key_words.iter().any(|word| word.trim().is_empty()) {
            return Err("an empty word in no_key_words would let every commit pass".to_owned());
        }
        if self.ignore_commits.iter().any(|pattern| pattern.is_in("")) {
            return Err("a pattern in ignore_commits fits every message".to_owned());
        }
        match self.projects.iter().find(|p| !fits(p)) {
            Some(wrong) => Err(format!(
                "`{wrong}` is not a project key: capital letters, digits and _, as in the keys of its issues"
            )),
            None => Ok(()),
        }
    }
}

/// A regular expression.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = |e: regex::Error| serde::de::Error::custom(format!("not a regular expression: {e}"));
        regex::RegexBuilder::new(&text).multi_line(true).build().map(Self).map_err(wrong)
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl JsonSchema for Pattern {
    fn schema_name() -> Cow<'static, str> {
        "Pattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "regex"})
    }
}

/// Names with `*` (not over a slash), `**`, `?` and `[…]`.
#[derive(Clone, Debug, Default)]
pub struct Patterns(Vec<GlobMatcher>);

impl Patterns {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn of<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, String> {
        let read = |text: T| {
            let glob = globset::GlobBuilder::new(text.as_ref()).literal_separator(true).build();
            glob.map(|g: Glob| g.compile_matcher()).map_err(|e| format!("not a pattern: {e}"))
        };
        texts.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    pub fn fit(&self, text: &str) -> bool {
        self.0.iter().any(|glob| glob.is_match(text))
    }
}

impl<'de> Deserialize<'de> for Patterns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of(Vec::<String>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl Serialize for Patterns {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|glob| glob.glob().glob()))
    }
}

impl JsonSchema for Patterns {
    fn schema_name() -> Cow<'static, str> {
        "Patterns".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "array", "items": {"type": "string"}})
    }
}

/// Names in which `*` stands for anything, and all else for itself: bots have
/// names like `renovate[bot]`.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Names(Vec<Name>);

impl Names {
    pub fn fit(&self, name: &str) -> bool {
        self.0.iter().any(|pattern| pattern.fits(name))
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<Name>::deserialize(deserializer).map(Self)
    }
}

/// One of them.
#[derive(Clone, Debug)]
pub struct Name {
    text: String,
    pattern: Regex,
}

impl Name {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn fits(&self, name: &str) -> bool {
        self.pattern.is_match(name)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let any = regex::escape(&text).replace(r"\*", ".*");
        let wrong = |e: regex::Error| serde::de::Error::custom(format!("not a name: {e}"));
        let pattern = Regex::new(&format!("(?is)^{any}$")).map_err(wrong)?;
        Ok(Self { text, pattern })
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl JsonSchema for Name {
    fn schema_name() -> Cow<'static, str> {
        "Name".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string"})
    }
}

impl JsonSchema for Names {
    fn schema_name() -> Cow<'static, str> {
        "Names".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "array", "items": {"type": "string"}})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bots_name_is_taken_literally_and_a_star_stands_for_anything() {
        let names: Names = serde_json::from_str(r#"["renovate[bot]", "*@bots.example"]"#).unwrap();
        assert!(names.fit("renovate[bot]") && names.fit("a.b@bots.example"));
        assert!(!names.fit("renovateb") && !names.fit("a@people.example"));
    }
}
