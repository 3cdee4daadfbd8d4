//! Whose a session is. One that rests on another system's word asks it again,
//! and ends when that says no, or has said nothing for too long.

use super::{PATIENCE, Said, Set, With, github, oidc};
use crate::commands::people::{PersonError, deed, hash_of};
use crate::seal;
use crate::serving::Serving;
use gonogo_core::person::Person;
use gonogo_store::{Outside, Renewed, Session};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The last word counts so many times as long as it is asked again after, where
/// there is none meanwhile,
const COUNTS_FOR: i32 = 3;
/// and never longer than this: then access has ended here too.
const COUNTS_AT_MOST: SignedDuration = SignedDuration::from_mins(15);
/// Whoever asks has so long; then another may. The answer is waited for less long.
const ASKS_FOR: SignedDuration = SignedDuration::from_secs(20);
const ANSWERS_WITHIN: Duration = Duration::from_secs(15);
/// While another asks, the store is looked at so often.
const LOOKS: Duration = Duration::from_millis(100);

/// Whose a session is.
#[derive(Debug)]
pub enum Whose {
    Person(Person),
    Nobody,
    /// The word that it rests on is too old, and a new one is to be had by way of
    /// the browser, silently.
    AskTheBrowser(With),
}

/// What there is to do about a word of this age.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    GoesOn,
    Ask,
}

/// A clock that was set back makes no word younger.
fn next(age: SignedDuration, again_after: SignedDuration) -> Next {
    if age.is_negative() || age >= again_after { Next::Ask } else { Next::GoesOn }
}

/// Whether a word of this age counts while there is no other.
fn counts(age: SignedDuration, again_after: SignedDuration) -> bool {
    !age.is_negative() && age < (again_after * COUNTS_FOR).min(COUNTS_AT_MOST)
}

/// Whose the session of this token is, asking where its last word is old.
pub async fn whose(serving: &Arc<Serving>, token: &str) -> Result<Whose, PersonError> {
    let now = (serving.clock)();
    let Some(Session { person, outside }) = serving.store.session(&hash_of(token), now).await? else {
        return Ok(Whose::Nobody);
    };
    let Some(outside) = outside else { return Ok(Whose::Person(person)) };
    let Some((with, terms)) = With::of(&outside.source).and_then(|with| Some((with, with.terms(serving)?))) else {
        return Ok(Whose::Nobody);
    };
    let age = now.duration_since(outside.asked_at);
    let still_counts = counts(age, terms.asked_again);
    if next(age, terms.asked_again) == Next::GoesOn || (still_counts && terms.silent.is_left_alone(now)) {
        return Ok(Whose::Person(person));
    }
    let asking = Asking { with, token: token.to_owned(), person: person.clone(), outside, still_counts };
    match asking.answer(serving, now).await? {
        Answer::Whose(whose) => Ok(whose),
        Answer::AskTheBrowser | Answer::Nothing(_) if still_counts => Ok(Whose::Person(person)),
        Answer::AskTheBrowser => Ok(Whose::AskTheBrowser(with)),
        Answer::Nothing(said) => {
            let name = with.name(serving).unwrap_or_default().to_owned();
            Err(PersonError::NotKnown { name, said })
        }
    }
}

/// Asks another system whether somebody still may.
struct Asking {
    with: With,
    token: String,
    person: Person,
    outside: Outside,
    /// The word until now.
    still_counts: bool,
}

enum Answer {
    Whose(Whose),
    AskTheBrowser,
    Nothing(String),
}

impl Asking {
    /// One asks, on any replica: a refresh token is often good once. The others
    /// wait for what comes of it.
    async fn answer(self, serving: &Arc<Serving>, now: Timestamp) -> Result<Answer, PersonError> {
        let Some(secret) = seal::open(&self.token, &self.outside.sealed) else {
            return Ok(Answer::Whose(Whose::Nobody));
        };
        if self.with == With::Oidc && !oidc::can_be_asked(&secret) {
            return Ok(Answer::AskTheBrowser);
        }
        let until = now.saturating_add(ASKS_FOR).unwrap_or(now);
        if !serving.store.begin_renewal(hash_of(&self.token), self.outside.clone(), now, until).await? {
            return self.waited(serving).await;
        }
        // On its own: a browser that goes away must not lose what replaces a token.
        let asks = tokio::spawn({
            let serving = Arc::clone(serving);
            async move { self.ask(&serving, secret, now).await }
        });
        match tokio::time::timeout(PATIENCE, asks).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(broken)) => Ok(Answer::Nothing(broken.to_string())),
            Err(_) => Ok(Answer::Nothing(format!("no answer within {} s", PATIENCE.as_secs()))),
        }
    }

    /// What came of another's asking.
    async fn waited(&self, serving: &Serving) -> Result<Answer, PersonError> {
        let until = Instant::now() + PATIENCE;
        while !self.still_counts && Instant::now() < until {
            tokio::time::sleep(LOOKS).await;
            match serving.store.session(&hash_of(&self.token), (serving.clock)()).await? {
                None => return Ok(Answer::Whose(Whose::Nobody)),
                Some(Session { person, outside: Some(outside) }) if outside.asked_at != self.outside.asked_at => {
                    return Ok(Answer::Whose(Whose::Person(person)));
                }
                Some(_) => {}
            }
        }
        Ok(Answer::Nothing("it is being asked".to_owned()))
    }

    async fn ask(self, serving: &Serving, secret: SecretString, now: Timestamp) -> Result<Answer, PersonError> {
        let asked = async {
            match self.with.set(serving) {
                Some(Set::GitHub(set)) => github::asked(serving, set, secret, now).await,
                Some(Set::Oidc(set)) => oidc::asked(set, &secret, now).await,
                None => Said::Ended("it is not set up any more".to_owned()),
            }
        };
        let late = || {
            let why = format!("no answer within {} s", ANSWERS_WITHIN.as_secs());
            Said::Nothing { why, secret: None, is_away: true }
        };
        let said = tokio::time::timeout(ANSWERS_WITHIN, asked).await.unwrap_or_else(|_| late());
        self.take(serving, said, now).await
    }

    /// Makes it so.
    async fn take(self, serving: &Serving, said: Said, now: Timestamp) -> Result<Answer, PersonError> {
        let Self { with, token, person, outside, .. } = self;
        let (token_hash, name) = (hash_of(&token), with.name(serving).unwrap_or_default());
        let seal = |secret: Option<SecretString>| secret.and_then(|secret| seal::seal(&token, &secret));
        let deed = |action, detail: &str| deed(now, &person.name, action, &person.name, detail);
        match said {
            Said::May { roles, secret } => {
                let deed = deed("came to have other roles", &format!("{name}: {roles}"));
                let renewed = Renewed { token_hash: token_hash.clone(), sealed: seal(secret), roles };
                serving.store.still_may(person.id, outside.source, renewed, deed).await?;
                let session = serving.store.session(&token_hash, now).await?;
                Ok(Answer::Whose(session.map_or(Whose::Nobody, |session| Whose::Person(session.person))))
            }
            Said::MayNoMore(why) => {
                serving.store.may_no_more(person.id, outside.source, deed("was let in no more", &why)).await?;
                Ok(Answer::Whose(Whose::Nobody))
            }
            Said::Ended(why) => {
                serving.store.end_session(token_hash, deed("was signed out", &format!("{name}: {why}"))).await?;
                Ok(Answer::Whose(Whose::Nobody))
            }
            Said::AskTheBrowser { secret } => {
                serving.store.end_renewal(token_hash, seal(secret)).await?;
                Ok(Answer::AskTheBrowser)
            }
            Said::Nothing { why, secret, is_away } => {
                if let Some(terms) = with.terms(serving).filter(|_| is_away) {
                    terms.silent.set(now, &why);
                }
                tracing::warn!(with = name, person = %person.name, why, "whether a session may go on is not known");
                serving.store.end_renewal(token_hash, seal(secret)).await?;
                Ok(Answer::Nothing(why))
            }
        }
    }
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
        for again in [again, minutes(15)] {
            assert!(counts(minutes(14), again) && !counts(minutes(15), again) && !counts(minutes(-60), again));
        }
        assert!(!counts(minutes(3), minutes(1)));
    }
}
