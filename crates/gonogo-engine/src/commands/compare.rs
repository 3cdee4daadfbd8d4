//! Any head over any other commit: what it would bring, judged as if that ran.
//! Nothing of it is kept or shown elsewhere.

use super::{CheckRequest, check};
use crate::jobs::{Silent, waivers_of, wanted};
use crate::serving::Serving;
use crate::{CodeHost, CodeHostAccess, GivenProduction, LocateError, Outside, Wanted};
use gonogo_api::Check;
use gonogo_core::person::{Act, Forbidden, Person};
use gonogo_store::StoreError;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::Semaphore;

/// How many are made side by side: each may read a long history.
const SIDE_BY_SIDE: usize = 2;

/// What was asked for and is being compared.
#[derive(Debug)]
pub struct Comparisons {
    turns: Semaphore,
}

impl Default for Comparisons {
    fn default() -> Self {
        Self { turns: Semaphore::new(SIDE_BY_SIDE) }
    }
}

#[derive(Debug, Error)]
pub enum CompareError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Forbidden(Forbidden),
    #[error("there is no service `{0}`")]
    NoService(String),
    #[error("its repository was not fetched yet\n  → see the service's page for how far that is")]
    NotFetched,
    #[error("others are being compared\n  → try again in a moment")]
    Busy,
    #[error(transparent)]
    Locate(#[from] LocateError),
    #[error("the judge ended early\n  → please report it")]
    Broken,
}

/// Branches, tags or commits; the waivers of the service count.
pub async fn compare(
    serving: &Serving,
    who: &Person,
    service: &str,
    from: &str,
    to: &str,
) -> Result<Check, CompareError> {
    let Some(service) = serving.service(service) else { return Err(CompareError::NoService(service.to_owned())) };
    who.may_at(&service.name, Act::Compare).map_err(CompareError::Forbidden)?;
    let mirror = serving.mirror_of(service);
    if !mirror.is_dir() {
        return Err(CompareError::NotFetched);
    }
    let Ok(_turn) = serving.comparisons.turns.try_acquire() else { return Err(CompareError::Busy) };
    let host = CodeHost { github: Arc::clone(&serving.github), repository: service.repository.clone() };
    let request = CheckRequest {
        wanted: Wanted {
            head: Some(to.to_owned()),
            production: GivenProduction::named(vec![from.to_owned()], "asked for"),
            ..wanted(mirror, service)
        },
        waivers: waivers_of(serving, &service.name).await?,
        outside: Outside { code_host: CodeHostAccess::Known(host), ..serving.outside.clone() },
        clock: serving.clock,
    };
    let runtime = tokio::runtime::Handle::current();
    let checked = tokio::task::spawn_blocking(move || runtime.block_on(check(&request, &Silent)));
    Ok(checked.await.map_err(|_| CompareError::Broken)??.outcome.check)
}
