//! What would be merged: pull requests, and what the merge queue makes of them,
//! each over its base. All of a service are looked at in turn, and one at once
//! that a hook told of.

use super::{AGAIN_AFTER, JobError, blocking, hex_sha256, judge_soon, judging, settle, sync};
use crate::serving::{Service, Serving};
use gonogo_core::case::Stage;
use gonogo_core::ids::Sha;
use gonogo_core::pull::{PullRequest, PullState};
use gonogo_core::running::Running;
use gonogo_remote::git::{Fetches, Git, GitError, Remote, bring, remote_ref};
use gonogo_store::{Candidate, CandidateId, SeenPull, Sighted};
use jiff::SignedDuration;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Where GitHub keeps what its merge queue tries.
pub(super) const QUEUE: &str = "gh-readonly-queue/";
/// A look is that much later than its fetch at most.
const FETCHED_WITHIN: SignedDuration = SignedDuration::from_secs(10);

/// A head that wants to go into a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Incoming {
    pull_request: u64,
    /// The pull request's branch, or the merge queue's.
    branch: String,
    into: String,
    head: Sha,
}

/// With the commit that it was made from, if that is to be found.
type OverBase = (Incoming, Option<Sha>);

/// All open pull requests of a service, and its merge queue's branches.
pub(super) async fn look(serving: &Serving, name: &str) -> Result<(), JobError> {
    let Some(service) = serving.service(name) else { return Ok(()) };
    let dir = serving.mirror_of(service);
    if !service.judges_pull_requests {
        return close_all(serving, open_merges(serving, name).await?.iter()).await;
    }
    if !dir.is_dir() {
        // The look at the repository, which makes it, leads here again.
        return Ok(());
    }
    let listed_at = (serving.clock)();
    let pulls = serving.github.open_pulls(&service.repository, listed_at).await?;
    let remote = sync::remote_of(serving, service).await?;
    let mut incoming: Vec<Incoming> = pulls.iter().map(Incoming::of).collect();
    let fetches = Arc::clone(&serving.fetches);
    let turn = serving.turns.wait(&service.repository).await;
    let (incoming, mut here, late) = blocking(move || {
        incoming
            .extend(Git::of_mirror(&dir)?.heads()?.into_iter().filter_map(|(branch, head)| in_queue(&branch, head)));
        let failed = fetch_missing(&dir, &remote, &incoming, &fetches)?;
        let (here, late) = over_bases(&dir, &incoming, |one| format!("refs/heads/{}", one.into))?;
        Ok((incoming, here, failed.or(late)))
    })
    .await?;
    drop(turn);
    // What a hook has told of since the list was made is newer than the list.
    // What is opened between these two reads is in neither, and stays.
    let mut open = open_merges(serving, name).await?;
    let changed = serving.store.merges_changed_since(name, listed_at).await?;
    here.retain(|(one, _)| changed.iter().all(|candidate| !one.is(candidate)));
    open.retain(|candidate| changed.iter().all(|newer| newer.id != candidate.id));
    // The mirror may be older than a branch of the queue of which a hook has told.
    let is_young = |one: &Candidate| listed_at.duration_since(one.opened_at) < FETCHED_WITHIN;
    open.retain(|candidate| !(candidate.branch.starts_with(QUEUE) && is_young(candidate)));
    close_all(serving, open.iter().filter(|c| incoming.iter().all(|one| !one.is(c)))).await?;
    take(serving, service, here, &pulls).await?;
    late.map_or(Ok(()), Err)
}

/// The one that a key such as `web#7` names, or `web#` with a branch of the
/// merge queue.
pub(super) async fn look_at_one(serving: &Serving, key: &str) -> Result<(), JobError> {
    let broken = || JobError::Broken(format!("`{key}` names no pull request"));
    let (name, which) = key.split_once('#').ok_or_else(broken)?;
    let Some(service) = serving.service(name).filter(|service| service.judges_pull_requests) else { return Ok(()) };
    let dir = serving.mirror_of(service);
    if !dir.is_dir() {
        return Ok(());
    }
    let open = open_merges(serving, name).await?;
    let remote = sync::remote_of(serving, service).await?;
    let (found, pulls) = if let Ok(number) = which.parse::<u64>() {
        let pull = serving.github.pull(&service.repository, number, (serving.clock)()).await?;
        (pull.state.is_open().then(|| Incoming::of(&pull)), vec![pull])
    } else {
        let (dir, remote, fetches) = (dir.clone(), remote.clone(), Arc::clone(&serving.fetches));
        let name = format!("refs/heads/{which}");
        let head = blocking(move || Ok(remote_ref(&dir, &remote, &name, &fetches)?)).await?;
        (head.and_then(|head| in_queue(which, head)), Vec::new())
    };
    let Some(one) = found else {
        let is_it = |c: &&Candidate| match pulls.first() {
            Some(pull) => Incoming::of(pull).is(c),
            None => c.branch == which,
        };
        return close_all(serving, open.iter().filter(is_it)).await;
    };
    let fetches = Arc::clone(&serving.fetches);
    let turn = serving.turns.wait(&service.repository).await;
    let (here, late) = blocking(move || {
        let base = one.kept_as("base");
        let refs = [(one.remote_name(), one.kept_as("head")), (branch_ref(&one.into)?, base.clone())];
        bring(&dir, &remote, &refs, &fetches)?;
        over_bases(&dir, &[one], |_| base.clone())
    })
    .await?;
    drop(turn);
    take(serving, service, here, &pulls).await?;
    late.map_or(Ok(()), Err)
}

impl Incoming {
    fn of(pull: &PullRequest) -> Self {
        let (branch, into) = (pull.branch.clone(), pull.into.clone());
        Self { pull_request: pull.number, branch, into, head: pull.head }
    }

    fn is_in_queue(&self) -> bool {
        self.branch.starts_with(QUEUE)
    }

    /// Whether an open candidate is the same one, of this or of another head.
    fn is(&self, candidate: &Candidate) -> bool {
        let number = self.pull_request;
        candidate.branch == self.branch
            && matches!(candidate.stage, Stage::Merge { pull_request, .. } if pull_request == number)
    }

    /// A fork's branch is not in the repository; GitHub keeps its head there.
    fn remote_name(&self) -> String {
        if self.is_in_queue() {
            format!("refs/heads/{}", self.branch)
        } else {
            format!("refs/pull/{}/head", self.pull_request)
        }
    }

    /// Beside the branches, of which the look at the repository knows.
    fn kept_as(&self, what: &str) -> String {
        let place = if self.is_in_queue() { "queued" } else { "pull" };
        format!("refs/{place}/{}/{what}", self.pull_request)
    }
}

/// `gh-readonly-queue/main/pr-7-BASE`
fn in_queue(branch: &str, head: Sha) -> Option<Incoming> {
    let (into, last) = branch.strip_prefix(QUEUE)?.rsplit_once('/')?;
    let (number, _) = last.strip_prefix("pr-")?.split_once('-')?;
    let (branch, into) = (branch.to_owned(), into.to_owned());
    Some(Incoming { pull_request: number.parse().ok()?, branch, into, head })
}

/// Those of forks are in no branch of the mirror. One that GitHub does not give
/// holds up no other: what was wrong with it is said at the end.
fn fetch_missing(
    dir: &Path,
    remote: &Remote,
    incoming: &[Incoming],
    fetches: &Fetches,
) -> Result<Option<JobError>, JobError> {
    let heads: Vec<Sha> = incoming.iter().map(|one| one.head).collect();
    let missing: BTreeSet<Sha> = Git::of_mirror(dir)?.lacks(&heads)?.into_iter().collect();
    let wanted = incoming.iter().filter(|one| missing.contains(&one.head));
    let refs: Vec<(String, String)> = wanted.map(|one| (one.remote_name(), one.kept_as("head"))).collect();
    if refs.is_empty() || bring(dir, remote, &refs, fetches).is_ok() {
        return Ok(None);
    }
    let each = refs.iter().filter_map(|one| bring(dir, remote, std::slice::from_ref(one), fetches).err());
    let failed: Vec<GitError> = each.collect();
    Ok(failed.into_iter().next().map(JobError::from))
}

/// Each that is here with where it was made from, if that is to be found; and
/// what is wrong where git does not have all of them.
fn over_bases(
    dir: &Path,
    incoming: &[Incoming],
    name: impl Fn(&Incoming) -> String,
) -> Result<(Vec<OverBase>, Option<JobError>), JobError> {
    let git = Git::of_mirror(dir)?;
    let heads: Vec<Sha> = incoming.iter().map(|one| one.head).collect();
    let late = git.lacks(&heads)?;
    let base = |one: &Incoming| match git.resolve(&name(one)) {
        Ok(tip) => Ok(git.merge_base(one.head, &[tip.sha])?),
        Err(GitError::NoSuchRef { .. }) => Ok(None),
        Err(error) => Err(JobError::from(error)),
    };
    let here = incoming.iter().filter(|one| !late.contains(&one.head));
    let here = here.map(|one| Ok((one.clone(), base(one)?))).collect::<Result<_, JobError>>()?;
    let not_yet = |sha: &Sha| format!("git does not have {} yet, which the code host tells of", sha.short());
    Ok((here, late.first().map(not_yet).map(JobError::Broken)))
}

/// A name that the code host told of, as git may be asked for it.
fn branch_ref(name: &str) -> Result<String, JobError> {
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ':' | '*' | '?' | '[' | '\\' | '~' | '^');
    if name.is_empty() || name.contains(is_odd) {
        return Err(JobError::Broken(format!("`{}` is no branch", gonogo_core::say::printable(name))));
    }
    Ok(format!("refs/heads/{name}"))
}

async fn open_merges(serving: &Serving, name: &str) -> Result<Vec<Candidate>, JobError> {
    let open = serving.store.open_candidates(name).await?;
    Ok(open.into_iter().filter(|candidate| !candidate.stage.is_deploy()).collect())
}

async fn close_all(serving: &Serving, gone: impl Iterator<Item = &Candidate>) -> Result<(), JobError> {
    for candidate in gone {
        serving.store.close_candidate(candidate.id, (serving.clock)()).await?;
        for other in serving.store.same_head(candidate.id).await? {
            judge_soon(serving, other.candidate).await?;
        }
    }
    Ok(settle::abandoned(serving).await?)
}

/// Opens a candidate for each, and has those judged of which anything is new.
async fn take(
    serving: &Serving,
    service: &Service,
    incoming: Vec<OverBase>,
    pulls: &[PullRequest],
) -> Result<(), JobError> {
    let listed = serving.store.open_pulls(&service.name).await?;
    let judged: BTreeSet<CandidateId> =
        listed.iter().filter(|pull| pull.judged.is_some()).map(|pull| pull.candidate).collect();
    for (one, base) in incoming {
        let words = pulls.iter().find(|pull| pull.number == one.pull_request);
        let stage = Stage::Merge { pull_request: one.pull_request, into: one.into };
        let (service, branch) = (service.name.clone(), one.branch);
        let seen = Sighted { service, branch, head: one.head, production: base.map(Running::from), stage };
        let (candidate, is_new) = serving.store.open_candidate(seen, (serving.clock)()).await?;
        if is_new {
            sync::begins(serving, &candidate, true).await?;
        }
        if !judged.contains(&candidate.id) {
            judge_soon(serving, candidate.id).await?;
        }
        let run_at = (serving.clock)();
        if let Some(pull) = words {
            serving.store.pull_was_seen(seen_pull(&candidate.service, pull), judging(candidate.id, run_at)).await?;
        }
        // Of two times the earlier one counts.
        let later = run_at.saturating_add(AGAIN_AFTER).unwrap_or(run_at);
        serving.store.enqueue(judging(candidate.id, later)).await?;
    }
    Ok(settle::abandoned(serving).await?)
}

fn seen_pull(service: &str, pull: &PullRequest) -> SeenPull {
    let words = [&pull.title, &pull.body, &pull.branch, &pull.into].map(String::as_str);
    SeenPull {
        service: service.to_owned(),
        number: pull.number,
        title: pull.title.clone(),
        author: pull.author.clone(),
        is_draft: pull.state == PullState::Draft,
        digest: hex_sha256(words.join("\0").as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_of_the_merge_queue_tell_where_they_want_to_go() {
        let head: Sha = "a".repeat(40).parse().unwrap();
        let told = |branch: &str| in_queue(branch, head).map(|one| (one.into, one.pull_request));
        assert_eq!(told("gh-readonly-queue/release/2/pr-104-79a25f2b"), Some(("release/2".to_owned(), 104)));
        for other in ["main", "gh-readonly-queue/main", "gh-readonly-queue/main/104-79a25f2b", "x/main/pr-1-79a25f2b"] {
            assert_eq!(told(other), None, "{other}");
        }
    }

    #[test]
    fn a_name_that_is_no_branch_does_not_reach_git() {
        assert_eq!(branch_ref("release/2").unwrap(), "refs/heads/release/2");
        for odd in ["", "a b", "main:refs/heads/production", "*", "a\nb"] {
            assert!(branch_ref(odd).is_err(), "{odd}");
        }
    }
}
