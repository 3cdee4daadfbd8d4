//! What a request says: who asks, where, and which part of a list.

use super::ROOT;
use super::refusal::{Kind, Refusal};
use crate::App;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use gonogo_api::{Page, Part};
use gonogo_core::person::{Act, Person, Token};
use gonogo_engine::commands::tokens::bearer_of;
use secrecy::SecretString;
use serde::de::DeserializeOwned;

/// Asked for as an argument of an operation that reads.
#[derive(Debug)]
pub(super) struct Reader {
    pub person: Person,
}

/// What stands in the path.
#[derive(Debug)]
pub(super) struct At<T>(pub T);

/// What stands behind the question mark.
#[derive(Debug)]
pub(super) struct Asked<T>(pub T);

/// Who a token stands for, unless it asks too often.
pub(super) async fn caller(headers: &HeaderMap, app: &App) -> Result<(Person, Token), Refusal> {
    let no_token = |detail: &str| Refusal::new(Kind::NoToken, detail);
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some((scheme, token)) = given.and_then(|text| text.split_once(' ')) else {
        return Err(no_token("the request comes without a token"));
    };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(no_token("the request comes with something else than a bearer's token"));
    }
    let token = SecretString::from(token.trim().to_owned());
    let bearer = bearer_of(&app.serving, &token).await?;
    let Some((person, token)) = bearer.and_then(|person| person.token.clone().map(|token| (person, token))) else {
        return Err(no_token("the token is none of ours, has ended, or was revoked"));
    };
    app.pace.asks(token.id, (app.serving.clock)()).map_err(|seconds| {
        Refusal::new(Kind::TooOften, format!("the token {} asked too often", token.name)).after(seconds)
    })?;
    Ok((person, token))
}

impl FromRequestParts<App> for Reader {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let (person, _) = caller(&parts.headers, app).await?;
        person.may(Act::Read)?;
        Ok(Self { person })
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<App> for At<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let found = Path::<T>::from_request_parts(parts, app).await;
        let nowhere = || Refusal::new(Kind::NotFound, format!("nothing can be at {ROOT}{}", parts.uri.path()));
        found.map(|Path(at)| Self(at)).map_err(|_| nowhere())
    }
}

impl<T: DeserializeOwned> FromRequestParts<App> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refusal> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(error) => Err(Refusal::new(Kind::Malformed, format!("in the address: {error}"))),
        }
    }
}

/// Items of a part where nothing else is said.
const SOME: u32 = 50;
const MOST: u32 = 200;

/// How many items are wanted.
pub(super) fn limit(asked: Option<u32>) -> Result<u32, Refusal> {
    let limit = asked.unwrap_or(SOME);
    if !(1..=MOST).contains(&limit) {
        return Err(Refusal::new(Kind::Malformed, format!("in the address: limit is 1 to {MOST}, not {limit}")));
    }
    Ok(limit)
}

/// The number before which the part begins.
pub(super) fn before(part: &Part) -> Result<Option<i64>, Refusal> {
    part.cursor.as_deref().map(|cursor| cursor.parse().map_err(|_| no_cursor(cursor))).transpose()
}

/// The position at which the part begins.
pub(super) fn position(part: &Part) -> Result<usize, Refusal> {
    part.cursor.as_deref().map_or(Ok(0), |cursor| cursor.parse().map_err(|_| no_cursor(cursor)))
}

pub(super) fn no_cursor(cursor: &str) -> Refusal {
    let said = format!("in the address: `{cursor}` is no cursor of this list: take `next` of the part before");
    Refusal::new(Kind::Malformed, said)
}

/// The newest rows as they were read: one that is full may have more behind it.
pub(super) fn page<R, T>(rows: Vec<R>, limit: u32, id: impl Fn(&R) -> i64, tell: impl FnMut(R) -> T) -> Page<T> {
    let last = rows.last().filter(|_| rows.len() == limit as usize);
    let next = last.map(|row| id(row).to_string());
    Page { items: rows.into_iter().map(tell).collect(), next }
}

/// A part of a list that is at hand whole, from a position on.
pub(super) fn slice<T>(all: Vec<T>, from: usize, limit: u32) -> (Vec<T>, Option<usize>) {
    let end = from.saturating_add(limit as usize);
    let next = (end < all.len()).then_some(end);
    (all.into_iter().skip(from).take(limit as usize).collect(), next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_list_make_the_whole_list() {
        let all: Vec<usize> = (0..120).collect();
        let (mut read, mut from) = (Vec::new(), Some(0));
        while let Some(begin) = from {
            let (part, next) = slice(all.clone(), begin, 50);
            read.extend(part);
            from = next;
        }
        assert_eq!(read, all);
        assert_eq!(slice(all, usize::MAX, 50), (Vec::new(), None));
    }
}
