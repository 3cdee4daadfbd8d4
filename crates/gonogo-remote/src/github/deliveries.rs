//! How an App's webhooks fared, and having one delivered again: GitHub does not
//! by itself.

use super::credentials::{OWN, bearer};
use super::{Credentials, GitHub, GitHubError};
use crate::http::Ask;
use jiff::Timestamp;
use reqwest::header::LINK;
use reqwest::{Method, Url};
use serde::Deserialize;

/// Pages of a hundred that are looked at: more is a flood, and the newest count.
const MOST_PAGES: usize = 10;

/// One attempt to deliver.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Attempt {
    pub id: u64,
    /// Of the delivery; the same at each attempt.
    pub guid: String,
    pub delivered_at: Timestamp,
    status_code: u16,
}

impl Attempt {
    pub fn is_taken(&self) -> bool {
        (200..300).contains(&self.status_code)
    }
}

impl GitHub {
    /// The attempts of the App's own hook since then, newest first; of no App none.
    pub async fn attempts_since(&self, since: Timestamp, now: Timestamp) -> Result<Vec<Attempt>, GitHubError> {
        let Credentials::App(app) = &self.credentials else { return Ok(Vec::new()) };
        let path = "app/hook/deliveries";
        let mut url = self.url(&format!("{path}?per_page=100"))?;
        let mut all = Vec::new();
        for _ in 0..MOST_PAGES {
            let ask = Ask::new(Method::GET, url.clone(), None);
            let answer = self.send_as(OWN, bearer(&app.jwt(now)?)?, ask, now).await?;
            let page: Vec<Attempt> =
                Vec::deserialize(&answer.body).map_err(|e| GitHubError::odd(path, e.to_string()))?;
            let is_older = page.iter().any(|attempt| attempt.delivered_at < since);
            all.extend(page.into_iter().filter(|attempt| since <= attempt.delivered_at));
            let next = answer.headers.get(LINK).and_then(|link| cursor_of(link.to_str().ok()?));
            let Some(cursor) = next.filter(|_| !is_older) else { break };
            url = self.url(&format!("{path}?per_page=100"))?;
            url.query_pairs_mut().append_pair("cursor", &cursor);
        }
        Ok(all)
    }

    /// Has it delivered once more.
    pub async fn deliver_again(&self, attempt: &Attempt, now: Timestamp) -> Result<(), GitHubError> {
        let Credentials::App(app) = &self.credentials else { return Ok(()) };
        let url = self.url(&format!("app/hook/deliveries/{}/attempts", attempt.id))?;
        self.send_as(OWN, bearer(&app.jwt(now)?)?, Ask::new(Method::POST, url, None), now).await.map(drop)
    }
}

/// Where the next page begins: of the address, which may be any, this alone counts.
fn cursor_of(link: &str) -> Option<String> {
    let next = link.split(',').find(|one| one.contains("rel=\"next\""))?;
    let address = next.trim().strip_prefix('<')?.split('>').next()?;
    let url: Url = address.parse().ok()?;
    url.query_pairs().find(|(name, _)| name == "cursor").map(|(_, cursor)| cursor.into_owned())
}

#[cfg(test)]
mod tests {
    use super::cursor_of;

    #[test]
    fn the_next_page_is_known_by_its_cursor_alone() {
        let link = "<https://evil.example/x?per_page=100&cursor=v1_17>; rel=\"next\"";
        assert_eq!(cursor_of(link).as_deref(), Some("v1_17"));
        assert_eq!(cursor_of("<https://api.github.com/x?cursor=v1_1>; rel=\"prev\""), None);
        assert_eq!(cursor_of("nonsense; rel=\"next\""), None);
    }
}
