//! Pull requests as GitHub told of them last, with the tags of its answers: one
//! that has not changed costs nothing of the hour's allowance.

use gonogo_core::pull::PullRequest;
use reqwest::header::HeaderValue;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Beyond these all are forgotten, and asked for anew.
const MOST: usize = 5_000;

/// One answer.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub tag: HeaderValue,
    pub pulls: Arc<Vec<PullRequest>>,
}

#[derive(Debug, Default)]
pub(super) struct Remembered {
    pages: Mutex<HashMap<String, Page>>,
}

impl Remembered {
    pub(super) fn of(&self, path: &str) -> Option<Page> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }

    pub(super) fn keep(&self, path: String, page: Page) {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.len() >= MOST {
            pages.clear();
        }
        pages.insert(path, page);
    }
}
