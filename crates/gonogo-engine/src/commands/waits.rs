//! What waits for a person, over all services: stories of theirs that keep a
//! deploy, waivers, sign-offs, checks after a deploy.

use super::acknowledge::Speaker;
use super::deploy_reply::why_not_yes;
use super::deploys::{may_approve, may_say_of};
use super::stops::stopped_words;
use super::waive;
use super::waive_system::is_left_by;
use crate::jobs::by_account;
use crate::serving::Serving;
use gonogo_api::{Check, Finding};
use gonogo_core::deploy::Entry;
use gonogo_core::person::{Act, Person, Role};
use gonogo_core::say;
use gonogo_core::waiver::{Covers, Standing};
use gonogo_store::{
    CandidateId, DeployRow, DeployState, DeploysWanted, LookDue, StoreError, WaitRow, WaiverId, WaiverRow,
};
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};

/// Of deploys that are open, those that are looked through.
const MOST_DEPLOYS: u32 = 200;
/// Whoever broke the glass has so long to write its follow-up alone.
const FOLLOW_UP_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// One thing that a person has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    pub service: String,
    /// What is so.
    pub what: String,
    /// What to do.
    pub fix: String,
    /// Where it is done, among our pages.
    pub page: String,
    /// The candidates that it keeps, each with its branch.
    pub keeps: Vec<(CandidateId, String)>,
}

/// The most urgent first: what production waits for, then what a deploy waits for.
pub async fn waits_for(serving: &Serving, who: &Person) -> Result<Vec<Wait>, StoreError> {
    let speaker = Speaker::of(serving, who).await?;
    let accounts = speaker.accounts();
    let mut waits = looks(serving, who, accounts).await?;
    let called = speaker.called().cloned().chain(accounts.iter().map(|id| by_account(id)));
    let rows = serving.store.waits_for(&called.collect::<Vec<_>>()).await?;
    for row in rows.iter().filter(|row| is_theirs(who, row)) {
        put(&mut waits, row);
    }
    waits.extend(deploys(serving, who).await?);
    waits.extend(follow_ups(serving, who).await?);
    waits.extend(waivers(serving, who).await?);
    Ok(waits)
}

fn is_theirs(who: &Person, row: &WaitRow) -> bool {
    // A word that no role has is of another version: theirs who may everything.
    let needs = row.wait.role.parse().unwrap_or(Role::Admin);
    row.wait.role.is_empty() || who.role_at(&row.service) >= needs
}

/// One line, however many branches wait for it.
fn put(waits: &mut Vec<Wait>, row: &WaitRow) {
    let keeps = match row.pull_request {
        Some(number) => format!("pull request #{number}"),
        None => row.branch.clone(),
    };
    let keeps = (row.candidate, keeps);
    let is_same = |wait: &&mut Wait| (&wait.service, &wait.what) == (&row.service, &row.wait.what);
    if let Some(same) = waits.iter_mut().find(is_same) {
        if !same.keeps.contains(&keeps) {
            same.keeps.push(keeps);
        }
        return;
    }
    let page = match row.wait.story.as_str() {
        "" => format!("/candidates/{}", row.candidate.0),
        story => format!("/stories/{story}"),
    };
    let (service, what, fix) = (row.service.clone(), row.wait.what.clone(), row.wait.fix.clone());
    waits.push(Wait { service, what, fix, page, keeps: vec![keeps] });
}

/// What was deployed, and nobody has looked at yet.
async fn looks(serving: &Serving, who: &Person, accounts: &[String]) -> Result<Vec<Wait>, StoreError> {
    let now = (serving.clock)();
    let wait = |line: LookDue| Wait {
        what: format!(
            "{} {}: its checks after the deploy {} due {}",
            line.story,
            line.title,
            if line.due_at < now { "were" } else { "are" },
            say::minute(line.due_at)
        ),
        fix: "look, and say whether they passed".to_owned(),
        page: format!("/services/{}/deploys/{}", line.service, line.deploy),
        service: line.service,
        keeps: Vec::new(),
    };
    Ok(serving.store.looks_due_of(who.id, accounts).await?.into_iter().map(wait).collect())
}

/// Deploys that this person may agree to, and those that they asked for and which
/// wait for a word.
async fn deploys(serving: &Serving, who: &Person) -> Result<Vec<Wait>, StoreError> {
    let open = DeploysWanted { only_open: true, ..DeploysWanted::default() };
    let stopped = serving.store.stop().await?.as_ref().map(stopped_words);
    let mut waits = Vec::new();
    for row in serving.store.deploys(open, MOST_DEPLOYS).await? {
        let of = format!("deploy {} of {} @ {}", row.id.0, say::printable(&row.branch), row.head.short());
        let (what, fix) = match row.state {
            DeployState::Requested if may_approve(serving, who, &row).await? => (
                format!("{of} waits for approval, as {} asked", row.requested_by),
                "look at what ships, and approve it",
            ),
            DeployState::Asking => match asks(serving, who, &row).await? {
                Some(question) => {
                    (format!("{of} asks: {}", say::printable(&question)), "look at it, and say yes or no")
                }
                None => continue,
            },
            // It goes on by itself once that is lifted.
            DeployState::Halted if stopped.as_ref() == Some(&row.said) => continue,
            DeployState::Halted | DeployState::NeedsPerson if row.requested_by_id == who.id => {
                (format!("{of} does not go on: {}", row.said), "say how it goes on")
            }
            _ => continue,
        };
        let page = format!("/deploys/{}", row.id.0);
        waits.push(Wait { service: row.service, what, fix: fix.to_owned(), page, keeps: Vec::new() });
    }
    Ok(waits)
}

/// What a deploy asks, where this person may say yes.
async fn asks(serving: &Serving, who: &Person, row: &DeployRow) -> Result<Option<String>, StoreError> {
    let journal: Vec<Entry> = serving.store.deploy_journal(row.id).await?.into_iter().map(|(entry, _)| entry).collect();
    let key = may_say_of(row, &journal).waits;
    let question = key.and_then(|key| row.plan.step_of(&key)?.does.question().cloned());
    let Some(question) = question else { return Ok(None) };
    let why_not = why_not_yes(serving, who, row, &question).await?;
    Ok(why_not.is_none().then_some(question.question))
}

/// Deploys by break-glass of which nobody has written what came of them: their own, and
/// after a day those of others, for release managers.
async fn follow_ups(serving: &Serving, who: &Person) -> Result<Vec<Wait>, StoreError> {
    let now = (serving.clock)();
    let mut waits = Vec::new();
    for (id, service, glass) in serving.store.glasses_without_follow_up().await? {
        let is_late = now.duration_since(glass.at) > FOLLOW_UP_WITHIN;
        let sees_to_it = is_late && who.role_at(&service) >= Role::ReleaseManager;
        if glass.by_id != who.id && !sees_to_it {
            continue;
        }
        waits.push(Wait {
            what: format!("deploy {} was break-glass by {}: {}", id.0, glass.by, glass.why),
            fix: "write its follow-up: what was wrong, and what keeps it from coming again".to_owned(),
            page: format!("/deploys/{}", id.0),
            service,
            keeps: Vec::new(),
        });
    }
    Ok(waits)
}

/// Waivers that lapse soon, and let something pass still: in how an open candidate was
/// judged last. What shipped, or is to ship no more, blocks nothing when they have.
pub async fn lapsing(serving: &Serving, waivers: &[WaiverRow]) -> Result<BTreeSet<WaiverId>, StoreError> {
    let now = (serving.clock)();
    let is_soon = |row: &&WaiverRow| Standing::of(row.is_proposed(), row.until, now) == Standing::LapsesSoon;
    let mut of_service: BTreeMap<&str, Vec<&WaiverRow>> = BTreeMap::new();
    for row in waivers.iter().filter(is_soon) {
        of_service.entry(&row.service).or_default().push(row);
    }
    let mut lapsing = BTreeSet::new();
    for (service, rows) in of_service {
        for candidate in serving.store.open_candidates(service).await? {
            let newest = serving.store.newest_evaluation(candidate.id).await?;
            let Some(check) = newest.and_then(|newest| serde_json::from_str::<Check>(&newest.result).ok()) else {
                continue;
            };
            let passing: Vec<&Finding> = check.findings.iter().filter(|finding| finding.waiver.is_some()).collect();
            let lets_pass = |row: &&&WaiverRow| {
                row.holds_in(&candidate.branch) && passing.iter().any(|finding| lets_pass(row, finding))
            };
            lapsing.extend(rows.iter().filter(lets_pass).map(|row| row.id));
        }
    }
    Ok(lapsing)
}

fn lets_pass(row: &WaiverRow, finding: &Finding) -> bool {
    match row.fingerprint.parse() {
        Ok(Covers::System(system)) => is_left_by(finding, system),
        _ => row.fingerprint == finding.fingerprint,
    }
}

/// Those that another person proposed and this one may confirm, and their own
/// which lapse soon.
async fn waivers(serving: &Serving, who: &Person) -> Result<Vec<Wait>, StoreError> {
    let now = (serving.clock)();
    let mut waits = Vec::new();
    let all = serving.store.all_waivers(None).await?;
    let soon = lapsing(serving, &all).await?;
    for row in all {
        let (what, fix) = match Standing::of(row.is_proposed(), row.until, now) {
            Standing::Proposed if waive::may_confirm(serving, who, &row).await? => {
                (format!("{} proposed to waive: {}", row.by, row.said), "confirm it, or tell them why not")
            }
            Standing::LapsesSoon
                if soon.contains(&row.id) && row.by_id == who.id && who.may_at(&row.service, Act::Read).is_ok() =>
            {
                let until = say::minute(row.until);
                (format!("your waiver lapses at {until}: {}", row.said), "mend what it lets pass, or waive it anew")
            }
            _ => continue,
        };
        waits.push(of_waiver(&row, what, fix));
    }
    Ok(waits)
}

fn of_waiver(row: &WaiverRow, what: String, fix: &str) -> Wait {
    let state = if row.is_proposed() { "proposed" } else { "soon" };
    let page = format!("/waivers?service={}&state={state}", row.service);
    Wait { service: row.service.clone(), what, fix: fix.to_owned(), page, keeps: Vec::new() }
}
