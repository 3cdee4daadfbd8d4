//! Deploys from Slack: asked for in words, and what is said of one by its buttons.

use super::locking::{self, LOCKING};
use super::refusing::meant;
use super::stopping::{self, STOPPING};
use super::telling::Telling;
use super::who::{Who, who};
use super::{APPROVE, Done, GO_ON, NOT_DONE, SIGNALS, YES, nothing};
use crate::commands::break_glass::break_glass;
use crate::commands::deploy_reply::reply;
use crate::commands::deploys::{DeployError, approve, signal};
use crate::commands::request::{Wish, request};
use crate::commands::slack_join::{Offered, offer_link};
use crate::commands::up_to::UpTo;
use crate::serving::Serving;
use gonogo_core::case::Stage;
use gonogo_core::deploy::Reply;
use gonogo_core::person::Person;
use gonogo_core::say;
use gonogo_read::slack::{Asked, Pressed};
use gonogo_store::{Candidate, DeployId, Requested, StoreError};
use serde_json::{Value, json};
use std::time::Duration;

/// What is meant where no branch is named and several are open.
const USUAL: [&str; 3] = ["main", "master", "trunk"];
/// What is said before a service that is deployed in spite of what keeps it.
const GLASS: &str = "break-glass";
const MOST_NAMED: usize = 10;
/// Whoever asked waits for the answer.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// Something that was asked for in words: what came of it, and what is answered, in
/// Slack's markup.
pub(super) struct Came {
    pub outcome: String,
    pub said: String,
}

impl Came {
    /// Not done, with why in plain words.
    pub(super) fn not(said: impl AsRef<str>) -> Self {
        let said = said.as_ref();
        Self { outcome: format!("{NOT_DONE}{}", say::printable(said)), said: format!("Not done: {}", say::slack(said)) }
    }
}

/// Asked by a slash command: its sender alone reads the answer.
pub(super) async fn by_command(serving: &Serving, asked: &Asked) -> Result<Done, StoreError> {
    let Came { outcome, said } = came(serving, asked).await?;
    Ok(Done { outcome, answer: Some(alone(&said)) })
}

/// Asked where we are named in a message.
pub(super) async fn by_name(serving: &Serving, asked: &Asked) -> Result<String, StoreError> {
    let Came { outcome, said } = came(serving, asked).await?;
    let telling = Telling { serving, channel: &asked.channel, member: &asked.member };
    Ok(telling.did(outcome, &said).await)
}

pub(super) fn alone(said: &str) -> Value {
    json!({"response_type": "ephemeral", "text": said})
}

async fn came(serving: &Serving, asked: &Asked) -> Result<Came, StoreError> {
    let words: Vec<&str> = asked.words.iter().map(String::as_str).collect();
    // However the command is called in Slack.
    let ((_, ["deploy", words @ ..]) | (Some(_), words)) = (&asked.command, words.as_slice()) else {
        return Ok(usage(serving, ""));
    };
    // `at 22:00` may stand behind a service and what of it; a reason may end in anything.
    let has_reason = |word: &str| word == GLASS || LOCKING.contains(&word) || STOPPING.contains(&word);
    let (words, at) = match words {
        [words @ .., "at", at] if words.first().is_some_and(|word| !has_reason(word)) => {
            (words, Some((*at).to_owned()))
        }
        words => (words, None),
    };
    let (service, which, up_to) = match words {
        [] | ["help"] => return Ok(usage(serving, "")),
        [GLASS, service, which, why @ ..] => return by_glass(serving, asked, service, which, &why.join(" ")).await,
        [word, rest @ ..] if LOCKING.contains(word) => return locking::came(serving, asked, word, rest).await,
        [word, rest @ ..] if STOPPING.contains(word) => return stopping::came(serving, asked, word, rest).await,
        [service] => (*service, None, None),
        [service, "newest-go"] => (*service, None, Some(UpTo::NewestGo)),
        [service, which] => (*service, Some(*which), None),
        [service, which, up_to] => match up_to.parse() {
            Ok(up_to) => (*service, Some(*which), Some(up_to)),
            Err(said) => return Ok(Came::not(said)),
        },
        _ => return Ok(usage(serving, "a service and one branch, commit or pull request are wanted. ")),
    };
    let person = match asker(serving, asked).await? {
        Ok(person) => person,
        Err(came) => return Ok(came),
    };
    if serving.service(service).is_none() {
        return Ok(usage(serving, &format!("there is no service `{service}` here. ")));
    }
    match found(serving, service, which).await? {
        Ok(candidate) => {
            let wish = Wish { up_to, at, ..Wish::default() };
            ask(serving, &person, &candidate, wish, &asked.channel).await
        }
        Err(said) => Ok(Came::not(said)),
    }
}

/// Who asks, or what they are answered who may not be known.
pub(super) async fn asker(serving: &Serving, asked: &Asked) -> Result<Result<Person, Came>, StoreError> {
    Ok(match who(serving, &asked.member.id).await? {
        Who::Person(person) => Ok(person),
        Who::TooLongAgo => {
            Err(Came::not(format!("sign in at {} first, then ask again within 15 minutes", serving.pages)))
        }
        Who::Nobody => Err(nobody(serving, asked).await?),
    })
}

pub(super) fn usage(serving: &Serving, wrong: &str) -> Came {
    let names: Vec<&str> = serving.services.iter().map(|service| service.name.as_str()).collect();
    let said = format!(
        "{}Say `/deploy SERVICE`, or with a branch, a commit or a pull request behind it: `/deploy SERVICE main`, \
         `/deploy SERVICE 9f2c1ab`, `/deploy SERVICE #12`; `/deploy SERVICE newest-go`, or `/deploy SERVICE main 9f2c1ab`, \
         is a part of it; `at 22:00` behind it is for then. `/deploy stop-all REASON` stops all deploys, `/deploy lift` \
         lifts that; `/deploy lock SERVICE 2h REASON` lets nobody else deploy it until then, `/deploy unlock SERVICE`. \
         `/deploy break-glass SERVICE BRANCH REASON` deploys it in spite of what keeps it. \
         Services: {}.",
        say::slack(wrong),
        say::slack(&say::list(&names, MOST_NAMED))
    );
    Came { outcome: format!("{NOT_DONE}{wrong}it was said how to ask"), said }
}

async fn nobody(serving: &Serving, asked: &Asked) -> Result<Came, StoreError> {
    let said = match offer_link(serving, &asked.member).await? {
        Offered::At { address, minutes } => format!(
            "Not done: this Slack account is nobody's at gonogo yet. <{address}|Join it to yours> within {minutes} \
             minutes, then ask again. The link is for you alone."
        ),
        Offered::TooMany => {
            "Not done: open one of the links that you were sent to join your account at gonogo, or ask again in 15 minutes."
                .to_owned()
        }
    };
    Ok(Came { outcome: format!("{NOT_DONE}{} is nobody's account here", asked.member.id), said })
}

/// The open candidate that is meant, or why there is none.
async fn found(serving: &Serving, service: &str, which: Option<&str>) -> Result<Result<Candidate, String>, StoreError> {
    let all = serving.store.open_candidates(service).await?;
    let of =
        |one: &Candidate, wanted: u64| matches!(one.stage, Stage::Merge { pull_request, .. } if pull_request == wanted);
    let branch_of = |number: u64| all.iter().find(|one| of(one, number)).map(|one| one.branch.clone());
    let pull = which.and_then(|which| which.strip_prefix('#')?.parse().ok());
    let which = match pull {
        None => which.map(str::to_owned),
        Some(number) => match branch_of(number) {
            Some(branch) => Some(branch),
            None => return Ok(Err(format!("no open pull request #{number} of {service} is known here"))),
        },
    };
    let mut open: Vec<Candidate> = all.into_iter().filter(|one| one.stage.is_deploy()).collect();
    let names: Vec<String> = open.iter().map(|one| one.branch.clone()).collect();
    let list = || if names.is_empty() { "none".to_owned() } else { say::list(&names, MOST_NAMED) };
    let at = match &which {
        None if open.len() == 1 => Some(0),
        None => USUAL.iter().find_map(|usual| open.iter().position(|one| one.branch == *usual)),
        Some(which) => {
            let is_hex = (7..=40).contains(&which.len()) && which.bytes().all(|byte| byte.is_ascii_hexdigit());
            let begins = |one: &Candidate| is_hex && one.head.to_string().starts_with(&which.to_ascii_lowercase());
            open.iter().position(|one| one.branch == *which).or_else(|| open.iter().position(begins))
        }
    };
    Ok(match (at, which) {
        (Some(at), _) => Ok(open.swap_remove(at)),
        (None, None) => Err(format!("which branch of {service}? Open: {}", list())),
        (None, Some(which)) => {
            let why = if pull.is_some() { "what a pull request brings is deployed once it is merged: " } else { "" };
            Err(format!(
                "{why}{which} is no branch of {service} that may be deployed now, nor the head of one. Open: {}",
                list()
            ))
        }
    })
}

/// In spite of what keeps it.
async fn by_glass(serving: &Serving, asked: &Asked, service: &str, which: &str, why: &str) -> Result<Came, StoreError> {
    let person = match asker(serving, asked).await? {
        Ok(person) => person,
        Err(came) => return Ok(came),
    };
    if serving.service(service).is_none() {
        return Ok(usage(serving, &format!("there is no service `{service}` here. ")));
    }
    let candidate = match found(serving, service, Some(which)).await? {
        Ok(candidate) => candidate,
        Err(said) => return Ok(Came::not(said)),
    };
    let here = is_told_here(serving, &asked.channel).await.then(|| asked.channel.clone());
    let what = format!("{service} {} at {}", candidate.branch, candidate.head.short());
    Ok(match break_glass(serving, &person, candidate.id, why, here).await {
        Ok(id) => Came {
            outcome: format!("{} broke the glass for deploy {}: {what}", person.name, id.0),
            said: format!(
                "Break-glass: <{}/deploys/{}|deploy {}> of {}.",
                serving.pages,
                id.0,
                id.0,
                say::slack(&what)
            ),
        },
        Err(DeployError::Store(error)) => return Err(error),
        Err(error) => Came::not(format!("{what}: {error}")),
    })
}

async fn ask(
    serving: &Serving,
    person: &Person,
    candidate: &Candidate,
    wish: Wish,
    channel: &str,
) -> Result<Came, StoreError> {
    let page = |id: DeployId| format!("{}/deploys/{}", serving.pages, id.0);
    let at = match &wish.up_to {
        None => format!("at {}", candidate.head.short()),
        Some(UpTo::NewestGo) => "up to its newest Go".to_owned(),
        Some(UpTo::Commit(begins)) => format!("up to {begins}"),
    };
    let then = wish.at.as_deref().map(|at| format!(", not before {at}")).unwrap_or_default();
    let what = format!("{} {} {at}{then}", candidate.service, candidate.branch);
    let here = is_told_here(serving, channel).await;
    let elsewhere =
        serving.service(&candidate.service).and_then(|service| service.deploys_told.slack_channel.as_deref());
    let told = match (here, elsewhere) {
        (true, _) => String::new(),
        (false, Some(other)) => format!(" How it goes is told in {}.", say::slack(other)),
        (false, None) => " How it goes is on its page alone.".to_owned(),
    };
    Ok(match request(serving, person, candidate.id, Wish { channel: here.then(|| channel.to_owned()), ..wish }).await {
        Ok(Requested::New(id)) => Came {
            outcome: format!("{} asked for deploy {}: {what}", person.name, id.0),
            said: format!("Asked for: <{}|deploy {}> of {}.{told}", page(id), id.0, say::slack(&what)),
        },
        Ok(Requested::Underway(id)) => Came {
            outcome: format!("deploy {} of {what} is under way", id.0),
            said: format!("<{}|Deploy {}> of {} is under way already.", page(id), id.0, say::slack(&what)),
        },
        Err(DeployError::Store(error)) => return Err(error),
        Err(error) => Came::not(format!("{what}: {error}")),
    })
}

/// Whether how it goes may be told where it was asked for: the bot is there, and nobody
/// of another company is. Where Slack does not say so it is told elsewhere.
async fn is_told_here(serving: &Serving, channel: &str) -> bool {
    let Some(slack) = &serving.slack else { return false };
    let asked = slack.is_our_own(channel, (serving.clock)());
    matches!(tokio::time::timeout(PATIENCE, asked).await, Ok(Ok(true)))
}

/// What comes of a button below a deploy; `None` where it is none of those.
pub(super) async fn press(
    serving: &Serving,
    telling: &Telling<'_>,
    person: &Person,
    pressed: &Pressed,
) -> Result<Option<String>, StoreError> {
    let is_approval = pressed.button == APPROVE;
    let wanted = SIGNALS.iter().find(|(_, name)| *name == pressed.button).map(|(signal, _)| *signal);
    let word = match pressed.button.as_str() {
        GO_ON => Some(Reply::GoOn),
        YES => Some(Reply::Yes),
        _ => None,
    };
    if !is_approval && wanted.is_none() && word.is_none() {
        return Ok(None);
    }
    let of_step = meant(&pressed.value);
    let id = pressed.value.parse().ok().map(DeployId).or(of_step.as_ref().map(|(id, _)| *id));
    let Some(id) = id else { return Ok(Some(nothing())) };
    let (done, did) = match (wanted, word, of_step) {
        (Some(wanted), ..) => (signal(serving, person, id, wanted).await, wanted.words().to_owned()),
        (None, Some(word), Some((_, key))) => {
            let did = format!("{key}, {}", word.words());
            (reply(serving, person, id, key, word).await, did)
        }
        (None, Some(_), None) => return Ok(Some(nothing())),
        (None, None, _) => (approve(serving, person, id).await, "approved it".to_owned()),
    };
    Ok(Some(match done {
        // The message itself says how it stands.
        Ok(()) => format!("deploy {}: {} {did}", id.0, person.name),
        Err(DeployError::Store(error)) => return Err(error),
        Err(error) => {
            let said = error.to_string();
            telling.did(format!("{NOT_DONE}{said}"), &format!("Not done: {}.", say::slack(&said))).await
        }
    }))
}
