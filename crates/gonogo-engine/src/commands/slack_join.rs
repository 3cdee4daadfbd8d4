//! Joining one's Slack account: by a link that Slack brings to its owner, never
//! by a name or an address.

use super::people::{PersonError, deed, hash_of, random_word};
use crate::serving::Serving;
use gonogo_core::person::{Person, Role, Roles};
use gonogo_core::say;
use gonogo_read::slack::Member;
use gonogo_remote::slack::{Message, MessageKey, is_member_id};
use gonogo_store::{Guest, JoinLink, JoinOffer, StoreError};
use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde_json::json;
use std::collections::BTreeMap;

/// Its word in the store and in addresses.
pub use crate::jobs::SLACK;

const LINK_LASTS: SignedDuration = SignedDuration::from_mins(15);

/// Has Slack bring that member a link, which joins them to `who` when it is opened.
pub async fn send_link(serving: &Serving, who: &Person, member: &str) -> Result<(), PersonError> {
    let input = |said: String| PersonError::Input(said);
    let Some(slack) = &serving.slack else { return Err(input("Slack is not set up here".to_owned())) };
    if !is_member_id(member) {
        let said = "a member id looks like U024BE7LH: in Slack it is in one's profile, under ⋮".to_owned();
        return Err(input(said));
    }
    let (code, now) = (random_word(), (serving.clock)());
    let link = JoinLink {
        code_hash: hash_of(code.expose_secret()),
        person: who.id,
        source: SLACK,
        subject: member.to_owned(),
        until: now.saturating_add(LINK_LASTS).unwrap_or(now),
    };
    let key = MessageKey(format!("join {}", link.code_hash));
    if !serving.store.begin_join(link, deed(now, &who.name, "asked to join slack", &who.name, member)).await? {
        return Err(input("some links wait to be opened already: open one, or ask in 15 minutes".to_owned()));
    }
    let address = format!("{}/account/{SLACK}/join?code={}", serving.pages, code.expose_secret());
    let sent = slack.post(member, &key, &message(&who.name, &address), now).await;
    sent.map(drop).map_err(|error| input(format!("Slack did not take the message: {}", error.why().said)))
}

fn message(name: &str, address: &str) -> Message {
    let text = format!(
        "{} at gonogo wants to join this Slack account to theirs. If that is you, open this within {} minutes where \
         you are signed in to gonogo: <{address}|join it>. If not, do nothing.",
        say::slack(name),
        LINK_LASTS.as_mins(),
    );
    let block = json!({"type": "section", "text": {"type": "mrkdwn", "text": text}});
    Message { text, blocks: vec![block] }
}

/// Joins whom the link was sent to, where `who` asked for it.
pub async fn open_link(serving: &Serving, who: &Person, code: &str) -> Result<(), PersonError> {
    let now = (serving.clock)();
    let member = serving.store.end_join(hash_of(code), who.id, SLACK, now).await?;
    let worthless = "this link was opened already, is too old, or was asked for by somebody else";
    let member = member.ok_or_else(|| PersonError::Input(worthless.to_owned()))?;
    let name = member.clone();
    join(serving, who, member, name).await
}

async fn join(serving: &Serving, who: &Person, member: String, name: String) -> Result<(), PersonError> {
    let deed = deed((serving.clock)(), &who.name, "joined slack", &who.name, &member);
    let roles = Roles { all: Role::Viewer, at: BTreeMap::new() };
    let guest = Guest { source: SLACK, subject: member, name, roles };
    let taken = "this Slack account is joined to somebody already, or you have another one joined";
    let is_joined = serving.store.join_identity(who.id, guest, deed).await?;
    if is_joined { Ok(()) } else { Err(PersonError::Input(taken.to_owned())) }
}

/// What came of wanting to bring somebody in Slack a link.
pub(super) enum Offered {
    At { address: String, minutes: i128 },
    TooMany,
}

/// A link for the owner of that account alone, who is nobody here yet. It joins
/// nobody by itself: whoever opens it is asked.
pub(super) async fn offer_link(serving: &Serving, member: &Member) -> Result<Offered, StoreError> {
    let (code, now) = (random_word(), (serving.clock)());
    let offer = JoinOffer {
        code_hash: hash_of(code.expose_secret()),
        source: SLACK,
        subject: member.id.clone(),
        name: member.name.clone(),
        until: now.saturating_add(LINK_LASTS).unwrap_or(now),
    };
    if !serving.store.offer_join(offer, now).await? {
        return Ok(Offered::TooMany);
    }
    let address = format!("{}/account/{SLACK}/offer?code={}", serving.pages, code.expose_secret());
    Ok(Offered::At { address, minutes: LINK_LASTS.as_mins().into() })
}

const WORTHLESS: &str = "this link was used already, or is too old: press the button in Slack again";

/// Which account such a link is for: its id, and what it is called in Slack.
pub async fn offered(serving: &Serving, code: &str) -> Result<(String, String), PersonError> {
    let found = serving.store.join_offered(hash_of(code), SLACK, (serving.clock)()).await?;
    found.ok_or_else(|| PersonError::Input(WORTHLESS.to_owned()))
}

/// Joins the account that such a link is for to who opened it, and said yes.
pub async fn take_offer(serving: &Serving, who: &Person, code: &str) -> Result<(), PersonError> {
    let found = serving.store.take_offer(hash_of(code), SLACK, (serving.clock)()).await?;
    let (member, name) = found.ok_or_else(|| PersonError::Input(WORTHLESS.to_owned()))?;
    join(serving, who, member, name).await
}

/// It lets nobody in, so that it may always go.
pub async fn part_from_slack(serving: &Serving, who: &Person) -> Result<(), PersonError> {
    let deed = deed((serving.clock)(), &who.name, "parted from slack", &who.name, "");
    let is_done = serving.store.part_identity(who.id, SLACK, deed).await?;
    if is_done { Ok(()) } else { Err(PersonError::Input("no Slack account is joined".to_owned())) }
}
