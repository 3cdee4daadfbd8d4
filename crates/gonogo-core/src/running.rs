//! What runs in production.

use crate::ids::{IdError, Sha};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One commit, or several while a deploy is half done; never none. The same
/// commits in another order are the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Running(Vec<Sha>);

impl Running {
    /// `None` of nothing.
    pub fn of(shas: impl IntoIterator<Item = Sha>) -> Option<Self> {
        let mut shas: Vec<Sha> = shas.into_iter().collect();
        shas.sort_unstable();
        shas.dedup();
        (!shas.is_empty()).then_some(Self(shas))
    }

    pub fn shas(&self) -> &[Sha] {
        &self.0
    }

    /// The one commit, where it is one.
    pub fn only(&self) -> Option<Sha> {
        if let [only] = *self.0 { Some(only) } else { None }
    }

    /// For people: `77ab01c and 9f2c1ab`.
    pub fn short(&self) -> String {
        let short: Vec<String> = self.0.iter().map(Sha::short).collect();
        crate::say::list(&short, short.len())
    }
}

impl From<Sha> for Running {
    fn from(sha: Sha) -> Self {
        Self(vec![sha])
    }
}

impl fmt::Display for Running {
    /// The full SHAs with blanks between.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shas: Vec<String> = self.0.iter().map(Sha::to_string).collect();
        f.write_str(&shas.join(" "))
    }
}

impl FromStr for Running {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let shas = text.split_ascii_whitespace().map(str::parse).collect::<Result<Vec<Sha>, _>>()?;
        Self::of(shas).ok_or_else(|| IdError::Sha(text.to_owned()))
    }
}

impl TryFrom<String> for Running {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<Running> for String {
    fn from(running: Running) -> Self {
        running.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_and_what_comes_twice_make_no_difference() {
        let sha = |digit: &str| digit.repeat(40);
        let running = |text: String| text.parse::<Running>().unwrap();
        let two = running(format!("{} {} {}", sha("b"), sha("a"), sha("b")));
        assert_eq!(two, running(format!("{} {}", sha("a"), sha("b"))));
        assert_eq!((two.short().as_str(), two.only()), ("aaaaaaa and bbbbbbb", None));
        assert_eq!(running(two.to_string()), two);
        assert!(running(sha("a")).only().is_some());
        assert!("".parse::<Running>().is_err() && "abc".parse::<Running>().is_err());
        assert_eq!(Running::of([]), None);
    }
}
