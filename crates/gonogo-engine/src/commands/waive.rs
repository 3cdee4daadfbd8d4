//! A person lets a finding pass, takes that back, or asks to judge again.

use super::people::deed;
use crate::jobs::judge_soon;
use crate::serving::Serving;
use gonogo_api::{Check, Finding, Severity};
use gonogo_core::finding::COULD_NOT_CHECK;
use gonogo_core::person::{Act, Forbidden, Person};
use gonogo_core::verdict::PRODUCTION_UNKNOWN;
use gonogo_store::{Candidate, CandidateId, NewWaiver, StoreError, WaiverId};
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

const MOST_WHY: usize = 2_000;
pub const MOST_DAYS: i64 = 90;

#[derive(Debug, Error)]
pub enum WaiveError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Forbidden(Forbidden),
    #[error("{0}")]
    Input(String),
    /// What was on the page is not so any more.
    #[error("{0}")]
    Gone(String),
}

/// Lets one finding of a candidate pass for so many days.
pub async fn waive(
    serving: &Serving,
    who: &Person,
    candidate: CandidateId,
    fingerprint: &str,
    why: &str,
    days: i64,
) -> Result<(), WaiveError> {
    let actor = who.may(Act::Waive).map_err(WaiveError::Forbidden)?;
    let now = (serving.clock)();
    let candidate = open(serving, candidate).await?;
    let finding = finding_of(serving, &candidate, fingerprint).await?;
    let until = until(&finding, why, days, now)?;
    let new = NewWaiver {
        service: candidate.service.clone(),
        fingerprint: finding.fingerprint,
        said: finding.message.clone(),
        why: why.trim().to_owned(),
        until,
    };
    let detail = format!("{} (until {until}): {}", finding.message, new.why);
    serving.store.waive(new, &actor, deed(now, actor.name(), "waived", &candidate.service, &detail)).await?;
    Ok(judge_all(serving, &candidate.service).await?)
}

/// A waiver of a service does not hold any more.
pub async fn take_back(serving: &Serving, who: &Person, service: &str, id: WaiverId) -> Result<(), WaiveError> {
    let actor = who.may(Act::Waive).map_err(WaiveError::Forbidden)?;
    let now = (serving.clock)();
    let deed = deed(now, actor.name(), "took a waiver back", service, &format!("waiver {}", id.0));
    if !serving.store.take_back(service, id, &actor, deed).await? {
        return Err(WaiveError::Gone("there is no such waiver any more".to_owned()));
    }
    Ok(judge_all(serving, service).await?)
}

pub async fn check_again(serving: &Serving, who: &Person, candidate: CandidateId) -> Result<(), WaiveError> {
    who.may(Act::CheckAgain).map_err(WaiveError::Forbidden)?;
    let candidate = open(serving, candidate).await?;
    Ok(judge_soon(serving, candidate.id).await?)
}

async fn open(serving: &Serving, id: CandidateId) -> Result<Candidate, WaiveError> {
    let candidate = serving.store.candidate(id).await?.filter(|candidate| candidate.is_open);
    candidate.ok_or_else(|| WaiveError::Gone("this candidate is not open any more".to_owned()))
}

/// The finding as it was judged last: one that is not there cannot be waived.
async fn finding_of(serving: &Serving, candidate: &Candidate, fingerprint: &str) -> Result<Finding, WaiveError> {
    let newest = serving.store.newest_evaluation(candidate.id).await?;
    let check = newest.and_then(|e| serde_json::from_str::<Check>(&e.result).ok());
    let found = check.into_iter().flat_map(|check| check.findings).find(|f| f.fingerprint == fingerprint);
    let gone =
        || WaiveError::Gone("the finding is not there any more, or is another one by now: look again".to_owned());
    let finding = found.filter(|f| f.waiver.is_none()).ok_or_else(gone)?;
    if finding.severity != Severity::Block || finding.code == PRODUCTION_UNKNOWN {
        return Err(WaiveError::Input(format!("{} is nothing to waive", finding.code)));
    }
    Ok(finding)
}

fn until(finding: &Finding, why: &str, days: i64, now: Timestamp) -> Result<Timestamp, WaiveError> {
    let length = why.trim().chars().count();
    if length == 0 || length > MOST_WHY {
        return Err(WaiveError::Input(format!("say why, in up to {MOST_WHY} characters")));
    }
    let most = if finding.code == COULD_NOT_CHECK { 1 } else { MOST_DAYS };
    if !(1..=most).contains(&days) {
        let said =
            format!("{} may be waived for {most} {} at most", finding.code, if most == 1 { "day" } else { "days" });
        return Err(WaiveError::Input(said));
    }
    Ok(now.checked_add(SignedDuration::from_hours(days * 24)).unwrap_or(Timestamp::MAX))
}

async fn judge_all(serving: &Serving, service: &str) -> Result<(), StoreError> {
    for candidate in serving.store.open_candidates(service).await? {
        judge_soon(serving, candidate.id).await?;
    }
    Ok(())
}
