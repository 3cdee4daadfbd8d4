//! What checks find: reason codes, subjects, fingerprints.

use crate::fact::System;
use crate::ids::{IssueKey, Sha};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// How much a finding weighs. The order is that of the output: what blocks first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Block,
    Wait,
    Warn,
    Note,
}

/// A stable word that users may search for; each has a section in the docs.
pub type Code = &'static str;

/// The code of every fact that could not be gathered.
pub const COULD_NOT_CHECK: Code = "could-not-check";

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "kebab-case")]
pub enum Subject {
    Story(IssueKey),
    Commit(Sha),
    File(String),
    /// A system outside, such as the tracker.
    System(String),
    /// The candidate as a whole.
    Candidate,
}

impl Subject {
    /// The word for it in the JSON output.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Story(_) => "story",
            Self::Commit(_) => "commit",
            Self::File(_) => "file",
            Self::System(_) => "system",
            Self::Candidate => "candidate",
        }
    }

    pub fn id(&self) -> String {
        match self {
            Self::Story(key) => key.to_string(),
            Self::Commit(sha) => sha.to_string(),
            Self::File(path) | Self::System(path) => path.clone(),
            Self::Candidate => "candidate".to_owned(),
        }
    }
}

/// Where in the candidate's files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct At {
    pub path: String,
    pub line: u32,
}

/// Which finding this is, over heads and time. Two halves: the first from
/// check, code and subject; the second from the substance. A waiver whose first
/// half fits and whose second does not is void: the substance changed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint {
    which: String,
    substance: String,
}

const WHICH_DIGITS: usize = 12;
const SUBSTANCE_DIGITS: usize = 20;

impl Fingerprint {
    /// Hashes each part with its length, so that no two lists of parts collide
    /// by joining. `serde_json` maps are sorted: the text of `substance` is canonical.
    pub fn of(check: &str, code: Code, subject: &Subject, substance: &Value) -> Self {
        let id = subject.id();
        Self {
            which: digits(&[check, code, subject.kind(), &id], WHICH_DIGITS),
            substance: digits(&[&substance.to_string()], SUBSTANCE_DIGITS),
        }
    }

    /// Same check, code and subject, whatever the substance.
    pub fn same_finding(&self, other: &Self) -> bool {
        self.which == other.which
    }
}

fn digits(parts: &[&str], wanted: usize) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let hex: String = hash.finalize().iter().flat_map(|b| [b >> 4, b & 15]).map(hex_digit).collect();
    hex[..wanted].to_owned()
}

fn hex_digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).unwrap_or('0')
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.which, self.substance)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |part: &str, digits: usize| {
            part.len() == digits && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        match text.split_once('-') {
            Some((which, substance)) if fits(which, WHICH_DIGITS) && fits(substance, SUBSTANCE_DIGITS) => {
                Ok(Self { which: which.to_owned(), substance: substance.to_owned() })
            }
            _ => Err(format!(
                "`{text}` is not a fingerprint: it wants {WHICH_DIGITS} hex digits, a hyphen and {SUBSTANCE_DIGITS} more, as `gonogo check` prints it"
            )),
        }
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

/// One thing that a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub check: &'static str,
    pub code: Code,
    pub severity: Severity,
    pub subject: Subject,
    pub at: Option<At>,
    /// One sentence, plain text; outside text in it is escaped by who renders it.
    pub message: String,
    pub fix: String,
    /// A page that helps to mend it, such as the story in the tracker.
    pub link: Option<String>,
    pub fingerprint: Fingerprint,
    /// Of what could not be checked: which system outside was asked.
    pub system: Option<System>,
    pub waived: Option<Waived>,
}

/// By whom and why a finding was let pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waived {
    pub by: String,
    pub why: String,
    pub until: Timestamp,
    /// Where all was let pass that a system leaves unchecked.
    pub of: Option<System>,
}

impl Finding {
    /// Where the docs explain the code, in the repository of gonogo.
    pub fn docs(&self) -> String {
        format!("docs/checks/{}.md#{}", self.check, self.code)
    }

    /// Whether it still counts: not waived.
    pub fn counts(&self) -> bool {
        self.waived.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_fingerprint_reads_back_and_tells_which_part_changed() {
        let story = Subject::Story("STORY-1".parse().unwrap());
        let of = |substance| Fingerprint::of("story-state", "story-wrong-state", &story, &substance);
        let (one, two) = (of(json!({"status": "A"})), of(json!({"status": "B"})));
        assert_ne!(one, two);
        assert!(one.same_finding(&two));
        assert_eq!(one.to_string().parse::<Fingerprint>().unwrap(), one);
        assert!("4f1c9a".parse::<Fingerprint>().is_err());
    }

    #[test]
    fn joined_parts_do_not_collide() {
        assert_ne!(digits(&["ab", "c"], 12), digits(&["a", "bc"], 12));
    }
}
