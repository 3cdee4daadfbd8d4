//! A person's word on a step that gonogo waits with: a pause ends early, a wait is given up,
//! a question is answered.

use super::acknowledge::Speaker;
use super::deploys::{DeployError, MaySay, may_say_of, not_now, said};
use super::people::deed_of;
use crate::serving::Serving;
use gonogo_core::deploy::{ActKey, Does, Entry, Question, Reply};
use gonogo_core::person::{Act, Actor, Person};
use gonogo_core::say;
use gonogo_store::{DeployId, DeployRow, StoreError};

const MOST_WHY: usize = 500;

/// Says it, of exactly this act.
pub async fn reply(
    serving: &Serving,
    who: &Person,
    id: DeployId,
    key: ActKey,
    reply: Reply,
) -> Result<(), DeployError> {
    let gone = || DeployError::Gone(format!("{key} of deploy {} waits for no such word any more", id.0));
    let row = serving.store.deploy(id).await?.ok_or_else(gone)?;
    let journal: Vec<Entry> = serving.store.deploy_journal(id).await?.into_iter().map(|(entry, _)| entry).collect();
    let MaySay { waits, .. } = may_say_of(&row, &journal);
    let step = row.plan.step_of(&key).filter(|_| waits.as_ref() == Some(&key)).ok_or_else(gone)?;
    let (did, actor) = match (&step.does, &reply) {
        (Does::Pause { .. }, Reply::GoOn) => ("ended a pause of a deploy", developer(who, &row)?),
        (Does::WaitForBuild(_) | Does::WaitForMetric(_), Reply::End) => ("had a step ended", developer(who, &row)?),
        (Does::Approval(question), Reply::Yes) => ("said yes in a deploy", asked(serving, who, &row, question).await?),
        (Does::Approval(question), Reply::No { why }) => {
            if why.trim().is_empty() || why.chars().count() > MOST_WHY {
                let fix = format!("say why in up to {MOST_WHY} characters: the deploy halts by it");
                return Err(not_now("a no has a reason", fix));
            }
            ("said no in a deploy", named(serving, who, &row, question).await?)
        }
        _ => return Err(gone()),
    };
    let why = match &reply {
        Reply::No { why } => format!(": {why}"),
        Reply::GoOn | Reply::End | Reply::Yes => String::new(),
    };
    let detail = format!("{} ({key}) of deploy {}{why}", step.name, id.0);
    let deed = deed_of(&actor, (serving.clock)(), did, &row.service, &detail);
    said(serving, id, Entry::Replied { key, by: who.name.clone(), reply }, journal.len(), deed).await
}

/// Why somebody may not say yes to the question with which a deploy waits; `None` where they
/// may.
pub async fn why_not_yes(
    serving: &Serving,
    who: &Person,
    row: &DeployRow,
    question: &Question,
) -> Result<Option<String>, StoreError> {
    match asked(serving, who, row, question).await {
        Ok(_) => Ok(None),
        Err(DeployError::Store(error)) => Err(error),
        Err(error) => Ok(Some(error.to_string().replace("\n  → ", "; "))),
    }
}

fn developer(who: &Person, row: &DeployRow) -> Result<Actor, DeployError> {
    who.may_at(&row.service, Act::Deploy).map_err(DeployError::Forbidden)
}

/// Who is asked.
async fn named(serving: &Serving, who: &Person, row: &DeployRow, question: &Question) -> Result<Actor, DeployError> {
    if has_broken_glass(who, row) {
        return developer(who, row);
    }
    let actor = who.may_approve(&row.service, question.role).map_err(DeployError::Forbidden)?;
    let speaker = Speaker::of(serving, who).await?;
    match question.people.as_ref().filter(|people| !speaker.is_one_of(people)) {
        Some(people) => Err(DeployError::NotNamed(format!("this is asked of {}", say::list(people, people.len())))),
        None => Ok(actor),
    }
}

/// Who is asked, and may say yes alone.
async fn asked(serving: &Serving, who: &Person, row: &DeployRow, question: &Question) -> Result<Actor, DeployError> {
    let actor = named(serving, who, row, question).await?;
    if question.by_another && who.id == row.requested_by_id && !has_broken_glass(who, row) {
        let said = "nobody says yes alone to what they asked for: somebody else has to";
        return Err(DeployError::NotNamed(said.to_owned()));
    }
    Ok(actor)
}

/// Who has it deployed in spite of what keeps it is kept by no question either.
fn has_broken_glass(who: &Person, row: &DeployRow) -> bool {
    row.glass.as_ref().is_some_and(|glass| glass.by_id == who.id)
}
