//! Who is asking: a signed-in person, by their cookie. A form carries a word
//! that only a page of ours could have put there.

use crate::App;
use crate::pages::elsewhere::silent_address;
use crate::pages::layout;
use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use gonogo_core::person::Person;
use gonogo_engine::commands::people::{PersonError, hash_of};
use gonogo_engine::commands::sign_in::{Ticket, Whose, With, whose};
use secrecy::{ExposeSecret, SecretString};

const COOKIE: &str = "gonogo_session";
const TICKET: &str = "gonogo_sign_in";
/// So much of the state tells the sign-ins of one browser apart.
const TICKET_DIGITS: usize = 8;

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
        form_word(&self.token)
    }

    /// Whether a form came from a page of this session.
    pub(crate) fn sent(&self, word: &str) -> bool {
        is_form_of(&self.token, word)
    }

    pub(crate) fn token(&self) -> &str {
        self.token.expose_secret()
    }

    /// The session of the cookie, if it is one still; else how to come by one.
    pub(crate) async fn of(headers: &HeaderMap, app: &App) -> Result<Result<Self, Without>, PersonError> {
        let Some(token) = token_of(headers) else { return Ok(Err(Without::Session)) };
        let tour = app.door.as_ref().map(|door| door.tour.clone());
        Ok(match whose(&app.serving, token.expose_secret()).await? {
            Whose::Person(person) => Ok(Self { person, tour, token }),
            Whose::Nobody => Err(Without::Session),
            Whose::AskTheBrowser(with) => Err(Without::NewWord(with)),
        })
    }
}

fn form_word(token: &SecretString) -> String {
    hash_of(&format!("form {}", token.expose_secret()))
}

/// Whether a form came from a page of this token's session.
pub(crate) fn is_form_of(token: &SecretString, word: &str) -> bool {
    // Hashed again, so that the time of comparing tells nothing of the word.
    hash_of(word) == hash_of(&form_word(token))
}

/// Why there is no session.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Without {
    Session,
    /// It rests on the word of this system, which the browser alone can renew.
    NewWord(With),
}

impl Without {
    /// Where a browser is let in, and goes on from.
    fn way_in(self, next: &str) -> String {
        match self {
            Self::Session => format!("/sign-in?next={}", escaped(next)),
            Self::NewWord(with) => silent_address(with, next),
        }
    }
}

impl FromRequestParts<App> for Session {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let reads = matches!(parts.method, Method::GET | Method::HEAD);
        let without = match Self::of(&parts.headers, app).await {
            Ok(Ok(session)) => return Ok(session),
            Ok(Err(without)) => without,
            Err(error @ PersonError::NotKnown { .. }) if !reads => {
                let said = format!("{error}. Nothing was done: go back, and send it again later.");
                let answer = layout::message("Not taken", &layout::outside(&said));
                return Err((StatusCode::SERVICE_UNAVAILABLE, answer).into_response());
            }
            Err(error) => return Err(layout::trouble(&error)),
        };
        if !reads {
            return Err(came_too_late(without, &parts.headers, &app.serving.pages));
        }
        let asked = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
        let next = asked.path_and_query().map_or("/", |path| path.as_str());
        let address = if is_visit(parts) { without.way_in(next) } else { Without::Session.way_in(next) };
        Err(Redirect::to(&address).into_response())
    }
}

/// A form without a session. What it was sent to is no page to come back to: that
/// is the one that it stood on, where the browser names it.
fn came_too_late(without: Without, headers: &HeaderMap, pages: &str) -> Response {
    let stood_on = headers.get(header::REFERER).and_then(|page| page.to_str().ok());
    let next = next_of(stood_on.and_then(|page| page.strip_prefix(pages)));
    let main = maud::html! {
        p.stale role="alert" { "This was not taken, since you are not signed in any more. Nothing was done." }
        p { a.button href=(without.way_in(next)) { "Sign in" } " and send it again." }
        p.quiet { "Back in the browser stands what you wrote." }
    };
    (StatusCode::UNAUTHORIZED, layout::page("Not taken", false, None, &main)).into_response()
}

/// Whether the browser goes there, and not a script of a page: that could not
/// follow to another site.
fn is_visit(parts: &Parts) -> bool {
    let mode = parts.headers.get("sec-fetch-mode").and_then(|mode| mode.to_str().ok());
    parts.method == Method::GET && mode.is_none_or(|mode| mode == "navigate")
}

/// The token of the cookie, whether or not its session lasts.
pub(crate) fn token_of(headers: &HeaderMap) -> Option<SecretString> {
    let token = cookie_of(headers, COOKIE)?;
    is_word(token).then(|| SecretString::from(token.to_owned()))
}

fn cookie_of<'h>(headers: &'h HeaderMap, wanted: &str) -> Option<&'h str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

fn is_word(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// Each sign-in has a cookie of its own: another tab may have begun one too.
fn ticket_name(state: &str) -> Option<String> {
    let begins = state.get(..TICKET_DIGITS)?;
    begins.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| format!("{TICKET}_{begins}"))
}

/// What the browser keeps while its person is there: the ticket, and where they
/// wanted to go. By the state that they come back with.
pub(crate) fn ticket_of<'h>(with: With, state: &str, headers: &'h HeaderMap) -> Option<(Ticket, &'h str)> {
    let mut parts = cookie_of(headers, &ticket_name(state)?)?.splitn(3, '.');
    let (nonce, joins, next) = (parts.next()?, parts.next()?, parts.next()?);
    let joins = (!joins.is_empty()).then(|| joins.to_owned());
    let ticket = Ticket { with, nonce: SecretString::from(nonce.to_owned()), joins };
    is_word(nonce).then(|| (ticket, next_of(Some(next))))
}

/// Keeps a ticket for ten minutes.
pub(crate) fn ticket_cookie(ticket: &Ticket, next: &str, pages: &str) -> Option<HeaderValue> {
    let may_stand = |c: char| c.is_ascii_alphanumeric() || "-_.~/?=&%:@+".contains(c);
    let next = if next.chars().all(may_stand) { next } else { "/" };
    let joins = ticket.joins.as_deref().unwrap_or_default();
    let value = format!("{}.{joins}.{next}", ticket.nonce.expose_secret());
    Some(set_cookie(&ticket_name(&ticket.state())?, &value, &ticket_path(ticket.with), 10 * 60, pages))
}

/// Forgets the one of this state.
pub(crate) fn used_ticket(with: With, state: &str, pages: &str) -> Option<HeaderValue> {
    Some(set_cookie(&ticket_name(state)?, "", &ticket_path(with), 0, pages))
}

fn ticket_path(with: With) -> String {
    format!("/sign-in/{}", with.word())
}

/// The cookie that begins a session, or, without a token, ends it.
pub(crate) fn cookie(token: Option<&str>, pages: &str) -> HeaderValue {
    let (value, age) = token.map_or(("", 0), |token| (token, 12 * 60 * 60));
    set_cookie(COOKIE, value, "/", age, pages)
}

fn set_cookie(name: &str, value: &str, path: &str, seconds: u32, pages: &str) -> HeaderValue {
    let secure = if pages.starts_with("https://") { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path={path}; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// A path of ours to go on to; anything else is the first page. Browsers leave
/// out tabs and line ends, and take `\` for `/`, before they look where it leads.
pub(crate) fn next_of(text: Option<&str>) -> &str {
    let stays_here = |path: &&str| {
        path.starts_with('/')
            && !path.starts_with("//")
            && !path.contains(|c: char| c == '\\' || c.is_control() || c.is_whitespace())
            && path.parse::<Uri>().is_ok_and(|uri| uri.authority().is_none())
    };
    text.filter(stays_here).unwrap_or("/")
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
        for elsewhere in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/\r/evil.example",
            "/\u{0}/evil.example",
            "/\u{85}/evil.example",
            "\t//evil.example",
            " //evil.example",
            "/ /evil.example",
            "",
            "x",
            "/a\r\nb",
        ] {
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

    #[test]
    fn a_ticket_comes_back_as_it_was_kept() {
        let ticket = Ticket { with: With::Oidc, nonce: "b".repeat(64).into(), joins: Some("c".repeat(64)) };
        let back = |next: &str| {
            let mut headers = HeaderMap::new();
            let set = ticket_cookie(&ticket, next, "http://x").unwrap();
            let kept = set.to_str().unwrap().split(';').next().unwrap().to_owned();
            headers.insert(header::COOKIE, kept.parse().unwrap());
            for other in ["", "0", "; Path=/", "0123456é", &"0".repeat(64)] {
                assert!(ticket_of(With::Oidc, other, &headers).is_none(), "{other}");
            }
            ticket_of(With::Oidc, &ticket.state(), &headers)
                .map(|(back, next)| (back.nonce.expose_secret().to_owned(), back.joins, next.to_owned()))
        };
        let found = |next: &str| Some(("b".repeat(64), Some("c".repeat(64)), next.to_owned()));
        assert_eq!(back("/audit?who=a%20b"), found("/audit?who=a%20b"));
        assert_eq!(back("/x; Domain=evil"), found("/"));
        assert_eq!(back("//evil.example"), found("/"));
    }
}
