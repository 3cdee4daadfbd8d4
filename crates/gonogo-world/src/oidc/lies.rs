//! ID tokens as an attacker, or a broken provider, would make them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};

use super::keys::Key;
use super::state::State;

/// What is wrong with every ID token from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// `alg` is `none`, and there is no signature.
    Unsigned,
    /// Signed by HS256, with the client's secret.
    SignedBySecret,
    /// Signed by HS256, with the text of the public key.
    SignedByPublicKey,
    /// Changed after it was signed.
    Changed,
    /// Signed by another key, under the right key's id.
    OtherKey,
    /// By a key that is not published.
    UnknownKey,
    OtherIssuer,
    OtherAudience,
    /// For several, of which another one asked.
    OtherParty,
    Expired,
    FromTomorrow,
    OtherNonce,
    NoNonce,
    NoSubject,
    /// No ID token at all.
    None,
}

impl Lie {
    pub const ALL: [Self; 15] = [
        Self::Unsigned,
        Self::SignedBySecret,
        Self::SignedByPublicKey,
        Self::Changed,
        Self::OtherKey,
        Self::UnknownKey,
        Self::OtherIssuer,
        Self::OtherAudience,
        Self::OtherParty,
        Self::Expired,
        Self::FromTomorrow,
        Self::OtherNonce,
        Self::NoNonce,
        Self::NoSubject,
        Self::None,
    ];

    fn bend(self, claims: &mut Value) {
        let hour = 3_600;
        let iat = claims["iat"].as_i64().unwrap_or_default();
        match self {
            Self::OtherIssuer => claims["iss"] = "https://evil.example.com".into(),
            Self::OtherAudience => claims["aud"] = "another".into(),
            Self::OtherParty => {
                claims["aud"] = json!([claims["aud"], "another"]);
                claims["azp"] = "another".into();
            }
            Self::Expired => {
                claims["iat"] = (iat - 2 * hour).into();
                claims["exp"] = (iat - hour).into();
            }
            Self::FromTomorrow => claims["iat"] = (iat + 24 * hour).into(),
            Self::OtherNonce => claims["nonce"] = "of another sign-in".into(),
            Self::NoNonce => claims["nonce"] = Value::Null,
            Self::NoSubject => claims["sub"] = "".into(),
            _ => {}
        }
    }
}

impl State {
    /// An ID token with these claims; none where that is the lie.
    pub(super) fn id_token(&self, mut claims: Value) -> Option<String> {
        let key = self.keys.last().expect("a provider has a key");
        let lie = self.lie;
        if let Some(lie) = lie {
            lie.bend(&mut claims);
        }
        let by_secret = |secret: &str, text: &str| {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), text.as_bytes()).as_ref().to_vec()
        };
        let other = || Key::new("ES256", 0);
        let (algorithm, id) = match lie {
            Some(Lie::Unsigned) => ("none", key.id.clone()),
            Some(Lie::SignedBySecret | Lie::SignedByPublicKey) => ("HS256", key.id.clone()),
            Some(Lie::UnknownKey) => ("ES256", "key-of-nobody".to_owned()),
            _ => (key.algorithm, key.id.clone()),
        };
        let text = part(&json!({"alg": algorithm, "kid": id, "typ": "JWT"})) + "." + &part(&claims);
        let signature = match lie {
            Some(Lie::None) => return None,
            Some(Lie::Unsigned) => Vec::new(),
            Some(Lie::SignedBySecret) => by_secret(&self.client.secret, &text),
            Some(Lie::SignedByPublicKey) => by_secret(&key.public().to_string(), &text),
            Some(Lie::OtherKey | Lie::UnknownKey) => other().sign(text.as_bytes()),
            _ => key.sign(text.as_bytes()),
        };
        let text = if lie == Some(Lie::Changed) {
            claims["groups"] = json!(["owners"]);
            text.rsplit_once('.').map_or_else(String::new, |(head, _)| format!("{head}.{}", part(&claims)))
        } else {
            text
        };
        Some(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn part(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}
