//! What GitHub told last, as it reads, with the tags of its answers: what has
//! not changed costs nothing of the hour's allowance.

use super::builds::Run;
use super::{GitHub, GitHubError, RepositoryName};
use crate::http::Ask;
use gonogo_core::build::{Build, BuildState, RequiredBuild};
use gonogo_core::pull::PullRequest;
use jiff::Timestamp;
use reqwest::header::{ETAG, HeaderValue, IF_NONE_MATCH};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Beyond these bytes all are forgotten, and asked for anew: a page of a hundred
/// pull requests with long texts has two million.
const MOST: usize = 16 << 20;
pub(super) const PAGE: usize = 100;
/// GitHub keeps at most 1,000 statuses a context; more pages than these are
/// more than one commit has.
const MOST_PAGES: usize = 20;

/// What may be remembered: how much room it takes.
pub(super) trait Remember: Send + Sync + 'static {
    fn bytes(&self) -> usize;
}

/// One answer.
#[derive(Clone, Debug)]
struct Answered {
    tag: HeaderValue,
    read: Arc<dyn Any + Send + Sync>,
    bytes: usize,
}

#[derive(Debug, Default)]
pub(super) struct Remembered {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    answers: HashMap<String, Answered>,
    bytes: usize,
}

impl Remembered {
    /// What was read of an address as this, with its tag.
    fn of<T: Remember>(&self, path: &str) -> Option<(HeaderValue, Arc<T>)> {
        let answered = self.kept.lock().unwrap_or_else(PoisonError::into_inner).answers.get(path).cloned()?;
        Some((answered.tag, answered.read.downcast().ok()?))
    }

    fn keep<T: Remember>(&self, path: String, tag: HeaderValue, read: Arc<T>) {
        let bytes = path.len() + tag.len() + read.bytes();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = kept.answers.remove(&path) {
            kept.bytes -= old.bytes;
        }
        if kept.bytes + bytes > MOST {
            *kept = Kept::default();
        }
        if bytes <= MOST {
            kept.bytes += bytes;
            kept.answers.insert(path, Answered { tag, read, bytes });
        }
    }
}

impl GitHub {
    /// What stands at an address of the repository, as it reads.
    pub(super) async fn read<T: Remember>(
        &self,
        name: &RepositoryName,
        rest: &str,
        now: Timestamp,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Result<Arc<T>, GitHubError> {
        let path = name.path(rest);
        let known = self.remembered.of::<T>(&path);
        let mut ask = Ask::new(Method::GET, self.url(&path)?, None);
        ask.headers.extend(known.as_ref().map(|(tag, _)| (IF_NONE_MATCH, tag.clone())));
        let answer = self.send_asked(name, ask, now).await?;
        if answer.status == StatusCode::NOT_MODIFIED {
            let never_asked = || GitHubError::odd(&path, "nothing has changed, of what was never asked");
            return known.map(|(_, read)| read).ok_or_else(never_asked);
        }
        let found = Arc::new(read(&answer.body).map_err(|said| GitHubError::odd(&path, said))?);
        if let Some(tag) = answer.headers.get(ETAG) {
            self.remembered.keep(path, tag.clone(), Arc::clone(&found));
        }
        Ok(found)
    }

    /// Every item of a list that comes in pages; `more` follows the page in the
    /// address, and `list` reads one of them.
    pub(super) async fn pages<T: Clone>(
        &self,
        name: &RepositoryName,
        path: &str,
        more: &str,
        list: impl Fn(&Value) -> Result<Vec<T>, String>,
        now: Timestamp,
    ) -> Result<Vec<T>, GitHubError>
    where
        Vec<T>: Remember,
    {
        let mut all = Vec::new();
        for page in 1..=MOST_PAGES {
            let list = self.read(name, &format!("{path}?per_page={PAGE}&page={page}{more}"), now, &list).await?;
            all.extend(list.iter().cloned());
            if list.len() < PAGE {
                return Ok(all);
            }
        }
        Err(GitHubError::odd(&name.path(path), "a list without end"))
    }
}

impl Remember for RepositoryName {
    fn bytes(&self) -> usize {
        self.owner.capacity() + self.name.capacity()
    }
}

impl Remember for Vec<PullRequest> {
    fn bytes(&self) -> usize {
        let texts = |pull: &PullRequest| {
            let texts = [&pull.title, &pull.body, &pull.author, &pull.branch, &pull.into];
            texts.iter().map(|text| text.capacity()).sum::<usize>() + size_of::<PullRequest>()
        };
        self.iter().map(texts).sum()
    }
}

impl Remember for Vec<Build> {
    fn bytes(&self) -> usize {
        self.iter().map(of_build).sum()
    }
}

impl Remember for Vec<RequiredBuild> {
    fn bytes(&self) -> usize {
        self.iter().map(|one| one.name.capacity() + size_of::<RequiredBuild>()).sum()
    }
}

impl Remember for Vec<Run> {
    fn bytes(&self) -> usize {
        self.iter().map(|run| size_of::<Run>() - size_of::<Build>() + of_build(&run.build)).sum()
    }
}

fn of_build(build: &Build) -> usize {
    let word = if let BuildState::Failed(word) = &build.state { word.capacity() } else { 0 };
    let texts = [&build.name, &build.by, &build.said].into_iter().chain(&build.url);
    texts.map(String::capacity).sum::<usize>() + word + size_of::<Build>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_core::pull::PullState;

    fn pulls(bytes: usize) -> Arc<Vec<PullRequest>> {
        Arc::new(vec![PullRequest {
            number: 1,
            title: String::new(),
            body: "x".repeat(bytes),
            author: String::new(),
            branch: String::new(),
            head: "a".repeat(40).parse().unwrap(),
            into: String::new(),
            state: PullState::Open,
        }])
    }

    #[test]
    fn what_is_remembered_has_a_bound_in_bytes() {
        let remembered = Remembered::default();
        let keep = |path: &str, bytes| remembered.keep(path.to_owned(), HeaderValue::from_static("t"), pulls(bytes));
        let is_there = |path: &str| remembered.of::<Vec<PullRequest>>(path).is_some();
        for _ in 0..9 {
            keep("same", 7 << 20); // in the place of itself
        }
        keep("b", 7 << 20);
        assert!(is_there("same") && is_there("b"));
        keep("c", 7 << 20);
        assert!(!is_there("same") && !is_there("b") && is_there("c"));
        keep("huge", 20 << 20);
        assert!(!is_there("huge"));
        assert!(remembered.of::<Vec<Build>>("c").is_none(), "it was read as something else");
    }
}
