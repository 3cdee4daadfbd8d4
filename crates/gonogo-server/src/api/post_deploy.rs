//! What is to be looked at after deploys: listed, and answered.

use super::asked::{Asked, At, Reader, before, limit, page};
use super::once::Ask;
use super::operation::{Operation, read, write};
use super::refusal::Refusal;
use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use gonogo_api as api;
use gonogo_core::person::Act;
use gonogo_core::post_deploy::{LookState, Seen};
use gonogo_engine::commands::post_deploy::{answer, take};
use gonogo_store::{LookAnswer, LookId, LookRow, LooksWanted, Only};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        read::<api::Page<api::PostDeployChecks>>(
            "/services/{service}/post-deploy-checks",
            "postDeployChecks",
            "What is to be looked at after a service's deploys, the newest first",
        )
        .asked::<api::LooksAsked>()
        .by(all),
        read::<api::PostDeployChecks>(
            "/post-deploy-checks/{checks}",
            "postDeployChecksOfStory",
            "What is to be looked at of one story after one deploy",
        )
        .by(one),
        write(
            "/post-deploy-checks/{checks}/answers",
            "answerPostDeployChecks",
            "Says what came of them, or corrects that",
            Act::AnswerChecks,
        )
        .takes::<api::NewLookAnswer>()
        .comes_to(StatusCode::NO_CONTENT)
        .by(tell),
        write(
            "/post-deploy-checks/{checks}/owner",
            "takePostDeployChecks",
            "Says that one looks oneself, in the owner's place",
            Act::AnswerChecks,
        )
        .comes_to(StatusCode::NO_CONTENT)
        .by(own),
    ]
}

async fn all(
    State(app): State<App>,
    _: Reader,
    At(service): At<String>,
    Asked(asked): Asked<api::LooksAsked>,
) -> Result<Json<api::Page<api::PostDeployChecks>>, Refusal> {
    let part = api::Part { limit: asked.limit, cursor: asked.cursor };
    let (most, before) = (limit(part.limit)?, before(&part)?.map(LookId));
    if app.serving.service(&service).is_none() {
        return Err(Refusal::not_there("service"));
    }
    let only = if asked.unsettled == Some(true) { Only::Unsettled } else { Only::All };
    let wanted = LooksWanted { service, deploy: asked.deploy, only, before, ..LooksWanted::default() };
    let rows = app.serving.store.looks(wanted, most).await?;
    Ok(Json(page(rows, most, |row| row.id.0, told)))
}

async fn one(State(app): State<App>, _: Reader, At(id): At<i64>) -> Result<Json<api::PostDeployChecks>, Refusal> {
    let wanted = LooksWanted { id: Some(LookId(id)), ..LooksWanted::default() };
    let found = app.serving.store.looks(wanted, 1).await?.pop();
    found.map(|row| Json(told(row))).ok_or_else(|| Refusal::not_there("post-deploy checks"))
}

async fn tell(State(app): State<App>, At(id): At<i64>, ask: Ask<api::NewLookAnswer>) -> Result<Response, Refusal> {
    ask.done(&app, StatusCode::NO_CONTENT, |serving, who, new: api::NewLookAnswer| {
        Box::pin(async move {
            let seen = match new.seen {
                api::Seen::Passed => Seen::Passed,
                api::Seen::Failed => Seen::Failed,
            };
            answer(serving, &who, LookId(id), seen, &new.note).await?;
            Ok(None)
        })
    })
    .await
}

async fn own(State(app): State<App>, At(id): At<i64>, ask: Ask<()>) -> Result<Response, Refusal> {
    ask.done(&app, StatusCode::NO_CONTENT, |serving, who, ()| {
        Box::pin(async move {
            take(serving, &who, LookId(id)).await?;
            Ok(None)
        })
    })
    .await
}

fn told(row: LookRow) -> api::PostDeployChecks {
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let owner = row.whose().map(str::to_owned);
    api::PostDeployChecks {
        id: row.id.0,
        service: row.service,
        deploy: row.deploy,
        running: row.running.shas().iter().map(ToString::to_string).collect(),
        deployed_at: row.deployed_at.to_string(),
        story: row.story,
        title: some(row.title),
        checks: some(row.checks),
        owner,
        due_at: row.due_at.to_string(),
        state: match row.state {
            LookState::Unread => api::LookState::Unread,
            LookState::Unreadable => api::LookState::Unreadable,
            LookState::Open => api::LookState::Open,
            LookState::Passed => api::LookState::Passed,
            LookState::Failed => api::LookState::Failed,
            LookState::NotNeeded => api::LookState::NotNeeded,
            LookState::Gone => api::LookState::Gone,
        },
        trouble: row.trouble,
        answers: row.answers.into_iter().map(answered).collect(),
    }
}

fn answered(answer: LookAnswer) -> api::LookAnswer {
    let seen = match answer.seen {
        Seen::Passed => api::Seen::Passed,
        Seen::Failed => api::Seen::Failed,
    };
    api::LookAnswer { seen, note: answer.note, by: answer.by, at: answer.at.to_string() }
}
