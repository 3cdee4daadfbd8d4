//! Who has to agree to a deploy, by what it brings and when.

use crate::digest::Digest;
use crate::evidence::Evidence;
use crate::serving::Serving;
use gonogo_api::Check;
use gonogo_core::deploy::{Approval, Need, RiskWord};
use gonogo_store::{CandidateId, DeployRow, StoreError};
use jiff::Timestamp;

/// As the policy says of its highest risk at this time; `None` where nobody has to.
pub(crate) async fn need_of(
    serving: &Serving,
    approval: &Approval,
    zone: &str,
    candidate: CandidateId,
    at: Timestamp,
) -> Result<Option<Need>, StoreError> {
    if approval.rules.is_empty() {
        return Ok(Some(approval.usual()));
    }
    Ok(approval.need(risk_of(serving, candidate).await?, at, zone))
}

/// Of a deploy that waits. What was asked for and needs nobody any more is for whoever the
/// table names.
pub async fn need_now(serving: &Serving, row: &DeployRow) -> Result<Option<Need>, StoreError> {
    let Some(approval) = &row.plan.approval else { return Ok(None) };
    let now = (serving.clock)();
    let at = row.not_before.map_or(now, |at| at.max(now));
    Ok(need_of(serving, approval, &row.plan.zone, row.candidate, at).await?.or_else(|| Some(approval.usual())))
}

/// The newest judgement of a candidate, and what it was made from, as far as they can be read.
pub(crate) async fn newest_read(
    serving: &Serving,
    candidate: CandidateId,
) -> Result<(Option<Check>, Option<Evidence>), StoreError> {
    let Some(newest) = serving.store.newest_evaluation(candidate).await? else { return Ok((None, None)) };
    let recording = serving.store.recording(newest.id).await?;
    let evidence = recording.and_then(|bytes| Evidence::read(&bytes).ok());
    Ok((serde_json::from_str(&newest.result).ok(), evidence))
}

/// The highest that its stories say; where that cannot be read it counts as the worst.
async fn risk_of(serving: &Serving, candidate: CandidateId) -> Result<RiskWord, StoreError> {
    let (Some(check), Some(evidence)) = newest_read(serving, candidate).await? else {
        return Ok(RiskWord::Critical);
    };
    if check.stories.iter().any(|story| story.ships && !evidence.knows(&story.key)) {
        return Ok(RiskWord::Critical);
    }
    Ok(Digest::of(&check, Some(&evidence)).risk.map_or(RiskWord::Unsaid, |(risk, _)| risk))
}
