//! ID tokens: whether one is believed. Pure but for the keys that it is given.

use super::NotBelieved;
use super::keys::{Algorithm, Key, pick};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::Value;

/// So far clocks may differ.
const SKEW_SECONDS: i64 = 60;
const MOST_BYTES: usize = 64 << 10;
/// As the specification bounds it.
const MOST_SUBJECT: usize = 255;

/// What a provider says of a person.
#[derive(Clone, Debug)]
pub struct Claims {
    all: Value,
    subject: String,
}

/// What an ID token has to be about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    /// Of the sign-in that it answers; a renewed one answers none.
    pub nonce: Option<&'a str>,
    pub now: Timestamp,
}

/// A token taken apart, before anything of it is believed.
#[derive(Debug)]
pub(super) struct Parts<'t> {
    pub algorithm: Algorithm,
    pub key_id: Option<String>,
    signed: &'t str,
    signature: Vec<u8>,
    claims: Value,
}

impl Claims {
    /// `None` where they are about nobody.
    pub(super) fn new(all: Value) -> Option<Self> {
        let subject = all.get("sub").and_then(Value::as_str)?;
        let is_one = (1..=MOST_SUBJECT).contains(&subject.len()) && subject.bytes().all(|byte| byte.is_ascii_graphic());
        is_one.then(|| subject.to_owned()).map(|subject| Self { all, subject })
    }

    /// The provider's own id of the person, which no other ever gets.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// What the person is called; another may be called the same.
    pub fn name(&self) -> &str {
        let text = |name: &str| self.all.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        ["preferred_username", "name", "email"].into_iter().find_map(text).unwrap_or(&self.subject)
    }

    /// The words of a claim: by its name, or, where it begins with `/`, by a JSON
    /// pointer. `None` where nothing of it is said.
    pub fn words(&self, claim: &str) -> Option<Vec<String>> {
        let said = if claim.starts_with('/') { self.all.pointer(claim) } else { self.all.get(claim) };
        match said? {
            Value::String(word) => Some(vec![word.clone()]),
            Value::Array(words) => Some(words.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
            _ => None,
        }
    }
}

impl<'t> Parts<'t> {
    pub(super) fn of(token: &'t str) -> Result<Self, NotBelieved> {
        if token.len() > MOST_BYTES {
            return Err(NotBelieved::NoToken);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(NotBelieved::NoToken)?;
        let (head, body) = signed.split_once('.').ok_or(NotBelieved::NoToken)?;
        let (head, claims) = (json_of(head)?, json_of(body)?);
        let text = |name: &str| head.get(name).and_then(Value::as_str);
        let algorithm = Algorithm::read(text("alg").unwrap_or_default())?;
        // What we would have to understand, and do not.
        if head.get("crit").is_some() {
            return Err(NotBelieved::NoToken);
        }
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| NotBelieved::NoToken)?;
        Ok(Self { algorithm, key_id: text("kid").map(str::to_owned), signed, signature, claims })
    }

    /// The claims, if a key of the provider's signed them and they are meant for us, now.
    pub(super) fn believed(self, keys: &[Key], expected: &Expected<'_>) -> Result<Claims, NotBelieved> {
        let key = pick(keys, self.key_id.as_deref(), self.algorithm).ok_or(NotBelieved::NoKey)?;
        key.check(self.algorithm, self.signed.as_bytes(), &self.signature)?;
        expected.holds(&self.claims)?;
        Claims::new(self.claims).ok_or(NotBelieved::NoSubject)
    }
}

fn json_of(part: &str) -> Result<Value, NotBelieved> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| NotBelieved::NoToken)?;
    gonogo_read::json::parse(&bytes).ok().filter(Value::is_object).ok_or(NotBelieved::NoToken)
}

impl Expected<'_> {
    fn holds(&self, claims: &Value) -> Result<(), NotBelieved> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        // Times may have a fraction; what is too large for a second is no time.
        let second = |name: &str| claims.get(name).and_then(Value::as_f64);
        #[expect(clippy::cast_precision_loss, reason = "seconds of this epoch are far below 2^52")]
        let (now, skew) = (self.now.as_second() as f64, SKEW_SECONDS as f64);
        if text("iss") != Some(self.issuer) {
            return Err(NotBelieved::Issuer);
        }
        if !self.is_for_us(claims) {
            return Err(NotBelieved::Audience);
        }
        if second("exp").is_none_or(|end| end + skew <= now) {
            return Err(NotBelieved::Expired);
        }
        let is_ahead = |time: f64| time - skew > now;
        if second("iat").is_none_or(is_ahead) || second("nbf").is_some_and(is_ahead) {
            return Err(NotBelieved::NotYet);
        }
        if self.nonce.is_some_and(|nonce| text("nonce") != Some(nonce)) {
            return Err(NotBelieved::Nonce);
        }
        Ok(())
    }

    /// Among several audiences it has to say that it was given to us.
    fn is_for_us(&self, claims: &Value) -> bool {
        let is_us = |value: &Value| value.as_str() == Some(self.client_id);
        let party = claims.get("azp");
        let is_named = match claims.get("aud") {
            Some(Value::Array(all)) => all.iter().any(is_us) && (all.len() == 1 || party.is_some()),
            Some(one) => is_us(one),
            None => false,
        };
        is_named && party.is_none_or(is_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use ring::signature::{Ed25519KeyPair, KeyPair};
    use serde_json::json;

    const NOW: i64 = 1_800_000_000;

    fn pair() -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
    }

    fn part(json: &Value) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(json.to_string())
    }

    fn signed(head: &Value, claims: &Value) -> String {
        let text = format!("{}.{}", part(head), part(claims));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(pair().sign(text.as_bytes()));
        format!("{text}.{signature}")
    }

    fn believed(token: &str) -> Result<String, NotBelieved> {
        let x = BASE64_URL_SAFE_NO_PAD.encode(pair().public_key());
        let keys = [Key::read(&json!({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": x})).unwrap()];
        let now = Timestamp::from_second(NOW).unwrap();
        let expected = Expected { issuer: "https://i", client_id: "us", nonce: Some("n"), now };
        Parts::of(token)?.believed(&keys, &expected).map(|claims| claims.subject().to_owned())
    }

    fn changed(change: &Value) -> Result<String, NotBelieved> {
        let mut claims =
            json!({"iss": "https://i", "sub": "7", "aud": "us", "exp": NOW + 60, "iat": NOW - 5, "nonce": "n"});
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        believed(&signed(&json!({"alg": "EdDSA", "kid": "k"}), &claims))
    }

    #[test]
    fn what_is_meant_for_us_is_believed_with_a_minute_for_the_clocks() {
        for fine in [
            json!({}),
            json!({"aud": ["us"]}),
            json!({"aud": ["us", "them"], "azp": "us"}),
            json!({"exp": NOW - 59, "iat": NOW + 60}),
            json!({"exp": 1_800_000_010.5}),
        ] {
            assert_eq!(changed(&fine).as_deref(), Ok("7"), "{fine}");
        }
    }

    #[test]
    fn what_is_not_meant_for_us_now_is_not_believed() {
        use NotBelieved::{Audience, Expired, Issuer, NoSubject, Nonce, NotYet};
        for (change, why) in [
            (json!({"iss": "https://i/"}), Issuer),
            (json!({"aud": "them"}), Audience),
            (json!({"aud": []}), Audience),
            (json!({"aud": ["us", "them"]}), Audience),
            (json!({"azp": "them"}), Audience),
            (json!({"azp": 7}), Audience),
            (json!({"exp": NOW - 60}), Expired),
            (json!({"exp": "2099"}), Expired),
            (json!({"iat": NOW + 61}), NotYet),
            (json!({"iat": null}), NotYet),
            (json!({"nbf": NOW + 61}), NotYet),
            (json!({"nonce": "m"}), Nonce),
            (json!({"nonce": null}), Nonce),
            (json!({"sub": ""}), NoSubject),
            (json!({"sub": 7}), NoSubject),
            (json!({"sub": "a b"}), NoSubject),
        ] {
            assert_eq!(changed(&change), Err(why), "{change}");
        }
    }

    #[test]
    fn a_token_does_not_choose_how_it_is_checked() {
        let claims = json!({"iss": "https://i"});
        for (head, why) in [
            (json!({"alg": "none"}), NotBelieved::Algorithm("none".to_owned())),
            (json!({"alg": "HS256", "kid": "k"}), NotBelieved::Algorithm("HS256".to_owned())),
            (json!({"alg": "RS256", "kid": "k"}), NotBelieved::NoKey),
            (json!({"alg": "EdDSA", "kid": "other"}), NotBelieved::NoKey),
            (json!({"alg": "EdDSA", "kid": "k", "crit": ["x"]}), NotBelieved::NoToken),
            (json!({"kid": "k"}), NotBelieved::Algorithm(String::new())),
        ] {
            assert_eq!(believed(&signed(&head, &claims)), Err(why), "{head}");
        }
        let right = signed(&json!({"alg": "EdDSA"}), &claims);
        assert_eq!(believed(&right), Err(NotBelieved::Audience), "the only key that fits needs no name");
        let (text, _) = right.rsplit_once('.').unwrap();
        let random = ring::rand::generate::<[u8; 64]>(&SystemRandom::new()).unwrap().expose();
        let forged = format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(random));
        assert_eq!(believed(&forged), Err(NotBelieved::Signature));
        for wrong in ["", "..", "a.b.c", "a.b", &format!("{text}."), &format!("{right}.x")] {
            assert!(believed(wrong).is_err(), "{wrong}");
        }
    }
}
