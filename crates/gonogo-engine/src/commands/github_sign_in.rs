//! Signing in with GitHub, and asking it again and again whether a person who
//! did still may.

use super::people::{PersonError, SESSION_LASTS, deed, hash_of, note_failure, random_word};
use crate::seal;
use crate::serving::{GitHubSignIn, Serving};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures_util::future::try_join_all;
use gonogo_core::let_in::{Seen, Who, roles};
use gonogo_core::person::{Person, Roles};
use gonogo_remote::github::{GitHub, GitHubError, User};
use gonogo_store::{Guest, NewSession, Outside, StoreError};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::time::Duration;
use thiserror::Error;

pub const GITHUB: &str = "github";
/// GitHub's last word counts so many times as long as it is asked again after,
/// where it does not answer meanwhile.
const COUNTS_FOR: i32 = 3;
/// A page waits so long for GitHub's answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the browser keeps while the person is at GitHub.
#[derive(Debug)]
pub struct Ticket {
    pub nonce: SecretString,
    /// Of the session whose person wants GitHub joined, its form word.
    pub joins: Option<String>,
}

/// What GitHub sent the browser back with.
#[derive(Debug)]
pub struct Back {
    pub code: String,
    pub state: String,
}

#[derive(Debug)]
pub enum Came {
    In { token: SecretString },
    Joined,
}

#[derive(Debug, Error)]
pub enum CameNot {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("signing in with GitHub is not set up here")]
    NotSetUp,
    #[error("this way back from GitHub was not begun in this browser, or was used already: begin again")]
    NotBegun,
    #[error("GitHub did not let you in: {said}")]
    GitHub { said: String },
    #[error("{login} may not sign in here: nothing that was configured lets them in. An admin sees to that")]
    NoWayIn { login: String },
    #[error("this account was deactivated: ask an admin")]
    Deactivated,
    #[error("this GitHub account is joined to somebody already, or you have another one joined")]
    Taken,
}

impl From<GitHubError> for CameNot {
    fn from(error: GitHubError) -> Self {
        Self::GitHub { said: error.to_string() }
    }
}

/// Where to send the browser, with what it keeps; nowhere where it is not set up.
pub fn begin(serving: &Serving, joins: Option<String>) -> Option<(String, Ticket)> {
    let set = serving.sign_in.as_ref()?;
    let ticket = Ticket { nonce: random_word(), joins };
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(ticket.verifier().expose_secret()));
    let address = set.app.address(&callback(serving), &ticket.state(), &challenge).ok()?;
    Some((address.into(), ticket))
}

impl Ticket {
    fn state(&self) -> String {
        let bound = self.joins.as_deref().unwrap_or_default();
        hash_of(&format!("state {} {bound}", self.nonce.expose_secret()))
    }

    fn verifier(&self) -> SecretString {
        SecretString::from(hash_of(&format!("verifier {}", self.nonce.expose_secret())))
    }
}

fn callback(serving: &Serving) -> String {
    format!("{}/sign-in/github/callback", serving.pages)
}

/// Ends what [`begin`] began: a new session, or GitHub joined to `joiner`.
pub async fn finish(serving: &Serving, ticket: &Ticket, back: &Back, joiner: Option<&Person>) -> Result<Came, CameNot> {
    let set = serving.sign_in.as_ref().ok_or(CameNot::NotSetUp)?;
    // Hashed again, so that the time of comparing tells nothing of the state.
    if hash_of(&back.state) != hash_of(&ticket.state()) || ticket.joins.is_some() != joiner.is_some() {
        return Err(CameNot::NotBegun);
    }
    let now = (serving.clock)();
    let got = serving.github.exchange(&set.app, &back.code, &ticket.verifier(), &callback(serving)).await?;
    let github = serving.github.asked_by(got.token.clone());
    let user = github.user(now).await?;
    let roles = look(serving, set, &github, &user, now).await?;
    let Some(roles) = roles else {
        note_failure(serving, &user.login, "GitHub: nothing that was configured lets them in").await?;
        return Err(CameNot::NoWayIn { login: user.login });
    };
    let guest = Guest { source: GITHUB, subject: user.id.to_string(), name: user.login.clone(), roles };
    if let Some(person) = joiner {
        let deed = deed(now, &person.name, "joined github", &person.name, &user.login);
        let is_joined = serving.store.join_identity(person.id, guest, deed).await?;
        return if is_joined { Ok(Came::Joined) } else { Err(CameNot::Taken) };
    }
    let (person, name) = person_of(serving, &guest, now).await?;
    let token = random_word();
    let lasts = got.seconds.map_or(SESSION_LASTS, SignedDuration::from_secs).min(SESSION_LASTS);
    let sealed = seal::seal(token.expose_secret(), &got.token);
    let sealed = sealed.ok_or_else(|| CameNot::GitHub { said: "there is no randomness to be had".to_owned() })?;
    let until = now.saturating_add(lasts).unwrap_or(now);
    let new = NewSession { token_hash: hash_of(token.expose_secret()), until, sealed };
    let detail = format!("with GitHub as {}: {}", guest.name, guest.roles);
    let deed = deed(now, &name, "signed in", &name, &detail);
    serving.store.begin_guest_session(person, guest, new, deed).await?;
    Ok(Came::In { token })
}

/// Who this is with us: by GitHub's number alone.
async fn person_of(serving: &Serving, guest: &Guest, now: Timestamp) -> Result<(i64, String), CameNot> {
    let known = || serving.store.person_by_identity(GITHUB, &guest.subject);
    let mut found = known().await?;
    if found.is_none() {
        let login = &guest.name;
        let names = [login.clone(), format!("{login}@github"), format!("{login}@github-{}", guest.subject)];
        let deed = deed(now, login, "came by github", login, &guest.roles.to_string());
        serving.store.add_guest(guest.clone(), names.to_vec(), deed).await?;
        found = known().await?;
    }
    match found {
        Some((id, name, true)) => Ok((id, name)),
        Some((_, name, false)) => {
            note_failure(serving, &name, "GitHub: deactivated").await?;
            Err(CameNot::Deactivated)
        }
        None => Err(CameNot::Taken),
    }
}

/// What GitHub says of the token's owner, and what follows.
async fn look(
    serving: &Serving,
    set: &GitHubSignIn,
    github: &GitHub,
    user: &User,
    now: Timestamp,
) -> Result<Option<Roles>, GitHubError> {
    let members = set.ways.iter().filter_map(|way| match &way.who {
        Who::Member(of) => Some(of),
        Who::Repository(_) => None,
    });
    let members = try_join_all(members.map(async |of| {
        let is_member = github.is_member(of, &user.login, now).await?;
        Ok(is_member.then(|| of.clone()))
    }));
    let looks_at_repositories = set.ways.iter().any(|way| matches!(way.who, Who::Repository(_)));
    let services = serving.services.iter().filter(|_| looks_at_repositories);
    let permissions = try_join_all(services.map(async |service| {
        let permission = github.own_permission(&service.repository, now).await?;
        Ok(permission.map(|permission| (service.name.clone(), permission)))
    }));
    let (members, permissions) = futures_util::future::try_join(members, permissions).await?;
    let seen = Seen {
        member_of: members.into_iter().flatten().collect(),
        permissions: permissions.into_iter().flatten().collect(),
    };
    Ok(roles(&set.ways, &seen))
}

/// What to do about a session that rests on GitHub's word.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    GoesOn,
    Ask,
}

/// A clock that was set back makes no word younger.
fn next(age: SignedDuration, again_after: SignedDuration) -> Next {
    if age.is_negative() || age >= again_after { Next::Ask } else { Next::GoesOn }
}

/// Whether a word of this age counts while GitHub does not answer.
fn counts(age: SignedDuration, again_after: SignedDuration) -> bool {
    !age.is_negative() && age < again_after * COUNTS_FOR
}

/// The person of a session, if GitHub lets them in still; it is asked where its
/// last word is old.
pub(super) async fn still_may(
    serving: &Serving,
    token: &str,
    person: Person,
    outside: &Outside,
) -> Result<Option<Person>, PersonError> {
    let Some(set) = &serving.sign_in else { return Ok(None) };
    let now = (serving.clock)();
    let age = now.duration_since(outside.asked_at);
    let still_counts = counts(age, set.asked_again);
    if next(age, set.asked_again) == Next::GoesOn || (still_counts && set.silent.is_left_alone(now)) {
        return Ok(Some(person));
    }
    let Some(secret) = seal::open(token, &outside.sealed) else { return Ok(None) };
    let github = serving.github.asked_by(secret);
    let asked = async { look(serving, set, &github, &github.user(now).await?, now).await };
    let roles = match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(roles)) => roles,
        Ok(Err(GitHubError::Unauthorized)) => None,
        failed => {
            set.silent.set(now);
            let late = format!("no answer within {} s", PATIENCE.as_secs());
            let said = failed.ok().and_then(Result::err).map_or(late, |error| error.to_string());
            return if still_counts { Ok(Some(person)) } else { Err(PersonError::NotKnown(said)) };
        }
    };
    let source = outside.source.clone();
    let Some(roles) = roles else {
        let deed = deed(now, &person.name, "was let in no more", &person.name, "GitHub says so");
        serving.store.may_no_more(person.id, source, deed).await?;
        return Ok(None);
    };
    let token_hash = hash_of(token);
    let deed = deed(now, &person.name, "came to have other roles", &person.name, &format!("GitHub: {roles}"));
    serving.store.still_may(token_hash.clone(), person.id, source, roles, deed).await?;
    Ok(serving.store.session(&token_hash, now).await?.map(|session| session.person))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_grows_old_and_ends_within_a_quarter_of_an_hour() {
        let minutes = SignedDuration::from_mins;
        let again = minutes(5);
        assert_eq!((next(minutes(4), again), next(minutes(5), again)), (Next::GoesOn, Next::Ask));
        assert_eq!(next(minutes(-60), again), Next::Ask);
        assert!(counts(minutes(14), again) && !counts(minutes(15), again) && !counts(minutes(-60), again));
    }

    #[test]
    fn a_ticket_is_bound_to_what_it_was_made_for() {
        let ticket = |joins: Option<&str>| Ticket { nonce: "n".into(), joins: joins.map(str::to_owned) };
        assert_ne!(ticket(None).state(), ticket(Some("form")).state());
        assert_ne!(ticket(None).state(), ticket(None).verifier().expose_secret());
        assert_eq!(ticket(None).verifier().expose_secret().len(), 64, "as long as PKCE wants it");
    }
}
