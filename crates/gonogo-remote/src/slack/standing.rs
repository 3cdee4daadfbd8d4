//! What Slack tells of us, for the doctor: who we are, and what the bot may.

use super::{Slack, SlackError, taken};
use crate::http::{Ask, date_of};
use jiff::Timestamp;
use reqwest::Method;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub user: String,
    pub team: String,
    pub scopes: Vec<String>,
    pub server_time: Option<Timestamp>,
}

impl Slack {
    pub async fn standing(&self, now: Timestamp) -> Result<Standing, SlackError> {
        const METHOD: &str = "auth.test";
        let answer = self.answer(METHOD, Ask::new(Method::POST, self.url(METHOD)?, None), now).await?;
        let scopes = answer.headers.get("x-oauth-scopes").and_then(|scopes| scopes.to_str().ok()).unwrap_or_default();
        let scopes = scopes.split(',').map(|scope| scope.trim().to_owned()).collect();
        let server_time = date_of(&answer.headers);
        let body = taken(METHOD, None, answer)?;
        let text = |name: &str| body[name].as_str().unwrap_or("somebody").to_owned();
        Ok(Standing { user: text("user"), team: text("team"), scopes, server_time })
    }
}
