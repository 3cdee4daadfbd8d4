//! A person says what came of the post-deploy checks of a story, or that they
//! look.

use super::people::deed_of;
use crate::jobs::{comment_on, judge_anew};
use crate::serving::Serving;
use gonogo_core::person::{Act, Actor, Forbidden, Person};
use gonogo_core::post_deploy::{LookState, Seen};
use gonogo_store::{Answered, LookId, LookRow, LooksWanted, StoreError};
use thiserror::Error;

const MOST_NOTE: usize = 2_000;
const TRIES: usize = 3;

#[derive(Debug, Error)]
pub enum AnswerError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Forbidden(Forbidden),
    #[error("{0}")]
    Input(String),
    /// What was on the page is not so any more.
    #[error("{0}")]
    Gone(String),
    #[error("there are no such post-deploy checks")]
    NotThere,
}

/// Keeps what somebody saw, with what they noted; the deploy that it was after.
pub async fn answer(
    serving: &Serving,
    who: &Person,
    id: LookId,
    seen: Seen,
    said: &str,
) -> Result<LookRow, AnswerError> {
    for _ in 0..TRIES {
        if let Some(row) = try_to_answer(serving, who, id, seen, said).await? {
            return Ok(row);
        }
    }
    Err(AnswerError::Gone("others are answering just now: look again at what they say".to_owned()))
}

/// `None` where somebody has answered meanwhile: what that changes is looked at anew.
async fn try_to_answer(
    serving: &Serving,
    who: &Person,
    id: LookId,
    seen: Seen,
    said: &str,
) -> Result<Option<LookRow>, AnswerError> {
    let (row, actor) = row_for(serving, who, id).await?;
    if row.state == LookState::Gone {
        return Err(gone(&row));
    }
    let said = said.trim();
    let last = row.answers.last();
    if last.is_some_and(|last| (last.seen, last.note.as_str(), last.by.as_str()) == (seen, said, actor.name())) {
        // The same form came twice.
        return Ok(Some(row));
    }
    if said.chars().count() > MOST_NOTE {
        return Err(AnswerError::Input(format!("a note has up to {MOST_NOTE} characters")));
    }
    if said.is_empty() && (seen == Seen::Failed || last.is_some()) {
        let of = if seen == Seen::Failed { "what was seen" } else { "why it is another answer now" };
        return Err(AnswerError::Input(format!("write a note: {of}")));
    }
    let now = (serving.clock)();
    let action = if last.is_some() { "corrected post-deploy checks" } else { "answered post-deploy checks" };
    let detail = format!("{} of the deploy of {} {}: {said}", row.story, row.running.short(), seen.word());
    let deed = deed_of(&actor, now, action, &row.service, &detail);
    let comment = comment_on(serving, &row, now);
    match serving.store.answer_look(&row, seen, said.to_owned(), comment, deed).await? {
        Answered::Kept => {}
        Answered::Gone => return Err(gone(&row)),
        Answered::Meanwhile => return Ok(None),
    }
    judge_anew(serving, &row.service).await?;
    Ok(Some(row))
}

/// Who asks looks, in the owner's place, and is reminded in theirs.
pub async fn take(serving: &Serving, who: &Person, id: LookId) -> Result<LookRow, AnswerError> {
    let (row, actor) = row_for(serving, who, id).await?;
    let detail = format!("{} of the deploy of {}", row.story, row.running.short());
    let deed = deed_of(&actor, (serving.clock)(), "took post-deploy checks", &row.service, &detail);
    if !serving.store.take_look(&row, &actor, deed).await? {
        return Err(AnswerError::Gone(format!("nobody has to look at {} after this deploy any more", row.story)));
    }
    judge_anew(serving, &row.service).await?;
    Ok(row)
}

async fn row_for(serving: &Serving, who: &Person, id: LookId) -> Result<(LookRow, Actor), AnswerError> {
    let wanted = LooksWanted { id: Some(id), ..LooksWanted::default() };
    let row = serving.store.looks(wanted, 1).await?.pop().ok_or(AnswerError::NotThere)?;
    let actor = who.may_at(&row.service, Act::AnswerChecks).map_err(AnswerError::Forbidden)?;
    Ok((row, actor))
}

fn gone(row: &LookRow) -> AnswerError {
    let said = format!(
        "{} is not to be looked at after this deploy any more: it was rolled back, or deployed anew",
        row.story
    );
    AnswerError::Gone(said)
}
