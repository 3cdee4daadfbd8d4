//! What one deploy does, as it was when it was asked for: later changes of the
//! policy do not change it.

use super::section::{Approval, Deploys, OnFailure, StepTable};
use crate::ids::Sha;
use crate::running::Running;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Who agrees to it before it is queued.
    #[serde(default)]
    pub approval: Option<Approval>,
    /// Who does its steps, by name.
    #[serde(default = "local")]
    pub runner: String,
    pub forward: Vec<Step>,
    pub back: Vec<Step>,
}

fn local() -> String {
    Deploys::LOCAL.to_owned()
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub name: String,
    /// The program and its arguments.
    pub argv: Vec<String>,
    pub env: BTreeMap<String, String>,
    pub secrets: Vec<String>,
    pub dir: Option<String>,
    pub limit_seconds: u32,
    pub tries: u32,
    pub on_failure: OnFailure,
}

/// What steps know of the deploy that they are a part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variables {
    pub service: String,
    pub branch: String,
    pub deploy: i64,
    /// What is to run.
    pub head: Sha,
    /// What runs before.
    pub production: Running,
}

impl Variables {
    pub(super) const NAMES: [&'static str; 5] = ["sha", "branch", "service", "deploy", "production"];

    fn values(&self, sha: Sha) -> [(&'static str, String); 5] {
        let Self { service, branch, deploy, production, .. } = self;
        let [of_sha, of_branch, of_service, of_deploy, of_production] = Self::NAMES;
        [
            (of_sha, sha.to_string()),
            (of_branch, branch.clone()),
            (of_service, service.clone()),
            (of_deploy, deploy.to_string()),
            (of_production, production.to_string()),
        ]
    }
}

impl Plan {
    /// There is a way back only to one commit: where several run, a person finds it.
    pub fn of(section: &Deploys, variables: &Variables) -> Self {
        let steps =
            |tables: &[StepTable], sha| tables.iter().map(|table| step(table, &variables.values(sha))).collect();
        let back = variables.production.only().map(|good| steps(&section.roll_back, good));
        let forward = steps(&section.steps, variables.head);
        let (approval, runner) = (section.approval.clone(), section.runner().to_owned());
        Self { approval, runner, forward, back: back.unwrap_or_default() }
    }
}

fn step(table: &StepTable, values: &[(&str, String)]) -> Step {
    let argv: Vec<String> = match &table.run[..] {
        [text] if table.shell => vec!["/bin/sh".to_owned(), "-c".to_owned(), text.clone()],
        words => words.iter().map(|word| filled(word, values)).collect(),
    };
    let ours = values.iter().map(|(name, value)| (format!("GONOGO_{}", name.to_uppercase()), value.clone()));
    let theirs = table.env.iter().map(|(name, value)| (name.clone(), filled(value, values)));
    Step {
        name: table.name.clone(),
        argv,
        env: theirs.chain(ours).collect(),
        secrets: table.secrets.clone(),
        dir: table.dir.clone(),
        limit_seconds: table.limit_minutes * 60,
        tries: table.tries,
        on_failure: table.on_failure,
    }
}

/// Each variable is replaced once: what a branch is called is no variable.
fn filled(text: &str, values: &[(&str, String)]) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        let found =
            values.iter().find(|(name, _)| rest[1..].strip_prefix(name).is_some_and(|after| after.starts_with('}')));
        let end = if let Some((name, value)) = found {
            filled.push_str(value);
            name.len() + 2
        } else {
            filled.push('{');
            1
        };
        rest = &rest[end..];
    }
    filled + rest
}

/// Whether all that is written like a variable is one.
pub(super) fn known(text: &str) -> Result<(), String> {
    for (at, _) in text.match_indices('{') {
        let Some((name, _)) = text[at + 1..].split_once('}') else { continue };
        let is_word = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        if is_word && !Variables::NAMES.contains(&name) {
            let all: Vec<String> = Variables::NAMES.iter().map(|name| format!("{{{name}}}")).collect();
            return Err(format!("`{{{name}}}` is not known: there are {}", all.join(", ")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Policy, Source};

    fn plan(text: &str, branch: &str, production: &str) -> Plan {
        let section = Policy::parse(Source::new("gonogo.toml", text)).unwrap().sections.deploy;
        let variables = Variables {
            service: "web".to_owned(),
            branch: branch.to_owned(),
            deploy: 7,
            head: "b".repeat(40).parse().unwrap(),
            production: production.parse().unwrap(),
        };
        Plan::of(&section, &variables)
    }

    #[test]
    fn what_people_named_reaches_a_step_as_one_word_or_a_variable() {
        let text = "[[deploy.steps]]\nname = 'a'\nrun = ['ship', '--to={branch}', 'x{sha}{sha}', '{}{']\nenv.AT = '{deploy}'\n\
             [[deploy.steps]]\nname = 'b'\nrun = ['echo $GONOGO_BRANCH | wc']\nshell = true\n\
             [[deploy.roll_back]]\nname = 'a'\nrun = ['ship', '{sha}']";
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let plan_of = plan(text, "$(touch x) {sha}", &a);
        let ship = &plan_of.forward[0];
        assert_eq!(ship.argv, ["ship", "--to=$(touch x) {sha}", &format!("x{b}{b}"), "{}{"]);
        assert_eq!((ship.env["AT"].as_str(), ship.env["GONOGO_SHA"].as_str()), ("7", b.as_str()));
        assert_eq!((ship.env["GONOGO_PRODUCTION"].as_str(), ship.limit_seconds), (a.as_str(), 1800));
        assert_eq!(plan_of.forward[1].argv, ["/bin/sh", "-c", "echo $GONOGO_BRANCH | wc"]);
        assert_eq!(plan_of.back[0].argv, ["ship", a.as_str()]);
        assert_eq!(plan(text, "main", &format!("{a} {b}")).back, [], "which of them is good nobody knows");
    }
}
