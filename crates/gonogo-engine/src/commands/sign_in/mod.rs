//! Signing in with another system. What is the same for each: there and back,
//! who somebody is with us, and whether they still may.

mod github;
mod oidc;
mod still;

pub use gonogo_remote::oidc::has_to_ask;
pub use oidc::sign_out_address;
pub use still::{Whose, whose};

use super::people::{SESSION_LASTS, deed, hash_of, note_failure, random_word};
use crate::seal;
use crate::serving::{GitHubSignIn, OidcSignIn, Serving, Terms};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use gonogo_core::person::{Person, Roles};
use gonogo_store::{Guest, NewSession, StoreError};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::time::Duration;
use thiserror::Error;

/// A page waits so long for another system's answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A system that people come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum With {
    GitHub,
    Oidc,
}

impl With {
    pub const ALL: [Self; 2] = [Self::GitHub, Self::Oidc];

    /// Its word in addresses, and in the store.
    pub fn word(self) -> &'static str {
        match self {
            Self::GitHub => "github",
            Self::Oidc => "oidc",
        }
    }

    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|with| with.word() == word)
    }

    /// What people call it; `None` where it is not set up.
    pub fn name(self, serving: &Serving) -> Option<&str> {
        Some(match self.set(serving)? {
            Set::GitHub(_) => github::NAME,
            Set::Oidc(set) => &set.name,
        })
    }

    fn set(self, serving: &Serving) -> Option<Set<'_>> {
        match self {
            Self::GitHub => serving.sign_in.as_ref().map(Set::GitHub),
            Self::Oidc => serving.oidc.as_ref().map(Set::Oidc),
        }
    }

    // What the audit calls it.

    fn came(self) -> &'static str {
        match self {
            Self::GitHub => "came by github",
            Self::Oidc => "came by oidc",
        }
    }

    fn joined(self) -> &'static str {
        match self {
            Self::GitHub => "joined github",
            Self::Oidc => "joined oidc",
        }
    }

    pub(super) fn parted(self) -> &'static str {
        match self {
            Self::GitHub => "parted from github",
            Self::Oidc => "parted from oidc",
        }
    }

    fn terms(self, serving: &Serving) -> Option<&Terms> {
        Some(match self.set(serving)? {
            Set::GitHub(set) => &set.terms,
            Set::Oidc(set) => &set.terms,
        })
    }
}

/// How it is set up.
enum Set<'s> {
    GitHub(&'s GitHubSignIn),
    Oidc(&'s OidcSignIn),
}

/// What the browser keeps while the person is there.
#[derive(Debug)]
pub struct Ticket {
    pub with: With,
    pub nonce: SecretString,
    /// Of the session whose person wants that system joined, its form word.
    pub joins: Option<String>,
}

/// What the browser was sent back with.
#[derive(Debug)]
pub struct Back {
    pub code: String,
    pub state: String,
    /// Who sent it, where that is said.
    pub issuer: Option<String>,
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
    #[error("signing in like this is not set up here")]
    NotSetUp,
    #[error("this way back from {name} was not begun in this browser, or was used already: begin again")]
    NotBegun { name: String },
    #[error("{name} did not let you in: {said}")]
    Refused { name: String, said: String },
    #[error("what {name} sent you back with is not believed; the server's log says why")]
    NotBelieved { name: String },
    #[error("{person} may not sign in here: nothing that was configured lets them in. An admin sees to that")]
    NoWayIn { person: String },
    #[error("this account was deactivated: ask an admin")]
    Deactivated,
    #[error("this {name} account is joined to somebody already, or you have another one joined")]
    Taken { name: String },
}

impl CameNot {
    fn refused(name: &str, said: impl Into<String>) -> Self {
        Self::Refused { name: name.to_owned(), said: said.into() }
    }
}

/// Who came, as the other system has it.
struct Arrived {
    /// Its own id of them, which nobody else ever gets.
    subject: String,
    name: String,
    /// What they may be called here: the first that is free.
    names: Vec<String>,
    /// `None` where no way in fits, with why for the audit.
    roles: Option<Roles>,
    why_not: String,
    /// With what it is asked again.
    secret: SecretString,
    /// How long a session may last, where that is bounded.
    seconds: Option<i64>,
}

/// What another system says when it is asked again.
enum Said {
    /// With what it is asked the next time, where that is something else.
    May {
        roles: Roles,
        secret: Option<SecretString>,
    },
    MayNoMore(String),
    /// This session alone has ended there.
    Ended(String),
    /// It is to be had by way of the browser alone.
    AskTheBrowser {
        secret: Option<SecretString>,
    },
    /// It does not answer, or not so that it could be understood.
    Nothing {
        why: String,
        secret: Option<SecretString>,
        /// Then nobody else is answered either.
        is_away: bool,
    },
}

impl Ticket {
    fn new(with: With, joins: Option<String>) -> Self {
        Self { with, nonce: random_word(), joins }
    }

    /// What the browser comes back with.
    pub fn state(&self) -> String {
        let bound = self.joins.as_deref().unwrap_or_default();
        hash_of(&format!("state {} {} {bound}", self.nonce.expose_secret(), self.with.word()))
    }

    /// What an ID token has to repeat.
    fn echo(&self) -> String {
        hash_of(&format!("nonce {}", self.nonce.expose_secret()))
    }

    fn verifier(&self) -> SecretString {
        SecretString::from(hash_of(&format!("verifier {}", self.nonce.expose_secret())))
    }

    /// PKCE's, by S256.
    fn challenge(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier().expose_secret()))
    }
}

/// Where browsers come back to; the address to register there.
pub fn callback(serving: &Serving, with: With) -> String {
    format!("{}/sign-in/{}/callback", serving.pages, with.word())
}

/// Where to send the browser, with what it keeps. Silently: whoever is not
/// signed in there is asked nothing, and comes back.
pub async fn begin(
    serving: &Serving,
    with: With,
    joins: Option<String>,
    is_silent: bool,
) -> Result<(String, Ticket), CameNot> {
    let ticket = Ticket::new(with, joins);
    let address = match with.set(serving).ok_or(CameNot::NotSetUp)? {
        Set::GitHub(set) => github::address(serving, set, &ticket)?,
        Set::Oidc(set) => oidc::address(serving, set, &ticket, is_silent).await?,
    };
    Ok((address, ticket))
}

/// Ends what [`begin`] began: a new session, or that system joined to `joiner`.
pub async fn finish(serving: &Serving, ticket: &Ticket, back: &Back, joiner: Option<&Person>) -> Result<Came, CameNot> {
    let with = ticket.with;
    let name = with.name(serving).ok_or(CameNot::NotSetUp)?;
    // Hashed again, so that the time of comparing tells nothing of the state.
    if hash_of(&back.state) != hash_of(&ticket.state()) || ticket.joins.is_some() != joiner.is_some() {
        return Err(CameNot::NotBegun { name: name.to_owned() });
    }
    let now = (serving.clock)();
    let arrived = match with.set(serving).ok_or(CameNot::NotSetUp)? {
        Set::GitHub(set) => github::arrived(serving, set, ticket, back, now).await?,
        Set::Oidc(set) => oidc::arrived(serving, set, ticket, back, now).await?,
    };
    let Arrived { subject, name: person, names, roles, why_not, secret, seconds } = arrived;
    let Some(roles) = roles else {
        note_failure(serving, &person, &format!("{name}: {why_not}")).await?;
        return Err(CameNot::NoWayIn { person });
    };
    let guest = Guest { source: with.word(), subject, name: person, roles };
    if let Some(joiner) = joiner {
        let deed = deed(now, &joiner.name, with.joined(), &joiner.name, &guest.name);
        let is_joined = serving.store.join_identity(joiner.id, guest, deed).await?;
        return if is_joined { Ok(Came::Joined) } else { Err(CameNot::Taken { name: name.to_owned() }) };
    }
    let (person, called) = person_of(serving, with, &guest, names, now).await?;
    let token = random_word();
    let lasts = seconds.map_or(SESSION_LASTS, SignedDuration::from_secs).min(SESSION_LASTS);
    let sealed = seal::seal(token.expose_secret(), &secret);
    let sealed = sealed.ok_or_else(|| CameNot::refused(name, "there is no randomness to be had"))?;
    let until = now.saturating_add(lasts).unwrap_or(now);
    let new = NewSession { token_hash: hash_of(token.expose_secret()), until, sealed };
    let detail = format!("with {name} as {}: {}", guest.name, guest.roles);
    let deed = deed(now, &called, "signed in", &called, &detail);
    serving.store.begin_guest_session(person, guest, new, deed).await?;
    Ok(Came::In { token })
}

/// Who this is with us: by the other system's own id alone.
async fn person_of(
    serving: &Serving,
    with: With,
    guest: &Guest,
    names: Vec<String>,
    now: Timestamp,
) -> Result<(i64, String), CameNot> {
    let known = || serving.store.person_by_identity(guest.source, &guest.subject);
    let mut found = known().await?;
    if found.is_none() {
        let deed = deed(now, &guest.name, with.came(), &guest.name, &guest.roles.to_string());
        serving.store.add_guest(guest.clone(), names, deed).await?;
        found = known().await?;
    }
    let name = with.name(serving).unwrap_or_default();
    match found {
        Some((id, called, true)) => Ok((id, called)),
        Some((_, called, false)) => {
            note_failure(serving, &called, &format!("{name}: deactivated")).await?;
            Err(CameNot::Deactivated)
        }
        None => Err(CameNot::Taken { name: name.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_bound_to_what_it_was_made_for() {
        let ticket = |with, joins: Option<&str>| Ticket { with, nonce: "n".into(), joins: joins.map(str::to_owned) };
        let plain = ticket(With::GitHub, None);
        assert_ne!(plain.state(), ticket(With::GitHub, Some("form")).state());
        assert_ne!(plain.state(), ticket(With::Oidc, None).state());
        assert_ne!(plain.state(), plain.verifier().expose_secret());
        assert_ne!(plain.state(), plain.echo());
        assert_eq!(plain.verifier().expose_secret().len(), 64, "as long as PKCE wants it");
    }

    #[test]
    fn each_system_is_found_by_its_word() {
        for with in With::ALL {
            assert_eq!(With::of(with.word()), Some(with));
        }
        assert_eq!(With::of("admin"), None);
    }
}
