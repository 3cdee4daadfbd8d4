//! How a host stands, as `host.sh` says it.

use super::error::{CapistranoError, unreached};
use super::link::Answer;

/// One host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    pub host: String,
    /// The release that serves.
    pub current: Option<String>,
    /// Its REVISION.
    pub sha: Option<String>,
    pub releases: Vec<Release>,
    pub lock: Option<String>,
    /// The deploy that began to go back, and is not back yet.
    pub back: Option<String>,
    pub removed: Vec<String>,
    /// Linked files that are not there.
    pub missing: Vec<String>,
    /// Who has the lock instead of us.
    pub held: Option<String>,
    pub lost: Option<String>,
}

/// A folder among the releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    pub name: String,
    /// Its REVISION; without it, it is half made.
    pub sha: Option<String>,
    /// Whether it was seen to serve.
    pub was_published: bool,
    /// Whether nothing was done in it for an hour.
    pub is_old: bool,
    /// Which deploy began to make it.
    pub by: Option<String>,
}

impl Look {
    pub(super) fn of(host: &str, answer: &Answer) -> Result<Self, CapistranoError> {
        let Some(said) = &answer.said else {
            let kind = answer.kind.as_deref().unwrap_or_default();
            return Err(unreached(host, kind, answer.trouble.as_deref().unwrap_or_default()));
        };
        let mut look = Self { host: host.to_owned(), ..Self::default() };
        let mut is_whole = false;
        for line in said.lines() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let mut words = rest.split(' ');
            let known = |word: Option<&str>| word.filter(|word| !word.is_empty() && *word != "-").map(str::to_owned);
            match word {
                "current" => (look.current, look.sha) = (known(words.next()), known(words.next())),
                "release" => look.releases.extend(release(rest)),
                "lock" => look.lock = Some(rest.to_owned()),
                "back" => look.back = Some(rest.to_owned()),
                "removed" => look.removed.push(rest.to_owned()),
                "missing" => look.missing.push(rest.to_owned()),
                "held" => look.held = Some(rest.to_owned()),
                "lost" => look.lost = Some(rest.to_owned()),
                "fault" => return Err(CapistranoError::Fault { host: host.to_owned(), said: rest.to_owned() }),
                "end" => is_whole = true,
                // A login may greet.
                _ => {}
            }
        }
        if is_whole { Ok(look) } else { Err(unreached(host, "", "the connection broke while it was asked")) }
    }

    /// Whether exactly that serves there.
    pub fn serves(&self, release: &str, sha: &str) -> bool {
        self.current.as_deref() == Some(release) && self.sha.as_deref() == Some(sha)
    }

    pub(super) fn release(&self, name: &str) -> Option<&Release> {
        self.releases.iter().find(|release| release.name == name)
    }

    /// What serves there, for people.
    pub fn said(&self) -> String {
        match (&self.current, &self.sha) {
            (None, None) => "nothing serves".to_owned(),
            (release, sha) => {
                let release = release.as_deref().unwrap_or("another folder");
                format!("{release} serves, which is {}", sha.as_deref().unwrap_or("of no known commit"))
            }
        }
    }
}

/// `NAME SHA seen|never old|new BY…`
fn release(rest: &str) -> Option<Release> {
    let mut words = rest.splitn(5, ' ');
    let (name, sha, seen, age) = (words.next()?, words.next()?, words.next()?, words.next()?);
    Some(Release {
        name: name.to_owned(),
        sha: Some(sha.to_owned()).filter(|sha| sha != "-"),
        was_published: seen == "seen",
        is_old: age == "old",
        by: words.next().filter(|by| !by.is_empty()).map(str::to_owned),
    })
}
