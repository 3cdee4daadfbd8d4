//! Acting in Jira under a person's own name. Their token is renewed before it is
//! over, by one at a time; where that is refused they join anew.

use super::{JIRA, Kept, Standing, callback, kept};
use crate::commands::people::deed;
use crate::serving::Serving;
use gonogo_core::person::Person;
use gonogo_remote::jira::{JiraApp, JiraAppError, PersonsJira};
use gonogo_store::{JiraAccount, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::time::Instant;

/// A token that ends sooner is renewed before it is shown.
const SPARE: i64 = 60;
/// Whoever renews has so long; then another may.
const RENEWS_FOR: SignedDuration = SignedDuration::from_secs(30);
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);
/// While another renews, the store is looked at so often.
const LOOKS: Duration = Duration::from_millis(100);

/// A Jira that a person acts in.
#[derive(Debug)]
pub struct Acting {
    pub jira: PersonsJira,
    /// Who they are there.
    pub account: JiraAccount,
}

/// Why nobody can act in a person's name now.
#[derive(Debug, Error)]
pub enum ActingError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("joining Jira accounts is not set up here")]
    NotSetUp,
    #[error("your Jira account is not joined: join it under /account")]
    NotJoined,
    #[error("your Jira account has to be joined anew, under /account: {0}")]
    Ended(String),
    #[error("Jira does not answer whether you may still act there: {0}")]
    Away(String),
}

/// Renewed by now, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    WhereItEnds,
    /// It was not taken a moment ago.
    Now,
}

/// The Jira as this person sees it.
pub async fn acting(serving: &Arc<Serving>, who: &Person, renewal: Renewal) -> Result<Acting, ActingError> {
    let app = serving.jira_app.as_ref().ok_or(ActingError::NotSetUp)?;
    let account = serving.store.jira_account(who.id).await?.ok_or(ActingError::NotJoined)?;
    let known = kept(app, &account).map_err(ActingError::Ended)?;
    let now = (serving.clock)();
    let is_over = known.ends.is_some_and(|ends| ends - SPARE <= now.as_second());
    if !is_over && renewal == Renewal::WhereItEnds {
        return acts(app, &known, account);
    }
    let until = now.saturating_add(RENEWS_FOR).unwrap_or(now);
    if serving.store.begin_jira_renewal(who.id, account.version, now, until).await? {
        // On its own: a browser that goes away must not lose what replaces a token.
        let renews = Renews { who: who.clone(), account: account.clone() };
        let asks = tokio::spawn({
            let serving = Arc::clone(serving);
            async move { renews.ask(&serving, known, now).await }
        });
        match tokio::time::timeout(ANSWERS_WITHIN, asks).await {
            Ok(Ok(renewed)) => renewed?,
            Ok(Err(broken)) => return Err(ActingError::Away(broken.to_string())),
            Err(_) => return Err(ActingError::Away(format!("no answer within {} s", ANSWERS_WITHIN.as_secs()))),
        }
    } else {
        another_renews(serving, who, account.version).await?;
    }
    let account = serving.store.jira_account(who.id).await?.ok_or(ActingError::NotJoined)?;
    let known = kept(app, &account).map_err(ActingError::Ended)?;
    acts(app, &known, account)
}

fn acts(app: &JiraApp, known: &Kept, account: JiraAccount) -> Result<Acting, ActingError> {
    let jira = app.as_person(&known.access, known.site.as_deref());
    Ok(Acting { jira: jira.map_err(|error| ActingError::Away(error.to_string()))?, account })
}

/// Waits for what comes of another's asking, on any replica.
async fn another_renews(serving: &Serving, who: &Person, version: i64) -> Result<(), ActingError> {
    let until = Instant::now() + ANSWERS_WITHIN;
    while Instant::now() < until {
        tokio::time::sleep(LOOKS).await;
        let account = serving.store.jira_account(who.id).await?.ok_or(ActingError::NotJoined)?;
        if account.version != version {
            return Ok(());
        }
    }
    Err(ActingError::Away("it is being asked".to_owned()))
}

/// It is not taken, though it was renewed: the person joins anew.
pub(crate) async fn is_refused(serving: &Serving, who: &Person, account: &JiraAccount) -> Result<(), StoreError> {
    ends(serving, who, account, "Jira does not take it any more").await
}

async fn ends(serving: &Serving, who: &Person, account: &JiraAccount, why: &str) -> Result<(), StoreError> {
    let deed = deed((serving.clock)(), &who.name, "may act in jira no more", &who.name, why);
    serving.store.end_jira_account(who.id, account.version, why.to_owned(), deed).await
}

struct Renews {
    who: Person,
    account: JiraAccount,
}

impl Renews {
    async fn ask(self, serving: &Serving, known: Kept, now: Timestamp) -> Result<(), ActingError> {
        let Self { who, account } = self;
        let app = serving.jira_app.as_ref().ok_or(ActingError::NotSetUp)?;
        let Some(refresh) = known.refresh.clone() else {
            ends(serving, &who, &account, "it is over, and cannot be renewed").await?;
            return Ok(());
        };
        match app.refresh(&refresh, &callback(serving)).await {
            Ok(tokens) => {
                let renewed = Kept::of(tokens, known.site, now);
                // One that renews for ever stays as it is.
                let renewed = Kept { refresh: renewed.refresh.clone().or(Some(refresh)), ..renewed };
                serving.store.end_jira_renewal(who.id, account.version, renewed.sealed(app)).await?;
                Ok(())
            }
            Err(error @ JiraAppError::Refused(_)) => {
                tracing::warn!(person = %who.name, %error, "a Jira account has to be joined anew");
                Ok(ends(serving, &who, &account, &format!("renewing it was refused: {error}")).await?)
            }
            Err(error) => {
                tracing::warn!(person = %who.name, %error, with = JIRA, "a token could not be renewed");
                serving.store.end_jira_renewal(who.id, account.version, None).await?;
                Err(ActingError::Away(error.to_string()))
            }
        }
    }
}

impl ActingError {
    /// What a page says of it.
    pub fn standing(&self) -> Option<Standing> {
        match self {
            Self::NotSetUp => Some(Standing::NotSetUp),
            Self::NotJoined => Some(Standing::NotJoined),
            Self::Ended(why) => Some(Standing::Ended(why.clone())),
            Self::Store(_) | Self::Away(_) => None,
        }
    }
}
