//! Whose the lock on a host is. Whoever has it is a process: one that is proven gone, of
//! the same service and of no newer deploy, is succeeded.

use super::Wanted;
use crate::starter::proc;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt;

/// As it stands in the lock: words without spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    pub service: String,
    pub deploy: i64,
    pub machine: Machine,
    /// The processes that do it, each with its beginning.
    pub processes: Vec<(u32, u64)>,
    pub since: String,
}

/// Where a process can be looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Machine {
    pub name: String,
    pub id: String,
    pub boot: String,
    /// Its processes have names of their own, such as in a container.
    pub space: String,
}

/// What the lock of somebody else means for us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    Over,
    /// What to say, and what to do.
    Holds(String, String),
}

impl Machine {
    pub(super) fn here() -> Self {
        let word = |text: Option<String>| text.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join("_");
        let file = |path: &str| std::fs::read_to_string(path).ok();
        let space = std::fs::read_link("/proc/self/ns/pid").ok().map(|place| place.display().to_string());
        Self {
            name: word(file("/proc/sys/kernel/hostname")),
            id: word(file("/etc/machine-id")),
            boot: word(proc::boot_id()),
            space: word(space),
        }
    }
}

impl Holder {
    pub(super) fn ours(wanted: &Wanted, now: Timestamp, child: u32) -> Self {
        let began = |pid: u32| Some((pid, proc::began(pid)?));
        Self {
            service: wanted.service.clone(),
            deploy: wanted.deploy,
            machine: Machine::here(),
            processes: [std::process::id(), child].into_iter().filter_map(began).collect(),
            since: now.to_string(),
        }
    }

    fn of(line: &str) -> Option<Self> {
        let words: BTreeMap<&str, &str> = line.split(' ').filter_map(|word| word.split_once('=')).collect();
        let word = |name: &str| words.get(name).map(|word| (*word).to_owned());
        let process = |word: &str| {
            let (pid, began) = word.split_once('@')?;
            Some((pid.parse().ok()?, began.parse().ok()?))
        };
        Some(Self {
            service: word("service")?,
            deploy: word("deploy")?.parse().ok()?,
            machine: Machine { name: word("on")?, id: word("machine")?, boot: word("boot")?, space: word("space")? },
            processes: word("processes")?
                .split(',')
                .filter(|word| !word.is_empty())
                .map(process)
                .collect::<Option<_>>()?,
            since: word("since")?,
        })
    }

    /// Whether it still does something, where that can be told.
    fn lives(&self, here: &Machine, lives: impl Fn(u32, u64) -> bool) -> Option<bool> {
        if self.machine.id != here.id || self.machine.name != here.name {
            return None;
        }
        if self.machine.boot != here.boot {
            return Some(false);
        }
        (self.machine.space == here.space).then(|| self.processes.iter().any(|(pid, began)| lives(*pid, *began)))
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, deploy, machine: Machine { name, id, boot, space }, processes, since } = self;
        let processes: Vec<String> = processes.iter().map(|(pid, began)| format!("{pid}@{began}")).collect();
        let processes = processes.join(",");
        write!(f, "service={service} deploy={deploy} on={name} machine={id} boot={boot} space={space} ")?;
        write!(f, "processes={processes} since={since}")
    }
}

/// Whether the lock that says `held` is ours to take.
pub(super) fn stands(held: &str, ours: &Holder, unlock: &str, lives: impl Fn(u32, u64) -> bool) -> Stands {
    let look = |who: &str| format!("see that nothing of it runs {who} any more, then: {unlock}");
    let Some(holder) = Holder::of(held) else {
        return Stands::Holds(format!("by what is not known (`{held}`)"), look("there"));
    };
    let Holder { service, deploy, machine, since, .. } = &holder;
    let whose = format!("by deploy {deploy} of {service}, since {since}, run on {}", machine.name);
    if *service != ours.service {
        return Stands::Holds(whose, format!("let each service have a deploy_to of its own; {}", look("there")));
    }
    if *deploy > ours.deploy {
        return Stands::Holds(format!("{whose}: a newer one"), look("there"));
    }
    match holder.lives(&ours.machine, lives) {
        Some(false) => Stands::Over,
        Some(true) => Stands::Holds(format!("{whose}: it runs"), "wait until it is over".to_owned()),
        None => Stands::Holds(format!("{whose}: whether it runs cannot be told from here"), look("there")),
    }
}

pub(super) fn lives(pid: u32, began: u64) -> bool {
    proc::lives(pid, began)
}
