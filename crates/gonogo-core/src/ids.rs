//! Identifiers that cannot be wrong once they exist.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use thiserror::Error;

/// A full commit or object id: 40 hex digits (SHA-1) or 64 (SHA-256).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha {
    bytes: [u8; 32],
    len: u8,
}

/// Why a text is no identifier.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum IdError {
    #[error("`{0}` is not a full object id: it wants 40 or 64 hex digits")]
    Sha(String),
    #[error("`{0}` is not an issue key like STORY-12")]
    IssueKey(String),
}

impl Sha {
    /// The first seven digits, for people.
    pub fn short(&self) -> String {
        self.to_string()[..7].to_owned()
    }

    /// Whether the full id begins with these hex digits (any case).
    pub fn starts_with(&self, prefix: &str) -> bool {
        let digits = self.bytes[..usize::from(self.len)].iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let mut digits = digits.map(u32::from);
        prefix.chars().all(|c| c.is_ascii_hexdigit() && c.to_digit(16) == digits.next())
    }
}

impl FromStr for Sha {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::from_hex(text.as_bytes()).ok_or_else(|| IdError::Sha(text.to_owned()))
    }
}

impl Sha {
    /// Reads hex digits; `None` unless there are exactly 40 or 64 of them.
    pub fn from_hex(hex: &[u8]) -> Option<Self> {
        if hex.len() != 40 && hex.len() != 64 {
            return None;
        }
        let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self { bytes, len: u8::try_from(hex.len() / 2).ok()? })
    }
}

impl Hash for Sha {
    /// The digits of an id are as good as random: eight of its bytes are enough.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes[..8].hash(state);
    }
}

impl fmt::Display for Sha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0u8; 64];
        let mut end = 0;
        for byte in &self.bytes[..usize::from(self.len)] {
            text[end] = HEX[usize::from(byte >> 4)];
            text[end + 1] = HEX[usize::from(byte & 15)];
            end += 2;
        }
        f.write_str(std::str::from_utf8(&text[..end]).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Sha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for Sha {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<Sha> for String {
    fn from(sha: Sha) -> Self {
        sha.to_string()
    }
}

/// A tracker's issue key, `PROJECT-NUMBER`; sorts by number within a project.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IssueKey {
    project: Box<str>,
    number: u64,
}

impl IssueKey {
    pub fn new(project: &str, number: u64) -> Self {
        Self { project: project.into(), number }
    }

    pub fn project(&self) -> &str {
        &self.project
    }
}

impl FromStr for IssueKey {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = || IdError::IssueKey(text.to_owned());
        let (project, number) = text.rsplit_once('-').ok_or_else(wrong)?;
        let mut letters = project.bytes();
        let project_fits = letters.next().is_some_and(|b| b.is_ascii_uppercase())
            && letters.all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        let number_fits = number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0');
        if !project_fits || !number_fits {
            return Err(wrong());
        }
        Ok(Self { project: project.into(), number: number.parse().map_err(|_| wrong())? })
    }
}

impl fmt::Display for IssueKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.project, self.number)
    }
}

impl fmt::Debug for IssueKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for IssueKey {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<IssueKey> for String {
    fn from(key: IssueKey) -> Self {
        key.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sha_reads_back_as_it_was_written() {
        for hex in ["a".repeat(40), "0123456789abcdef".repeat(4)] {
            let sha: Sha = hex.parse().unwrap();
            assert_eq!(sha.to_string(), hex);
        }
        assert!("abc".parse::<Sha>().is_err());
        assert!("g".repeat(40).parse::<Sha>().is_err());
    }

    #[test]
    fn keys_sort_by_number() {
        let key = |t: &str| t.parse::<IssueKey>().unwrap();
        assert!(key("STORY-9") < key("STORY-10"));
        for wrong in ["STORY-09", "STORY-", "story-1", "STORY", "9STORY-1", "STORY-0", "-1"] {
            assert!(wrong.parse::<IssueKey>().is_err(), "{wrong}");
        }
    }
}
