//! What the last looks at services found: the policy in force of each, and which
//! trackers tell what changes in them.

use gonogo_core::case::PolicyInForce;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Of each service its policy as it was when the service was looked at last.
#[derive(Debug, Default)]
pub struct InForce {
    of: Mutex<HashMap<String, Looked>>,
    /// Services of which several versions run that say differently how they are deployed.
    torn: Mutex<HashSet<String>>,
}

/// What the looks at a service came to.
#[derive(Clone, Debug)]
pub(crate) enum Looked {
    /// What was found last.
    Found(PolicyInForce),
    /// None has found anything yet.
    InVain,
}

/// Trackers that told what changed when they were asked last, by their addresses.
#[derive(Debug, Default)]
pub struct Telling {
    all: Mutex<HashSet<String>>,
}

impl InForce {
    /// Whether looks were in vain so far.
    pub(crate) fn set(&self, service: &str, policy: PolicyInForce) -> bool {
        let before = locked(&self.of).insert(service.to_owned(), Looked::Found(policy));
        matches!(before, Some(Looked::InVain))
    }

    pub(crate) fn set_torn(&self, service: &str, is_torn: bool) {
        let mut torn = locked(&self.torn);
        if is_torn {
            torn.insert(service.to_owned());
        } else {
            torn.remove(service);
        }
    }

    pub(crate) fn is_torn(&self, service: &str) -> bool {
        locked(&self.torn).contains(service)
    }

    /// What was found before still counts.
    pub(crate) fn looked_in_vain(&self, service: &str) {
        locked(&self.of).entry(service.to_owned()).or_insert(Looked::InVain);
    }

    /// `None` before the first look has ended.
    pub(crate) fn looked(&self, service: &str) -> Option<Looked> {
        locked(&self.of).get(service).cloned()
    }

    /// `None` before the first look that found it.
    pub(crate) fn of(&self, service: &str) -> Option<PolicyInForce> {
        match self.looked(service) {
            Some(Looked::Found(policy)) => Some(policy),
            Some(Looked::InVain) | None => None,
        }
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

    /// Others are not asked any more.
    pub(crate) fn retain(&self, is_asked: impl Fn(&str) -> bool) {
        locked(&self.all).retain(|tracker| is_asked(tracker));
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
