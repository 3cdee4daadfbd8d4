//! Sign-offs of a candidate: listed, given, taken back.

use super::asked::{At, Reader};
use super::candidates::row;
use super::once::Ask;
use super::operation::{Operation, read, remove, write};
use super::refusal::{Kind, Refusal};
use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use gonogo_api as api;
use gonogo_core::person::Act;
use gonogo_core::policy::SignOff;
use gonogo_engine::Evidence;
use gonogo_engine::commands::sign_off::{Standing, sign_off, standing, take_back};
use gonogo_store::{CandidateId, SignOffId};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        read::<api::Page<api::SignOff>>(
            "/candidates/{candidate}/sign-offs",
            "signOffs",
            "The sign-offs that its deploy needs, and those that stand",
        )
        .by(all),
        write(
            "/candidates/{candidate}/sign-offs",
            "signOff",
            "Signs exactly this head over what runs off",
            Act::SignOff,
        )
        .takes::<api::NewSignOff>()
        .makes::<api::Made>()
        .by(give),
        remove(
            "/candidates/{candidate}/sign-offs/{sign_off}",
            "takeSignOffBack",
            "Takes a sign-off back",
            Act::SignOff,
        )
        .comes_to(StatusCode::NO_CONTENT)
        .by(take),
    ]
}

async fn all(State(app): State<App>, _: Reader, At(id): At<i64>) -> Result<Json<api::Page<api::SignOff>>, Refusal> {
    let candidate = row(&app, id).await?.candidate;
    let store = &app.serving.store;
    let wanted = match store.newest_evaluation(candidate.id).await? {
        Some(newest) => wanted(store.recording(newest.id).await?)?,
        None => Vec::new(),
    };
    let mut given = standing(&app.serving, &candidate, &wanted).await?;
    let mut items = Vec::new();
    for one in wanted {
        let at = given.iter().position(|given| given.row.name == one.name);
        let row = at.map(|at| told(given.remove(at)));
        items.push(api::SignOff { by_whom: Some(one.by.to_string()), name: one.name, given: row });
    }
    for one in given {
        items.push(api::SignOff { name: one.row.name.clone(), by_whom: None, given: Some(told(one)) });
    }
    Ok(Json(api::Page { items, next: None }))
}

/// What its policies want signed off, by what it was judged from.
fn wanted(recording: Option<Vec<u8>>) -> Result<Vec<SignOff>, Refusal> {
    let evidence = recording.and_then(|bytes| Evidence::read(&bytes).ok());
    let unread = || Refusal::new(Kind::NotFound, "what it was judged from is not kept, or was kept by another version");
    Ok(evidence.ok_or_else(unread)?.sign_offs().to_vec())
}

fn told(given: Standing) -> api::GivenSignOff {
    let Standing { row, counts } = given;
    api::GivenSignOff { id: row.id.0, by: row.by, at: row.at.to_string(), counts }
}

async fn give(State(app): State<App>, At(id): At<i64>, ask: Ask<api::NewSignOff>) -> Result<Response, Refusal> {
    row(&app, id).await?;
    ask.done(&app, StatusCode::CREATED, |serving, who, new: api::NewSignOff| {
        Box::pin(async move { Ok(Some(sign_off(serving, &who, CandidateId(id), &new.name).await?.0)) })
    })
    .await
}

async fn take(State(app): State<App>, At((id, given)): At<(i64, i64)>, ask: Ask<()>) -> Result<Response, Refusal> {
    row(&app, id).await?;
    ask.done(&app, StatusCode::NO_CONTENT, |serving, who, ()| {
        Box::pin(async move {
            take_back(serving, &who, CandidateId(id), SignOffId(given)).await?;
            Ok(None)
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_that_cannot_be_read_does_not_want_nothing() {
        for recording in [None, Some(Vec::new()), Some(b"{}".to_vec())] {
            assert!(wanted(recording).is_err());
        }
    }
}
