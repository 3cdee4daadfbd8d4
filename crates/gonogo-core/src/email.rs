//! An address for e-mail, as narrow as we write to: nothing in one is a header,
//! a second address, or a command.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::str::FromStr;

/// `support@example.com`: ASCII, without a name, quotes or comments. The domain is
/// in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct EmailAddress(String);

/// Why a text is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoAddress(String);

/// RFC 5321, 4.5.3.1.
const MOST: usize = 254;
const MOST_LOCAL: usize = 64;

impl EmailAddress {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

/// Whether a text is a domain's name, such as `example.com`.
pub fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= MOST && text.split('.').all(is_label)
}

/// RFC 5322's dot-atom.
fn is_local(text: &str) -> bool {
    let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte);
    text.len() <= MOST_LOCAL && text.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(may_stand))
}

impl FromStr for EmailAddress {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Self, NoAddress> {
        let text = text.trim();
        match text.rsplit_once('@') {
            Some((local, domain)) if text.len() <= MOST && is_local(local) && is_domain(domain) => {
                Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase())))
            }
            _ => Err(NoAddress(text.chars().take(100).collect())),
        }
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no e-mail address: write it as support@example.com", crate::say::printable(&self.0))
    }
}

impl std::error::Error for NoAddress {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_are_taken() {
        let read = |text: &str| text.parse::<EmailAddress>().map(|address| address.to_string());
        assert_eq!(read(" Support+web@Example.COM ").unwrap(), "Support+web@example.com");
        assert_eq!(read("a@localhost").unwrap(), "a@localhost");
        assert_eq!(read("a.b@x.example.com").unwrap().parse::<EmailAddress>().unwrap().domain(), "x.example.com");
        let long = format!("{}@example.com", "a".repeat(65));
        for wrong in [
            "",
            "support",
            "@example.com",
            "a@",
            "a..b@example.com",
            "a@exa mple.com",
            "a b@example.com",
            "a@b@example.com",
            "a@example.com\r\nBcc: b@example.com",
            "a@example.com, b@example.com",
            "A <a@example.com>",
            "\"a b\"@example.com",
            "a>@example.com",
            "a@-x.com",
            "a@example..com",
            "ü@example.com",
            "a@[127.0.0.1]",
            &long,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
