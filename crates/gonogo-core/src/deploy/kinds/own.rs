//! How an act stands of which no runner is told: by the journal, the clock and what was
//! seen, and by nothing that a crash could lose.

use super::{Does, so_long};
use crate::deploy::journal::{ActKey, Entry, Failure, Outcome, Reply};
use crate::deploy::machine::interrupted;
use crate::deploy::plan::Plan;
use jiff::{SignedDuration, Timestamp};

#[derive(Clone, Debug, PartialEq)]
pub enum Own {
    Over(Outcome),
    /// Until then at the latest.
    Open {
        until: Timestamp,
    },
}

/// What was seen of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    Met(String),
    NotYet(String),
    /// It will not come to be.
    Never(String),
}

/// `None` where it is none of these, or was not begun.
pub fn own(
    plan: &Plan,
    journal: &[(Entry, Timestamp)],
    key: &ActKey,
    seen: Option<&Sight>,
    now: Timestamp,
) -> Option<Own> {
    let step = plan.step_of(key).filter(|step| step.does.is_own())?;
    let began = journal.iter().find_map(|(entry, at)| {
        let is_it = matches!(entry, Entry::Intended { key: of } if of == key);
        is_it.then_some(*at)
    })?;
    let until = began + SignedDuration::from_secs(step.limit_seconds.into());
    let failed = |failure| Own::Over(Outcome::Failed { failure });
    // What was said after its time, or after somebody stopped it, is too late.
    let replied = journal.iter().enumerate().find_map(|(place, (entry, at))| match entry {
        Entry::Replied { key: of, by, reply } if of == key && *at < until => {
            let before: Vec<Entry> = journal[..place].iter().map(|(entry, _)| entry.clone()).collect();
            interrupted(plan, &before, key.act().direction).is_none().then(|| (by.clone(), reply))
        }
        _ => None,
    });
    if let Some((by, reply)) = replied {
        return Some(match reply {
            Reply::GoOn | Reply::Yes => Own::Over(Outcome::Done),
            Reply::No { why } => failed(Failure::Refused { by, why: why.clone() }),
            Reply::End => failed(Failure::Ended { by }),
        });
    }
    let entries: Vec<Entry> = journal.iter().map(|(entry, _)| entry.clone()).collect();
    if let Some(why) = interrupted(plan, &entries, key.act().direction) {
        // Where it goes on after that, it is waited for anew.
        return Some(Own::Over(Outcome::NotStarted { why }));
    }
    match seen {
        Some(Sight::Met(_)) => return Some(Own::Over(Outcome::Done)),
        Some(Sight::Never(said)) => return Some(failed(Failure::NotMet { said: said.clone() })),
        Some(Sight::NotYet(_)) | None => {}
    }
    if now < until {
        return Some(Own::Open { until });
    }
    let lasted = so_long(step.limit_seconds);
    let saw = match seen {
        Some(Sight::NotYet(said)) => format!("seen last: {said}"),
        _ => "nothing was seen of it".to_owned(),
    };
    Some(match &step.does {
        Does::Pause { .. } => Own::Over(Outcome::Done),
        Does::Approval(question) => {
            failed(Failure::NotMet { said: format!("nobody said yes within {} h", question.hours) })
        }
        _ => failed(Failure::NotMet { said: format!("it did not come about within {lasted}; {saw}") }),
    })
}
