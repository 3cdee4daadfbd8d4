//! Makes a message in Slack say what is wanted: posted once, changed in place
//! from then on. What may have been posted is looked for first.

use super::deploys::{DeployWanted, NewsWanted};
use super::loud::AwayWanted;
use super::message::MessageWanted;
use crate::serving::Serving;
use gonogo_remote::slack::{Message, MessageKey, Place, Slack, SlackError};
use gonogo_store::{Due, Saying, StoreError};
use jiff::Timestamp;
use serde::Deserialize;
use std::time::Duration;
use thiserror::Error;

/// Shorter than the lease: while this goes on nobody else posts the same.
const WITHIN: Duration = Duration::from_secs(15);

#[derive(Debug, Error)]
pub(super) enum NotTold {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{}: {}", .0.why().said, .0.why().fix)]
    Slack(#[from] SlackError),
    #[error("what is wanted cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("Slack took longer than {} s", WITHIN.as_secs())]
    TooSlow,
}

impl NotTold {
    pub(super) fn until(&self) -> Option<Timestamp> {
        if let Self::Slack(error) = self { error.until() } else { None }
    }
}

pub(super) async fn tell(serving: &Serving, due: &Due) -> Result<(), NotTold> {
    let wanted: Told = serde_json::from_str(&due.wanted)?;
    // A service that tells nobody any more has nothing to show.
    let (Some(slack), Some(channel)) = (&serving.slack, wanted.channel(serving)) else { return Ok(()) };
    let telling = Telling { serving, slack, channel, target: &due.target, wanted: &wanted };
    tokio::time::timeout(WITHIN, telling.make()).await.unwrap_or(Err(NotTold::TooSlow))
}

struct Telling<'a> {
    serving: &'a Serving,
    slack: &'a Slack,
    channel: &'a str,
    target: &'a str,
    wanted: &'a Told,
}

/// What there is to tell.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Told {
    News(NewsWanted),
    Deploy(Box<DeployWanted>),
    Candidate(MessageWanted),
    Away(AwayWanted),
}

impl Told {
    /// Where it is told.
    fn channel<'a>(&'a self, serving: &'a Serving) -> Option<&'a str> {
        match self {
            Self::News(wanted) => Some(&wanted.channel),
            Self::Deploy(wanted) => serving.service(&wanted.service).map(|_| wanted.channel.as_str()),
            Self::Candidate(wanted) => serving.service(&wanted.service)?.turned.slack_channel.as_deref(),
            Self::Away(wanted) => serving.service(&wanted.service)?.slack_channel.as_deref(),
        }
    }

    /// What passes is not said.
    fn is_decided(&self) -> bool {
        match self {
            Self::Candidate(wanted) => wanted.is_decided(),
            Self::Away(_) | Self::Deploy(_) | Self::News(_) => true,
        }
    }

    fn key(&self) -> MessageKey {
        match self {
            Self::News(wanted) => wanted.key(),
            Self::Deploy(wanted) => wanted.key(),
            Self::Candidate(wanted) => wanted.key(),
            Self::Away(wanted) => wanted.key(),
        }
    }

    fn rendered(&self, has_buttons: bool) -> Message {
        match self {
            Self::News(wanted) => wanted.rendered(),
            Self::Deploy(wanted) => wanted.rendered(has_buttons),
            Self::Candidate(wanted) => wanted.rendered(has_buttons),
            Self::Away(wanted) => wanted.rendered(),
        }
    }
}

impl Telling<'_> {
    async fn make(&self) -> Result<(), NotTold> {
        match self.serving.store.saying(self.target).await? {
            Saying::Never => self.post().await,
            Saying::Perhaps { channel, since, key } => match self.find(&channel, key, since).await? {
                Some(place) => self.change(&place).await,
                None => self.post().await,
            },
            Saying::At { channel, ts } => self.change(&Place { channel, ts }).await,
        }
    }

    async fn post(&self) -> Result<(), NotTold> {
        if !self.wanted.is_decided() {
            // It passes: what it becomes is said.
            return Ok(());
        }
        let store = &self.serving.store;
        let key = self.wanted.key();
        store.saying_begins(self.target, self.channel, &key.0, self.now()).await?;
        let message = self.rendered();
        match self.slack.post(self.channel, &key, &message, self.now()).await {
            Ok(place) => Ok(store.said(self.target, place.channel, place.ts).await?),
            Err(error) => {
                if error.did_nothing() {
                    store.not_said(self.target).await?;
                }
                Err(error.into())
            }
        }
    }

    async fn find(&self, channel: &str, key: Option<String>, since: Timestamp) -> Result<Option<Place>, NotTold> {
        let key = key.map_or_else(|| self.wanted.key(), MessageKey);
        let found = self.slack.find(channel, &key, since, self.now()).await?;
        if let Some(place) = &found {
            self.serving.store.said(self.target, place.channel.clone(), place.ts.clone()).await?;
        }
        Ok(found)
    }

    async fn change(&self, place: &Place) -> Result<(), NotTold> {
        match self.slack.update(place, &self.wanted.key(), &self.rendered(), self.now()).await {
            // Who deleted it does not want it back.
            Err(SlackError::MessageGone) => Ok(()),
            other => Ok(other?),
        }
    }

    fn rendered(&self) -> Message {
        self.wanted.rendered(self.serving.hears_slack)
    }

    fn now(&self) -> Timestamp {
        (self.serving.clock)()
    }
}
