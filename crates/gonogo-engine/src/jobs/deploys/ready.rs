//! Whether a deploy may begin, read again just before it does: what runs, the head,
//! and the verdict of exactly that.

use crate::commands::deploys::{closed, deploys_of};
use crate::commands::locks::{keeps_out, locked_words};
use crate::jobs::{EVALUATE, judge_soon, look_soon};
use crate::serving::Serving;
use gonogo_core::say;
use gonogo_store::{DeployRow, StoreError};
use jiff::{SignedDuration, Timestamp};

/// What cannot be read again in this time is not begun.
const AT_MOST: SignedDuration = SignedDuration::from_mins(5);

/// A part of the answer is on its way.
const WAITING: u8 = 4;

pub(super) enum Ready {
    Yes,
    NotYet(String),
    Refused(String),
}

/// What was asked for to be read.
#[derive(Debug)]
pub(super) struct Reading {
    /// When its turn came: what was read before that does not count.
    since: Timestamp,
    looks: bool,
    judges: bool,
}

impl Reading {
    pub(super) fn from(since: Timestamp) -> Self {
        Self { since, looks: false, judges: false }
    }

    pub(super) async fn ready(&mut self, serving: &Serving, row: &DeployRow) -> Result<Ready, StoreError> {
        let since = self.since;
        let Some(service) = serving.service(&row.service) else {
            return Ok(Ready::Refused(format!("{} is not in the server's configuration any more", row.service)));
        };
        if let Some(lock) = keeps_out(serving, &row.service, row.requested_by_id).await? {
            return Ok(Ready::Refused(format!("{}; ask for it anew after that", locked_words(&lock))));
        }
        // What keeps a deploy may be broken by a person; that what runs is as it was may not.
        let is_broken = serving.store.glass(row.id).await?.is_some();
        if let Some(approval) = row.plan.approval.as_ref().filter(|_| !is_broken) {
            let now = (serving.clock)();
            if !row.approved.as_ref().is_some_and(|(_, at)| approval.counts(*at, now)) {
                let said = format!("its approval is older than {} h: ask for it anew", approval.hours);
                return Ok(Ready::Refused(said));
            }
        }
        let is_late = (serving.clock)().duration_since(since) > AT_MOST;
        let not_yet = |what: &str, why: Option<String>| match why.filter(|_| is_late) {
            Some(why) => Ready::Refused(format!("{what} could not be read again: {why}")),
            None if is_late => {
                Ready::Refused(format!("{what} could not be read again within {} min", AT_MOST.as_mins()))
            }
            None => Ready::NotYet(format!("{what} is being read again")),
        };
        if !self.looks {
            self.looks = true;
            look_soon(serving, &service.repository).await?;
        }
        let production = serving.store.production(&row.service).await?;
        let looked_at = production.as_ref().and_then(|production| production.looked_at);
        let trouble = production.as_ref().and_then(|production| production.trouble.clone());
        // What was known before somebody could not be asked may be another by now.
        if trouble.is_some() || looked_at.is_none_or(|at| at < since) {
            return Ok(not_yet("what runs", trouble));
        }
        let runs = production.and_then(|production| production.running);
        if runs.as_ref() != Some(&row.production) {
            let now = runs.map_or_else(|| "is not known now".to_owned(), |runs| format!("is {} now", runs.short()));
            let before = row.production.short();
            return Ok(Ready::Refused(format!("what runs {now}; this was asked for over {before}: ask for it anew")));
        }
        let candidate = serving.store.candidate(row.candidate).await?;
        if !candidate.is_some_and(|candidate| candidate.is_open && candidate.head == row.head) {
            let branch = say::printable(&row.branch);
            return Ok(Ready::Refused(format!("{branch} is not at {} any more: ask for it anew", row.head.short())));
        }
        if is_broken {
            return Ok(Ready::Yes);
        }
        if !self.judges {
            self.judges = true;
            judge_soon(serving, row.candidate).await?;
        }
        let newest = serving.store.newest_evaluation(row.candidate).await?;
        let judging = serving.store.judging_of(row.candidate, EVALUATE, (serving.clock)()).await?;
        let is_judged = !judging.is_due && judging.looked_at.is_some_and(|at| at >= since);
        let newest = newest.filter(|newest| is_judged && !newest.is_unread);
        // By the policy of what runs, as it was read just now.
        let Some(section) = deploys_of(serving, &row.service) else {
            let why = "see [deploy] in the policy of what runs".to_owned();
            return Ok(not_yet("how it is deployed", Some(why)));
        };
        let closed = newest.as_ref().and_then(|newest| closed(&section, newest, (serving.clock)()));
        if let Some((said, fix)) = closed {
            return Ok(Ready::Refused(format!("{said}; {fix}")));
        }
        match newest {
            None => Ok(not_yet("its verdict", None)),
            Some(newest) if newest.exit_code == 0 => Ok(Ready::Yes),
            Some(newest) if newest.exit_code == WAITING => Ok(not_yet("what its verdict waits for", None)),
            Some(newest) => Ok(Ready::Refused(format!(
                "its verdict is {} by now: {}/candidates/{} says what mends it",
                newest.verdict, serving.pages, row.candidate.0
            ))),
        }
    }
}
