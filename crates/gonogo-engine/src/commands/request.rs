//! A person asks for a deploy: of what, for when, and in whose place.

use super::deploys::{DeployError, deploys_of, not_now, wanted};
use super::locks::{keeps_out, locked_words, unlocking};
use super::needs::{need_of, newest_read};
use super::people::deed_of;
use super::up_to::{UpTo, part_of};
use crate::digest::Digest;
use crate::jobs::judge_soon;
use crate::serving::Serving;
use gonogo_api::{Check, Severity};
use gonogo_checks::FREEZE_CLOSED;
use gonogo_core::deploy::{Calendar, Deploys, Need, Opening, Plan, Runway, Variables};
use gonogo_core::person::{Act, Person};
use gonogo_core::running::Running;
use gonogo_core::say;
use gonogo_store::{
    Candidate, CandidateId, DeployId, DeployRow, DeployState, Evaluation, NewDeploy, Requested, StoreError, Waits,
};
use jiff::{SignedDuration, Timestamp};

/// By so many deploys that went well it is known how long one takes.
const LEARNED_FROM: u32 = 20;
/// Of fewer nobody can tell.
const LEAST_LEARNED: usize = 3;

/// How somebody wants a deploy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// A part of the candidate.
    pub up_to: Option<UpTo>,
    /// When it begins at the earliest, as they wrote it; else as soon as its turn comes.
    pub at: Option<String>,
    /// In the place of this one, which is not deployed then.
    pub instead_of: Option<DeployId>,
    /// Slack's id of the channel in which they ask.
    pub channel: Option<String>,
}

/// Asks that exactly this head, or a part of it, be deployed over exactly what runs.
pub async fn request(
    serving: &Serving,
    who: &Person,
    candidate: CandidateId,
    wish: Wish,
) -> Result<Requested, DeployError> {
    let gone = || DeployError::Gone("there is no such candidate any more".to_owned());
    let service = serving.store.candidate(candidate).await?.ok_or_else(gone)?.service;
    let actor = who.may_at(&service, Act::Deploy).map_err(DeployError::Forbidden)?;
    let (candidate, section, production) = wanted(serving, candidate).await?;
    if let Some(lock) = keeps_out(serving, &service, who.id).await? {
        return Err(not_now(locked_words(&lock), unlocking(serving, &lock)));
    }
    let now = (serving.clock)();
    let not_before = wish.at.as_deref().map(|text| for_then(&section, text, now)).transpose()?;
    // What a part brings, all of it brings.
    let only_by_hand = only_by_hand(serving, candidate.id).await?;
    let part = match &wish.up_to {
        Some(up_to) => part_of(serving, candidate.clone(), up_to).await?,
        None => candidate.clone(),
    };
    if part.id == candidate.id {
        is_go(serving, &section, &candidate, not_before).await?;
    } else if not_before.is_none() {
        is_open_now(serving, &section, &candidate).await?;
    }
    has_runway(serving, &section, &service, not_before.unwrap_or(now)).await?;
    let mut detail = format!("{} @ {}, over {}", part.branch, part.head.short(), production.short());
    if let (Some(at), Ok(calendar)) = (not_before, section.calendar()) {
        detail = format!("{detail}, not before {}", calendar.shown(at));
    }
    detail += &wish.instead_of.map(|old| format!(", in the place of deploy {}", old.0)).unwrap_or_default();
    let deed = deed_of(&actor, now, "asked for a deploy", &service, &detail);
    let id = part.id;
    let need = need_at(serving, &section, candidate.id, not_before.unwrap_or(now)).await?;
    let waits = Waits { not_before, instead_of: wish.instead_of, ..waits_of(&section, &part.branch) };
    let whose = Whose { by: who.id, channel: wish.channel, waits, is_to_be_approved: need.is_some() };
    let (new, plan) = asked_for(part, section, production, only_by_hand, whose);
    let requested = match serving.store.request_deploy(new, plan, deed).await {
        Err(StoreError::Done) => {
            let old = wish.instead_of.map_or(0, |old| old.0);
            let said = format!("deploy {old} of {service} does not wait any more: ask without its place");
            return Err(DeployError::Gone(said));
        }
        other => other?,
    };
    if id != candidate.id {
        // Whoever agrees to it sees its verdict.
        judge_soon(serving, id).await?;
    }
    Ok(requested)
}

/// A time that somebody wrote, at which deploys may begin.
fn for_then(section: &Deploys, text: &str, now: Timestamp) -> Result<Timestamp, DeployError> {
    let calendar = section.calendar().map_err(|said| not_now(said, "mend [deploy] in the policy in force"))?;
    let at = calendar.when(text, now).map_err(|(said, fix)| not_now(said, fix))?;
    match calendar.at(at) {
        Opening::Open { .. } => Ok(at),
        Opening::Closed { why, opens } => {
            let fix = opens.map_or_else(
                || "no window opens within a year after that: see [deploy] in the policy".to_owned(),
                |at| format!("it opens on {}", calendar.shown(at)),
            );
            Err(not_now(format!("no deploy may begin on {}: {why}", calendar.shown(at)), fix))
        }
    }
}

/// How deploys of a branch wait by the policy.
pub(crate) fn waits_of(section: &Deploys, branch: &str) -> Waits {
    Waits { group: section.group.clone(), goes_first: section.first.fit(branch), not_before: None, instead_of: None }
}

/// Who has to agree to a deploy that would begin at this time.
pub(crate) async fn need_at(
    serving: &Serving,
    section: &Deploys,
    candidate: CandidateId,
    at: Timestamp,
) -> Result<Option<Need>, StoreError> {
    match &section.approval {
        Some(approval) => need_of(serving, approval, &section.zone, candidate, at).await,
        None => Ok(None),
    }
}

/// By whom and how it is asked for.
pub(crate) struct Whose {
    pub by: i64,
    /// In Slack.
    pub channel: Option<String>,
    pub waits: Waits,
    pub is_to_be_approved: bool,
}

/// A deploy of a candidate, and its plan once it has a number.
pub(crate) fn asked_for(
    candidate: Candidate,
    section: Deploys,
    production: Running,
    only_by_hand: Option<String>,
    whose: Whose,
) -> (NewDeploy, impl FnOnce(DeployId) -> Plan + Send + 'static) {
    let Candidate { id, service, branch, head, .. } = candidate;
    let new = NewDeploy {
        service: service.clone(),
        branch: branch.clone(),
        head,
        production: production.clone(),
        candidate: id,
        requested_by: whose.by,
        channel: whose.channel,
        waits: whose.waits,
        is_to_be_approved: whose.is_to_be_approved,
    };
    let plan = move |deploy: DeployId| {
        Plan::of(&section, &Variables { service, branch, deploy: deploy.0, head, production, only_by_hand })
    };
    (new, plan)
}

/// Whether a deploy may begin at this time, whatever is brought.
async fn is_open_now(serving: &Serving, section: &Deploys, candidate: &Candidate) -> Result<(), DeployError> {
    let newest = serving.store.newest_evaluation(candidate.id).await?;
    match newest.and_then(|newest| closed(section, &newest, (serving.clock)())) {
        Some((said, fix)) => Err(not_now(said, fix)),
        None => Ok(()),
    }
}

/// Why nobody but a person would roll a candidate back.
pub(crate) async fn only_by_hand(serving: &Serving, candidate: CandidateId) -> Result<Option<String>, DeployError> {
    let (check, evidence) = newest_read(serving, candidate).await?;
    let unknown = || Some("which files it changes is not known".to_owned());
    Ok(check.map_or_else(unknown, |check| Digest::of(&check, evidence.as_ref()).only_by_hand()))
}

/// Whether the newest judgement lets it ship, and begin now, or at a later time for which
/// it is asked for.
pub(crate) async fn is_go(
    serving: &Serving,
    section: &Deploys,
    candidate: &Candidate,
    later: Option<Timestamp>,
) -> Result<(), DeployError> {
    let page = format!("{}/candidates/{}", serving.pages, candidate.id.0);
    let Some(newest) = serving.store.newest_evaluation(candidate.id).await? else {
        return Err(not_now("it is not judged yet", format!("wait for its verdict: {page}")));
    };
    if later.is_none()
        && let Some((said, fix)) = closed(section, &newest, (serving.clock)())
    {
        return Err(not_now(said, fix));
    }
    // What is closed now is open then.
    if newest.exit_code != 0 && !(later.is_some() && is_closed_alone(&newest)) {
        return Err(not_now(format!("its verdict is {}", newest.verdict), format!("see what mends it: {page}")));
    }
    if newest.is_unread {
        return Err(not_now("its verdict is out of date: it is being judged again", format!("wait for it: {page}")));
    }
    Ok(())
}

/// Whether nothing but the time keeps it.
fn is_closed_alone(newest: &Evaluation) -> bool {
    let check: Option<Check> = serde_json::from_str(&newest.result).ok();
    check.is_some_and(|check| {
        let keeps = |severity| matches!(severity, Severity::Block | Severity::Wait);
        let stops = check.findings.iter().filter(|finding| finding.waiver.is_none() && keeps(finding.severity));
        let codes: Vec<&str> = stops.map(|finding| finding.code.as_str()).collect();
        !codes.is_empty() && codes.iter().all(|code| *code == FREEZE_CLOSED)
    })
}

/// Why no deploy may begin at this time, and when one may: by the check, unless that
/// warns alone, and where it is off by the policy's times all the same.
pub(crate) fn closed(section: &Deploys, newest: &Evaluation, now: Timestamp) -> Option<(String, String)> {
    let check: Option<Check> = serde_json::from_str(&newest.result).ok();
    let found = check.and_then(|check| check.findings.into_iter().find(|finding| finding.code == FREEZE_CLOSED));
    if let Some(found) = found {
        let keeps = matches!(found.severity, Severity::Block | Severity::Wait);
        return keeps.then_some((found.message, found.fix));
    }
    let calendar = match section.calendar() {
        Ok(calendar) => calendar,
        Err(said) => return Some((said, "mend [deploy] in the policy in force".to_owned())),
    };
    let Opening::Closed { why, opens } = calendar.at(now) else { return None };
    let fix = opens.map_or_else(
        || "no window opens within a year: see [deploy] in the policy".to_owned(),
        |at| format!("it opens on {}", calendar.shown(at)),
    );
    Some((format!("no deploy may begin now: {why}"), fix))
}

/// How long a deploy of a service takes, by those that went well: nine of ten took no
/// longer. `None` until there were some.
pub async fn usually_takes(serving: &Serving, service: &str) -> Result<Option<SignedDuration>, StoreError> {
    Ok(nine_of_ten(serving.store.deploys_took(service, LEARNED_FROM).await?))
}

fn nine_of_ten(mut took: Vec<SignedDuration>) -> Option<SignedDuration> {
    took.sort_unstable();
    let at = (took.len() * 9).div_ceil(10).saturating_sub(1);
    took.get(at).copied().filter(|_| took.len() >= LEAST_LEARNED)
}

/// The freeze that a deploy which begins at this time would run into, in words, and what
/// to do about it.
pub(crate) async fn runs_into(
    serving: &Serving,
    section: &Deploys,
    service: &str,
    at: Timestamp,
) -> Result<Option<(String, String)>, StoreError> {
    if section.runway == Runway::Off || section.freezes.is_empty() {
        return Ok(None);
    }
    let (takes, calendar) = (usually_takes(serving, service).await?, section.calendar());
    let Some((takes, calendar)) = takes.zip(calendar.ok()) else { return Ok(None) };
    Ok(freeze_ahead(&calendar, service, at, takes))
}

fn freeze_ahead(calendar: &Calendar, service: &str, at: Timestamp, takes: SignedDuration) -> Option<(String, String)> {
    let (from, why) = calendar.freeze_until(at, at.checked_add(takes).ok()?)?;
    let said = format!(
        "it would run into a freeze: {why}, from {}, and a deploy of {service} takes up to {}",
        calendar.shown(from),
        say::lasts(takes)
    );
    let fix = match calendar.at(from) {
        Opening::Closed { opens: Some(opens), .. } => format!("it opens on {}", calendar.shown(opens)),
        _ => "see [deploy] in the policy".to_owned(),
    };
    Some((said, fix))
}

async fn has_runway(serving: &Serving, section: &Deploys, service: &str, at: Timestamp) -> Result<(), DeployError> {
    match runs_into(serving, section, service, at).await? {
        Some((said, fix)) if section.runway == Runway::Block => Err(not_now(said, fix)),
        _ => Ok(()),
    }
}

/// What people are to know of a deploy that has not begun: that a freeze comes soon.
pub async fn runway_note(serving: &Serving, row: &DeployRow) -> Result<Option<String>, StoreError> {
    if !matches!(row.state, DeployState::Requested | DeployState::Queued) {
        return Ok(None);
    }
    let Some(section) = deploys_of(serving, &row.service) else { return Ok(None) };
    let now = (serving.clock)();
    let at = row.not_before.map_or(now, |at| at.max(now));
    Ok(runs_into(serving, &section, &row.service, at).await?.map(|(said, _)| said))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_core::deploy::Freeze;

    fn minutes(all: &[i64]) -> Option<i64> {
        nine_of_ten(all.iter().map(|one| SignedDuration::from_mins(*one)).collect()).map(|takes| takes.as_mins())
    }

    #[test]
    fn nine_of_ten_deploys_take_no_longer_than_is_said() {
        assert_eq!(minutes(&[]), None);
        assert_eq!(minutes(&[9, 9]), None, "of two nobody can tell");
        assert_eq!(minutes(&[5, 30, 6]), Some(30));
        assert_eq!(minutes(&[1, 2, 3, 4, 5, 6, 7, 8, 90, 9]), Some(9));
        assert_eq!(minutes(&(1..=20).collect::<Vec<i64>>()), Some(18));
    }

    #[test]
    fn a_deploy_that_would_go_on_into_a_freeze_is_told_so_with_when_it_opens() {
        let freeze = Freeze {
            from: "2026-12-19T18:00".parse().unwrap(),
            until: "2027-01-04T08:00".parse().unwrap(),
            why: "holidays".to_owned(),
        };
        let calendar = Calendar::of("Europe/Berlin", &[], &[freeze]).unwrap();
        let at = |now: &str, minutes| {
            freeze_ahead(&calendar, "web", now.parse().unwrap(), SignedDuration::from_mins(minutes))
        };
        assert_eq!(at("2026-12-19T16:29:00Z", 30), None);
        let (said, fix) = at("2026-12-19T16:31:00Z", 30).unwrap();
        assert_eq!(
            said,
            "it would run into a freeze: holidays, from Sat 2026-12-19 18:00 (Europe/Berlin), and a deploy of web \
             takes up to 30 min 0 s"
        );
        assert_eq!(fix, "it opens on Mon 2027-01-04 08:00 (Europe/Berlin)");
    }
}
