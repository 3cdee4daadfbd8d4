//! How a secret may look in what a program says: as it is, in base64, in a URL, in JSON.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use thiserror::Error;

/// A shorter one is in every second word.
const FEWEST: usize = 4;

/// What people leave as it is in a URL, beside letters and digits: RFC 3986; what
/// browsers do; paths; forms.
const SAFE: [&str; 4] = ["-_.~", "-_.~!*'()", "-_.~/", "-_.*"];

#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum MaskError {
    #[error(
        "the secret {0} has less than {FEWEST} characters and cannot be masked\n  → make it longer, or give it in `env`"
    )]
    Short(String),
    #[error("the secrets cannot be masked: {0}")]
    Automaton(String),
}

/// All forms of all secrets.
pub(super) fn of(secrets: &BTreeMap<String, SecretString>) -> Result<BTreeSet<Vec<u8>>, MaskError> {
    let mut all = BTreeSet::new();
    for (name, secret) in secrets {
        // What a program prints of it seldom has the line feed of its file.
        let text = secret.expose_secret().trim();
        if text.chars().count() < FEWEST {
            return Err(MaskError::Short(name.clone()));
        }
        all.insert(text.as_bytes().to_vec());
        all.insert(in_json(text));
        all.extend(in_base64(text.as_bytes()));
        all.extend(in_urls(text));
    }
    Ok(all)
}

/// The part of it that is the same whatever stands around the secret. Three bytes are
/// four characters, so there are three ways in which it may lie.
fn in_base64(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for before in 0..3 {
        let padded: Vec<u8> = std::iter::repeat_n(0, before).chain(secret.iter().copied()).collect();
        let (first, end) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            forms.push(engine.encode(&padded).as_bytes()[first..end].to_vec());
        }
    }
    forms
}

fn in_urls(secret: &str) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for safe in SAFE {
        for is_upper in [true, false] {
            for space in ["%20", "+"] {
                let mut form = String::new();
                for byte in secret.bytes() {
                    match byte {
                        b' ' => form.push_str(space),
                        byte if byte.is_ascii_alphanumeric() || safe.as_bytes().contains(&byte) => {
                            form.push(char::from(byte));
                        }
                        // A String takes all.
                        byte if is_upper => write!(form, "%{byte:02X}").unwrap_or_default(),
                        byte => write!(form, "%{byte:02x}").unwrap_or_default(),
                    }
                }
                forms.push(form.into_bytes());
            }
        }
    }
    forms
}

fn in_json(secret: &str) -> Vec<u8> {
    let quoted = serde_json::Value::from(secret).to_string();
    quoted.as_bytes()[1..quoted.len() - 1].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_stands_in_base64_wherever_the_secret_lies() {
        let secret = b"s3cr3t+/~value";
        for before in 0..7 {
            for after in 0..4 {
                let text = [&vec![b'x'; before][..], secret, &vec![0xff; after]].concat();
                for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
                    let encoded = engine.encode(&text);
                    let found =
                        in_base64(secret).iter().any(|form| encoded.contains(std::str::from_utf8(form).unwrap()));
                    assert!(found, "{before} {after} {encoded}");
                }
            }
        }
    }

    #[test]
    fn what_is_too_short_is_named_and_not_shown() {
        let secrets = BTreeMap::from([("PIN".to_owned(), SecretString::from("xyz\n"))]);
        let said = of(&secrets).unwrap_err().to_string();
        assert!(said.contains("the secret PIN") && !said.contains("xyz"), "{said}");
    }
}
