//! Whether a deploy may begin, read again just before it does: what runs, the head,
//! and the verdict of exactly that.

use super::along::{Stays, stays};
use crate::commands::deploys::deploys_of;
use crate::commands::locks::{keeps_out, locked_words};
use crate::commands::needs::need_of;
use crate::commands::request::{closed, runs_into};
use crate::jobs::deploys::guards::{Unwatched, watchable};
use crate::jobs::{EVALUATE, JobError, judge_soon, look_soon};
use crate::serving::Serving;
use gonogo_api::{Check, Finding, Severity};
use gonogo_core::deploy::{Runway, Watched};
use gonogo_core::running::Running;
use gonogo_core::say;
use gonogo_store::{DeployRow, Evaluation};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::{Notify, oneshot};

/// What cannot be read again in this time is not begun.
const AT_MOST: SignedDuration = SignedDuration::from_mins(5);

/// What waits for something is judged again so often.
const JUDGED_AGAIN: SignedDuration = SignedDuration::from_secs(10);

/// A part of the answer is on its way.
const WAITING: u8 = 4;

pub(super) enum Ready {
    Yes,
    /// What runs has moved along to its head.
    Along(Running),
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
    /// Whether its guards could watch it.
    watchable: Option<oneshot::Receiver<Result<(), Unwatched>>>,
}

impl Reading {
    pub(super) fn from(since: Timestamp) -> Self {
        Self { since, looks: false, judges: false, watchable: None }
    }

    pub(super) async fn ready(
        &mut self,
        serving: &Arc<Serving>,
        row: &DeployRow,
        news: &Arc<Notify>,
    ) -> Result<Ready, JobError> {
        let since = self.since;
        let Some(service) = serving.service(&row.service) else {
            return Ok(Ready::Refused(format!("{} is not in the server's configuration any more", row.service)));
        };
        let glass = serving.store.glass(row.id).await?;
        let whose = glass.as_ref().map_or(row.requested_by_id, |glass| glass.by_id);
        if let Some(lock) = keeps_out(serving, &row.service, whose).await? {
            return Ok(Ready::Refused(format!("{}; ask for it anew after that", locked_words(&lock))));
        }
        // What keeps a deploy may be broken by a person; that what runs is as it was may not.
        let is_broken = glass.is_some();
        if let (Some(approval), Some((_, at)), false) = (&row.plan.approval, &row.approved, is_broken)
            && !approval.counts(*at, row.not_before, (serving.clock)())
        {
            let said = format!("its approval is older than {} h: ask for it anew", approval.hours);
            return Ok(Ready::Refused(said));
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
        let stays = match stays(serving, service, row, runs.as_ref()).await {
            Ok(stays) => stays,
            Err(JobError::Store(error)) => return Err(error.into()),
            Err(error) => return Ok(not_yet("its branch", Some(error.to_string()))),
        };
        match stays {
            Stays::AsItWas => {}
            Stays::Along(runs) if deploys_of(serving, &row.service).is_some() => return Ok(Ready::Along(runs)),
            Stays::Along(_) => {
                return Ok(not_yet("how it is deployed", Some("see [deploy] in the policy of what runs".to_owned())));
            }
            Stays::Gone(why) => return Ok(Ready::Refused(why)),
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
        let into = runs_into(serving, &section, &row.service, (serving.clock)()).await?;
        if let Some((said, fix)) = into.filter(|_| section.runway == Runway::Block) {
            return Ok(Ready::Refused(format!("{said}; {fix}")));
        }
        match newest {
            None => Ok(not_yet("its verdict", None)),
            Some(newest) if newest.exit_code == 0 => {
                if let Some(found) = found_since(serving, row, &newest).await? {
                    return Ok(Ready::Refused(found));
                }
                if let Some(lacks) = lacks_approval(serving, row).await? {
                    return Ok(Ready::Refused(lacks));
                }
                Ok(match self.watchable(serving, row, news) {
                    Some(Ok(())) => Ready::Yes,
                    Some(Err(Unwatched::Nothing(why))) => Ready::Refused(format!("{}; {}", why.said, why.fix)),
                    Some(Err(Unwatched::Away(why))) => not_yet("what its guards watch", Some(why.said)),
                    None => not_yet("what its guards watch", None),
                })
            }
            Some(newest) if newest.exit_code == WAITING => {
                // What comes for its head concerns open candidates alone.
                if judging.looked_at.is_some_and(|at| (serving.clock)().duration_since(at) > JUDGED_AGAIN) {
                    judge_soon(serving, row.candidate).await?;
                }
                Ok(not_yet("what its verdict waits for", None))
            }
            Some(newest) => Ok(Ready::Refused(format!(
                "its verdict is {} by now: {}/candidates/{} says what mends it",
                newest.verdict, serving.pages, row.candidate.0
            ))),
        }
    }

    /// Whether its guards have something to compare with: a deploy that nobody could watch
    /// does not begin. `None` while that is being read.
    fn watchable(
        &mut self,
        serving: &Arc<Serving>,
        row: &DeployRow,
        news: &Arc<Notify>,
    ) -> Option<Result<(), Unwatched>> {
        let Some(Watched { guards, watch }) = row.plan.watched.clone() else { return Some(Ok(())) };
        let asked = self.watchable.get_or_insert_with(|| {
            let (tell, asked) = oneshot::channel();
            let (serving, news) = (Arc::clone(serving), Arc::clone(news));
            tokio::spawn(async move {
                let found = watchable(&serving.metrics, &guards, &watch, (serving.clock)()).await;
                // Nobody waits for it where the deploy is over by now.
                tell.send(found).ok();
                news.notify_one();
            });
            asked
        });
        let found = asked.try_recv().ok();
        if matches!(found, Some(Ok(()))) {
            // It counts until something else is read anew.
            let (tell, asked) = oneshot::channel();
            tell.send(Ok(())).ok();
            self.watchable = Some(asked);
        }
        if matches!(found, Some(Err(Unwatched::Away(_)))) {
            // It is asked anew.
            self.watchable = None;
        }
        found
    }
}

/// Who has to agree to it by now, and has not: what it brings is another, or the time.
async fn lacks_approval(serving: &Serving, row: &DeployRow) -> Result<Option<String>, JobError> {
    let Some(approval) = &row.plan.approval else { return Ok(None) };
    let need = need_of(serving, approval, &row.plan.zone, row.candidate, (serving.clock)()).await?;
    let Some(need) = need else { return Ok(None) };
    let given = match &row.approved {
        Some(_) => Some(serving.store.approved_as(row.id).await?.unwrap_or_else(|| approval.usual())),
        None => None,
    };
    let is_met = given.is_some_and(|given| need.is_met_by(&given));
    Ok((!is_met).then(|| format!("{} has to agree to it by now: ask for it anew", need.words())))
}

/// What is found over what runs now, and was not over what ran when somebody agreed to
/// it: an approval covers what they saw.
async fn found_since(serving: &Serving, row: &DeployRow, newest: &Evaluation) -> Result<Option<String>, JobError> {
    let Some((_, at)) = &row.approved else { return Ok(None) };
    let before = serving.store.deploy_moved_from(row.id).await?.unwrap_or(row.candidate);
    let read = |result: &str| serde_json::from_str::<Check>(result).ok();
    let seen = serving.store.evaluation_as_of(before, *at).await?.and_then(|seen| read(&seen.result));
    let Some(now) = read(&newest.result) else {
        return Ok(Some("what was approved cannot be compared with what it is now: ask for it anew".to_owned()));
    };
    // What could not be checked is of the commits between which it was asked.
    let what = |finding: &Finding| (finding.code.clone(), format!("{:?}", finding.subject));
    let known: BTreeSet<(String, String)> = seen.iter().flat_map(|seen| seen.findings.iter().map(what)).collect();
    let is_new = |finding: &&Finding| finding.severity != Severity::Note && !known.contains(&what(finding));
    let new: Vec<&str> = now.findings.iter().filter(is_new).map(|finding| finding.message.as_str()).collect();
    let said = || format!("there is something new since it was approved: {}; ask for it anew", say::list(&new, 3));
    Ok((!new.is_empty()).then(said))
}
