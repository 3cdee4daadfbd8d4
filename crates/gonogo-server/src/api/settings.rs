//! What is in force, and where it was written.

use super::asked::{At, Reader};
use super::operation::{Operation, read};
use super::refusal::{Kind, Refusal};
use crate::App;
use axum::Json;
use axum::extract::State;
use gonogo_api as api;
use gonogo_engine::commands::settings::{SettingsError, of_server, of_service};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        read::<api::PoliciesInForce>("/services/{service}/policy", "policy", "What judges it, and where that is from")
            .by(policy),
        read::<api::ServerSettings>("/settings", "settings", "What the server was started with; for admins").by(server),
    ]
}

async fn policy(
    State(app): State<App>,
    reader: Reader,
    At(service): At<String>,
) -> Result<Json<api::PoliciesInForce>, Refusal> {
    Ok(Json(of_service(&app.serving, &reader.person, &service).await?))
}

async fn server(State(app): State<App>, reader: Reader) -> Result<Json<api::ServerSettings>, Refusal> {
    Ok(Json(of_server(&app.serving, &reader.person)?.clone()))
}

impl From<SettingsError> for Refusal {
    fn from(error: SettingsError) -> Self {
        match error {
            SettingsError::Store(error) => error.into(),
            SettingsError::Forbidden(forbidden) => forbidden.into(),
            SettingsError::NoService(_) => Self::not_there("service"),
            error => Self::new(Kind::Away, error.to_string()),
        }
    }
}
