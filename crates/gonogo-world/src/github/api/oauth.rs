//! Signing in to an App in the browser, and the tokens that come of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use ring::digest;
use serde_json::{Value, json};

use super::State;
use crate::github::access::{Kind, Token};
use crate::github::sign_in::Code;
use crate::serve::{Answer, Ask};

const CODE_LIFE: SignedDuration = SignedDuration::from_mins(10);
const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(8);

type Form = BTreeMap<String, String>;

impl State {
    /// The answer, if it is sign-in that is asked for.
    pub(super) fn sign_in_page(&mut self, ask: &Ask) -> Option<Answer> {
        match (ask.method.as_str(), ask.path.as_str()) {
            ("GET", "/login/oauth/authorize") => Some(self.authorize(&ask.query.iter().cloned().collect())),
            ("POST", "/login/oauth/access_token") => {
                let wants_json = ask.header("accept").is_some_and(|accept| accept.contains("json"));
                let json = self.exchange_code(&form_of(ask)).unwrap_or_else(|error| error_json(&error));
                Some(if wants_json { Answer::json(200, &json) } else { as_form(&json) })
            }
            _ => None,
        }
    }

    /// Sends the browser back with a code, or asks who is there.
    fn authorize(&mut self, query: &Form) -> Answer {
        let app = query.get("client_id").and_then(|id| self.apps.iter().find(|app| app.client_id == *id));
        let Some(app) = app else {
            self.unexpected("sign-in for an App that is not there".to_owned());
            return Answer::html(404, "<h1>404</h1>");
        };
        let redirect = query.get("redirect_uri").or(app.callbacks.first());
        let is_known = |url: &&String| {
            app.callbacks.is_empty() || app.callbacks.iter().any(|known| url.starts_with(known.as_str()))
        };
        let Some(redirect) = redirect.filter(is_known).cloned() else {
            self.unexpected("sign-in with a redirect_uri that the App has not registered".to_owned());
            return Answer::html(200, "<h1>The redirect_uri is not associated with this application.</h1>");
        };
        let (app, slug) = (app.id, app.slug.clone());
        let who = query.get("login").or(self.sign_in.approves_as.as_ref()).cloned();
        let Some(login) = who else {
            return Answer::html(200, &self.who_is_there(query, &slug));
        };
        let number = self.next_id();
        let code = format!("{number:020x}");
        let expires = self.clock.now() + CODE_LIFE;
        self.sign_in.codes.push(Code {
            value: code.clone(),
            app,
            login,
            redirect_uri: query.get("redirect_uri").cloned(),
            challenge: query.get("code_challenge").cloned(),
            expires,
        });
        let mut back = form_urlencoded::Serializer::new(String::new());
        back.append_pair("code", &code);
        if let Some(state) = query.get("state") {
            back.append_pair("state", state);
        }
        let mark = if redirect.contains('?') { '&' } else { '?' };
        Answer::html(302, "").header("Location", &format!("{redirect}{mark}{}", back.finish()))
    }

    /// A page with a button for each person.
    fn who_is_there(&self, query: &Form, slug: &str) -> String {
        let mut page =
            format!("<!DOCTYPE html>\n<title>Authorize {slug}</title>\n<h1>Authorize {slug} as</h1>\n<form>\n");
        for (name, value) in query {
            let _ = writeln!(page, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value));
        }
        let people = self.accounts.iter().filter(|one| !one.is_organization && !one.login.ends_with("[bot]"));
        for person in people {
            let (login, name) = (escape(&person.login), escape(&person.name));
            let _ = writeln!(page, "<button name=\"login\" value=\"{login}\">{name}</button>");
        }
        page + "</form>\n"
    }

    fn exchange_code(&mut self, form: &Form) -> Result<Value, String> {
        let get = |name: &str| form.get(name).map_or("", String::as_str);
        let app = self.apps.iter().find(|app| app.client_id == get("client_id"));
        let app = app.filter(|app| app.client_secret == get("client_secret"));
        let app = app.ok_or("incorrect_client_credentials")?.id;
        let login = if get("grant_type") == "refresh_token" {
            let known = |(value, owner, _): &(String, u64, String)| value == get("refresh_token") && *owner == app;
            let index = self.sign_in.refreshes.iter().position(known).ok_or("bad_refresh_token")?;
            self.sign_in.refreshes.remove(index).2
        } else {
            let index = self.sign_in.codes.iter().position(|code| code.value == get("code") && code.app == app);
            // Good for once.
            let code = self.sign_in.codes.remove(index.ok_or("bad_verification_code")?);
            if code.expires <= self.clock.now() {
                return Err("bad_verification_code".to_owned());
            }
            if code.redirect_uri.is_some()
                && form.contains_key("redirect_uri")
                && code.redirect_uri.as_deref() != Some(get("redirect_uri"))
            {
                return Err("redirect_uri_mismatch".to_owned());
            }
            let hash = digest::digest(&digest::SHA256, get("code_verifier").as_bytes());
            if code.challenge.is_some_and(|challenge| challenge != URL_SAFE_NO_PAD.encode(hash)) {
                return Err("bad_verification_code".to_owned());
            }
            code.login
        };
        Ok(self.let_in(app, &login))
    }

    fn let_in(&mut self, app: u64, login: &str) -> Value {
        let number = self.next_id();
        let (value, refresh) = (format!("ghu_world{number:027}"), format!("ghr_world{number:027}"));
        let rights = self.apps.iter().find(|known| known.id == app).map(|app| app.rights.clone());
        let expires = Some(self.clock.now() + TOKEN_LIFE);
        self.tokens.push(Token {
            value: value.clone(),
            kind: Kind::SignedIn(app),
            owner: login.to_owned(),
            rights: rights.unwrap_or_default(),
            repositories: None,
            expires,
            is_revoked: false,
        });
        self.sign_in.refreshes.push((refresh.clone(), app, login.to_owned()));
        json!({
            "access_token": value,
            "expires_in": TOKEN_LIFE.as_secs(),
            "refresh_token": refresh,
            "refresh_token_expires_in": 15_897_600,
            "scope": "",
            "token_type": "bearer",
        })
    }
}

fn form_of(ask: &Ask) -> Form {
    let mut form: Form = ask.query.iter().cloned().collect();
    match serde_json::from_slice(&ask.body) {
        Ok(Value::Object(body)) => {
            form.extend(body.into_iter().map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned())));
        }
        _ => form.extend(form_urlencoded::parse(&ask.body).into_owned()),
    }
    form
}

fn error_json(error: &str) -> Value {
    json!({"error": error, "error_description": error.replace('_', " "), "error_uri": "https://docs.github.com"})
}

fn as_form(json: &Value) -> Answer {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in json.as_object().into_iter().flatten() {
        form.append_pair(name, &value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    let mut answer = Answer::html(200, &form.finish());
    answer.headers = vec![("Content-Type".to_owned(), "application/x-www-form-urlencoded; charset=utf-8".to_owned())];
    answer
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
