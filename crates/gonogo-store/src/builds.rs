//! How builds went on the commits of a service that were deployed.

use crate::db::{execute, fetch};
use crate::{Store, StoreError, micros};
use gonogo_core::build::{Build, BuildState, UsualBuild};
use gonogo_core::ids::Sha;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// So many commits are looked back.
const LAST_DEPLOYED: u32 = 20;

impl Store {
    /// Of the commits that ran last those whose builds nobody has read yet, the
    /// newest first.
    pub async fn unread_deployed(&self, service: &str) -> Result<Vec<(Sha, Timestamp)>, StoreError> {
        const READ: &str = "select sha from deployed_commit where service = $1";
        let mut found: Vec<(Sha, Timestamp)> = Vec::new();
        for moved in self.production_moves(service, None, LAST_DEPLOYED).await? {
            for sha in moved.running.shas() {
                if found.iter().all(|(known, _)| known != sha) {
                    found.push((*sha, moved.seen_at));
                }
            }
        }
        found.truncate(LAST_DEPLOYED as usize);
        let service = service.to_owned();
        let read: Vec<(String,)> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, READ, service)?) })).await?;
        found.retain(|(sha, _)| read.iter().all(|(read,)| *read != sha.to_string()));
        Ok(found)
    }

    /// The builds of a commit that was deployed. What is older than is looked back
    /// to is kept no more.
    pub async fn keep_builds(
        &self,
        service: &str,
        (sha, deployed_at): (Sha, Timestamp),
        builds: Vec<Build>,
    ) -> Result<(), StoreError> {
        const COMMIT: &str = "insert into deployed_commit (service, sha, deployed_at) values ($1, $2, $3)
             on conflict (service, sha) do nothing";
        const BUILD: &str = "insert into deployed_build (service, sha, name, posted_by, passed, seconds)
             values ($1, $2, $3, $4, $5, $6) on conflict (service, sha, name, posted_by) do nothing";
        const OLD: &str =
            "select sha from deployed_commit where service = $1 order by deployed_at desc limit 1000 offset $2";
        let (service, sha) = (service.to_owned(), sha.to_string());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    execute!(tx, COMMIT, &service, &sha, micros(deployed_at))?;
                    for build in &builds {
                        let passed = i64::from(build.state == BuildState::Passed);
                        execute!(tx, BUILD, &service, &sha, &build.name, &build.by, passed, seconds(build))?;
                    }
                    let old: Vec<(String,)> = fetch!(tx, fetch_all, OLD, &service, i64::from(2 * LAST_DEPLOYED))?;
                    for (sha,) in &old {
                        execute!(tx, "delete from deployed_build where service = $1 and sha = $2", &service, sha)?;
                        execute!(tx, "delete from deployed_commit where service = $1 and sha = $2", &service, sha)?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// By name and poster.
    pub async fn usual_builds(&self, service: &str) -> Result<Vec<UsualBuild>, StoreError> {
        const LAST: &str = "select sha from deployed_commit where service = $1 order by deployed_at desc, sha limit $2";
        const BUILDS: &str = "select sha, name, posted_by, passed, seconds from deployed_build where service = $1";
        type Row = (String, String, String, i64, Option<i64>);
        let service = service.to_owned();
        let (last, rows): (Vec<(String,)>, Vec<Row>) = self
            .db
            .read(|tx| {
                Box::pin(async move {
                    let last = fetch!(tx, fetch_all, LAST, &service, i64::from(LAST_DEPLOYED))?;
                    Ok((last, fetch!(tx, fetch_all, BUILDS, &service)?))
                })
            })
            .await?;
        let mut all: BTreeMap<(String, String), (u32, Vec<u32>)> = BTreeMap::new();
        for (_, name, by, passed, seconds) in rows.into_iter().filter(|row| last.iter().any(|(sha,)| *sha == row.0)) {
            let (on, took) = all.entry((name, by)).or_default();
            *on += 1;
            took.extend(seconds.filter(|_| passed != 0).and_then(|seconds| u32::try_from(seconds).ok()));
        }
        let of = u32::try_from(last.len()).unwrap_or(u32::MAX);
        let usual = |((name, by), (on, took))| UsualBuild { name, by, on, of, seconds: nine_of_ten(took) };
        Ok(all.into_iter().map(usual).collect())
    }
}

fn seconds(build: &Build) -> Option<i64> {
    let took = build.ended?.duration_since(build.since?).as_secs();
    (took > 0).then_some(took)
}

/// The nearest rank of the 90th percentile; of fewer than three nothing is said.
fn nine_of_ten(mut took: Vec<u32>) -> Option<u32> {
    took.sort_unstable();
    let rank = (took.len() * 9).div_ceil(10);
    took.get(rank.checked_sub(1)?).copied().filter(|_| took.len() >= 3)
}

#[cfg(test)]
mod tests {
    use super::nine_of_ten;

    #[test]
    fn what_nine_of_ten_took_wants_three() {
        assert_eq!(nine_of_ten(vec![5, 6]), None);
        assert_eq!(nine_of_ten(vec![7, 5, 6]), Some(7));
        assert_eq!(nine_of_ten((1..=10).collect()), Some(9));
        assert_eq!(nine_of_ten((1..=20).rev().collect()), Some(18));
    }
}
