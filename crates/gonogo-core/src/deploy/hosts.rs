//! `[deploy.hosts]`: where steps run that name a group of hosts, and in which batches
//! its hosts have their turn.

use super::plan;
use super::section::{is_name, shell_text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

pub(super) const MOST_HOSTS: usize = 500;
const MOST_LOST_SECONDS: u32 = 24 * 60 * 60;

/// A host, as the policy has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostTable {
    /// What people call it: letters, digits, dots and hyphens.
    pub name: String,
    /// What ssh is told, such as `10.0.0.7` or a name of the runner's ssh
    /// configuration; without it, the name.
    #[serde(default)]
    pub address: Option<String>,
    /// Who signs in; without it, as the runner's ssh configuration says.
    #[serde(default)]
    pub user: Option<String>,
    #[serde(default)]
    pub port: Option<u16>,
    /// Such as `eu-1a`, for steps that go `by_zone`.
    #[serde(default)]
    pub zone: Option<String>,
}

/// What a step on hosts has beside a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PhaseTable {
    /// The program and its arguments, or one text with `shell`.
    pub run: Vec<String>,
    #[serde(default)]
    pub shell: bool,
    /// Where it runs.
    #[serde(default)]
    pub at: At,
    /// After this it is ended.
    #[serde(default = "five")]
    pub limit_minutes: u32,
    /// Whether it may run twice: without it, it is never tried again by itself.
    #[serde(default)]
    pub repeatable: bool,
    /// How often it is tried at most before it counts as failed.
    #[serde(default = "one")]
    pub tries: u32,
}

fn five() -> u32 {
    5
}

fn one() -> u32 {
    1
}

/// On which side of the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum At {
    #[default]
    Host,
    Runner,
}

/// What is done on a host, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    Drain,
    Run,
    Health,
    Undrain,
}

impl Phase {
    pub const ALL: [Self; 4] = [Self::Drain, Self::Run, Self::Health, Self::Undrain];

    pub fn word(self) -> &'static str {
        match self {
            Self::Drain => "drain",
            Self::Run => "run",
            Self::Health => "health",
            Self::Undrain => "undrain",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A host, as a deploy has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    pub name: String,
    pub address: String,
    pub user: Option<String>,
    pub port: Option<u16>,
    pub zone: Option<String>,
}

/// How large a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    Hosts(usize),
    PerCent(usize),
}

impl Size {
    fn of(text: &str) -> Result<Self, String> {
        let odd =
            || format!("`batches` has \"{text}\": write a number of hosts such as \"2\", or a part such as \"25%\"");
        let number = |text: &str| text.parse::<usize>().ok().filter(|number| *number > 0).ok_or_else(odd);
        match text.strip_suffix('%') {
            Some(part) => number(part).and_then(|part| if part <= 100 { Ok(Self::PerCent(part)) } else { Err(odd()) }),
            None => number(text).map(Self::Hosts),
        }
    }

    /// A part is rounded up: of no hosts there is no batch.
    fn of_all(self, all: usize) -> usize {
        match self {
            Self::Hosts(number) => number,
            Self::PerCent(part) => (all * part).div_ceil(100).max(1),
        }
    }
}

/// Which hosts have their turn together: each batch is as large as its place in `sizes`
/// says, and all after those are as large as the last one. With `by_zone` the hosts of a
/// zone come together, and no batch has hosts of two.
pub(super) fn batches(hosts: &[Host], sizes: &[String], by_zone: bool) -> Result<Vec<Vec<usize>>, String> {
    let sizes: Vec<usize> = if sizes.is_empty() {
        vec![1]
    } else {
        sizes.iter().map(|size| Ok(Size::of(size)?.of_all(hosts.len()))).collect::<Result<_, String>>()?
    };
    let mut order: Vec<usize> = (0..hosts.len()).collect();
    if by_zone {
        let first = |zone: &Option<String>| hosts.iter().position(|host| host.zone == *zone);
        order.sort_by_key(|at| first(&hosts[*at].zone));
    }
    let mut batches: Vec<Vec<usize>> = Vec::new();
    for at in order {
        let most = batches.len().checked_sub(1).map(|last| sizes[last.min(sizes.len() - 1)]);
        match (batches.last_mut(), most) {
            (Some(batch), Some(most)) if batch.len() < most && !(by_zone && hosts[batch[0]].zone != hosts[at].zone) => {
                batch.push(at);
            }
            _ => batches.push(vec![at]),
        }
    }
    Ok(batches)
}

impl HostTable {
    pub(super) fn resolved(&self) -> Host {
        Host {
            name: self.name.clone(),
            address: self.address.clone().unwrap_or_else(|| self.name.clone()),
            user: self.user.clone(),
            port: self.port,
            zone: self.zone.clone(),
        }
    }

    fn validate(&self) -> Result<(), String> {
        // A program is told them, and none may be read as an option.
        let is_word = |text: &str, more: &str| {
            !text.is_empty()
                && text.len() <= 253
                && text.starts_with(|c: char| c.is_ascii_alphanumeric() || more.contains(c) && c != '-')
                && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-' || more.contains(c))
        };
        if !is_word(&self.name, "") || self.name.len() > 63 {
            return Err(format!("`{}` is no name of a host: up to 63 letters, digits, dots and hyphens", self.name));
        }
        let of = |what: &str, fix: &str| Err(format!("the host `{}`: {what}: {fix}", self.name));
        if self.address.as_deref().is_some_and(|address| !is_word(address, ":_")) {
            return of("its `address` is none", "write a name or a number, without user and port");
        }
        if self.user.as_deref().is_some_and(|user| !is_word(user, "_")) {
            return of("its `user` is no name of one", "letters, digits, dots, hyphens and underscores");
        }
        if self.port == Some(0) {
            return of("its `port` is 0", "it is from 1 to 65535; leave it out for what ssh takes");
        }
        if self.zone.as_deref().is_some_and(|zone| !is_word(zone, "_")) {
            return of("its `zone` is no name of one", "letters, digits, dots, hyphens and underscores");
        }
        Ok(())
    }
}

/// All groups: each host once, and the same in all of them.
pub(super) fn validate(groups: &BTreeMap<String, Vec<HostTable>>) -> Result<(), String> {
    let mut known: Vec<&HostTable> = Vec::new();
    for (group, hosts) in groups {
        if !is_name(group) {
            return Err(format!("the group of hosts `{group}`: its name is lower-case letters, digits and hyphens"));
        }
        if hosts.is_empty() || hosts.len() > MOST_HOSTS {
            return Err(format!("the group of hosts `{group}` has {}: from 1 to {MOST_HOSTS}", hosts.len()));
        }
        for (at, host) in hosts.iter().enumerate() {
            host.validate()?;
            if hosts[..at].iter().any(|other| other.name == host.name) {
                return Err(format!("there are two hosts `{}` in `{group}`: leave one out", host.name));
            }
            let place = |host: &HostTable| {
                let Host { address, user, port, .. } = host.resolved();
                (address, user, port)
            };
            if let Some(other) = known.iter().find(|other| other.name == host.name && **other != host) {
                let (name, other) = (&host.name, other.address.as_deref().unwrap_or(&host.name));
                return Err(format!(
                    "the host `{name}` is not the same in two groups (one has {other}): write the same in both, or name them apart"
                ));
            }
            if let Some(other) = known.iter().find(|other| other.name != host.name && place(other) == place(host)) {
                return Err(format!("the hosts `{}` and `{}` are one place: leave one out", other.name, host.name));
            }
            known.push(host);
        }
    }
    Ok(())
}

impl PhaseTable {
    pub(super) fn validate(&self, names: &[&str]) -> Result<(), String> {
        let is_empty = self.run.first().is_none_or(|program| program.trim().is_empty());
        if is_empty || self.run.iter().any(|word| word.contains('\0')) {
            return Err(
                "`run` is a program and its arguments, such as [\"curl\", \"-f\", \"http://{address}/\"]".to_owned()
            );
        }
        if self.shell {
            shell_text(&self.run, names)?;
        } else {
            self.run.iter().try_for_each(|word| plan::known(word, names))?;
        }
        if !(1..=24 * 60).contains(&self.limit_minutes) {
            return Err("`limit_minutes` is from 1 to 1440".to_owned());
        }
        if !(1..=100).contains(&self.tries) {
            return Err("`tries` is from 1 to 100".to_owned());
        }
        if self.tries > 1 && !self.repeatable {
            return Err("only what is `repeatable = true` is tried more than once".to_owned());
        }
        Ok(())
    }
}

pub(super) fn validate_lost(seconds: u32) -> Result<(), String> {
    if (1..=MOST_LOST_SECONDS).contains(&seconds) {
        Ok(())
    } else {
        Err(format!("`lost_after_seconds` is from 1 to {MOST_LOST_SECONDS}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hosts(zones: &[&str]) -> Vec<Host> {
        let host = |(at, zone): (usize, &&str)| Host {
            name: format!("h{at}"),
            address: format!("h{at}"),
            user: None,
            port: None,
            zone: Some((*zone).to_owned()),
        };
        zones.iter().enumerate().map(host).collect()
    }

    fn of(hosts: &[Host], sizes: &[&str], by_zone: bool) -> Vec<Vec<usize>> {
        let sizes: Vec<String> = sizes.iter().map(|size| (*size).to_owned()).collect();
        batches(hosts, &sizes, by_zone).unwrap()
    }

    #[test]
    fn a_canary_comes_first_and_the_last_size_goes_on() {
        let eight = hosts(&["a"; 8]);
        assert_eq!(of(&eight, &["1", "50%"], false), [vec![0], vec![1, 2, 3, 4], vec![5, 6, 7]]);
        assert_eq!(of(&eight, &["1", "2", "100%"], false), [vec![0], vec![1, 2], vec![3, 4, 5, 6, 7]]);
        assert_eq!(of(&hosts(&["a"; 3]), &[], false), [[0], [1], [2]], "one after the other unless it says otherwise");
        assert_eq!(of(&hosts(&["a"; 3]), &["10%"], false).len(), 3, "a part is one host at least");
    }

    #[test]
    fn by_zone_no_batch_has_hosts_of_two() {
        let mixed = hosts(&["b", "a", "b", "a", "b"]);
        assert_eq!(of(&mixed, &["1", "100%"], true), [vec![0], vec![2, 4], vec![1, 3]]);
        assert_eq!(of(&mixed, &["100%"], true), [vec![0, 2, 4], vec![1, 3]]);
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for odd in ["", "0", "0%", "101%", "-1", "half", "1.5", "%"] {
            let said = batches(&hosts(&["a"]), &[odd.to_owned()], false).unwrap_err();
            assert!(said.contains("write a number of hosts"), "{odd}: {said}");
        }
    }

    proptest! {
        #[test]
        fn each_host_has_its_turn_once(
            zones in prop::collection::vec(prop_oneof![Just("a"), Just("b"), Just("c")], 1..40),
            sizes in prop::collection::vec(prop_oneof![(1..9_usize).prop_map(|n| n.to_string()), (1..101_usize).prop_map(|n| format!("{n}%"))], 0..4),
            by_zone in any::<bool>(),
        ) {
            let hosts = hosts(&zones);
            let batches = batches(&hosts, &sizes, by_zone).unwrap();
            let mut all: Vec<usize> = batches.iter().flatten().copied().collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..hosts.len()).collect::<Vec<_>>());
            prop_assert!(batches.iter().all(|batch| !batch.is_empty()));
            if by_zone {
                prop_assert!(batches.iter().all(|batch| batch.iter().all(|at| hosts[*at].zone == hosts[batch[0]].zone)));
            }
        }
    }
}
