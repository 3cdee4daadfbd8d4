//! What the last looks at services found: the policy in force of each, and which
//! trackers tell what changes in them.

use gonogo_core::case::PolicyInForce;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Of each service its policy as it was when the service was looked at last.
#[derive(Debug, Default)]
pub struct InForce {
    of: Mutex<HashMap<String, PolicyInForce>>,
}

/// Trackers that told what changed when they were asked last, by their addresses.
#[derive(Debug, Default)]
pub struct Telling {
    all: Mutex<HashSet<String>>,
}

impl InForce {
    pub(crate) fn set(&self, service: &str, policy: PolicyInForce) {
        locked(&self.of).insert(service.to_owned(), policy);
    }

    /// `None` before the first look.
    pub(crate) fn of(&self, service: &str) -> Option<PolicyInForce> {
        locked(&self.of).get(service).cloned()
    }
}

impl Telling {
    pub(crate) fn set(&self, tracker: &str, tells: bool) {
        let mut all = locked(&self.all);
        if tells {
            all.insert(plain(tracker).to_owned());
        } else {
            all.remove(plain(tracker));
        }
    }

    pub(crate) fn has(&self, tracker: &str) -> bool {
        locked(&self.all).contains(plain(tracker))
    }
}

fn plain(tracker: &str) -> &str {
    tracker.trim_end_matches('/')
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
