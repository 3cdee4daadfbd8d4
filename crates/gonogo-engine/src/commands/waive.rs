//! A person lets a finding pass, takes that back, or asks to judge again.

use super::people::deed_of;
use super::waive_system::rule_of_system;
use crate::evidence::Evidence;
use crate::jobs::{Turned, judge_all, judging, told_of_turn};
use crate::serving::Serving;
use gonogo_api::{Check, Finding, Severity};
use gonogo_core::finding::COULD_NOT_CHECK;
use gonogo_core::person::{Act, Actor, Forbidden, Person, Role};
use gonogo_core::policy::WaiverRule;
use gonogo_core::say;
use gonogo_core::verdict::PRODUCTION_UNKNOWN;
use gonogo_core::waiver::Covers;
use gonogo_store::{Candidate, CandidateId, NewWaiver, StoreError, Waived, WaiverId, WaiverRow};
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

const MOST_WHY: usize = 2_000;
/// A form that is sent twice comes twice within this.
const TWICE: SignedDuration = SignedDuration::from_mins(1);

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

/// What is to pass.
#[derive(Clone, Copy, Debug)]
pub struct ToWaive<'a> {
    pub fingerprint: &'a str,
    pub why: &'a str,
    pub days: i64,
    /// In the candidate's branch alone, not in all of its service.
    pub this_branch: bool,
}

/// Lets one finding of a candidate pass for so many days; where the policy wants
/// a second person, once that one has confirmed it.
pub async fn waive(
    serving: &Serving,
    who: &Person,
    candidate: CandidateId,
    ToWaive { fingerprint, why, days, this_branch }: ToWaive<'_>,
) -> Result<WaiverId, WaiveError> {
    let candidate = open(serving, candidate).await?;
    let service = candidate.service.as_str();
    // Who may not at all is told so first, whatever else is wrong.
    let Some((finding, rule)) = judged(serving, &candidate, fingerprint).await? else {
        return Err(who.may_at(service, Act::Waive).map_or_else(WaiveError::Forbidden, |_| gone()));
    };
    let actor = who.may_waive(service, &rule).map_err(WaiveError::Forbidden)?;
    if let Some(waiver) = &finding.waiver {
        let until = say::minute_of(&waiver.until);
        return Err(WaiveError::Gone(format!("it is waived already, by {} until {until}", waiver.by)));
    }
    let now = (serving.clock)();
    let why = why_of(why)?;
    let until = until(&finding, &rule, days, now)?;
    let new = NewWaiver {
        service: service.to_owned(),
        fingerprint: finding.fingerprint,
        said: finding.message.clone(),
        why,
        until,
        needs_second: rule.needs_second,
        branch: this_branch.then(|| candidate.branch.clone()),
    };
    let action = if rule.needs_second { "proposed a waiver" } else { "waived" };
    let only = new.branch.as_deref().map_or_else(String::new, |branch| format!(", in {branch} alone"));
    let detail = format!("{} (until {}{only}): {}", finding.message, say::minute(until), new.why);
    let deed = deed_of(&actor, now, action, service, &detail);
    let why = new.why.clone();
    given(serving, who, service, &why, until, serving.store.waive(new, &actor, deed).await?).await
}

/// What giving a waiver for this reason, until then, came to.
pub(super) async fn given(
    serving: &Serving,
    who: &Person,
    service: &str,
    why: &str,
    until: Timestamp,
    waived: Waived,
) -> Result<WaiverId, WaiveError> {
    match waived {
        Waived::Given(id) => {
            judge_all(serving, service).await?;
            Ok(id)
        }
        // The same form came twice.
        Waived::Stands { id, by_id, why: said, until: stands }
            if by_id == who.id && said == why && stands.duration_since(until).abs() <= TWICE =>
        {
            // Whoever stored it may not have come to this.
            judge_all(serving, service).await?;
            Ok(id)
        }
        Waived::Stands { id, .. } => Err(stands(&row(serving, service, id).await?)),
    }
}

/// Why another waiver of the same is not given.
fn stands(row: &WaiverRow) -> WaiveError {
    let (by, until) = (&row.by, say::minute(row.until));
    WaiveError::Gone(if row.is_proposed() {
        format!("a waiver of it is proposed already, by {by} until {until}: a second person has to confirm it")
    } else {
        format!("it is waived already, by {by} until {until}")
    })
}

/// A second person agrees to a waiver, which holds from now on.
pub async fn confirm(serving: &Serving, who: &Person, service: &str, id: WaiverId) -> Result<(), WaiveError> {
    let row = row(serving, service, id).await?;
    let rule = rule_of(serving, &row).await?;
    let actor = who.may_waive(service, &rule).map_err(WaiveError::Forbidden)?;
    if row.by_id == who.id {
        return Err(WaiveError::Input("a second person has to confirm it: this waiver is your own".to_owned()));
    }
    let now = (serving.clock)();
    let detail = format!("{} (by {}, until {}): {}", row.said, row.by, say::minute(row.until), row.why);
    let deed = deed_of(&actor, now, "confirmed a waiver", service, &detail);
    let told = told_of_turn(serving, &row, Turned::ConfirmedBy(actor.name()), now);
    if !serving.store.confirm_waiver(service, id, told, &actor, deed).await? {
        return Err(WaiveError::Gone("this waiver waits for nobody: it was confirmed, or it lapsed".to_owned()));
    }
    Ok(judge_all(serving, service).await?)
}

/// Whether a person may confirm what another one proposed.
pub async fn may_confirm(serving: &Serving, who: &Person, row: &WaiverRow) -> Result<bool, StoreError> {
    // What follows reads candidates; what everybody may do nobody confirms.
    if row.by_id == who.id || who.role_at(&row.service) == Role::Viewer {
        return Ok(false);
    }
    match rule_of(serving, row).await {
        Ok(rule) => Ok(who.may_waive(&row.service, &rule).is_ok()),
        Err(WaiveError::Store(error)) => Err(error),
        Err(_) => Ok(false),
    }
}

/// A waiver of a service does not hold any more.
pub async fn take_back(serving: &Serving, who: &Person, service: &str, id: WaiverId) -> Result<(), WaiveError> {
    let row = row(serving, service, id).await?;
    let act = if row.by_id == who.id { Act::TakeBackOwn } else { Act::Waive };
    let actor = who.may_at(service, act).map_err(WaiveError::Forbidden)?;
    let now = (serving.clock)();
    let deed = deed_of(&actor, now, "took a waiver back", service, &format!("waiver {}: {}", id.0, row.said));
    let told = told_of_turn(serving, &row, Turned::TakenBackBy(actor.name()), now);
    if !serving.store.take_back(service, id, told, &actor, deed).await? {
        return Err(no_waiver());
    }
    Ok(judge_all(serving, service).await?)
}

pub async fn check_again(serving: &Serving, who: &Person, candidate: CandidateId) -> Result<(), WaiveError> {
    let candidate = open(serving, candidate).await?;
    let actor = who.may_at(&candidate.service, Act::CheckAgain).map_err(WaiveError::Forbidden)?;
    let now = (serving.clock)();
    let what = format!("{} @ {}", candidate.branch, candidate.head.short());
    let deed = deed_of(&actor, now, "asked to check again", &candidate.service, &what);
    Ok(serving.store.enqueue_for(judging(candidate.id, now), deed).await?)
}

/// A finding that stops a candidate, and who may let it pass, how long.
#[derive(Debug)]
pub(super) struct Waivable {
    pub fingerprint: String,
    pub said: String,
    pub most_days: i64,
    pub needs_second: bool,
    /// Whether this person may.
    pub may: Result<Actor, Forbidden>,
}

/// The service of an open candidate, and what stops it that a person could let pass.
pub(super) async fn waivable(
    serving: &Serving,
    who: &Person,
    candidate: CandidateId,
) -> Result<(String, Vec<Waivable>), WaiveError> {
    let candidate = open(serving, candidate).await?;
    let Some(newest) = serving.store.newest_evaluation(candidate.id).await? else {
        return Err(WaiveError::Gone("it is being judged: look again".to_owned()));
    };
    let check = serde_json::from_str::<Check>(&newest.result).map_err(|_| unread())?;
    let recording = serving.store.recording(newest.id).await?;
    let evidence = recording.and_then(|bytes| Evidence::read(&bytes).ok()).ok_or_else(unread)?;
    let given = serving.store.waivers(&candidate.service).await?;
    let now = (serving.clock)();
    let stands = |finding: &Finding| {
        let of_it = |row: &WaiverRow| row.fingerprint == finding.fingerprint && row.holds_in(&candidate.branch);
        given.iter().any(|row| of_it(row) && row.until > now)
    };
    let found = check.findings.into_iter().filter(|finding| may_be_waived(finding) && !stands(finding));
    let all: Vec<Waivable> = found
        .map(|finding| {
            let rule = evidence.waiver_rule(&finding.check);
            Waivable {
                most_days: most_days(&finding.code, &rule),
                needs_second: rule.needs_second,
                may: who.may_waive(&candidate.service, &rule),
                fingerprint: finding.fingerprint,
                said: finding.message,
            }
        })
        .collect();
    Ok((candidate.service, all))
}

fn may_be_waived(finding: &Finding) -> bool {
    finding.severity == Severity::Block && finding.waiver.is_none() && finding.code != PRODUCTION_UNKNOWN
}

fn unread() -> WaiveError {
    WaiveError::Gone("what it was judged from cannot be read: check again".to_owned())
}

async fn open(serving: &Serving, id: CandidateId) -> Result<Candidate, WaiveError> {
    let candidate = serving.store.candidate(id).await?.filter(|candidate| candidate.is_open);
    candidate.ok_or_else(|| WaiveError::Gone("this candidate is not open any more".to_owned()))
}

fn gone() -> WaiveError {
    WaiveError::Gone("the finding is not there any more, or is another one by now: look again".to_owned())
}

fn no_waiver() -> WaiveError {
    WaiveError::Gone("there is no such waiver any more".to_owned())
}

async fn row(serving: &Serving, service: &str, id: WaiverId) -> Result<WaiverRow, WaiveError> {
    let rows = serving.store.waivers(service).await?;
    rows.into_iter().find(|row| row.id == id).ok_or_else(no_waiver)
}

/// The finding as it was judged last, and the rule of then; one that is not
/// there cannot be waived.
async fn judged(
    serving: &Serving,
    candidate: &Candidate,
    fingerprint: &str,
) -> Result<Option<(Finding, WaiverRule)>, WaiveError> {
    let Some(newest) = serving.store.newest_evaluation(candidate.id).await? else { return Ok(None) };
    let check = serde_json::from_str::<Check>(&newest.result).ok();
    let found = check.into_iter().flat_map(|check| check.findings).find(|f| f.fingerprint == fingerprint);
    let Some(finding) = found else { return Ok(None) };
    if finding.severity != Severity::Block || finding.code == PRODUCTION_UNKNOWN {
        return Err(WaiveError::Input(format!("{} is nothing to waive", finding.code)));
    }
    let recording = serving.store.recording(newest.id).await?;
    let evidence = recording.and_then(|bytes| Evidence::read(&bytes).ok());
    let rule = evidence.ok_or_else(unread)?.waiver_rule(&finding.check);
    Ok(Some((finding, rule)))
}

/// The rule for a waiver that is there, from an open candidate with its finding.
async fn rule_of(serving: &Serving, row: &WaiverRow) -> Result<WaiverRule, WaiveError> {
    let gone = || WaiveError::Gone("no open candidate has what it would let pass any more".to_owned());
    if let Ok(Covers::System(system)) = row.fingerprint.parse() {
        return rule_of_system(serving, &row.service, system).await?.ok_or_else(gone);
    }
    for candidate in serving.store.open_candidates(&row.service).await? {
        if let Some((_, rule)) = judged(serving, &candidate, &row.fingerprint).await? {
            return Ok(rule);
        }
    }
    Err(gone())
}

/// For how many days at most a finding may be waived.
pub fn most_days(code: &str, rule: &WaiverRule) -> i64 {
    if code == COULD_NOT_CHECK { 1 } else { rule.days }
}

/// The reason, as people will read it.
pub(super) fn why_of(why: &str) -> Result<String, WaiveError> {
    let why = say::trimmed(why);
    if why.is_empty() || why.chars().count() > MOST_WHY {
        return Err(WaiveError::Input(format!("say why, in up to {MOST_WHY} characters")));
    }
    Ok(why.to_owned())
}

fn until(finding: &Finding, rule: &WaiverRule, days: i64, now: Timestamp) -> Result<Timestamp, WaiveError> {
    let most = most_days(&finding.code, rule);
    if !(1..=most).contains(&days) {
        let said =
            format!("{} may be waived for {most} {} at most", finding.code, if most == 1 { "day" } else { "days" });
        return Err(WaiveError::Input(said));
    }
    Ok(now.checked_add(SignedDuration::from_hours(days * 24)).unwrap_or(Timestamp::MAX))
}
