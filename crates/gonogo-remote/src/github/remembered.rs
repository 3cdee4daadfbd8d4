//! Pull requests as GitHub told of them last, with the tags of its answers: one
//! that has not changed costs nothing of the hour's allowance.

use gonogo_core::pull::PullRequest;
use reqwest::header::HeaderValue;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Beyond these bytes all are forgotten, and asked for anew: a page of a hundred
/// pull requests with long texts has two million.
const MOST: usize = 16 << 20;

/// One answer.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub tag: HeaderValue,
    pub pulls: Arc<Vec<PullRequest>>,
}

impl Page {
    fn bytes(&self) -> usize {
        let texts = |pull: &PullRequest| {
            let texts = [&pull.title, &pull.body, &pull.author, &pull.branch, &pull.into];
            texts.iter().map(|text| text.capacity()).sum::<usize>() + size_of::<PullRequest>()
        };
        self.tag.len() + self.pulls.iter().map(texts).sum::<usize>()
    }
}

#[derive(Debug, Default)]
pub(super) struct Remembered {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    pages: HashMap<String, Page>,
    bytes: usize,
}

impl Remembered {
    pub(super) fn of(&self, path: &str) -> Option<Page> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).pages.get(path).cloned()
    }

    pub(super) fn keep(&self, path: String, page: Page) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = path.len() + page.bytes();
        if let Some(old) = kept.pages.remove(&path) {
            kept.bytes -= path.len() + old.bytes();
        }
        if kept.bytes + bytes > MOST {
            *kept = Kept::default();
        }
        if bytes <= MOST {
            kept.bytes += bytes;
            kept.pages.insert(path, page);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_core::pull::PullState;

    #[test]
    fn what_is_remembered_has_a_bound_in_bytes() {
        let remembered = Remembered::default();
        let page = |bytes: usize| {
            let pull = PullRequest {
                number: 1,
                title: String::new(),
                body: "x".repeat(bytes),
                author: String::new(),
                branch: String::new(),
                head: "a".repeat(40).parse().unwrap(),
                into: String::new(),
                state: PullState::Open,
            };
            Page { tag: HeaderValue::from_static("t"), pulls: Arc::new(vec![pull]) }
        };
        let is_there = |path: &str| remembered.of(path).is_some();
        for _ in 0..9 {
            remembered.keep("same".to_owned(), page(7 << 20)); // in the place of itself
        }
        remembered.keep("b".to_owned(), page(7 << 20));
        assert!(is_there("same") && is_there("b"));
        remembered.keep("c".to_owned(), page(7 << 20));
        assert!(!is_there("same") && !is_there("b") && is_there("c"));
        remembered.keep("huge".to_owned(), page(20 << 20));
        assert!(!is_there("huge"));
    }
}
