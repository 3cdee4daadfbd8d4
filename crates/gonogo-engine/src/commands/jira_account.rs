//! Joining one's Jira account, to act there under one's own name: by Jira's own
//! word on who is signed in to it, never by a name or an address.

mod acting;

pub(crate) use acting::is_refused;
pub use acting::{Acting, ActingError, Renewal, acting};

use super::people::{PersonError, deed, hash_of, random_word};
use crate::seal;
use crate::serving::Serving;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use gonogo_core::person::{Act, Person};
use gonogo_remote::jira::{GoingToJira, JiraApp, JiraAppError, JiraTokens};
use gonogo_store::{JiraAccount, JoinLink, JoinedJira, StoreError};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::time::Duration;
use thiserror::Error;

/// Its word in the store and in addresses.
pub use crate::jobs::JIRA;

/// A page waits so long for Jira's answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Whoever goes there is back within this.
const WAY_LASTS: SignedDuration = SignedDuration::from_mins(15);

#[derive(Debug, Error)]
pub enum JoinError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("joining Jira accounts is not set up here: an admin writes [jira_accounts] into the configuration")]
    NotSetUp,
    #[error("some ways to Jira were begun and not ended: go one of them to its end, or begin again in 15 minutes")]
    TooMany,
    #[error("this way back from Jira was not begun in this session, or was used already: begin again")]
    NotBegun,
    #[error("Jira did not join your account: {said}")]
    Refused { said: String },
    #[error("this Jira account is joined to somebody already, or you have another one joined")]
    Taken,
}

impl JoinError {
    fn of(error: &JiraAppError) -> Self {
        tracing::warn!(%error, "a Jira account was not joined");
        Self::Refused { said: format!("{error}: {}", error.fix()) }
    }
}

/// What is kept, sealed by our client's secret, which is not in the store.
#[derive(Deserialize)]
struct Kept {
    access: SecretString,
    /// When that ends, in seconds, where it was said.
    ends: Option<i64>,
    /// `None` where it cannot be renewed.
    refresh: Option<SecretString>,
    /// What the tracker is called behind Cloud's API.
    site: Option<String>,
}

impl Kept {
    fn of(tokens: JiraTokens, site: Option<String>, now: Timestamp) -> Self {
        let ends = tokens.seconds.map(|seconds| now.as_second().saturating_add(seconds));
        Self { access: tokens.access, ends, refresh: tokens.refresh, site }
    }

    fn sealed(&self, app: &JiraApp) -> Option<String> {
        let kept = json!({
            "access": self.access.expose_secret(),
            "ends": self.ends,
            "refresh": self.refresh.as_ref().map(ExposeSecret::expose_secret),
            "site": self.site,
        });
        seal::seal(app.seals().first()?.expose_secret(), &SecretString::from(kept.to_string()))
    }

    /// Sealed by the secret of now, or by one that is being changed for it.
    fn open(app: &JiraApp, sealed: &str) -> Option<Self> {
        let opened = app.seals().into_iter().find_map(|word| seal::open(word.expose_secret(), sealed))?;
        serde_json::from_str(opened.expose_secret()).ok()
    }
}

/// Where browsers come back to; the address to register there.
pub fn callback(serving: &Serving) -> String {
    format!("{}/account/{JIRA}/callback", serving.pages)
}

/// Where to send the browser of who wants to join an account. `session` is a word
/// of their session alone, and `next` where they want to be afterwards.
pub async fn begin(serving: &Serving, who: &Person, session: &str, next: &str) -> Result<String, JoinError> {
    let app = serving.jira_app.as_ref().ok_or(JoinError::NotSetUp)?;
    let (state, now) = (random_word(), (serving.clock)());
    let way = Way { state: state.expose_secret(), session };
    let link = JoinLink {
        code_hash: way.code_hash(),
        person: who.id,
        source: JIRA,
        subject: next.to_owned(),
        until: now.saturating_add(WAY_LASTS).unwrap_or(now),
    };
    let (redirect, challenge) = (callback(serving), way.challenge());
    let going = GoingToJira { redirect: &redirect, state: way.state, challenge: &challenge };
    let address = app.address(&going).map_err(|error| JoinError::of(&error))?;
    if !serving.store.begin_join(link, deed(now, &who.name, "asked to join jira", &who.name, "")).await? {
        return Err(JoinError::TooMany);
    }
    Ok(address.into())
}

/// A way there and back: good once, and in the session that it was begun in.
struct Way<'a> {
    state: &'a str,
    session: &'a str,
}

impl Way<'_> {
    fn code_hash(&self) -> String {
        hash_of(&format!("jira {} {}", self.state, self.session))
    }

    /// PKCE's: whoever sees the state alone does not know it.
    fn verifier(&self) -> SecretString {
        SecretString::from(hash_of(&format!("jira verifier {} {}", self.state, self.session)))
    }

    fn challenge(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier().expose_secret()))
    }
}

/// What the browser was sent back with.
#[derive(Debug)]
pub struct BackFromJira {
    pub state: String,
    /// Else why not.
    pub code: Result<String, String>,
}

/// Joins the account whose owner said yes; where they wanted to be.
pub async fn finish(serving: &Serving, who: &Person, session: &str, back: BackFromJira) -> Result<String, JoinError> {
    let app = serving.jira_app.as_ref().ok_or(JoinError::NotSetUp)?;
    let (now, way) = ((serving.clock)(), Way { state: &back.state, session });
    let next = serving.store.end_join(way.code_hash(), who.id, JIRA, now).await?.ok_or(JoinError::NotBegun)?;
    let code = back.code.map_err(|said| JoinError::Refused { said })?;
    let arrived = tokio::time::timeout(PATIENCE, arrived(serving, app, &way, &code, now));
    let late = || JoinError::Refused { said: format!("no answer within {} s", PATIENCE.as_secs()) };
    let joined = arrived.await.map_err(|_| late())?.map_err(|error| JoinError::of(&error))?;
    let deed = deed(now, &who.name, "joined jira", &who.name, &format!("{} ({})", joined.name, joined.subject));
    if serving.store.join_jira(who.id, joined, deed).await? { Ok(next) } else { Err(JoinError::Taken) }
}

/// Who came, with what they are acted for.
async fn arrived(
    serving: &Serving,
    app: &JiraApp,
    way: &Way<'_>,
    code: &str,
    now: Timestamp,
) -> Result<JoinedJira, JiraAppError> {
    let tokens = app.exchange(code, &way.verifier(), &callback(serving)).await?;
    let site = app.site(&tokens.access).await?;
    let person = app.as_person(&tokens.access, site.as_deref())?.myself().await?;
    let sealed = Kept::of(tokens, site, now).sealed(app);
    let sealed = sealed
        .ok_or_else(|| JiraAppError::Odd { what: "the token request", said: "there is no randomness".to_owned() })?;
    Ok(JoinedJira { subject: person.id, name: person.name, tracker: app.tracker().to_owned(), sealed })
}

/// It lets nobody in, so that it may always go.
pub async fn part_from_jira(serving: &Serving, who: &Person) -> Result<(), PersonError> {
    let deed = deed((serving.clock)(), &who.name, "parted from jira", &who.name, "");
    let is_done = serving.store.part_jira(who.id, deed).await?;
    if is_done { Ok(()) } else { Err(PersonError::Input("no Jira account is joined".to_owned())) }
}

/// The same by an admin.
pub async fn take_jira_from(serving: &Serving, who: &Person, person: i64) -> Result<(), PersonError> {
    let actor = who.may(Act::ChangePerson).map_err(PersonError::Forbidden)?;
    let row = serving.store.person(person).await?;
    let row = row.ok_or_else(|| PersonError::Input("there is no such person".to_owned()))?;
    let deed = deed((serving.clock)(), actor.name(), "parted from jira", &row.person.name, "");
    let is_done = serving.store.part_jira(person, deed).await?;
    if is_done { Ok(()) } else { Err(PersonError::Input("no Jira account is joined".to_owned())) }
}

/// What a person's account is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    NotSetUp,
    NotJoined,
    /// Why they have to join it anew.
    Ended(String),
    Joined,
}

/// As far as it is known without asking Jira.
pub async fn standing(serving: &Serving, who: &Person) -> Result<Standing, StoreError> {
    let Some(app) = &serving.jira_app else { return Ok(Standing::NotSetUp) };
    let account = serving.store.jira_account(who.id).await?;
    Ok(account.map_or(Standing::NotJoined, |account| match kept(app, &account) {
        Ok(_) => Standing::Joined,
        Err(why) => Standing::Ended(why),
    }))
}

/// What is kept of an account; why it is worth nothing.
fn kept(app: &JiraApp, account: &JiraAccount) -> Result<Kept, String> {
    if let Some(why) = &account.ended {
        return Err(why.clone());
    }
    if account.tracker != app.tracker() {
        return Err(format!("it is an account of {}, and the tracker is {} now", account.tracker, app.tracker()));
    }
    Kept::open(app, &account.sealed).ok_or_else(|| "it was sealed by another secret of our client".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_is_bound_to_its_session() {
        let way = |state, session| Way { state, session };
        assert_ne!(way("s", "a").code_hash(), way("s", "b").code_hash());
        assert_ne!(way("s", "a").code_hash(), way("t", "a").code_hash());
        assert_ne!(way("s", "a").code_hash(), way("s", "a").verifier().expose_secret());
        assert_eq!(way("s", "a").verifier().expose_secret().len(), 64, "as long as PKCE wants it");
    }
}
