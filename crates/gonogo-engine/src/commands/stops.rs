//! A person stops all deploys of all services at once, and lifts that.

use super::deploys::DeployError;
use super::people::deed_of;
pub use crate::jobs::stopped_words;
use crate::jobs::told_of_stop;
use crate::serving::Serving;
use gonogo_core::person::{Act, Person};
use gonogo_core::say;
use gonogo_store::{Stop, Stopped};

const MOST_WHY: usize = 500;

/// From here on no step, host or phase of any deploy begins. Who is a developer of any
/// service may; a reason is welcome, and not wanted by who is in a hurry.
pub async fn stop_all(serving: &Serving, who: &Person, why: &str) -> Result<Stopped, DeployError> {
    let actor = who.may_anywhere(Act::StopAll).map_err(DeployError::Forbidden)?;
    let (why, now) = (why_of(why), (serving.clock)());
    let deed = deed_of(&actor, now, "stopped all deploys", "all deploys", &why);
    // Its number is not known yet, and is not told.
    let stop = Stop { id: 0, by: who.name.clone(), why: why.clone(), at: now };
    let told = told_of_stop(serving, &stop, None, now);
    Ok(serving.store.stop_all(who.id, why, told, deed).await?)
}

/// Each deploy goes on where it was. `seen` is the stop that they mean.
pub async fn lift_stop(serving: &Serving, who: &Person, seen: Option<i64>) -> Result<Stop, DeployError> {
    let actor = who.may_anywhere(Act::StopAll).map_err(DeployError::Forbidden)?;
    let gone = || DeployError::Gone("that stop does not stand any more".to_owned());
    let stands = serving.store.stop().await?.filter(|stop| seen.is_none_or(|seen| seen == stop.id));
    let stop = stands.ok_or_else(gone)?;
    let now = (serving.clock)();
    let detail = format!("of {} from {}", stop.by, say::minute(stop.at));
    let deed = deed_of(&actor, now, "lifted the stop of all deploys", "all deploys", &detail);
    let told = told_of_stop(serving, &stop, Some(&who.name), now);
    if serving.store.lift_stop(stop.id, who.id, told, deed).await? { Ok(stop) } else { Err(gone()) }
}

/// What is too long is cut: a stop fails for no such thing.
fn why_of(why: &str) -> String {
    say::cut(say::trimmed(why), MOST_WHY)
}
