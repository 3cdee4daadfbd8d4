//! Apps that people let act in their name: Atlassian's consent page and tokens for
//! Cloud, the application link's for Data Center.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use maud::{DOCTYPE, html};
use ring::digest;
use serde_json::{Value, json};

use super::state::{Flavour, State};
use crate::serve::{Answer, Ask};

/// Below these are what is elsewhere in the world: another host each.
const AUTH: &str = "/auth.atlassian.com";
const API: &str = "/api.atlassian.com";
const SITE: &str = "c0ffee00-0000-4000-8000-00000000000a";
const SCOPES: [&str; 4] = ["read:jira-work", "write:jira-work", "read:jira-user", "offline_access"];

type Form = BTreeMap<String, String>;

#[derive(Debug)]
pub(super) struct OAuth {
    pub(super) client: Option<Client>,
    /// Who is signed in, in the one browser there is.
    pub(super) here: Option<String>,
    pub(super) access_seconds: i64,
    /// Instead of its own site people give access to another one.
    pub(super) gives_other_site: bool,
    codes: Vec<Code>,
    pub(super) tokens: Vec<Token>,
    numbers: u64,
}

/// The app as it is registered.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) secret: String,
    redirect: String,
}

#[derive(Debug)]
struct Code {
    value: String,
    who: String,
    redirect: String,
    challenge: Option<String>,
    may_renew: bool,
}

#[derive(Debug)]
pub(super) struct Token {
    value: String,
    who: String,
    /// Else it is to renew with, and good once.
    pub(super) ends: Option<Timestamp>,
    pub(super) is_over: bool,
}

impl Default for OAuth {
    fn default() -> Self {
        Self {
            client: None,
            here: None,
            access_seconds: 3_600,
            gives_other_site: false,
            codes: Vec::new(),
            tokens: Vec::new(),
            numbers: 0,
        }
    }
}

impl OAuth {
    fn next(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// All that this person's app has is worth nothing any more.
    pub(super) fn revoke(&mut self, who: &str) {
        for token in self.tokens.iter_mut().filter(|token| token.who == who) {
            token.is_over = true;
        }
    }
}

/// What a path below the base leads to.
pub(super) enum Way {
    Answered(Answer),
    /// The site's own API, by a person's token alone.
    Api(String),
    Own,
}

impl State {
    pub(super) fn register(&mut self, redirect: &str) -> (String, String) {
        let (id, secret) = ("gonogo-app".to_owned(), "s3cret of an app/+".to_owned());
        self.oauth.client = Some(Client { id: id.clone(), secret: secret.clone(), redirect: redirect.to_owned() });
        (id, secret)
    }

    pub(super) fn way(&mut self, ask: &Ask, path: &str) -> Way {
        let (authorize, token) = match self.flavour {
            Flavour::Cloud => (format!("{AUTH}/authorize"), format!("{AUTH}/oauth/token")),
            Flavour::DataCenter => ("/rest/oauth2/latest/authorize".to_owned(), "/rest/oauth2/latest/token".to_owned()),
        };
        if ask.method == "GET" && path == authorize {
            return Way::Answered(self.authorize(&ask.query.iter().cloned().collect()));
        }
        if ask.method == "POST" && path == token {
            return Way::Answered(self.token(ask));
        }
        if self.flavour == Flavour::DataCenter {
            return Way::Own;
        }
        if ask.method == "GET" && path == format!("{API}/oauth/token/accessible-resources") {
            return Way::Answered(self.sites(ask));
        }
        match path.strip_prefix(&format!("{API}/ex/jira/{SITE}")) {
            Some(own) if own.starts_with("/rest/") => Way::Api(own.to_owned()),
            _ if path.starts_with(API) => {
                Way::Answered(Answer::raw_json(404, r#"{"code":404,"message":"The requested resource is not there"}"#))
            }
            _ => Way::Own,
        }
    }

    /// A page that asks the person; with their answer the browser is sent back.
    fn authorize(&mut self, query: &Form) -> Answer {
        let get = |name: &str| query.get(name).map_or("", String::as_str);
        let scopes: Vec<&str> = get("scope").split(' ').filter(|scope| !scope.is_empty()).collect();
        let client = self.oauth.client.clone();
        let is_cloud = self.flavour == Flavour::Cloud;
        let wrong = [
            (client.as_ref().is_some_and(|client| client.id == get("client_id")), "a client_id that is not known"),
            (
                client.as_ref().is_some_and(|client| client.redirect == get("redirect_uri")),
                "a redirect_uri that is not registered",
            ),
            (get("response_type") == "code", "no response_type=code"),
            (get("state").len() >= 32, "a state that can be guessed"),
            (!is_cloud || get("audience") == "api.atlassian.com", "no audience of Atlassian's"),
            (
                if is_cloud { scopes.iter().all(|scope| SCOPES.contains(scope)) } else { scopes == ["WRITE"] },
                "scopes that the app does not have",
            ),
            (
                is_cloud || (get("code_challenge_method") == "S256" && get("code_challenge").len() == 43),
                "no PKCE by S256",
            ),
        ];
        if let Some((_, said)) = wrong.into_iter().find(|(is_right, _)| !is_right) {
            self.unexpected(format!("consent with {said}"));
            return Answer::html(400, said);
        }
        let who = query.get("who").or(self.oauth.here.as_ref()).cloned();
        match (get("decision"), who) {
            ("accept", Some(who)) => self.accepts(query, who, scopes.contains(&"offline_access") || !is_cloud),
            ("deny", _) => back(get("redirect_uri"), &[("error", "access_denied"), ("state", get("state"))]),
            _ => Answer::html(200, &self.consent_page(query, &scopes)),
        }
    }

    fn accepts(&mut self, query: &Form, who: String, may_renew: bool) -> Answer {
        let get = |name: &str| query.get(name).map_or("", String::as_str);
        let value = format!("jira-code-{}", self.oauth.next());
        self.person_mut(&who);
        self.oauth.codes.push(Code {
            value: value.clone(),
            who,
            redirect: get("redirect_uri").to_owned(),
            challenge: query.get("code_challenge").cloned(),
            may_renew,
        });
        back(get("redirect_uri"), &[("code", &value), ("state", get("state"))])
    }

    fn consent_page(&self, query: &Form, scopes: &[&str]) -> String {
        let people: Vec<&str> = match &self.oauth.here {
            Some(who) => vec![who.as_str()],
            None => self.people.iter().map(|person| person.name.as_str()).collect(),
        };
        html! {
            (DOCTYPE)
            html lang="en" {
                head { meta charset="utf-8"; title { "Allow gonogo · Jira" } }
                body {
                    h1 { "gonogo asks for access to your Jira" }
                    p { "It would be allowed: " (scopes.join(", ")) "." }
                    form method="get" {
                        @for (name, value) in query { input type="hidden" name=(name) value=(value); }
                        label {
                            "You are"
                            select name="who" { @for name in people { option value=(name) { (self.person(name).display_name()) } } }
                        }
                        button name="decision" value="accept" { "Accept" }
                        button name="decision" value="deny" { "Cancel" }
                    }
                }
            }
        }
        .into_string()
    }

    fn token(&mut self, ask: &Ask) -> Answer {
        let form: Form = match self.flavour {
            Flavour::Cloud => serde_json::from_slice(&ask.body).unwrap_or_else(|_| {
                self.unexpected("a token request that is no JSON of strings".to_owned());
                Form::new()
            }),
            Flavour::DataCenter => form_urlencoded::parse(&ask.body).into_owned().collect(),
        };
        let get = |name: &str| form.get(name).map_or("", String::as_str);
        let is_ours = self
            .oauth
            .client
            .as_ref()
            .is_some_and(|client| client.id == get("client_id") && client.secret == get("client_secret"));
        if !is_ours {
            return self.refused("client");
        }
        let got = match get("grant_type") {
            "authorization_code" => self.by_code(&form),
            "refresh_token" => self.by_refresh(get("refresh_token")),
            _ => {
                self.unexpected("a grant_type that is not known".to_owned());
                None
            }
        };
        match got {
            Some((who, may_renew)) => Answer::json(200, &self.tokens_of(&who, may_renew)),
            None => self.refused(get("grant_type")),
        }
    }

    /// In the words of each.
    fn refused(&self, what: &str) -> Answer {
        let (status, error, said) = match (self.flavour, what) {
            (Flavour::Cloud, "client") => (401, "access_denied", "Unauthorized"),
            (Flavour::Cloud, "refresh_token") => (403, "unauthorized_client", "refresh_token is invalid"),
            (Flavour::Cloud, _) => (403, "invalid_grant", "Invalid authorization code"),
            (Flavour::DataCenter, "client") => (401, "invalid_client", "Client credentials are invalid"),
            (Flavour::DataCenter, _) => (400, "invalid_grant", "The grant is invalid, expired or revoked"),
        };
        Answer::json(status, &json!({"error": error, "error_description": said}))
    }

    fn by_code(&mut self, form: &Form) -> Option<(String, bool)> {
        let get = |name: &str| form.get(name).map_or("", String::as_str);
        let index = self.oauth.codes.iter().position(|code| code.value == get("code"))?;
        // Good for once.
        let code = self.oauth.codes.remove(index);
        let hash = digest::digest(&digest::SHA256, get("code_verifier").as_bytes());
        let is_proven = code.challenge.is_none_or(|challenge| challenge == URL_SAFE_NO_PAD.encode(hash));
        if code.redirect != get("redirect_uri") || !is_proven {
            self.unexpected("a code with another redirect_uri or code_verifier".to_owned());
            return None;
        }
        Some((code.who, code.may_renew))
    }

    /// One that comes twice was stolen: then nothing of its owner's is good any more.
    fn by_refresh(&mut self, value: &str) -> Option<(String, bool)> {
        let known = self.oauth.tokens.iter_mut().find(|token| token.value == value && token.ends.is_none())?;
        let who = known.who.clone();
        if std::mem::replace(&mut known.is_over, true) {
            self.oauth.revoke(&who);
            return None;
        }
        Some((who, true))
    }

    fn tokens_of(&mut self, who: &str, may_renew: bool) -> Value {
        let (number, seconds) = (self.oauth.next(), self.oauth.access_seconds);
        let mut token = |kind: &str, ends| {
            let value = format!("jira-{kind}-{number}");
            self.oauth.tokens.push(Token { value: value.clone(), who: who.to_owned(), ends, is_over: false });
            value
        };
        let access = token("access", Some(now() + SignedDuration::from_secs(seconds)));
        let refresh = may_renew.then(|| token("refresh", None));
        json!({"access_token": access, "refresh_token": refresh, "expires_in": seconds, "token_type": "Bearer"})
    }

    /// Whose access token a request comes with.
    pub(super) fn bearer(&self, ask: &Ask) -> Option<String> {
        let given = ask.header("authorization")?.strip_prefix("Bearer ")?;
        let is_good =
            |token: &&Token| token.value == given && !token.is_over && token.ends.is_some_and(|ends| now() < ends);
        self.oauth.tokens.iter().find(is_good).map(|token| token.who.clone())
    }

    fn sites(&self, ask: &Ask) -> Answer {
        if self.bearer(ask).is_none() {
            return Answer::raw_json(401, r#"{"code":401,"message":"Unauthorized"}"#);
        }
        let other = json!({"id": "b0b", "url": "https://other.atlassian.net", "name": "other", "scopes": SCOPES});
        let own = json!({"id": SITE, "url": self.base_url, "name": "world", "scopes": SCOPES});
        Answer::json(200, &if self.oauth.gives_other_site { json!([other]) } else { json!([other, own]) })
    }
}

fn back(redirect: &str, pairs: &[(&str, &str)]) -> Answer {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    let mark = if redirect.contains('?') { '&' } else { '?' };
    Answer::html(302, "").header("Location", &format!("{redirect}{mark}{}", query.finish()))
}

#[expect(clippy::disallowed_methods, reason = "the world outside has a clock of its own")]
fn now() -> Timestamp {
    Timestamp::now()
}
