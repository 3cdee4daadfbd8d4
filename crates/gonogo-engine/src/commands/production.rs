//! A person, or the deploy tool that they gave a token, says what runs.

use super::people::deed_of;
use crate::jobs::{JobError, is_told, look_soon};
use crate::serving::{Service, Serving};
use gonogo_core::person::{Act, Forbidden, Person};
use gonogo_core::say;
use gonogo_read::message::is_object_name;
use gonogo_store::StoreError;
use thiserror::Error;

/// Commits that may run at once.
const MOST_RUNNING: usize = 20;

#[derive(Debug, Error)]
pub enum ProductionError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Forbidden(Forbidden),
    /// What is wrong with what was said, and what would do.
    #[error("{0}")]
    Input(String),
    #[error("there is no service `{0}`")]
    NoService(String),
    /// The service's production is known from elsewhere.
    #[error("{0}")]
    NotTold(String),
}

/// Keeps that these commits run, in the place of what was said before, and has
/// the service looked at. They may be short: which ones they are is found out
/// when it is looked at.
pub async fn say_what_runs(
    serving: &Serving,
    who: &Person,
    service: &str,
    running: &[String],
) -> Result<(), ProductionError> {
    let actor = who.may_at(service, Act::SayWhatRuns).map_err(ProductionError::Forbidden)?;
    let service = serving.service(service).ok_or_else(|| ProductionError::NoService(service.to_owned()))?;
    let running = commits(running)?;
    if !is_told(serving, service).await.map_err(not_looked_at)? {
        return Err(ProductionError::NotTold(format!(
            "what runs of {} is known from elsewhere: set `production = {{ told = true }}` to tell it",
            service.name
        )));
    }
    let deed = deed_of(&actor, (serving.clock)(), "said what runs", &service.name, &running.join(" "));
    serving.store.tell_production(&service.name, &running, deed).await?;
    Ok(look_soon(serving, &service.repository).await?)
}

/// Whether a service's production is what it is told to be.
pub async fn is_told_of(serving: &Serving, service: &Service) -> bool {
    // One that was not fetched yet is not known to be.
    is_told(serving, service).await.unwrap_or(false)
}

fn commits(running: &[String]) -> Result<Vec<String>, ProductionError> {
    if running.is_empty() || running.len() > MOST_RUNNING {
        return Err(ProductionError::Input(format!("name from one to {MOST_RUNNING} commits")));
    }
    let one = |word: &String| {
        let word = word.trim().to_lowercase();
        if is_object_name(&word) {
            return Ok(word);
        }
        let shown = say::cut(&say::printable(&word), 60);
        Err(ProductionError::Input(format!("`{shown}` is no commit: write 7 to 64 of its hex digits")))
    };
    running.iter().map(one).collect()
}

fn not_looked_at(error: JobError) -> ProductionError {
    match error {
        JobError::Store(error) => ProductionError::Store(error),
        error => ProductionError::NotTold(format!("the repository could not be looked at yet: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::commits;

    #[test]
    fn what_runs_is_said_by_ids_alone() {
        let said = |words: &[&str]| commits(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(said(&[" ABCDEF7 ", "0123456789"]).unwrap(), ["abcdef7", "0123456789"]);
        assert!(said(&[]).is_err() && said(&["abcdef7"; 21]).is_err());
        for wrong in ["main", "abcdef", "v1.2", "abcdef7; rm", ""] {
            assert!(said(&[wrong]).unwrap_err().to_string().contains("is no commit"), "{wrong}");
        }
    }
}
