//! Break-glass: a person has a deploy begin in spite of its verdict, outside the times
//! for deploys or without an approval. It is loud, and marked for ever; what came of it
//! is written afterwards. What runs is read again all the same, one deploy of a service
//! runs at a time, and a stop of all deploys and a service's lock hold.

use super::deploys::{DeployError, deploys_of, not_now, wanted};
use super::locks::{keeps_out, locked_words, unlocking};
use super::people::deed_of;
use super::request::{Whose, asked_for, closed, need_at, only_by_hand, waits_of};
use crate::jobs::{told_of_follow_up, told_of_glass};
use crate::serving::Serving;
use gonogo_api::{Check, Severity};
use gonogo_core::deploy::Deploys;
use gonogo_core::person::{Act, Person};
use gonogo_core::say;
use gonogo_store::{Broken, Candidate, CandidateId, DeployId, DeployRow, NewGlass, StoreError, Waits};

const MOST_WHY: usize = 500;
const MOST_TEXT: usize = 10_000;
/// Findings that are named; the evaluation has all.
const MOST_NAMED: usize = 5;

/// Whether somebody may, by the policy of what runs.
pub fn may_break_glass(serving: &Serving, who: &Person, service: &str) -> bool {
    deploys_of(serving, service).is_some_and(|section| who.may_break_glass(service, section.break_glass.role).is_ok())
}

/// Has exactly this head deployed over exactly what runs; `channel` is where that was
/// asked for in Slack. One of it that waits for an approval waits no more.
pub async fn break_glass(
    serving: &Serving,
    who: &Person,
    candidate: CandidateId,
    why: &str,
    channel: Option<String>,
) -> Result<DeployId, DeployError> {
    let (candidate, section, production) = wanted(serving, candidate).await?;
    let Candidate { service, branch, head, .. } = candidate.clone();
    let actor = who.may_break_glass(&service, section.break_glass.role).map_err(DeployError::Forbidden)?;
    let why = text_of(why, MOST_WHY, "break-glass has a reason")?;
    if let Some(lock) = keeps_out(serving, &service, who.id).await? {
        return Err(not_now(locked_words(&lock), unlocking(serving, &lock)));
    }
    let around = in_the_way(serving, &section, &candidate).await?;
    if around.is_empty() {
        return Err(not_now("nothing keeps it from being deployed", "deploy it as ever"));
    }
    let (now, around) = ((serving.clock)(), around.join("; "));
    let detail = format!("{branch} @ {}, over {}: {why} (in spite of: {around})", head.short(), production.short());
    let deed = deed_of(&actor, now, "broke the glass for a deploy", &service, &detail);
    let told = told_of_glass(serving, &candidate, &who.name, (&why, &around), now);
    let only_by_hand = only_by_hand(serving, candidate.id).await?;
    // It goes before all that wait.
    let waits = Waits { goes_first: true, ..waits_of(&section, &candidate.branch) };
    let whose = Whose { by: who.id, channel, waits, is_to_be_approved: false };
    let (new, plan) = asked_for(candidate, section, production, only_by_hand, whose);
    match serving.store.break_glass(new, NewGlass { why, around }, plan, told, deed).await? {
        Broken::Queued(id) => Ok(id),
        Broken::Underway(id) => {
            Err(DeployError::Gone(format!("deploy {} of this head is under way already: see its page", id.0)))
        }
    }
}

/// What keeps it from being deployed as ever, in words that stay with the deploy.
async fn in_the_way(serving: &Serving, section: &Deploys, candidate: &Candidate) -> Result<Vec<String>, StoreError> {
    let mut all = Vec::new();
    match serving.store.newest_evaluation(candidate.id).await? {
        None => all.push("it was not judged".to_owned()),
        Some(newest) => {
            all.extend(closed(section, &newest, (serving.clock)()).map(|(said, _)| said));
            if newest.exit_code != 0 {
                all.push(format!("its verdict is {}{}", newest.verdict, findings(&newest.result)));
            } else if newest.is_unread {
                all.push("its verdict is out of date".to_owned());
            }
        }
    }
    let (service, now) = (&candidate.service, (serving.clock)());
    let newest = serving.store.newest_deploy_of(service, candidate.head).await?;
    let is_approved = match newest {
        Some((id, state, _)) if !state.has_ended() => {
            serving.store.deploy(id).await?.is_some_and(|row| row.approved.is_some())
        }
        _ => false,
    };
    let needs = !is_approved && need_at(serving, section, candidate.id, now).await?.is_some();
    all.extend(needs.then(|| "nobody else approved it".to_owned()));
    Ok(all)
}

fn findings(result: &str) -> String {
    let Ok(check) = serde_json::from_str::<Check>(result) else { return String::new() };
    let stops = check.findings.iter().filter(|finding| finding.waiver.is_none());
    let stops = stops.filter(|finding| matches!(finding.severity, Severity::Block | Severity::Wait));
    let said: Vec<&str> = stops.map(|finding| finding.message.as_str()).collect();
    if said.is_empty() { String::new() } else { format!(" ({})", say::list(&said, MOST_NAMED)) }
}

/// What came of it, written once by a developer of the service.
pub async fn write_follow_up(serving: &Serving, who: &Person, id: DeployId, text: &str) -> Result<(), DeployError> {
    let gone = || DeployError::Gone(format!("deploy {} waits for no follow-up", id.0));
    let row = serving.store.deploy(id).await?.ok_or_else(gone)?;
    let actor = who.may_at(&row.service, Act::Deploy).map_err(DeployError::Forbidden)?;
    let glass = row.glass.clone().filter(|glass| glass.follow_up.is_none()).ok_or_else(gone)?;
    let text = text_of(text, MOST_TEXT, "a follow-up says what came of it")?;
    let now = (serving.clock)();
    let detail = format!("deploy {}: {}", id.0, say::cut(&text, MOST_WHY));
    let deed = deed_of(&actor, now, "wrote the follow-up of a break-glass", &row.service, &detail);
    let told = told_of_follow_up(serving, &row, &glass, (&who.name, &text), now);
    if serving.store.write_follow_up(id, who.id, text, told, deed).await? { Ok(()) } else { Err(gone()) }
}

/// Such as `break-glass by ada: the shop is down`; nothing where it is none.
pub fn glass_words(row: &DeployRow) -> Option<String> {
    row.glass.as_ref().map(|glass| format!("break-glass by {}: {}", glass.by, glass.why))
}

fn text_of(text: &str, most: usize, wants: &str) -> Result<String, DeployError> {
    let text = say::trimmed(text);
    if text.is_empty() || text.chars().count() > most {
        return Err(not_now(wants, format!("write it, in up to {most} characters")));
    }
    Ok(text.to_owned())
}
