//! `capistrano` of a step: Capistrano brings the commit, or what ran before comes back. Here
//! is which command that gives; what is done with `cap` is gonogo-remote's.

use super::journal::{Direction, Entry};
use super::section::StepTable;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A stage of a Capfile, in the folder `dir` of the runner's host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapistranoTable {
    /// Such as `production`.
    pub stage: String,
    /// How `cap` is called, such as `["bundle", "exec", "cap"]`.
    #[serde(default = "cap")]
    pub command: Vec<String>,
}

fn cap() -> Vec<String> {
    vec!["cap".to_owned()]
}

impl CapistranoTable {
    pub(super) fn validate(&self, step: &StepTable) -> Result<(), String> {
        if step.shell {
            return Err("`shell` is of `run`: leave it out".to_owned());
        }
        let is_stage = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':' | '.');
        if !self.stage.starts_with(|c: char| c.is_ascii_alphanumeric()) || !self.stage.chars().all(is_stage) {
            return Err("`capistrano.stage` is a stage of the Capfile, such as \"production\"".to_owned());
        }
        let is_word = |word: &String| !word.is_empty() && !word.contains(['\0', '{']);
        if self.command.is_empty() || !self.command.iter().all(is_word) {
            let example = "[\"cap\"] or [\"bundle\", \"exec\", \"cap\"]";
            return Err(format!("`capistrano.command` says how `cap` is called, such as {example}"));
        }
        match step.dir.as_deref() {
            None => Err("with `capistrano`, `dir` is the folder with the Capfile on the runner's host".to_owned()),
            Some(dir) if dir.contains('{') => Err("`dir` has no variables".to_owned()),
            Some(_) => Ok(()),
        }
    }

    /// A command of ours: the runner has its own program for this name.
    fn argv(&self, direction: Direction, dir: &str, is_on_hosts: bool) -> Vec<String> {
        let verb = match direction {
            Direction::Forward => "deploy",
            Direction::Back => "back",
        };
        let mut argv: Vec<String> = ["gonogo", "capistrano", verb].map(str::to_owned).to_vec();
        argv.extend([format!("--stage={}", self.stage), format!("--dir={dir}"), "--sha={sha}".to_owned()]);
        if self.command != cap() {
            argv.extend(self.command.iter().map(|word| format!("--command={word}")));
        }
        if is_on_hosts {
            // As the policy calls it or as ssh does: by either it may be known there.
            argv.extend(["--host={host}", "--host={address}"].map(str::to_owned));
        }
        argv
    }
}

impl StepTable {
    /// The step as a command.
    pub(super) fn as_command(&self, direction: Direction) -> Cow<'_, Self> {
        let Some(table) = &self.capistrano else { return Cow::Borrowed(self) };
        let dir = self.dir.as_deref().unwrap_or_default();
        let run = table.argv(direction, dir, self.on.is_some());
        Cow::Owned(Self { run, dir: None, ..self.clone() })
    }
}

/// What a release is called that is made from then on, as Capistrano does.
pub fn release_name(at: Timestamp) -> String {
    at.strftime("%Y%m%d%H%M%S").to_string()
}

/// What a deploy's release is called: the same on all hosts, in all attempts, by when its
/// first act of that direction was written down.
pub fn release_of(journal: &[(Entry, Timestamp)], direction: Direction, now: Timestamp) -> String {
    let is_of = |entry: &Entry| matches!(entry, Entry::Intended { key } if key.act().direction == direction);
    let first = journal.iter().find(|(entry, _)| is_of(entry)).map(|(_, at)| *at);
    release_name(first.unwrap_or(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::{At, Deploys, Plan, Variables};
    use crate::policy::{Policy, Source};

    fn section(text: &str) -> Result<Deploys, String> {
        Policy::parse(Source::new("gonogo.toml", text)).map(|policy| policy.sections.deploy).map_err(|e| e.to_string())
    }

    const HOSTS: &str = "[[deploy.hosts.web]]\nname = 'web-1'\naddress = '10.0.0.1'\n";

    #[test]
    fn capistrano_is_a_command_of_ours_at_the_runner() {
        let step =
            |more: &str| format!("name = 'cap'\ncapistrano = {{ stage = 'production' }}\ndir = '/srv/web'\n{more}");
        let text = format!("[[deploy.steps]]\n{}[[deploy.roll_back]]\n{}{HOSTS}", step("on = 'web'\n"), step(""));
        let (head, good) = ("b".repeat(40), "a".repeat(40));
        let variables = Variables {
            service: "web".to_owned(),
            branch: "main".to_owned(),
            deploy: 7,
            head: head.parse().unwrap(),
            production: good.parse().unwrap(),
            only_by_hand: None,
        };
        let plan = Plan::of(&section(&text).unwrap(), &variables);
        let ordered = plan.ordered(&"step-1-on-1-run-1".parse().unwrap()).unwrap();
        let expected = ["gonogo", "capistrano", "deploy", "--stage=production", "--dir=/srv/web"];
        assert_eq!(ordered.argv[..5], expected);
        assert_eq!(ordered.argv[5..], [&format!("--sha={head}"), "--host=web-1", "--host=10.0.0.1"]);
        assert_eq!((ordered.dir, ordered.on.unwrap().at), (None, At::Runner));
        assert_eq!(plan.back[0].argv[2..], ["back", "--stage=production", "--dir=/srv/web", &format!("--sha={good}")]);
    }

    #[test]
    fn what_could_not_run_is_refused() {
        for (step, expected) in [
            ("capistrano = { stage = 'production' }", "`dir` is the folder with the Capfile"),
            ("capistrano = { stage = '-x' }\ndir = '/a'", "`capistrano.stage` is a stage"),
            ("capistrano = { stage = 'a', command = [] }\ndir = '/a'", "`capistrano.command` says how"),
            ("capistrano = { stage = 'a' }\nrun = ['b']\ndir = '/a'", "two kinds of step"),
            ("capistrano = { stage = 'a' }\ndir = '/{sha}'", "`dir` has no variables"),
        ] {
            let said = section(&format!("[[deploy.steps]]\nname = 'a'\n{step}\n")).unwrap_err();
            assert!(said.contains(expected), "{step}: {said}");
        }
    }

    #[test]
    fn one_name_for_all_hosts_and_attempts() {
        let at = |second: i64| Timestamp::constant(1_795_489_500 + second, 5);
        let intended = |key: &str, second: i64| (Entry::Intended { key: key.parse().unwrap() }, at(second));
        assert_eq!(release_of(&[], Direction::Forward, at(3)), "20261124030503");
        let journal = [intended("step-1-on-1-run-1", 0), intended("step-1-on-2-run-1", 60), intended("back-1-1", 120)];
        assert_eq!(release_of(&journal, Direction::Forward, at(200)), "20261124030500");
        assert_eq!(release_of(&journal, Direction::Back, at(200)), "20261124030700");
        assert_eq!(release_of(&journal[..2], Direction::Back, at(200)), "20261124030820");
    }
}
