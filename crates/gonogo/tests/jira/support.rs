//! A repository beside a Jira, and the program between them.

use gonogo_world::{Jira, Repo, repo};
use serde_json::Value;
use std::process::Command;

/// A team: its repository with a branch `production`, its Jira, its policy.
pub(crate) struct Team {
    pub(crate) repo: Repo,
    pub(crate) jira: Jira,
    policy: String,
    environment: Vec<(String, String)>,
}

/// What a check came to.
pub(crate) struct Checked {
    pub(crate) code: i32,
    pub(crate) json: Value,
    pub(crate) stderr: String,
}

impl Team {
    pub(crate) fn cloud_on(jira: Jira) -> Self {
        Self::on(jira, "jira-cloud", &[("GONOGO_JIRA_USER", "bot@example.com"), ("GONOGO_JIRA_TOKEN", "jira-token")])
    }

    pub(crate) fn data_center_on(jira: Jira) -> Self {
        Self::on(jira, "jira-data-center", &[("GONOGO_JIRA_TOKEN", "jira-pat")])
    }

    pub(crate) fn cloud() -> Self {
        Self::cloud_on(Jira::cloud())
    }

    pub(crate) fn both() -> [Self; 2] {
        [Self::cloud(), Self::data_center_on(Jira::data_center().at("/jira"))]
    }

    fn on(jira: Jira, kind: &str, credentials: &[(&str, &str)]) -> Self {
        let repo = Repo::new();
        repo.commit("first");
        repo.branch("production");
        let tracker = format!("[tracker]\nkind = \"{kind}\"\nurl = \"{}\"\n", jira.url());
        let policy = format!("{tracker}[stories]\nprojects = [\"STORY\", \"WEB\"]\n");
        let environment = credentials.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Self { repo, jira, policy, environment }
    }

    /// Adds tables to the policy.
    pub(crate) fn policy(mut self, toml: &str) -> Self {
        self.policy.push_str(toml);
        self.policy.push('\n');
        self
    }

    /// Asks another Jira than the world's.
    pub(crate) fn asks(mut self, url: &str) -> Self {
        self.policy = self.policy.replace(&self.jira.url(), url);
        self
    }

    pub(crate) fn without_tracker(mut self) -> Self {
        "[stories]\nprojects = [\"STORY\"]\n".clone_into(&mut self.policy);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn check(&self) -> Checked {
        self.check_with(&[])
    }

    #[allow(clippy::disallowed_methods, reason = "the program under test")]
    pub(crate) fn check_with(&self, arguments: &[&str]) -> Checked {
        let policy = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(policy.path(), &self.policy).expect("the policy is written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_gonogo"));
        repo::isolate(&mut command);
        for name in
            ["HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"]
        {
            command.env_remove(name);
        }
        command.args(["check", "--format", "json", "--repo"]).arg(self.repo.path());
        command.arg("--policy").arg(policy.path()).args(arguments);
        command.envs(self.environment.iter().cloned());
        let output = command.output().expect("gonogo runs");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let json = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        Checked { code: output.status.code().unwrap_or(-1), json, stderr }
    }
}

impl Checked {
    /// The findings with a code, as `(subject id, message)`.
    pub(crate) fn found(&self, code: &str) -> Vec<(String, String)> {
        let text = |v: &Value| v.as_str().unwrap_or("").to_owned();
        let all = self.json["findings"].as_array().cloned().unwrap_or_default();
        all.iter().filter(|f| f["code"] == code).map(|f| (text(&f["subject"]["id"]), text(&f["message"]))).collect()
    }

    /// The one finding with a code.
    #[track_caller]
    pub(crate) fn one(&self, code: &str) -> (String, String) {
        let found = self.found(code);
        assert_eq!(found.len(), 1, "one {code} in {:#}\n{}", self.json["findings"], self.stderr);
        found.into_iter().next().expect("there is one")
    }

    #[track_caller]
    pub(crate) fn is_go(&self) -> &Self {
        assert_eq!(
            (self.code, &self.json["verdict"]),
            (0, &Value::from("go")),
            "{:#}\n{}",
            self.json["findings"],
            self.stderr
        );
        self
    }

    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{:#}\n{}", self.json["findings"], self.stderr);
        self
    }

    pub(crate) fn story(&self, key: &str) -> Value {
        let all = self.json["stories"].as_array().cloned().unwrap_or_default();
        all.into_iter().find(|s| s["key"] == key).unwrap_or(Value::Null)
    }

    pub(crate) fn state_of(&self, check: &str) -> String {
        let all = self.json["checks"].as_array().cloned().unwrap_or_default();
        let line = all.iter().find(|c| c["name"] == check).cloned().unwrap_or(Value::Null);
        line["state"].as_str().unwrap_or("").to_owned()
    }
}
