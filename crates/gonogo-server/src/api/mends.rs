//! Filling in a story's fields, and moving it, under one's own name in Jira.

use super::asked::{At, caller};
use super::once::Ask;
use super::operation::{Operation, read, write};
use super::refusal::{Kind, Refusal};
use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use gonogo_api as api;
use gonogo_core::person::{Act, Scope};
use gonogo_engine::commands::mend_story::{Mend, MendError, Offered, mend, offer};
use gonogo_engine::commands::people::random_word;
use gonogo_engine::{JiraEntry as Entry, NotForYou};
use secrecy::ExposeSecret;
use std::sync::Arc;

pub(super) fn operations() -> Vec<Operation> {
    let mends = read::<api::StoryMends>("/stories/{story}/mends", "storyMends", "What a person could mend of a story");
    vec![
        Operation { scope: Scope::Stories, ..mends }.by(all),
        write("/stories/{story}/fields", "fillIn", "Fills in a field that a policy asks for", Act::MendStory)
            .takes::<api::NewFieldValue>()
            .comes_to(StatusCode::NO_CONTENT)
            .by(fill),
        write("/stories/{story}/moves", "moveStory", "Moves a story to a state from which it may ship", Act::MendStory)
            .takes::<api::NewMove>()
            .comes_to(StatusCode::NO_CONTENT)
            .by(go),
    ]
}

async fn all(
    State(app): State<App>,
    headers: HeaderMap,
    At(key): At<String>,
) -> Result<Json<api::StoryMends>, Refusal> {
    let (person, _) = caller(&headers, &app).await?;
    let offer = offer(&app.serving, &person, &key.to_uppercase()).await.map_err(|error| match error {
        // What cannot be read is not there for who asks.
        MendError::Gone(said) => Refusal::new(Kind::NotFound, said),
        MendError::Jira(error @ NotForYou::Refused(_)) => Refusal::new(Kind::NotFound, error.to_string()),
        other => other.into(),
    })?;
    let moves = offer.ways.iter().map(|way| api::MendMove {
        transition: way.id.clone(),
        name: way.name.clone(),
        to: way.to.name.clone(),
        asks: way.asks.clone(),
    });
    Ok(Json(api::StoryMends {
        issue: offer.wanted.issue.to_string(),
        url: offer.wanted.url.clone(),
        acting_as: offer.acting.account.name.clone(),
        fields: offer.fields.iter().map(field).collect(),
        wrong_state: offer.wrong_state.clone(),
        moves: moves.collect(),
    }))
}

fn field(one: &Offered) -> api::MendField {
    let (kind, choices) = match &one.field.entry {
        _ if one.elsewhere.is_some() => (api::MendKind::Elsewhere, None),
        Entry::Line => (api::MendKind::Line, None),
        Entry::Text => (api::MendKind::Text, None),
        Entry::Number => (api::MendKind::Number, None),
        Entry::Day => (api::MendKind::Day, None),
        Entry::One(choices) => (api::MendKind::One, Some(choices)),
        Entry::Several(choices) => (api::MendKind::Several, Some(choices)),
        Entry::Labels => (api::MendKind::Labels, None),
        Entry::Person => (api::MendKind::Confirm, None),
        Entry::Elsewhere(_) => (api::MendKind::Elsewhere, None),
    };
    let choices = choices.into_iter().flatten();
    api::MendField {
        field: one.field.name.clone(),
        kind,
        choices: choices.map(|one| api::MendChoice { id: one.id.clone(), name: one.name.clone() }).collect(),
        confirms: one.confirms.clone(),
        elsewhere: one.elsewhere.clone(),
    }
}

async fn fill(State(app): State<App>, At(key): At<String>, ask: Ask<api::NewFieldValue>) -> Result<Response, Refusal> {
    done(&app, key, ask, |new| Mend::Field { name: new.field, given: new.values }).await
}

async fn go(State(app): State<App>, At(key): At<String>, ask: Ask<api::NewMove>) -> Result<Response, Refusal> {
    done(&app, key, ask, |new| Mend::Move { way: new.transition }).await
}

async fn done<B: Send + 'static>(
    app: &App,
    key: String,
    ask: Ask<B>,
    what: impl FnOnce(B) -> Mend + Send + 'static,
) -> Result<Response, Refusal> {
    let serving = Arc::clone(&app.serving);
    ask.done(app, StatusCode::NO_CONTENT, move |_, who, new| {
        Box::pin(async move {
            // The same request under the same key is one act.
            let key_of = who.token.as_ref().and_then(|token| token.once.as_ref()).map(|once| once.key.clone());
            let once = key_of.unwrap_or_else(|| random_word().expose_secret().to_owned());
            let token = who.token.as_ref().map(|token| token.id).unwrap_or_default();
            mend(&serving, &who, &key.to_uppercase(), what(new), &format!("token {token} {once}")).await?;
            Ok(None)
        })
    })
    .await
}
