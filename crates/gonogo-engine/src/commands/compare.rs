//! Any head over any other commit: what it would bring, judged as if that ran.
//! Nothing of it is kept or shown elsewhere.

use super::{CheckRequest, check};
use crate::evidence::Evidence;
use crate::jobs::{Silent, runs_now, waivers_of, wanted};
use crate::serving::Serving;
use crate::{CodeHost, CodeHostAccess, GivenProduction, LocateError, Outside, Wanted};
use gonogo_api::Check;
use gonogo_core::person::{Act, Forbidden, Person};
use gonogo_remote::git::GitError;
use gonogo_store::StoreError;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::Semaphore;

/// How many are made side by side: each may read a long history.
const SIDE_BY_SIDE: usize = 2;

/// What was asked for and is being compared.
#[derive(Debug)]
pub struct Comparisons {
    turns: Arc<Semaphore>,
}

impl Default for Comparisons {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(SIDE_BY_SIDE)) }
    }
}

impl Comparisons {
    /// [`CompareError::Busy`] where others have all turns. Who goes away meanwhile
    /// does not make room: the judge goes on.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, CompareError> {
        let turn = Arc::clone(&self.turns).try_acquire_owned().map_err(|_| CompareError::Busy)?;
        let worked = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        worked.await.map_err(|_| CompareError::Broken)
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
    /// What was asked for is no commit, or could be several.
    #[error(transparent)]
    NoSuchCommit(GitError),
    #[error("its repository cannot be read now\n  → the server's log says why")]
    Unreadable(#[source] LocateError),
    #[error("the judge ended early\n  → please report it")]
    Broken,
}

impl From<LocateError> for CompareError {
    fn from(error: LocateError) -> Self {
        match error {
            LocateError::Git(error) if error.is_of_the_name() => Self::NoSuchCommit(error),
            error => {
                tracing::error!(%error, "commits cannot be compared");
                Self::Unreadable(error)
            }
        }
    }
}

/// What one would bring, and what that was judged from.
#[derive(Debug)]
pub struct Compared {
    pub check: Check,
    pub evidence: Evidence,
}

/// Branches, tags or commits. The waivers of the service count, and so does the
/// policy that is in force: `from` may be anything that somebody pushed, and a
/// policy asks other systems in the server's name.
pub async fn compare(
    serving: &Serving,
    who: &Person,
    service: &str,
    from: &str,
    to: &str,
) -> Result<Compared, CompareError> {
    let Some(service) = serving.service(service) else { return Err(CompareError::NoService(service.to_owned())) };
    who.may_at(&service.name, Act::Compare).map_err(CompareError::Forbidden)?;
    if let Some(name) = [from, to].into_iter().find(|name| searches(name)) {
        let name = name.to_owned();
        return Err(CompareError::NoSuchCommit(GitError::NoSuchRef { name, nearest: Vec::new(), is_shallow: false }));
    }
    let mirror = serving.mirror_of(service);
    if !mirror.is_dir() {
        return Err(CompareError::NotFetched);
    }
    let host = CodeHost { github: Arc::clone(&serving.github), repository: service.repository.clone() };
    let request = CheckRequest {
        wanted: Wanted {
            head: Some(to.to_owned()),
            production: GivenProduction::named(vec![from.to_owned()], "asked for"),
            ruled_by: Some(runs_now(serving, &service.name).await?),
            ..wanted(mirror, service)
        },
        waivers: waivers_of(serving, &service.name, None).await?,
        outside: Outside { code_host: CodeHostAccess::Known(host), ..serving.outside.clone() },
        clock: serving.clock,
    };
    let runtime = tokio::runtime::Handle::current();
    let checked = serving.comparisons.run(move || runtime.block_on(check(&request, &Silent))).await?;
    let checked = checked?;
    Ok(Compared { evidence: Evidence::of(&checked.recording), check: checked.outcome.check })
}

/// Whether git would look through messages by a pattern, which may cost any time and
/// memory.
fn searches(name: &str) -> bool {
    name.starts_with(':') || name.contains("{/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn commits_are_named_and_not_searched_for() {
        assert!(["main^{/(a{1,200}){1,200}}", ":/fix", ":0:file"].into_iter().all(searches));
        assert!(!["main", "main~3", "v1.2^{commit}", "a1b2c3d", "feature/x"].into_iter().any(searches));
    }

    #[tokio::test]
    async fn who_goes_away_makes_no_room_for_another_comparison() {
        let comparisons = Arc::new(Comparisons::default());
        let (go_on, told) = mpsc::channel::<()>();
        let told = Arc::new(std::sync::Mutex::new(told));
        let run = || {
            let (comparisons, told) = (Arc::clone(&comparisons), Arc::clone(&told));
            tokio::spawn(async move { comparisons.run(move || told.lock().unwrap().recv().unwrap()).await })
        };
        let asking: Vec<_> = (0..SIDE_BY_SIDE).map(|_| run()).collect();
        while comparisons.turns.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        for one in asking {
            one.abort();
            assert!(one.await.unwrap_err().is_cancelled());
        }
        assert!(matches!(comparisons.run(|| ()).await, Err(CompareError::Busy)));
        for _ in 0..SIDE_BY_SIDE {
            go_on.send(()).unwrap();
        }
        while comparisons.turns.available_permits() < SIDE_BY_SIDE {
            tokio::task::yield_now().await;
        }
        assert!(comparisons.run(|| ()).await.is_ok());
    }
}
