//! `gonogo.check/1`, with words to look into it.

use super::Run;
use serde_json::Value;
use std::ops::Deref;

/// The JSON report, and the exit code.
#[derive(Debug)]
pub(crate) struct Report {
    pub code: i32,
    json: Value,
}

impl Report {
    #[track_caller]
    pub(crate) fn of(run: &Run) -> Self {
        match serde_json::from_str(&run.stdout) {
            Ok(json) => Self { code: run.code, json },
            Err(error) => panic!("the report is no JSON ({error}): {run:#?}"),
        }
    }

    /// The commit with this SHA.
    #[track_caller]
    pub(crate) fn commit(&self, sha: &str) -> &Value {
        self.one("commits", "sha", sha)
    }

    /// The story with this key.
    #[track_caller]
    pub(crate) fn story(&self, key: &str) -> &Value {
        self.one("stories", "key", key)
    }

    /// The only finding with this code.
    #[track_caller]
    pub(crate) fn finding(&self, code: &str) -> &Value {
        self.one("findings", "code", code)
    }

    /// The line of the check with this name.
    #[track_caller]
    pub(crate) fn check(&self, name: &str) -> &Value {
        self.one("checks", "name", name)
    }

    /// `severity code` of all findings, in their order.
    pub(crate) fn found(&self) -> Vec<String> {
        let line = |f: &Value| format!("{} {}", text(&f["severity"]), text(&f["code"]));
        self.list("findings").iter().map(line).collect()
    }

    /// The SHAs of all commits, in their order.
    pub(crate) fn shas(&self) -> Vec<&str> {
        self.list("commits").iter().map(|c| text(&c["sha"])).collect()
    }

    /// The keys of the stories that ship.
    pub(crate) fn shipping(&self) -> Vec<&str> {
        self.list("stories").iter().filter(|s| s["ships"] == true).map(|s| text(&s["key"])).collect()
    }

    #[track_caller]
    pub(crate) fn is(&self, verdict: &str) -> &Self {
        let code = match verdict {
            "go" => 0,
            "no-go" => 1,
            "could-not-check" => 3,
            "waiting" => 4,
            other => panic!("there is no verdict {other}"),
        };
        assert_eq!(self.code, code, "{self}");
        let said = if verdict == "could-not-check" { "no-go" } else { verdict };
        assert_eq!(self["verdict"], said, "{self}");
        self
    }

    /// Asserts that the two are the same, and shows the lines that are not.
    #[track_caller]
    pub(crate) fn is_same_as(&self, other: &Self) {
        let (ours, theirs) = (self.to_string(), other.to_string());
        let differing: Vec<_> = ours.lines().zip(theirs.lines()).filter(|(one, two)| one != two).take(12).collect();
        assert!(ours == theirs, "{} and {} lines, among them: {differing:#?}", ours.len(), theirs.len());
    }

    fn list(&self, name: &str) -> &[Value] {
        self.json[name].as_array().map_or(&[], Vec::as_slice)
    }

    #[track_caller]
    fn one(&self, list: &str, field: &str, wanted: &str) -> &Value {
        let mut fitting = self.list(list).iter().filter(|item| item[field] == wanted);
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => only,
            (Some(_), Some(_)) => panic!("several {list} have the {field} {wanted} in {self}"),
            (None, _) => panic!("none of the {list} has the {field} {wanted} in {self}"),
        }
    }
}

impl Deref for Report {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.json
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit {}: {:#}", self.code, self.json)
    }
}

/// A text of the report.
#[track_caller]
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// The texts of a list.
#[track_caller]
pub(crate) fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list")).iter().map(text).collect()
}
