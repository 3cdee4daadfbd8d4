//! Guards of a deploy as they are told to people and programs.

use crate::serving::Serving;
use gonogo_core::deploy::{Entry, GuardWord, Plan, marks, moments};
use gonogo_core::guard::{Drawn, Guard, Mode, Reading, picture};
use gonogo_core::say;
use gonogo_store::{DeployId, GuardSeen, StoreError};
use jiff::SignedDuration;

/// A picture is of no shorter time.
const SHORTEST: SignedDuration = SignedDuration::from_mins(2);

#[derive(Clone, Debug, PartialEq)]
pub struct ToldGuard {
    pub guard: Guard,
    /// Its newest; `None` where it has not looked.
    pub reading: Option<Reading>,
    /// Why nothing newer could be read.
    pub trouble: Option<String>,
}

impl ToldGuard {
    /// What it says, in a line.
    pub fn said(&self) -> String {
        match &self.reading {
            Some(reading) => say::guard::reading(&self.guard, reading),
            None => format!("{}: it has not looked yet", self.guard.name),
        }
    }
}

/// In the plan's order.
pub(crate) fn told_guards(plan: &Plan, mut seen: Vec<GuardSeen>) -> Vec<ToldGuard> {
    let of = |guard: &Guard| {
        let at = seen.iter().position(|one| one.guard == guard.name);
        let (reading, trouble) = at.map(|at| seen.swap_remove(at)).map(|one| (one.reading, one.trouble)).unzip();
        ToldGuard { guard: guard.clone(), reading, trouble: trouble.flatten() }
    };
    plan.watched.iter().flat_map(|watched| &watched.guards).map(of).collect()
}

/// The names of guards, for people; those that only observe are said to.
pub fn guard_names(plan: &Plan) -> Vec<String> {
    let name = |guard: &Guard| match guard.mode {
        Mode::Halt => guard.name.clone(),
        Mode::Observe => format!("{} (observes)", guard.name),
    };
    plan.watched.iter().flat_map(|watched| &watched.guards).map(name).collect()
}

/// What a guard read of a deploy, as SVG; `None` where nothing is kept of it.
pub async fn guard_picture(serving: &Serving, id: DeployId, name: &str) -> Result<Option<String>, StoreError> {
    let store = &serving.store;
    let Some(row) = store.deploy(id).await? else { return Ok(None) };
    let Some(watched) = &row.plan.watched else { return Ok(None) };
    let Some(guard) = watched.guards.iter().find(|guard| guard.name == name) else { return Ok(None) };
    let told = told_guards(&row.plan, store.guards_of(id).await?).into_iter().find(|told| told.guard.name == name);
    let Some((told, reading)) = told.and_then(|told| Some((told.clone(), told.reading?))) else { return Ok(None) };
    let Some(series) = store.guard_series(id, name.to_owned()).await? else { return Ok(None) };
    let journal = store.deploy_journal(id).await?;
    let Some(start) = moments(&row.plan, &journal).first().copied() else { return Ok(None) };
    let word = journal.iter().rev().find_map(|(entry, at)| match entry {
        Entry::Guarded { guard, word, .. } if guard == name => Some((*at, word)),
        _ => None,
    });
    let word = word.map(|(at, word)| match word {
        GuardWord::Worse => (at, "worse"),
        GuardWord::NoData => (at, "no data"),
        GuardWord::CannotTell => (at, "ask"),
    });
    let drawn = Drawn {
        start,
        until: reading.at.max(start + SHORTEST),
        marks: marks(&row.plan, &journal).into_iter().map(|mark| (mark.at, mark.label)).collect(),
        end: word,
        title: told.said(),
    };
    Ok(Some(picture(guard, &watched.watch, &series, &drawn)))
}
