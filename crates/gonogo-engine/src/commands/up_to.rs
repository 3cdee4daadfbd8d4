//! A part of what a candidate brings: up to its newest Go, or to a commit of it.

use super::deploys::{DeployError, not_now};
use crate::serving::Serving;
use gonogo_api::{Check, Story};
use gonogo_core::ids::Sha;
use gonogo_core::say;
use gonogo_remote::git::Git;
use gonogo_store::Candidate;
use std::collections::BTreeSet;
use std::str::FromStr;

const NEWEST_GO: &str = "newest-go";
/// So many characters of a SHA name a commit, at least.
const LEAST_HEX: usize = 7;

/// How far of a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpTo {
    NewestGo,
    /// How a commit's SHA begins, in lower case.
    Commit(String),
}

impl FromStr for UpTo {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_hex = (LEAST_HEX..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match text {
            NEWEST_GO => Ok(Self::NewestGo),
            _ if is_hex => Ok(Self::Commit(text.to_ascii_lowercase())),
            _ => Err(format!(
                "`{}` is neither {NEWEST_GO} nor a commit: write {LEAST_HEX} characters of its SHA, or more",
                say::printable(text)
            )),
        }
    }
}

/// That part as a candidate of its own, which nobody sees but its deploy: it is judged
/// when its turn comes. The candidate itself where it is all of it.
pub(super) async fn part_of(serving: &Serving, whole: Candidate, up_to: &UpTo) -> Result<Candidate, DeployError> {
    let page = format!("see its page: {}", serving.page_of(whole.id));
    let newest = serving.store.newest_evaluation(whole.id).await?;
    let Some(newest) = newest.filter(|newest| !newest.is_unread) else {
        return Err(not_now("it is being judged: which part of it is Go is not known yet", page));
    };
    let Ok(check) = serde_json::from_str::<Check>(&newest.result) else {
        return Err(not_now("its verdict cannot be read", "have it judged again"));
    };
    let sha = match up_to {
        UpTo::NewestGo if newest.exit_code == 0 => return Ok(whole),
        UpTo::NewestGo => match &check.newest_go {
            Some(newest) => newest.sha.clone(),
            None => return Err(not_now("no part of it is Go", page)),
        },
        UpTo::Commit(begins) => {
            let of_it: Vec<&str> =
                check.commits.iter().map(|commit| commit.sha.as_str()).filter(|sha| sha.starts_with(begins)).collect();
            match of_it[..] {
                [one] => one.to_owned(),
                [] => {
                    return Err(not_now(format!("{} brings no commit {begins}", say::printable(&whole.branch)), page));
                }
                _ => return Err(not_now(format!("several commits begin with {begins}"), "write more of its SHA")),
            }
        }
    };
    let sha: Sha = sha.parse().map_err(|_| not_now("its verdict cannot be read", "have it judged again"))?;
    if sha == whole.head {
        return Ok(whole);
    }
    let brought = brought_by(serving, &whole, sha).await?;
    // Of what is the newest Go, a story ships in part only where a mark says that it may.
    let is_newest_go = check.newest_go.as_ref().is_some_and(|newest| newest.sha == sha.to_string());
    if let Some(story) = split_story(&check, &brought).filter(|_| !is_newest_go) {
        return Err(not_now(
            format!("up to {} ships a part of {story} alone", sha.short()),
            "name a commit that has all of it, or the newest Go",
        ));
    }
    let now = (serving.clock)();
    Ok(serving.store.candidate_up_to(&whole, sha, now).await?)
}

/// The commits of a part. What runs has to be in it: a commit of a merged branch alone
/// brings back what was before.
async fn brought_by(serving: &Serving, whole: &Candidate, sha: Sha) -> Result<BTreeSet<String>, DeployError> {
    let runs = whole.production.as_ref().and_then(gonogo_core::running::Running::only);
    let (Some(runs), Some(service)) = (runs, serving.service(&whole.service)) else {
        return Err(not_now("what runs is not one commit", "see the service's page"));
    };
    let dir = serving.mirror_of(service);
    let asked = tokio::task::spawn_blocking(move || Git::of_mirror(&dir)?.range(runs, sha)).await;
    let unreadable = |said: String| not_now(format!("git cannot be read: {said}"), "ask again");
    let range = asked.map_err(|error| unreadable(error.to_string()))?.map_err(|error| unreadable(error.to_string()))?;
    let Ok(range) = range else { return Err(not_now("more commits lie between than are read", "name a nearer one")) };
    if !range.missing.is_empty() {
        return Err(not_now(
            format!("{} has not what runs, {}", sha.short(), runs.short()),
            "name a commit of the branch itself, such as the merge that brought it",
        ));
    }
    Ok(range.commits.iter().map(|commit| commit.sha.to_string()).collect())
}

/// A story of which a part would ship without the rest.
fn split_story<'c>(check: &'c Check, brought: &BTreeSet<String>) -> Option<&'c str> {
    let ships: BTreeSet<&str> = check.commits.iter().filter(|one| one.ships).map(|one| one.sha.as_str()).collect();
    let is_split = |story: &&Story| {
        let (with, without): (Vec<&String>, Vec<&String>) =
            story.commits.iter().filter(|sha| ships.contains(sha.as_str())).partition(|sha| brought.contains(*sha));
        !with.is_empty() && !without.is_empty()
    };
    check.stories.iter().find(is_split).map(|story| story.key.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_the_newest_go_or_begins_like_a_commit() {
        assert_eq!("newest-go".parse(), Ok(UpTo::NewestGo));
        assert_eq!("9F2C1ab".parse(), Ok(UpTo::Commit("9f2c1ab".to_owned())));
        for odd in ["9f2c1a", "main", "", "9f2c1ag", "-9f2c1ab"] {
            assert!(odd.parse::<UpTo>().unwrap_err().contains("neither newest-go nor a commit"), "{odd}");
        }
    }
}
