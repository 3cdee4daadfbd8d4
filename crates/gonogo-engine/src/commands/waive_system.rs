//! A person lets pass, once and for hours, all that a system which is away
//! leaves unchecked in a service: whatever the head. Loudly.

use super::people::deed_of;
use super::waive::{WaiveError, given, why_of};
use crate::evidence::{Evidence, WITHOUT_POLICY};
use crate::jobs::told_of_away;
use crate::serving::Serving;
use gonogo_api::{Check, Finding, Severity};
use gonogo_core::fact::System;
use gonogo_core::finding::COULD_NOT_CHECK;
use gonogo_core::person::{Act, Person};
use gonogo_core::policy::WaiverRule;
use gonogo_core::say;
use gonogo_core::waiver::{Covers, LONGEST_FOR_SYSTEM};
use gonogo_store::{NewWaiver, WaiverId};
use jiff::{SignedDuration, Timestamp};

pub async fn waive_system(
    serving: &Serving,
    who: &Person,
    service: &str,
    system: System,
    why: &str,
    lasts: SignedDuration,
) -> Result<WaiverId, WaiveError> {
    let rule = rule_of_system(serving, service, system).await?;
    let actor = match &rule {
        Some(rule) => who.may_waive(service, rule),
        // Who may not at all is told so first.
        None => who.may_at(service, Act::Waive),
    };
    let actor = actor.map_err(WaiveError::Forbidden)?;
    let name = system.name();
    let nothing = || format!("{name} leaves nothing of {service} unchecked now: there is nothing to waive");
    let rule = rule.ok_or_else(|| WaiveError::Gone(nothing()))?;
    let now = (serving.clock)();
    let new = NewWaiver {
        service: service.to_owned(),
        fingerprint: Covers::System(system).to_string(),
        said: format!("all that {name} leaves unchecked"),
        why: why_of(why)?,
        until: until(lasts, now)?,
        needs_second: rule.needs_second,
        branch: None,
    };
    let action = if rule.needs_second { "proposed to waive a system" } else { "waived a system" };
    let detail = format!("{} (until {}): {}", new.said, say::minute(new.until), new.why);
    let told = told_of_away(serving, &new, system, actor.name(), now);
    let (why, until, deed) = (new.why.clone(), new.until, deed_of(&actor, now, action, service, &detail));
    given(serving, who, service, &why, until, serving.store.waive_loudly(new, told, &actor, deed).await?).await
}

/// The strictest rule of all checks that may block, by every policy that judges an
/// open candidate: what the system leaves undone elsewhere, or comes to leave
/// undone, is let pass as well. `None` where it leaves nothing undone.
pub(super) async fn rule_of_system(
    serving: &Serving,
    service: &str,
    system: System,
) -> Result<Option<WaiverRule>, WaiveError> {
    let (mut is_left, mut rules) = (false, Vec::new());
    for candidate in serving.store.open_candidates(service).await? {
        let Some(newest) = serving.store.newest_evaluation(candidate.id).await? else { continue };
        let check: Option<Check> = serde_json::from_str(&newest.result).ok();
        is_left |= check.is_some_and(|check| check.findings.iter().any(|finding| is_left_by(finding, system)));
        let recording = serving.store.recording(newest.id).await?;
        rules.push(
            recording.and_then(|bytes| Evidence::read(&bytes).ok()).map_or(WITHOUT_POLICY, |e| e.strictest_rule()),
        );
    }
    Ok(rules.into_iter().reduce(WaiverRule::strictest).filter(|_| is_left))
}

/// Whether a finding blocks because nobody answered there.
pub fn is_left_by(finding: &Finding, system: System) -> bool {
    finding.code == COULD_NOT_CHECK
        && finding.severity == Severity::Block
        && finding.system.as_deref() == Some(system.word())
}

fn until(lasts: SignedDuration, now: Timestamp) -> Result<Timestamp, WaiveError> {
    if lasts <= SignedDuration::ZERO || lasts > LONGEST_FOR_SYSTEM {
        let most = LONGEST_FOR_SYSTEM.as_hours();
        return Err(WaiveError::Input(format!("a system that is away may be waived for {most} hours at most")));
    }
    Ok(now.saturating_add(lasts).unwrap_or(Timestamp::MAX))
}
