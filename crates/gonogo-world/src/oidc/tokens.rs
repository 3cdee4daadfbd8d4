//! Tokens: what a code or a refresh token is exchanged for, and userinfo.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use ring::digest;
use serde_json::{Value, json};

use super::api::Form;
use super::state::{State, Stored, Token, now};
use crate::serve::{Answer, Ask};

impl State {
    pub(super) fn token(&mut self, ask: &Ask) -> Answer {
        let form: Form = form_urlencoded::parse(&ask.body).into_owned().collect();
        if !self.is_client(ask, &form) {
            return Answer::json(401, &json!({"error": "invalid_client"}));
        }
        let got = match form.get("grant_type").map(String::as_str) {
            Some("authorization_code") => self.by_code(&form),
            Some("refresh_token") => self.by_refresh(&form),
            _ => {
                self.unexpected("a grant_type that is not known");
                Err("unsupported_grant_type")
            }
        };
        match got {
            Ok(json) => Answer::json(200, &json).header("Cache-Control", "no-store"),
            Err(error) => Answer::json(400, &json!({"error": error, "error_description": "as it was told to say"})),
        }
    }

    /// Its id and secret, each escaped, stand where the description says.
    fn is_client(&self, ask: &Ask, form: &Form) -> bool {
        let takes_post = self.described.contains_key("token_endpoint_auth_methods_supported");
        let (id, secret) = if takes_post {
            (form.get("client_id").cloned(), form.get("client_secret").cloned())
        } else {
            let basic = ask.header("authorization").and_then(|value| value.strip_prefix("Basic "));
            let pair = basic.and_then(|basic| STANDARD.decode(basic).ok()).unwrap_or_default();
            let pair = String::from_utf8_lossy(&pair).into_owned();
            let (id, secret) = pair.split_once(':').unwrap_or_default();
            let plain = |text: &str| form_urlencoded::parse(text.as_bytes()).next().map(|(name, _)| name.into_owned());
            (plain(id), plain(secret))
        };
        id.as_ref() == Some(&self.client.id) && secret.as_ref() == Some(&self.client.secret)
    }

    fn by_code(&mut self, form: &Form) -> Result<Value, &'static str> {
        let get = |name: &str| form.get(name).map_or("", String::as_str);
        let index = self.codes.iter().position(|code| code.value == get("code")).ok_or("invalid_grant")?;
        // Good for once.
        let code = self.codes.remove(index);
        let hash = digest::digest(&digest::SHA256, get("code_verifier").as_bytes());
        if code.redirect != get("redirect_uri") || code.challenge != URL_SAFE_NO_PAD.encode(hash) {
            self.unexpected("a code with another redirect_uri or code_verifier");
            return Err("invalid_grant");
        }
        self.tokens_of(code.session, Some(&code.nonce))
    }

    /// A token that comes twice was stolen: then its session ends.
    fn by_refresh(&mut self, form: &Form) -> Result<Value, &'static str> {
        let value = form.get("refresh_token").ok_or("invalid_request")?;
        let known = self.tokens.iter().position(|token| token.value == *value && token.access_ends.is_none());
        let known = known.ok_or("invalid_grant")?;
        let session = self.tokens[known].session;
        if let Some(error) = self.owner(session).and_then(|person| person.refused) {
            return Err(error);
        }
        if std::mem::replace(&mut self.tokens[known].is_used, true) {
            self.sessions[session].has_ended = true;
            self.unexpected("a refresh token that was used already");
        }
        self.tokens_of(session, None)
    }

    fn tokens_of(&mut self, session: usize, nonce: Option<&str>) -> Result<Value, &'static str> {
        let person = self.owner(session).ok_or("invalid_grant")?;
        let now = now();
        let mut claims = json!({
            "iss": self.issuer,
            "sub": person.subject,
            "aud": self.client.id,
            "iat": now.as_second(),
            "exp": now.as_second() + 300,
            "nonce": nonce,
            "preferred_username": person.login,
            "name": person.name,
            "email": person.email,
        });
        if !self.manner.groups_in_userinfo {
            claims["groups"] = json!(person.groups);
        }
        let gives_id_token = nonce.is_some() || self.manner.renews_id_tokens;
        let id_token = gives_id_token.then(|| self.id_token(claims)).flatten();
        let ends = now + SignedDuration::from_secs(self.manner.access_seconds);
        let mut got = json!({
            "token_type": "Bearer",
            "expires_in": self.manner.access_seconds,
            "access_token": self.new_token("access", session, Some(ends)),
            "id_token": id_token,
        });
        if self.manner.gives_refresh_tokens {
            got["refresh_token"] = self.new_token("refresh", session, None).into();
        }
        Ok(got)
    }

    fn new_token(&mut self, kind: &str, session: usize, access_ends: Option<jiff::Timestamp>) -> String {
        let value = format!("oidc-{kind}-{}", self.next());
        self.tokens.push(Token { value: value.clone(), session, access_ends, is_used: false });
        value
    }

    pub(super) fn user_info(&self, ask: &Ask) -> Answer {
        let given = ask.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let is_good =
            |token: &&Token| Some(token.value.as_str()) == given && token.access_ends.is_some_and(|ends| now() < ends);
        let owner = self.tokens.iter().find(is_good).and_then(|token| self.owner(token.session));
        let Some(Stored { subject, login, groups, .. }) = owner else {
            return Answer::json(401, &json!({"error": "invalid_token"}));
        };
        let mut claims = json!({"sub": subject, "preferred_username": login});
        if self.manner.groups_in_userinfo {
            claims["groups"] = json!(groups);
        }
        Answer::json(200, &claims)
    }
}
