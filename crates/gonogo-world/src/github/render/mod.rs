//! What GitHub holds, as JSON, complete as its own description asks.

mod checks;
mod commits;
mod deployments;
mod hooks;
mod pulls;
mod repositories;
mod statuses;
mod users;

pub(super) use checks::outcome;
pub(super) use commits::simple_commit_json;
pub(super) use hooks::{delivery_json, whole_delivery_json};
pub(super) use repositories::rules_json;
pub(super) use users::rights_json;
