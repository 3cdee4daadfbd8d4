//! Our app at the tracker, as `doctor --server` tries it.

use super::{Line, bad, good, note};
use crate::commands::jira_account::callback;
use crate::serving::Serving;

const WHAT: &str = "jira-accounts";

pub(super) async fn jira_app(serving: &Serving) -> Vec<Line> {
    let Some(app) = &serving.jira_app else { return Vec::new() };
    let takes = match app.takes_secret(&callback(serving)).await {
        Ok(()) => good(WHAT, format!("{} takes our client id and secret", app.tracker())),
        Err(error) => return vec![bad(WHAT, format!("{}: {error}", app.tracker()), error.fix())],
    };
    vec![takes, note(WHAT, format!("people are sent back to {}: register that there", callback(serving)))]
}
