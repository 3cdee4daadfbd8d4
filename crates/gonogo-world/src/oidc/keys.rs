//! What the provider signs with.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaEncoding, RsaKeyPair,
};
use serde_json::{Value, json};

use crate::github::private_key_der;

pub(super) struct Key {
    pub(super) id: String,
    pub(super) algorithm: &'static str,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Key {
    /// One for `RS256`, `PS256`, `ES256` or `EdDSA`.
    pub(super) fn new(algorithm: &'static str, number: u64) -> Self {
        let random = SystemRandom::new();
        let rsa = || RsaKeyPair::from_der(&private_key_der()).expect("the world's own key is one");
        let pair = match algorithm {
            "RS256" => Pair::Rsa(rsa(), &RSA_PKCS1_SHA256),
            "PS256" => Pair::Rsa(rsa(), &RSA_PSS_SHA256),
            "ES256" => {
                let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let bytes = EcdsaKeyPair::generate_pkcs8(kind, &random).expect("there is randomness");
                Pair::P256(EcdsaKeyPair::from_pkcs8(kind, bytes.as_ref(), &random).expect("it is a key"))
            }
            "EdDSA" => {
                let bytes = Ed25519KeyPair::generate_pkcs8(&random).expect("there is randomness");
                Pair::Ed25519(Ed25519KeyPair::from_pkcs8(bytes.as_ref()).expect("it is a key"))
            }
            other => panic!("the world has no key for {other}"),
        };
        Self { id: format!("key-{number}"), algorithm, pair }
    }

    pub(super) fn sign(&self, text: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(*encoding, &random, text, &mut signature).expect("it signs");
                signature
            }
            Pair::P256(pair) => pair.sign(&random, text).expect("it signs").as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(text).as_ref().to_vec(),
        }
    }

    /// As it is published.
    pub(super) fn public(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut key = match &self.pair {
            Pair::Rsa(pair, _) => {
                let public: ring::rsa::PublicKeyComponents<Vec<u8>> = pair.public().into();
                json!({"kty": "RSA", "n": text(&public.n), "e": text(&public.e)})
            }
            Pair::P256(pair) => {
                // 4, then the two halves of the point.
                let point = pair.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..])})
            }
            Pair::Ed25519(pair) => json!({"kty": "OKP", "crv": "Ed25519", "x": text(pair.public_key().as_ref())}),
        };
        key["kid"] = self.id.clone().into();
        key["use"] = "sig".into();
        key["alg"] = self.algorithm.into();
        key
    }
}
