//! `[deploy]`: how a service is deployed.

use super::affinity::Affinity;
use super::approval::Approval;
use super::calendar::{Calendar, Freeze, Window};
use super::capistrano::CapistranoTable;
use super::follow::Follow;
use super::hosts::{self, HostTable, PhaseTable};
use super::kinds::{HttpTable, QuestionTable, WaitTable};
use super::plan::{self, Variables};
use crate::guard::{Guard, MetricsServers, OnWorse, Watch};
use crate::person::Role;
use crate::policy::{Patterns, utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

const MOST_STEPS: usize = 100;
const MOST_MINUTES: u32 = 24 * 60;
const MOST_TRIES: u32 = 10;

/// What is done, one step after the other.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Deploys {
    /// What brings a candidate to production. Without any, gonogo does not deploy
    /// this service.
    pub steps: Vec<StepTable>,
    /// What brings back what ran before. Without any, a person does.
    pub roll_back: Vec<StepTable>,
    /// Which runner does the steps, by its name; without it, `local`, which the server
    /// starts beside itself.
    pub runner: Option<String>,
    /// Groups of hosts, by their names: `[[deploy.hosts.web]]` is one host of `web`.
    pub hosts: BTreeMap<String, Vec<HostTable>>,
    /// Services whose policies name the same group are deployed one at a time.
    pub group: Option<String>,
    /// Patterns of branches whose deploys go before others that wait.
    pub first: Patterns,
    /// Branches whose candidates are deployed without being asked for.
    pub continuous: Option<Continuous>,
    /// What a freeze means that begins before a deploy would be over.
    pub runway: Runway,
    /// What follows at the code host.
    pub follow: Option<Follow>,
    /// Who agrees to a deploy before it is queued; without it nobody has to.
    pub approval: Option<Approval>,
    /// Who may have one begin although something keeps it.
    pub break_glass: BreakGlass,
    /// Keeps sessions at the server that they met while two versions serve.
    pub affinity: Option<Affinity>,
    /// The IANA zone of windows and freezes.
    #[serde(default = "utc")]
    pub zone: String,
    /// When deploys may begin; without any, at all times.
    pub windows: Vec<Window>,
    /// When none may.
    pub freezes: Vec<Freeze>,
    /// Metrics that say whether production got worse.
    pub guards: Vec<Guard>,
    /// How guards watch a deploy.
    pub watch: Watch,
    /// Where metrics are read.
    pub metrics: MetricsServers,
}

/// Which candidates are deployed as soon as they are Go.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Continuous {
    /// Patterns of their branches.
    pub branches: Patterns,
}

/// Whether a deploy begins that by the time it took before would run into a freeze.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Runway {
    /// It does, and that is said.
    #[default]
    Warn,
    Block,
    Off,
}

/// Who may have a deploy begin in spite of its verdict, of the times for deploys, and
/// without an approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BreakGlass {
    /// At the service, or more.
    pub role: Role,
}

impl Default for BreakGlass {
    fn default() -> Self {
        Self { role: Role::Admin }
    }
}

/// A command, or one of `http`, `wait`, `pause_seconds` and `approval` instead.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepTable {
    /// Lower-case letters, digits and hyphens.
    pub name: String,
    /// The program and its arguments: `{sha}`, `{branch}`, `{service}`, `{deploy}` and
    /// `{production}` in them are what they are in this deploy. With `shell`, one
    /// text for `sh -c`, which has them as `GONOGO_SHA` and so on alone.
    #[serde(default)]
    pub run: Vec<String>,
    /// A request that the runner makes.
    #[serde(default)]
    pub http: Option<HttpTable>,
    /// A condition that is waited for, for `limit_minutes` at most.
    #[serde(default)]
    pub wait: Option<WaitTable>,
    /// So long nothing is done; a developer may end it early.
    #[serde(default)]
    pub pause_seconds: Option<u32>,
    /// People are asked whether it goes on.
    #[serde(default)]
    pub approval: Option<QuestionTable>,
    /// Capistrano brings the commit instead of a command; in steps back, what ran before.
    #[serde(default)]
    pub capistrano: Option<CapistranoTable>,
    #[serde(default)]
    pub shell: bool,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Variables that the runner knows, such as `DEPLOY_TOKEN`: their values are
    /// masked in what the step says.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// Where it runs, on the runner's host; without it, in an empty folder.
    #[serde(default)]
    pub dir: Option<String>,
    /// After this it is ended.
    #[serde(default = "half_an_hour")]
    pub limit_minutes: u32,
    /// Whether it may run twice: without it, it is never tried again by itself.
    #[serde(default)]
    pub repeatable: bool,
    /// How often it is tried at most before it counts as failed.
    #[serde(default = "once")]
    pub tries: u32,
    #[serde(default)]
    pub on_failure: OnFailure,
    /// A group of [deploy.hosts]: the command runs on each of its hosts, by ssh, and may
    /// have `{host}`, `{address}` and `{zone}` in it.
    #[serde(default)]
    pub on: Option<String>,
    /// How many hosts have their turn together, such as `["1", "25%"]`: a first one alone,
    /// then a quarter of all at a time. Without it, one after the other.
    #[serde(default)]
    pub batches: Vec<String>,
    /// No batch has hosts of two zones.
    #[serde(default)]
    pub by_zone: bool,
    /// With so many failed hosts it still goes on.
    #[serde(default)]
    pub max_failed: u32,
    /// Before the command, on each host: takes it out of service.
    #[serde(default)]
    pub drain: Option<PhaseTable>,
    /// After the command: whether the host is well.
    #[serde(default)]
    pub health: Option<PhaseTable>,
    /// At last: puts it into service again.
    #[serde(default)]
    pub undrain: Option<PhaseTable>,
    /// A host that does not answer for so long while something runs on it is put before
    /// a person.
    #[serde(default = "a_minute")]
    pub lost_after_seconds: u32,
}

fn a_minute() -> u32 {
    60
}

/// What follows where a step has failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// Nothing more, until a person says so.
    #[default]
    Halt,
    Continue,
    RollBack,
}

pub(super) fn half_an_hour() -> u32 {
    30
}

fn once() -> u32 {
    1
}

impl Default for Deploys {
    fn default() -> Self {
        Self {
            steps: Vec::new(),
            roll_back: Vec::new(),
            runner: None,
            group: None,
            first: Patterns::default(),
            continuous: None,
            runway: Runway::default(),
            follow: None,
            hosts: BTreeMap::new(),
            approval: None,
            break_glass: BreakGlass::default(),
            affinity: None,
            zone: utc(),
            windows: Vec::new(),
            freezes: Vec::new(),
            guards: Vec::new(),
            watch: Watch::default(),
            metrics: MetricsServers::default(),
        }
    }
}

impl Deploys {
    pub const LOCAL: &str = "local";

    pub fn runner(&self) -> &str {
        self.runner.as_deref().unwrap_or(Self::LOCAL)
    }

    /// When deploys may begin.
    pub fn calendar(&self) -> Result<Calendar, String> {
        Calendar::of(&self.zone, &self.windows, &self.freezes)
    }

    /// Whether there are times at which none may.
    pub fn has_times(&self) -> bool {
        !self.windows.is_empty() || !self.freezes.is_empty()
    }

    pub fn validate(&self) -> Result<(), String> {
        if !is_name(self.runner()) {
            return Err(format!("`runner` is a name: {NAME}"));
        }
        if self.group.as_deref().is_some_and(|group| !is_name(group)) {
            return Err(format!("`group` is a name: {NAME}"));
        }
        if self.continuous.as_ref().is_some_and(|continuous| continuous.branches.is_empty()) {
            return Err(
                "`continuous.branches` names none: write [\"main\"], or leave [deploy.continuous] out".to_owned()
            );
        }
        if let Some(follow) = &self.follow {
            follow.validate()?;
        }
        if let Some(approval) = &self.approval {
            approval.validate(&self.zone)?;
        }
        self.freezes.iter().try_for_each(Freeze::validate)?;
        self.calendar()?;
        hosts::validate(&self.hosts)?;
        if let Some(affinity) = &self.affinity {
            affinity.validate(self.steps.iter().chain(&self.roll_back).map(|step| step.name.as_str()))?;
        }
        for (steps, word) in [(&self.steps, "steps"), (&self.roll_back, "roll_back")] {
            if steps.len() > MOST_STEPS {
                return Err(format!("`{word}` has {} steps: {MOST_STEPS} are the most", steps.len()));
            }
            let mut names = BTreeSet::new();
            for step in steps {
                let is_sound = step.validate(word == "roll_back").and_then(|()| step.validate_hosts(&self.hosts));
                let is_sound =
                    is_sound.and_then(|()| step.wait.as_ref().map_or(Ok(()), |wait| wait.reads(&self.metrics)));
                is_sound.map_err(|said| format!("the step `{}`: {said}", step.name))?;
                if !names.insert(&step.name) {
                    return Err(format!("there are two steps `{}`: name them apart", step.name));
                }
            }
        }
        if self.watch.on_worse == OnWorse::RollBack && self.roll_back.is_empty() {
            return Err("`watch.on_worse` rolls back, and there are no [[deploy.roll_back]] steps".to_owned());
        }
        let rolls_back = self.steps.iter().find(|step| step.on_failure == OnFailure::RollBack);
        match rolls_back.filter(|_| self.roll_back.is_empty()) {
            Some(step) => {
                Err(format!("the step `{}` rolls back, and there are no [[deploy.roll_back]] steps", step.name))
            }
            None => Ok(()),
        }
    }
}

impl StepTable {
    fn validate(&self, is_back: bool) -> Result<(), String> {
        if !is_name(&self.name) {
            return Err(format!("its name is {NAME}"));
        }
        self.validate_kind()?;
        if is_back && self.on_failure == OnFailure::RollBack {
            return Err("a step back cannot roll back: halt or continue".to_owned());
        }
        if !(1..=MOST_MINUTES).contains(&self.limit_minutes) {
            return Err(format!("`limit_minutes` is from 1 to {MOST_MINUTES}"));
        }
        if !(1..=MOST_TRIES).contains(&self.tries) {
            return Err(format!("`tries` is from 1 to {MOST_TRIES}"));
        }
        if self.tries > 1 && !self.repeatable {
            return Err("only what is `repeatable = true` is tried more than once".to_owned());
        }
        if let Some(table) = &self.capistrano {
            table.validate(self)?;
        }
        if self.run.is_empty() && self.capistrano.is_none() { Ok(()) } else { self.validate_command() }
    }

    fn validate_command(&self) -> Result<(), String> {
        let is_empty = self.capistrano.is_none() && self.run.first().is_none_or(|program| program.trim().is_empty());
        if is_empty || self.run.iter().any(|word| word.contains('\0')) {
            return Err("`run` is a program and its arguments, such as [\"make\", \"deploy\"]".to_owned());
        }
        let names = Variables::names(self.on.is_some());
        if self.shell {
            shell_text(&self.run, &names)?;
        } else {
            self.run.iter().try_for_each(|word| plan::known(word, &names))?;
        }
        self.env.values().try_for_each(|value| plan::known(value, &names))?;
        if let Some(odd) = self.env.keys().chain(&self.secrets).find(|name| !is_variable(name)) {
            return Err(format!("`{odd}` is no name of a variable"));
        }
        if let Some(ours) = self.env.keys().chain(&self.secrets).find(|name| name.starts_with("GONOGO_")) {
            return Err(format!("`{ours}` is ours: call it otherwise"));
        }
        if let Some(both) = self.secrets.iter().find(|name| self.env.contains_key(*name)) {
            return Err(format!("`{both}` is in `env` and in `secrets`: leave one out"));
        }
        if self.dir.as_deref().is_some_and(|dir| !dir.starts_with('/') || dir.contains('\0')) {
            return Err("`dir` is a whole path, from /".to_owned());
        }
        Ok(())
    }

    fn phases(&self) -> [(&'static str, Option<&PhaseTable>); 3] {
        [("drain", self.drain.as_ref()), ("health", self.health.as_ref()), ("undrain", self.undrain.as_ref())]
    }

    fn validate_hosts(&self, groups: &BTreeMap<String, Vec<HostTable>>) -> Result<(), String> {
        let Some(group) = &self.on else {
            let phase = self.phases().into_iter().find_map(|(name, phase)| phase.map(|_| name));
            let given = [
                (!self.batches.is_empty()).then_some("batches"),
                self.by_zone.then_some("by_zone"),
                (self.max_failed > 0).then_some("max_failed"),
                (self.lost_after_seconds != a_minute()).then_some("lost_after_seconds"),
                phase,
            ];
            return match given.into_iter().flatten().next() {
                Some(key) => Err(format!("`{key}` is of steps on hosts: add `on = \"…\"`, a group of [deploy.hosts]")),
                None => Ok(()),
            };
        };
        let Some(hosts) = groups.get(group) else {
            let known: Vec<&str> = groups.keys().map(String::as_str).collect();
            let known =
                if known.is_empty() { "there are none".to_owned() } else { format!("there are {}", known.join(", ")) };
            return Err(format!("`on` names the hosts `{group}`, and {known}: write [[deploy.hosts.{group}]]"));
        };
        let hosts: Vec<hosts::Host> = hosts.iter().map(HostTable::resolved).collect();
        hosts::batches(&hosts, &self.batches, self.by_zone)?;
        if let Some(host) = hosts.iter().find(|host| self.by_zone && host.zone.is_none()) {
            return Err(format!("`by_zone`, and the host `{}` has no `zone`: give it one", host.name));
        }
        if self.max_failed as usize >= hosts.len() {
            return Err(format!(
                "`max_failed` is {}, and `{group}` has {}: let it halt before all have failed",
                self.max_failed,
                hosts.len()
            ));
        }
        if self.max_failed > 0 && self.on_failure == OnFailure::Continue {
            return Err("with `on_failure = \"continue\"` all hosts have their turn: leave `max_failed` out".to_owned());
        }
        if self.undrain.is_some() != self.drain.is_some() {
            return Err("`drain` and `undrain` belong together: write both".to_owned());
        }
        hosts::validate_lost(self.lost_after_seconds)?;
        let names = Variables::names(true);
        for (name, phase) in self.phases() {
            phase.map_or(Ok(()), |phase| phase.validate(&names)).map_err(|said| format!("`{name}`: {said}"))?;
        }
        Ok(())
    }
}

/// What stands in a text for a shell.
pub(super) fn shell_text(run: &[String], names: &[&str]) -> Result<(), String> {
    let [text] = run else { return Err("with `shell`, `run` has one text".to_owned()) };
    match names.iter().find(|name| text.contains(&format!("{{{name}}}"))) {
        Some(name) => {
            let variable = name.to_uppercase();
            Err(format!("a shell gets what is known of a deploy as variables: write \"$GONOGO_{variable}\""))
        }
        None => Ok(()),
    }
}

const NAME: &str = "up to 40 lower-case letters, digits and hyphens";

pub(super) fn is_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty() && name.len() <= 40 && name.chars().all(is_plain)
}

pub(super) fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use crate::policy::{Policy, Source};

    fn refused(text: &str) -> String {
        Policy::parse(Source::new("gonogo.toml", text)).unwrap_err().to_string()
    }

    #[test]
    fn what_could_not_run_as_it_is_meant_is_refused() {
        let step = |more: &str| format!("[[deploy.steps]]\nname = 'ship'\n{more}");
        for (more, expected) in [
            ("run = []", "`run` is a program and its arguments"),
            ("run = ['a', 'b']\nshell = true", "with `shell`, `run` has one text"),
            ("run = ['echo {sha}']\nshell = true", "write \"$GONOGO_SHA\""),
            ("run = ['a', '{shaa}']", "`{shaa}` is not known"),
            ("run = ['a']\ntries = 2", "only what is `repeatable = true`"),
            ("run = ['a']\nenv.A-B = 'x'", "`A-B` is no name of a variable"),
            ("run = ['a']\nenv.GONOGO_SHA = 'x'", "`GONOGO_SHA` is ours"),
            ("run = ['a']\ndir = 'x'", "`dir` is a whole path"),
            ("run = ['a']\nlimit_minutes = 0", "`limit_minutes` is from 1"),
            ("run = ['a']\non_failure = 'roll-back'", "there are no [[deploy.roll_back]] steps"),
        ] {
            let said = refused(&step(more));
            assert!(said.contains(expected), "{more}: {said}");
        }
        let hosts = "[[deploy.hosts.web]]\nname = 'web-1'\nzone = 'a'\n[[deploy.hosts.web]]\nname = 'web-2'\n";
        for (more, expected) in [
            ("batches = ['1']", "`batches` is of steps on hosts: add `on = \"…\"`"),
            ("health.run = ['a']", "`health` is of steps on hosts"),
            ("on = 'app'", "`on` names the hosts `app`, and there are web: write [[deploy.hosts.app]]"),
            ("on = 'web'\nbatches = ['half']", "`batches` has \"half\": write a number of hosts"),
            ("on = 'web'\nby_zone = true", "the host `web-2` has no `zone`"),
            ("on = 'web'\nmax_failed = 2", "`max_failed` is 2, and `web` has 2"),
            ("on = 'web'\nmax_failed = 1\non_failure = 'continue'", "leave `max_failed` out"),
            ("on = 'web'\ndrain.run = ['a']", "`drain` and `undrain` belong together"),
            ("on = 'web'\nhealth = { run = ['a'], tries = 3 }", "`health`: only what is `repeatable = true`"),
            ("on = 'web'\nhealth.run = ['a', '{hosts}']", "`{hosts}` is not known"),
            ("on = 'web'\nlost_after_seconds = 0", "`lost_after_seconds` is from 1"),
            ("env.A = '{host}'", "`{host}` is not known"),
        ] {
            let said = refused(&format!("{}\nrun = ['a']\n{more}\n{hosts}", step("")));
            assert!(said.contains(expected), "{more}: {said}");
        }
        for (more, expected) in [
            ("name = '-oProxyCommand=x'", "is no name of a host"),
            ("name = 'a'\naddress = '-oProxyCommand=x'", "the host `a`: its `address` is none"),
            ("name = 'a'\nuser = 'x y'", "the host `a`: its `user`"),
            ("name = 'a'\nport = 0", "the host `a`: its `port` is 0"),
            ("name = 'web-1'", "there are two hosts `web-1`"),
            ("name = 'a'\naddress = 'web-1'", "the hosts `web-1` and `a` are one place"),
        ] {
            let said = refused(&format!("[[deploy.hosts.web]]\nname = 'web-1'\n[[deploy.hosts.web]]\n{more}"));
            assert!(said.contains(expected), "{more}: {said}");
        }
        let approval = refused(&format!("[deploy.approval]\nmails = {{ lee = 'lee' }}\n{}run = ['a']", step("")));
        assert!(approval.contains("`approval.mails` has `lee`, which is no address"), "{approval}");
        let two = format!("{}\n{}", step("run = ['a']"), step("run = ['b']"));
        assert!(refused(&two).contains("there are two steps `ship`"));
        assert!(refused("[[deploy.steps]]\nname = 'Ship it'\nrun = ['a']").contains("lower-case"));
    }
}
