//! Seals a secret by a word that is kept elsewhere: who has the one without the
//! other has nothing.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret, SecretString};

/// `None` where there is no randomness to be had.
pub(crate) fn seal(word: &str, secret: &SecretString) -> Option<String> {
    let mut nonce = [0; NONCE_LEN];
    SystemRandom::new().fill(&mut nonce).ok()?;
    let mut bytes = secret.expose_secret().as_bytes().to_vec();
    key(word)?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut bytes).ok()?;
    Some(BASE64_STANDARD.encode([nonce.as_slice(), &bytes].concat()))
}

/// `None` where it was sealed by another word, or changed since.
pub(crate) fn open(word: &str, sealed: &str) -> Option<SecretString> {
    let bytes = BASE64_STANDARD.decode(sealed).ok()?;
    let (nonce, rest) = bytes.split_at_checked(NONCE_LEN)?;
    let mut rest = rest.to_vec();
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let plain = key(word)?.open_in_place(nonce, Aad::empty(), &mut rest).ok()?;
    Some(SecretString::from(std::str::from_utf8(plain).ok()?.to_owned()))
}

/// The word is long and random, so that one hash makes a key of it; the hash
/// that sessions are found by is another one.
fn key(word: &str) -> Option<LessSafeKey> {
    let hash = digest(&SHA256, format!("seal {word}").as_bytes());
    UnboundKey::new(&AES_256_GCM, hash.as_ref()).ok().map(LessSafeKey::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_by_its_word_alone() {
        let sealed = seal("word", &SecretString::from("ghu_x")).unwrap();
        assert!(!sealed.contains("ghu_x"));
        assert_eq!(open("word", &sealed).unwrap().expose_secret(), "ghu_x");
        assert!(open("other", &sealed).is_none());
        assert!(open("word", &sealed[1..]).is_none() && open("word", "").is_none() && open("word", "AAAA").is_none());
        assert_ne!(sealed, seal("word", &SecretString::from("ghu_x")).unwrap());
    }
}
