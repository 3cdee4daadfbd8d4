//! The keys that a provider signs with.

use super::discovery::Metadata;
use super::{FRESH_FOR, NotBelieved, OidcError, Provider};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// After an unknown key was looked for in vain, no other is for so long.
const IN_VAIN_FOR: SignedDuration = SignedDuration::from_secs(60);
/// More keys than any provider has.
const MOST_KEYS: usize = 100;

/// What is known of a provider's keys.
#[derive(Debug, Default)]
pub(super) struct Keys {
    known: Mutex<Known>,
}

#[derive(Clone, Debug, Default)]
struct Known {
    keys: Arc<Vec<Key>>,
    fetched_at: Option<Timestamp>,
    in_vain_at: Option<Timestamp>,
}

/// A key by which signatures are checked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key {
    id: Option<String>,
    /// The one algorithm that it is for, where it says so.
    algorithm: Option<String>,
    kind: Kind,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// The uncompressed point.
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// By what a token is signed. None that anybody could make (`none`), and none by
/// a secret that we share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rs256,
    Ps256,
    Es256,
    EdDsa,
}

impl Algorithm {
    const ALL: [(&str, Self); 4] =
        [("RS256", Self::Rs256), ("PS256", Self::Ps256), ("ES256", Self::Es256), ("EdDSA", Self::EdDsa)];

    pub(super) fn read(word: &str) -> Result<Self, NotBelieved> {
        let found = Self::ALL.into_iter().find(|(known, _)| *known == word);
        found.map(|(_, algorithm)| algorithm).ok_or_else(|| NotBelieved::Algorithm(word.chars().take(20).collect()))
    }

    fn word(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, known)| *known == self).map_or("", |(word, _)| word)
    }
}

impl Key {
    /// `None` for what we cannot check with, such as a key to encrypt.
    pub(super) fn read(json: &Value) -> Option<Self> {
        let text = |name: &str| json.get(name).and_then(Value::as_str);
        let bytes = |name: &str| BASE64_URL_SAFE_NO_PAD.decode(text(name)?.trim_end_matches('=')).ok();
        if text("use").is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let kind = match (text("kty")?, text("crv")) {
            ("RSA", _) => Kind::Rsa { n: bytes("n")?, e: bytes("e")? },
            ("EC", Some("P-256")) => Kind::P256([vec![4], bytes("x")?, bytes("y")?].concat()),
            ("OKP", Some("Ed25519")) => Kind::Ed25519(bytes("x")?),
            _ => return None,
        };
        Some(Self { id: text("kid").map(str::to_owned), algorithm: text("alg").map(str::to_owned), kind })
    }

    /// A key's own kind says what may be checked with it, never the token alone.
    fn is_for(&self, algorithm: Algorithm) -> bool {
        let fits = matches!(
            (&self.kind, algorithm),
            (Kind::Rsa { .. }, Algorithm::Rs256 | Algorithm::Ps256)
                | (Kind::P256(_), Algorithm::Es256)
                | (Kind::Ed25519(_), Algorithm::EdDsa)
        );
        fits && self.algorithm.as_deref().is_none_or(|only| only == algorithm.word())
    }

    pub(super) fn check(&self, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> Result<(), NotBelieved> {
        let by_rsa = |parameters: &'static RsaParameters, n: &Vec<u8>, e: &Vec<u8>| {
            RsaPublicKeyComponents { n, e }.verify(parameters, signed, signature)
        };
        let checked = match (&self.kind, algorithm) {
            (Kind::Rsa { n, e }, Algorithm::Rs256) => by_rsa(&RSA_PKCS1_2048_8192_SHA256, n, e),
            (Kind::Rsa { n, e }, Algorithm::Ps256) => by_rsa(&RSA_PSS_2048_8192_SHA256, n, e),
            (Kind::P256(point), Algorithm::Es256) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature)
            }
            (Kind::Ed25519(x), Algorithm::EdDsa) => UnparsedPublicKey::new(&ED25519, x).verify(signed, signature),
            _ => return Err(NotBelieved::NoKey),
        };
        checked.map_err(|_| NotBelieved::Signature)
    }
}

/// The key that a token names, or, where it names none, the only one that fits.
pub(super) fn pick<'k>(keys: &'k [Key], id: Option<&str>, algorithm: Algorithm) -> Option<&'k Key> {
    let mut fitting = keys.iter().filter(|key| key.is_for(algorithm) && (id.is_none() || key.id.as_deref() == id));
    let first = fitting.next()?;
    (id.is_some() || fitting.next().is_none()).then_some(first)
}

impl Provider {
    /// The provider's keys; fetched anew when they are old, and when none fits.
    pub(super) async fn keys_for(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<Arc<Vec<Key>>, OidcError> {
        let metadata = self.metadata(now).await?;
        let known = self.keys.known();
        let is_within = |at: Option<Timestamp>, time| at.is_some_and(|at| now.duration_since(at).abs() < time);
        let is_known = pick(&known.keys, id, algorithm).is_some();
        if is_within(known.fetched_at, FRESH_FOR) && (is_known || is_within(known.in_vain_at, IN_VAIN_FOR)) {
            return Ok(known.keys);
        }
        let keys = match self.fetch_keys(&metadata, now).await {
            Err(error) if is_known => {
                tracing::warn!(%error, "the provider's keys cannot be had: those of before are used");
                return Ok(known.keys);
            }
            fetched => fetched?,
        };
        if pick(&keys, id, algorithm).is_none() {
            self.keys.known.lock().unwrap_or_else(PoisonError::into_inner).in_vain_at = Some(now);
        }
        Ok(keys)
    }

    pub(super) async fn fetch_keys(&self, metadata: &Metadata, now: Timestamp) -> Result<Arc<Vec<Key>>, OidcError> {
        const WHAT: &str = "its keys";
        let answer = self.get(WHAT, metadata.jwks_uri.clone()).await?;
        let all = answer.get("keys").and_then(Value::as_array).ok_or_else(|| OidcError::odd(WHAT, "no `keys`"))?;
        let keys = Arc::new(all.iter().take(MOST_KEYS).filter_map(Key::read).collect::<Vec<_>>());
        let mut known = self.keys.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.keys = Arc::clone(&keys);
        known.fetched_at = Some(now);
        Ok(keys)
    }
}

impl Keys {
    fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Connections, HttpSettings};
    use serde_json::json;
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    /// A provider that has these keys, and tells them once.
    fn told_once(keys: Value) -> Provider {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let at = |path: &str| format!("{issuer}/{path}");
        let described = json!({
            "issuer": issuer,
            "authorization_endpoint": at("authorize"),
            "token_endpoint": at("token"),
            "jwks_uri": at("keys"),
        });
        std::thread::spawn(move || {
            let mut keys = Some(keys);
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let head: Vec<String> =
                    BufReader::new(&stream).lines().map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
                let told = if head[0].contains("/keys") { keys.take() } else { Some(described.clone()) };
                let (status, body) = told.map_or((503, String::new()), |told| (200, told.to_string()));
                let length = body.len();
                write!(stream, "HTTP/1.1 {status} x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
                    .unwrap();
            }
        });
        let connections = Connections::new(&HttpSettings { is_direct: true, ..HttpSettings::default() }).unwrap();
        Provider::new(issuer, "us".to_owned(), "secret".into(), None, connections)
    }

    #[tokio::test]
    async fn while_keys_cannot_be_had_those_of_before_are_used() {
        let provider = told_once(json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": "AAAA"}]}));
        let begun = Timestamp::from_second(1_800_000_000).unwrap();
        let later = begun + FRESH_FOR;
        let keys = async |id: &str, now| provider.keys_for(Some(id), Algorithm::EdDsa, now).await;
        assert_eq!(keys("k", begun).await.unwrap().len(), 1);
        assert_eq!(keys("k", later).await.unwrap().len(), 1);
        assert!(keys("another", later).await.is_err());
    }
}
