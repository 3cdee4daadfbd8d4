//! A finding is let pass from Slack: the modal asks for what the page's form asks
//! for, and what it comes back with goes the same way.

use super::modal::{self, DAYS, FINDING, Given, WHY};
use super::telling::elsewhere;
use super::who::{Who, who};
use super::{Done, NOT_DONE, WAIVE, nothing};
use crate::commands::waive::{ToWaive, WaiveError, waivable, waive, why_of};
use crate::serving::Serving;
use gonogo_core::person::Person;
use gonogo_read::slack::Submitted;
use gonogo_store::{CandidateId, StoreError, WaiverId};

/// Opens the modal, where there is something that they may let pass.
pub(super) async fn open(
    serving: &Serving,
    person: &Person,
    candidate: CandidateId,
    trigger: &str,
) -> Result<String, WaiveError> {
    let (service, all) = waivable(serving, person, candidate).await?;
    let mut refused = None;
    let mut choices = Vec::new();
    for choice in all {
        match choice.may {
            Ok(_) => choices.push(choice),
            Err(forbidden) => refused = Some(forbidden),
        }
    }
    if choices.is_empty() {
        return Err(refused.map_or_else(
            || WaiveError::Gone("nothing blocks it that could be waived: look again".to_owned()),
            WaiveError::Forbidden,
        ));
    }
    let Some(slack) = &serving.slack else { return Ok("not done: there is no [slack] any more".to_owned()) };
    let view = modal::asking(&service, candidate, &choices);
    Ok(match slack.open_modal(trigger, &view, (serving.clock)()).await {
        Ok(()) => format!("asks {} what to waive, and why", person.name),
        Err(error) => format!("{NOT_DONE}the modal did not open: {}: {}", error.why().said, error.why().fix),
    })
}

/// Takes what was filled in, or says at its place what is wrong with it.
pub(super) async fn submit(serving: &Serving, submitted: &Submitted) -> Result<Done, StoreError> {
    let Some(given) = Given::of(submitted).filter(|_| submitted.modal == WAIVE) else { return Ok(nothing().into()) };
    let refused = |block: &str, said: &str| Done {
        outcome: format!("{NOT_DONE}{said}"),
        answer: Some(modal::errors(block, said)),
    };
    let person = match who(serving, &submitted.member.id).await? {
        Who::Person(person) => person,
        Who::TooLongAgo => return Ok(refused(WHY, &format!("sign in at {} first, then send it again", serving.pages))),
        Who::Nobody => {
            return Ok(refused(WHY, &format!("join this Slack account to yours first, at {}/account", serving.pages)));
        }
    };
    let candidate = CandidateId(given.candidate);
    let Given { fingerprint, why, days, .. } = &given;
    let asked = ToWaive { fingerprint, why, days: *days, this_branch: false };
    let error = match waive(serving, &person, candidate, asked).await {
        Ok(id) => return done(serving, &person, candidate, id).await,
        Err(WaiveError::Store(error)) => return Err(error),
        Err(error) => error,
    };
    Ok(match &error {
        // What is wrong and is not the reason is the end, or what was chosen.
        WaiveError::Input(said) if why_of(&given.why).is_ok() => refused(DAYS, said),
        WaiveError::Gone(said) => refused(if given.chose { FINDING } else { WHY }, said),
        WaiveError::Forbidden(said) => refused(WHY, &format!("{said}{}", elsewhere(serving, &person))),
        WaiveError::Input(_) | WaiveError::Store(_) => refused(WHY, &error.to_string()),
    })
}

async fn done(serving: &Serving, person: &Person, candidate: CandidateId, id: WaiverId) -> Result<Done, StoreError> {
    let service = serving.store.candidate(candidate).await?.map(|candidate| candidate.service).unwrap_or_default();
    let given = serving.store.waivers(&service).await?.into_iter().find(|row| row.id == id);
    let name = &person.name;
    Ok(match given {
        Some(row) if row.is_proposed() => Done {
            outcome: format!("{name} proposed to waive {}", row.said),
            answer: Some(modal::proposed(&serving.page_of(candidate))),
        },
        Some(row) => format!("{name} waived {}", row.said).into(),
        None => format!("{name} waived a finding").into(),
    })
}
