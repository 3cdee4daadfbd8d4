//! All deploys stopped by a word in Slack, and that lifted.

use super::deploying::{Came, asker};
use crate::commands::deploys::DeployError;
use crate::commands::stops::{lift_stop, stop_all, stopped_words};
use crate::serving::Serving;
use gonogo_core::person::Person;
use gonogo_core::say;
use gonogo_read::slack::Asked;
use gonogo_store::{Stopped, StoreError, UnderWay};
use jiff::Timestamp;

const STOP: &str = "stop-all";
const LIFT: &str = "lift";
/// What is said in the place of a service.
pub(super) const STOPPING: [&str; 2] = [STOP, LIFT];
const MOST_NAMED: usize = 20;

pub(super) async fn came(serving: &Serving, asked: &Asked, word: &str, rest: &[&str]) -> Result<Came, StoreError> {
    let person = match asker(serving, asked).await? {
        Ok(person) => person,
        Err(came) => return Ok(came),
    };
    let done = if word == STOP { stop(serving, &person, &rest.join(" ")).await } else { lift(serving, &person).await };
    match done {
        Ok(came) => Ok(came),
        Err(DeployError::Store(error)) => Err(error),
        Err(error) => Ok(Came::not(error.to_string())),
    }
}

async fn stop(serving: &Serving, person: &Person, why: &str) -> Result<Came, DeployError> {
    let said = match stop_all(serving, person, why).await? {
        Stopped::Now => "All deploys are stopped: nothing new begins.".to_owned(),
        Stopped::Before(stop) => {
            let since = say::minute(stop.at);
            format!("All deploys were {} already, at {since}.", say::slack(&say::printable(&stopped_words(&stop))))
        }
    };
    let runs = serving.store.acts_under_way().await?;
    let runs = running(&runs, &format!("{}/deploys", serving.pages), (serving.clock)());
    Ok(Came {
        outcome: format!("{} stopped all deploys", person.name),
        said: format!("{said} {runs} `/deploy lift` lifts it."),
    })
}

/// What goes on to its end, with its age.
fn running(runs: &[UnderWay], page: &str, now: Timestamp) -> String {
    if runs.is_empty() {
        return "No step runs.".to_owned();
    }
    let line = |act: &UnderWay| {
        let host = act.host.as_ref().map(|host| format!(" on {host}")).unwrap_or_default();
        let age = say::lasts(now.duration_since(act.since));
        say::slack(&format!("{} of {} (deploy {}){host} for {age}", act.name, act.service, act.of.deploy.0))
    };
    let lines: Vec<String> = runs.iter().map(line).collect();
    format!("What runs goes on to its end, and can be ended <{page}|there>: {}.", say::list(&lines, MOST_NAMED))
}

async fn lift(serving: &Serving, person: &Person) -> Result<Came, DeployError> {
    let stop = lift_stop(serving, person, None).await?;
    Ok(Came {
        outcome: format!("{} lifted the stop of all deploys", person.name),
        said: format!(
            "The stop of {} is lifted: deploys go on where they were.",
            say::slack(&say::printable(&stop.by))
        ),
    })
}
