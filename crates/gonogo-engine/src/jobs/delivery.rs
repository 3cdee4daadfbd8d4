//! A delivery: what it says is a hint where to look.

use super::{JobError, SYNC};
use crate::serving::Serving;
use gonogo_read::hooks::{GitHubHook, github};
use gonogo_store::{DeliveryId, NewJob};

pub(super) async fn read(serving: &Serving, id: DeliveryId) -> Result<(), JobError> {
    let Some(delivery) = serving.store.delivery(id).await? else { return Ok(()) };
    let outcome = match github(&delivery.event, &delivery.body) {
        GitHubHook::Push { repository, reference, .. } => looks_at(serving, &repository, &reference).await?,
        GitHubHook::Ping => "nothing to do: a ping".to_owned(),
        GitHubHook::Other => format!("nothing to do: {} is not looked at", delivery.event),
        GitHubHook::Unreadable(why) => format!("could not be read: {why}"),
    };
    Ok(serving.store.delivery_led_to(id, outcome).await?)
}

/// Every service of the repository is looked at: a push may move production too.
async fn looks_at(serving: &Serving, repository: &str, reference: &str) -> Result<String, JobError> {
    let concerns = |name: &str| name.eq_ignore_ascii_case(repository);
    let services: Vec<&str> = serving
        .services
        .iter()
        .filter(|service| concerns(&service.repository.to_string()))
        .map(|service| service.name.as_str())
        .collect();
    for service in &services {
        let run_at = (serving.clock)();
        serving.store.enqueue(NewJob { kind: SYNC, key: (*service).to_owned(), body: String::new(), run_at }).await?;
    }
    Ok(match services.as_slice() {
        [] => format!("nothing to do: {repository} is no service's repository"),
        names => format!("{reference} of {repository}: looks at {}", names.join(", ")),
    })
}
