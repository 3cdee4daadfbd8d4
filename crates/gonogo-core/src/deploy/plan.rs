//! What one deploy does, as it was when it was asked for: later changes of the
//! policy do not change it.

use super::affinity::Switch;
use super::approval::Approval;
use super::follow::Follow;
use super::hosts::{self, At, Host, HostTable, Phase, PhaseTable};
use super::journal::{Act, ActKey, Direction};
use super::kinds::{Does, Place};
use super::section::{Deploys, OnFailure, StepTable};
use crate::guard::{Guard, OnWorse, Watch};
use crate::ids::Sha;
use crate::policy::utc;
use crate::running::Running;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Who agrees to it before it is queued.
    #[serde(default)]
    pub approval: Option<Approval>,
    /// The IANA zone of its times.
    #[serde(default = "utc", skip_serializing_if = "is_utc")]
    pub zone: String,
    /// What follows at the code host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow: Option<Follow>,
    /// Who does its steps, by name.
    #[serde(default = "local")]
    pub runner: String,
    pub forward: Vec<Step>,
    pub back: Vec<Step>,
    /// What is watched meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watched: Option<Watched>,
    /// Why nobody but a person has it rolled back, such as that it changes the database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_by_hand: Option<String>,
}

/// Guards, and how they watch a deploy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watched {
    pub guards: Vec<Guard>,
    pub watch: Watch,
}

fn is_utc(zone: &str) -> bool {
    zone == utc()
}

fn local() -> String {
    Deploys::LOCAL.to_owned()
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub name: String,
    /// Plans of earlier versions have commands alone.
    #[serde(default, skip_serializing_if = "Does::is_run")]
    pub does: Does,
    /// The program and its arguments: its own, or ours that does it for the runner. Where
    /// gonogo waits itself there are none.
    pub argv: Vec<String>,
    pub env: BTreeMap<String, String>,
    pub secrets: Vec<String>,
    pub dir: Option<String>,
    pub limit_seconds: u32,
    pub tries: u32,
    pub on_failure: OnFailure,
    /// Where the step runs on hosts: `argv` and `env` are not filled for any of them
    /// then, and [`Plan::ordered`] has what each one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// Which host's part this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<OnHost>,
    /// Where it tells a balancer: it may always be done again, since it reads first how that
    /// stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affinity: Option<Switch>,
}

/// A step on hosts, all of it decided when the deploy was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// What the hosts are called together.
    pub group: String,
    pub hosts: Vec<Host>,
    /// Places among `hosts`: who has its turn together.
    pub batches: Vec<Vec<usize>>,
    /// With so many failed hosts it still goes on.
    pub max_failed: usize,
    pub lost_after_seconds: u32,
    /// What is done on each host; `run` is always there.
    pub commands: BTreeMap<Phase, HostCommand>,
    /// What the variables of the deploy are.
    values: Vec<(String, String)>,
}

/// What is done on each host, with its variables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostCommand {
    pub run: Vec<String>,
    pub shell: bool,
    pub at: At,
    pub limit_seconds: u32,
    pub tries: u32,
}

/// A part of a step on one host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnHost {
    pub host: Host,
    pub phase: Phase,
    pub at: At,
    pub lost_after_seconds: u32,
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
    /// Why nobody but a person has it rolled back.
    pub only_by_hand: Option<String>,
}

impl Watched {
    /// Buckets that a guard has to see before it can tell anything, and some that come late.
    const LEAST_BUCKETS: i64 = 10;

    /// How long guards go on after the last step: as the policy says, and no shorter than
    /// they need to tell anything.
    pub fn lasts_after(&self) -> SignedDuration {
        let needs = |guard: &Guard| {
            let (settle, bucket) = (i64::from(guard.settle_seconds), i64::from(guard.resolution_seconds));
            SignedDuration::from_secs(settle + Self::LEAST_BUCKETS * bucket)
        };
        let wanted = SignedDuration::from_mins(self.watch.after_minutes.into());
        self.guards.iter().map(needs).max().unwrap_or_default().max(wanted)
    }
}

impl Variables {
    const NAMES: [&'static str; 5] = ["sha", "branch", "service", "deploy", "production"];
    const OF_HOSTS: [&'static str; 3] = ["host", "address", "zone"];

    pub(super) fn names(is_on_hosts: bool) -> Vec<&'static str> {
        let of_hosts = if is_on_hosts { &Self::OF_HOSTS[..] } else { &[] };
        Self::NAMES.iter().chain(of_hosts).copied().collect()
    }

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
        let steps = |tables: &[StepTable], direction, sha| {
            let values = variables.values(sha);
            let planned = |(at, table): (usize, &StepTable)| {
                let place = Place { direction, at, sha, values: &values };
                let command = || step(&table.as_command(direction), &section.hosts, &values);
                table.other_kind(place).unwrap_or_else(command)
            };
            let steps = tables.iter().enumerate().map(planned).collect();
            match &section.affinity {
                Some(affinity) => affinity.around(steps, direction, &values),
                None => steps,
            }
        };
        let back = variables.production.only().map(|good| steps(&section.roll_back, Direction::Back, good));
        let forward = steps(&section.steps, Direction::Forward, variables.head);
        let (approval, runner) = (section.approval.clone(), section.runner().to_owned());
        let guards = section.guards.clone();
        let watched = (!guards.is_empty()).then(|| Watched { guards, watch: section.watch.clone() });
        let (only_by_hand, zone) = (variables.only_by_hand.clone(), section.zone.clone());
        let follow = section.follow.clone();
        Self { approval, zone, follow, runner, forward, back: back.unwrap_or_default(), watched, only_by_hand }
    }

    /// Whether it may be rolled back without a person.
    pub fn goes_back_by_itself(&self) -> bool {
        !self.back.is_empty() && self.only_by_hand.is_none()
    }

    /// Whether it is rolled back once a guard proves that production got worse.
    pub fn goes_back_when_worse(&self) -> bool {
        let wants = self.watched.as_ref().is_some_and(|watched| watched.watch.on_worse == OnWorse::RollBack);
        wants && self.goes_back_by_itself()
    }

    pub fn steps(&self, direction: Direction) -> &[Step] {
        match direction {
            Direction::Forward => &self.forward,
            Direction::Back => &self.back,
        }
    }

    /// The step of which an act is a part.
    pub fn step_of(&self, key: &ActKey) -> Option<&Step> {
        let Act { direction, step, .. } = key.act();
        self.steps(direction).get(step)
    }

    /// Whether gonogo waits itself, and no runner is told.
    pub fn is_own(&self, key: &ActKey) -> bool {
        self.step_of(key).is_some_and(|step| step.does.is_own())
    }

    /// Whether something may be another outside by an act; of one that the plan does not
    /// know that is not known.
    pub fn changes_by(&self, key: &ActKey) -> bool {
        self.step_of(key).is_none_or(|step| step.does.changes())
    }

    /// On which host an act is done.
    pub fn host_of(&self, key: &ActKey) -> Option<&Host> {
        self.step_of(key)?.rollout.as_ref()?.hosts.get(key.act().on?.host)
    }

    /// What a runner is told to do, on one host or on its own.
    pub fn ordered(&self, key: &ActKey) -> Option<Step> {
        let step = self.step_of(key)?;
        match (key.act().on, &step.rollout) {
            (None, None) => Some(step.clone()),
            (Some(on), Some(rollout)) => {
                let (host, command) = (rollout.hosts.get(on.host)?, rollout.commands.get(&on.phase)?);
                Some(rollout.filled(step, host, on.phase, command))
            }
            _ => None,
        }
    }
}

impl Rollout {
    fn of(table: &StepTable, hosts: &[HostTable], values: &[(&str, String)]) -> Self {
        let hosts: Vec<Host> = hosts.iter().map(HostTable::resolved).collect();
        // Its policy was validated.
        let batches = hosts::batches(&hosts, &table.batches, table.by_zone)
            .unwrap_or_else(|_| (0..hosts.len()).map(|host| vec![host]).collect());
        let run = HostCommand {
            run: table.run.clone(),
            shell: table.shell,
            at: if table.capistrano.is_some() { At::Runner } else { At::Host },
            limit_seconds: table.limit_minutes * 60,
            tries: table.tries,
        };
        let phase = |phase: &PhaseTable| HostCommand {
            run: phase.run.clone(),
            shell: phase.shell,
            at: phase.at,
            limit_seconds: phase.limit_minutes * 60,
            tries: phase.tries,
        };
        let commands = [
            (Phase::Drain, table.drain.as_ref().map(phase)),
            (Phase::Run, Some(run)),
            (Phase::Health, table.health.as_ref().map(phase)),
            (Phase::Undrain, table.undrain.as_ref().map(phase)),
        ];
        Self {
            group: table.on.clone().unwrap_or_default(),
            hosts,
            batches,
            max_failed: table.max_failed as usize,
            lost_after_seconds: table.lost_after_seconds,
            commands: commands.into_iter().filter_map(|(phase, command)| Some((phase, command?))).collect(),
            values: values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        }
    }

    /// What is run in a phase, for people: what is of a host stands as its variable.
    pub fn shown(&self, command: &HostCommand) -> Vec<String> {
        let values: Vec<(&str, String)> =
            self.values.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        words(&command.run, command.shell, &values)
    }

    /// What one host does in one phase.
    fn filled(&self, step: &Step, host: &Host, phase: Phase, command: &HostCommand) -> Step {
        let [of_host, of_address, of_zone] = Variables::OF_HOSTS;
        let zone = host.zone.clone().unwrap_or_default();
        let own = [(of_host, host.name.clone()), (of_address, host.address.clone()), (of_zone, zone)];
        let values: Vec<(&str, String)> =
            self.values.iter().map(|(name, value)| (name.as_str(), value.clone())).chain(own).collect();
        Step {
            name: step.name.clone(),
            does: Does::Run,
            argv: words(&command.run, command.shell, &values),
            env: variables_of(&step.env, &values),
            secrets: step.secrets.clone(),
            // A folder of the host.
            dir: step.dir.clone().filter(|_| command.at == At::Host),
            limit_seconds: command.limit_seconds,
            tries: command.tries,
            on_failure: step.on_failure,
            rollout: None,
            on: Some(OnHost { host: host.clone(), phase, at: command.at, lost_after_seconds: self.lost_after_seconds }),
            affinity: None,
        }
    }
}

fn words(run: &[String], is_shell: bool, values: &[(&str, String)]) -> Vec<String> {
    match run {
        [text] if is_shell => vec!["/bin/sh".to_owned(), "-c".to_owned(), text.clone()],
        words => words.iter().map(|word| filled(word, values)).collect(),
    }
}

pub(super) fn variables_of(env: &BTreeMap<String, String>, values: &[(&str, String)]) -> BTreeMap<String, String> {
    let ours = values.iter().map(|(name, value)| (format!("GONOGO_{}", name.to_uppercase()), value.clone()));
    let theirs = env.iter().map(|(name, value)| (name.clone(), filled(value, values)));
    theirs.chain(ours).collect()
}

fn step(table: &StepTable, groups: &BTreeMap<String, Vec<HostTable>>, values: &[(&str, String)]) -> Step {
    let hosts = table.on.as_ref().and_then(|group| groups.get(group));
    let rollout = hosts.map(|hosts| Rollout::of(table, hosts, values));
    Step {
        name: table.name.clone(),
        does: Does::Run,
        argv: words(&table.run, table.shell, values),
        env: if rollout.is_some() { table.env.clone() } else { variables_of(&table.env, values) },
        secrets: table.secrets.clone(),
        dir: table.dir.clone(),
        limit_seconds: table.limit_minutes * 60,
        tries: table.tries,
        on_failure: table.on_failure,
        rollout,
        on: None,
        affinity: None,
    }
}

/// Each variable is replaced once: what a branch is called is no variable.
pub(super) fn filled(text: &str, values: &[(&str, String)]) -> String {
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
pub(super) fn known(text: &str, names: &[&str]) -> Result<(), String> {
    for (at, _) in text.match_indices('{') {
        let Some((name, _)) = text[at + 1..].split_once('}') else { continue };
        let is_word = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        if is_word && !names.contains(&name) {
            let all: Vec<String> = names.iter().map(|name| format!("{{{name}}}")).collect();
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
            only_by_hand: None,
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
        assert_eq!(plan_of.ordered(&"step-1-1".parse().unwrap()).as_ref(), Some(ship));
        assert_eq!(plan(text, "main", &format!("{a} {b}")).back, [], "which of them is good nobody knows");
    }
    #[test]
    fn each_host_has_its_own_words_and_a_branch_called_like_a_variable_has_none() {
        let text = "[[deploy.hosts.web]]\nname = 'web-1'\n[[deploy.hosts.web]]\nname = 'web-2'\naddress = '10.0.0.2'\nzone = 'b'\n\
             [[deploy.steps]]\nname = 'a'\non = 'web'\nrun = ['ship', '{host}', '{branch}']\nenv.AT = '{address}'\ndir = '/srv'\n\
             health = { run = ['probe', '{address}', '{branch}'], at = 'runner', limit_minutes = 1 }";
        let plan_of = plan(text, "{host}; rm", &"a".repeat(40));
        let ordered = |key: &str| plan_of.ordered(&key.parse().unwrap());
        let run = ordered("step-1-on-2-run-1").unwrap();
        assert_eq!(run.argv, ["ship", "web-2", "{host}; rm"]);
        assert_eq!((run.env["AT"].as_str(), run.env["GONOGO_ZONE"].as_str()), ("10.0.0.2", "b"));
        assert_eq!((run.dir.as_deref(), run.on.unwrap().at), (Some("/srv"), At::Host));
        let health = ordered("step-1-on-1-health-1").unwrap();
        assert_eq!(health.argv, ["probe", "web-1", "{host}; rm"]);
        assert_eq!((health.dir, health.limit_seconds, health.on.unwrap().at), (None, 60, At::Runner));
        for none in ["step-1-1", "step-1-on-3-run-1", "step-1-on-1-drain-1", "step-2-on-1-run-1"] {
            assert_eq!(ordered(none), None, "{none}");
        }
    }
}
