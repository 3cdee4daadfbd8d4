//! What the provider answers: its description and keys, the page to sign in, and
//! where one signs out.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::state::{Code, Session, State};
use crate::serve::{Answer, Ask};

pub(super) type Form = BTreeMap<String, String>;

impl State {
    pub(super) fn answer(&mut self, ask: &Ask) -> Answer {
        match (ask.method.as_str(), ask.path.as_str()) {
            ("GET", "/acme/.well-known/openid-configuration") => Answer::json(200, &self.description()),
            ("GET", "/acme/keys") => {
                let keys: Vec<Value> = self.keys.iter().map(super::keys::Key::public).collect();
                Answer::json(200, &json!({ "keys": keys }))
            }
            ("GET", "/acme/authorize") => self.authorize(&ask.query.iter().cloned().collect()),
            ("POST", "/acme/token") => self.token(ask),
            ("GET", "/acme/userinfo") => self.user_info(ask),
            ("GET", "/acme/logout") => self.sign_out(&ask.query.iter().cloned().collect()),
            (method, path) => {
                self.unexpected(&format!("{method} {path}"));
                Answer::html(404, "<h1>404</h1>")
            }
        }
    }

    fn description(&self) -> Value {
        let at = |path: &str| format!("{}/{path}", self.issuer);
        let mut all = json!({
            "issuer": self.issuer,
            "authorization_endpoint": at("authorize"),
            "token_endpoint": at("token"),
            "userinfo_endpoint": at("userinfo"),
            "jwks_uri": at("keys"),
            "end_session_endpoint": at("logout"),
            "scopes_supported": ["openid", "profile", "email", "groups", "offline_access"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
            "code_challenge_methods_supported": ["S256"],
        });
        if let Some(all) = all.as_object_mut() {
            all.extend(self.described.clone());
            all.retain(|_, value| !value.is_null());
        }
        all
    }

    /// Sends the browser back with a code, where somebody is signed in.
    fn authorize(&mut self, query: &Form) -> Answer {
        let get = |name: &str| query.get(name).map_or("", String::as_str);
        let wrong = [
            (get("client_id") == self.client.id, "a client_id that is not known"),
            (
                self.client.redirects.iter().any(|known| known == get("redirect_uri")),
                "a redirect_uri that is not known",
            ),
            (get("response_type") == "code", "no response_type=code"),
            (get("scope").split(' ').any(|scope| scope == "openid"), "no scope openid"),
            (get("code_challenge_method") == "S256" && get("code_challenge").len() == 43, "no PKCE by S256"),
            (get("state").len() >= 32 && get("nonce").len() >= 32, "a state or nonce that can be guessed"),
        ];
        if let Some((_, said)) = wrong.into_iter().find(|(is_right, _)| !is_right) {
            self.unexpected(said);
            return Answer::html(400, said);
        }
        let (redirect, state) = (get("redirect_uri").to_owned(), get("state").to_owned());
        let person = self.here.clone().map(|login| self.person(&login));
        let person = person.and_then(|number| self.people.get(number)).filter(|person| !person.is_disabled);
        let Some(subject) = person.map(|person| person.subject.clone()) else {
            return match get("prompt") {
                "none" => self.back(&redirect, &[("error", "login_required"), ("state", &state)]),
                _ => Answer::html(200, "<!DOCTYPE html><title>Sign in</title><h1>Who are you?</h1>"),
            };
        };
        self.sessions.push(Session { subject, has_ended: false });
        let code = Code {
            value: format!("code-{}", self.next()),
            session: self.sessions.len() - 1,
            redirect: redirect.clone(),
            challenge: get("code_challenge").to_owned(),
            nonce: get("nonce").to_owned(),
        };
        let answer = self.back(&redirect, &[("code", &code.value), ("state", &state)]);
        self.codes.push(code);
        answer
    }

    fn back(&self, redirect: &str, pairs: &[(&str, &str)]) -> Answer {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs).append_pair("iss", &self.issuer);
        Answer::html(302, "").header("Location", &format!("{redirect}?{}", query.finish()))
    }

    fn sign_out(&mut self, query: &Form) -> Answer {
        let is_ours = query.get("client_id") == Some(&self.client.id) && query.contains_key("id_token_hint");
        if !is_ours {
            self.unexpected("signing out without a client_id and an id_token_hint");
        }
        self.here = None;
        Answer::html(200, "<h1>You are signed out.</h1>")
    }
}
