//! Tokens, which programs come with in a person's name. Only who has signed in
//! makes and revokes them.

use super::people::{deed_of, hash_of, random_word};
use crate::serving::Serving;
use gonogo_core::person::{Act, Forbidden, Person, Scope};
use gonogo_store::{NewToken, StoreError, TokenId, TokenRow};
use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

pub const MOST_NAME: usize = 60;
pub const MOST_DAYS: i64 = 366;
/// Tokens begin so: who scans for leaked secrets finds them.
const BEGINS: &str = "gonogo_";

#[derive(Debug, Error)]
pub enum TokenError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Forbidden(Forbidden),
    #[error("{0}")]
    Input(String),
    #[error("there is no such token any more")]
    Gone,
}

/// Makes a token, which is told here and never again.
pub async fn make_token(
    serving: &Serving,
    who: &Person,
    name: &str,
    scopes: Vec<Scope>,
    days: i64,
) -> Result<SecretString, TokenError> {
    let actor = who.may(Act::MakeToken).map_err(TokenError::Forbidden)?;
    let name = name.trim();
    let now = (serving.clock)();
    may_be(name, &scopes, days)?;
    // A token rests on what is known here: nobody asks another system about it.
    let row = serving.store.person(who.id).await?.ok_or(TokenError::Gone)?;
    if !row.has_password {
        let said = "a token outlives your sign-in elsewhere: have an admin make you a link to choose a password first";
        return Err(TokenError::Input(said.to_owned()));
    }
    let role = row.person.greatest_role();
    if let Some(scope) = scopes.iter().find(|scope| role < scope.needs()) {
        let said = format!("{} opens nothing to a {}: leave it out", scope.word(), role.word());
        return Err(TokenError::Input(said));
    }
    let token = SecretString::from(format!("{BEGINS}{}", random_word().expose_secret()));
    let until = now.checked_add(SignedDuration::from_hours(days * 24)).unwrap_or(now);
    let words: Vec<&str> = scopes.iter().map(|scope| scope.word()).collect();
    let detail = format!("for {} until {until}", words.join(", "));
    let deed = deed_of(&actor, now, "made a token", name, &detail);
    let token_hash = hash_of(token.expose_secret());
    serving
        .store
        .add_token(NewToken { token_hash, person: who.id, name: name.to_owned(), scopes, until }, deed)
        .await?;
    Ok(token)
}

fn may_be(name: &str, scopes: &[Scope], days: i64) -> Result<(), TokenError> {
    let wrong = |said: String| Err(TokenError::Input(said));
    if name.is_empty() || name.chars().count() > MOST_NAME || name.chars().any(char::is_control) {
        return wrong(format!("say what the token is for, in up to {MOST_NAME} characters"));
    }
    if !(1..=MOST_DAYS).contains(&days) {
        return wrong(format!("a token lasts 1 to {MOST_DAYS} days"));
    }
    if scopes.is_empty() {
        return wrong("choose what the token may be used for".to_owned());
    }
    Ok(())
}

/// Their own tokens; everybody's where they may revoke those.
pub async fn tokens_for(serving: &Serving, who: &Person) -> Result<Vec<TokenRow>, StoreError> {
    serving.store.tokens(whose(who)).await
}

pub async fn revoke_token(serving: &Serving, who: &Person, id: TokenId) -> Result<(), TokenError> {
    let actor = who.may(Act::MakeToken).map_err(TokenError::Forbidden)?;
    let deed = deed_of(&actor, (serving.clock)(), "revoked a token", &format!("token {}", id.0), "");
    if serving.store.revoke_token(whose(who), id, deed).await? { Ok(()) } else { Err(TokenError::Gone) }
}

fn whose(who: &Person) -> Option<i64> {
    who.may(Act::RevokeAnyToken).is_err().then_some(who.id)
}

/// Who a token stands for, while it lasts.
pub async fn bearer_of(serving: &Serving, token: &SecretString) -> Result<Option<Person>, StoreError> {
    if !token.expose_secret().starts_with(BEGINS) {
        return Ok(None);
    }
    serving.store.bearer_of(&hash_of(token.expose_secret()), (serving.clock)()).await
}
