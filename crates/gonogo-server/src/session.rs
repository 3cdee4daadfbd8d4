//! Who is asking: a signed-in person, by their cookie. A form carries a word
//! that only a page of ours could have put there.

use crate::App;
use crate::pages::layout;
use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use gonogo_core::person::Person;
use gonogo_engine::commands::people::{hash_of, person_of};
use secrecy::{ExposeSecret, SecretString};

const COOKIE: &str = "gonogo_session";

/// A person with their session. Asked for as an argument of a page, it sends
/// everybody else to sign in.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub person: Person,
    /// Where the tour is, on a demo.
    pub tour: Option<String>,
    token: SecretString,
}

impl Session {
    /// The word that this session's forms carry.
    pub(crate) fn form_word(&self) -> String {
        hash_of(&format!("form {}", self.token.expose_secret()))
    }

    /// Whether a form came from a page of this session.
    pub(crate) fn sent(&self, word: &str) -> bool {
        // Hashed again, so that the time of comparing tells nothing of the word.
        hash_of(word) == hash_of(&self.form_word())
    }

    pub(crate) fn token(&self) -> &str {
        self.token.expose_secret()
    }
}

impl FromRequestParts<App> for Session {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        if let Some(token) = token_of(&parts.headers) {
            match person_of(&app.serving, token.expose_secret()).await {
                Ok(Some(person)) => {
                    let tour = app.door.as_ref().map(|door| door.tour.clone());
                    return Ok(Self { person, tour, token });
                }
                Ok(None) => {}
                Err(error) => return Err(layout::away(&error).into_response()),
            }
        }
        let asked = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
        let next = asked.path_and_query().map_or("/", |path| path.as_str());
        Err(Redirect::to(&format!("/sign-in?next={}", escaped(next))).into_response())
    }
}

fn token_of(headers: &HeaderMap) -> Option<SecretString> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, token) = pairs.find(|(name, _)| *name == COOKIE)?;
    let is_token = token.len() == 64 && token.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_token.then(|| SecretString::from(token.to_owned()))
}

/// The cookie that begins a session, or, without a token, ends it.
pub(crate) fn cookie(token: Option<&str>, pages: &str) -> HeaderValue {
    let secure = if pages.starts_with("https://") { "; Secure" } else { "" };
    let (value, age) = token.map_or(("", 0), |token| (token, 12 * 60 * 60));
    let text = format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// A path of ours to go on to; anything else is the first page.
pub(crate) fn next_of(text: Option<&str>) -> &str {
    text.filter(|path| path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n']))
        .unwrap_or("/")
}

pub(crate) fn escaped(text: &str) -> String {
    let keeps = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    text.bytes().map(|b| if keeps(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// A form of somebody else's page, or of a session that has ended.
pub(crate) fn not_our_form() -> Response {
    let said = "This form is not of a page that is still open to you. Go back, load the page anew, and send it again.";
    (StatusCode::FORBIDDEN, layout::message("Not taken", said)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_ours_are_gone_on_to() {
        assert_eq!(next_of(Some("/candidates/3?x=1")), "/candidates/3?x=1");
        for elsewhere in ["//evil.example", "https://evil.example", "/\\evil.example", "", "x", "/a\r\nb"] {
            assert_eq!(next_of(Some(elsewhere)), "/", "{elsewhere:?}");
        }
        assert_eq!(escaped("/a?b=c&d"), "/a%3Fb%3Dc%26d");
    }

    #[test]
    fn a_cookie_is_read_among_others_and_only_in_its_shape() {
        let with = |text: String| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, text.parse().unwrap());
            token_of(&headers).map(|token| token.expose_secret().to_owned())
        };
        let token = "a".repeat(64);
        assert_eq!(with(format!("x=y; {COOKIE}={token}; z=1")), Some(token.clone()));
        assert_eq!(with(format!("{COOKIE}={token}a")), None);
        assert_eq!(with(format!("other={token}")), None);
        let set = cookie(Some(&token), "https://x").to_str().unwrap().to_owned();
        for part in ["HttpOnly", "SameSite=Lax", "Secure"] {
            assert!(set.contains(part), "{set}");
        }
    }
}
