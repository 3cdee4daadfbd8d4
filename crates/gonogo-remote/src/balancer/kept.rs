//! What stood at a balancer before a deploy changed it, as it is kept there.

use jiff::Timestamp;
use std::fmt;
use std::str::FromStr;

/// `service=web deploy=214 was=off`, where nothing stood there `… absent`, and with
/// `until=2026-12-01T09:00:00Z` before that once it is to be put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub service: String,
    /// The newest one that has it on.
    pub deploy: i64,
    pub until: Option<Timestamp>,
    /// To the letter; nothing where there was no entry.
    pub was: Option<String>,
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "service={} deploy={} ", self.service, self.deploy)?;
        if let Some(until) = self.until {
            write!(f, "until={until} ")?;
        }
        match &self.was {
            Some(was) => write!(f, "was={was}"),
            None => f.write_str("absent"),
        }
    }
}

impl FromStr for Kept {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (service, rest) = text.strip_prefix("service=").and_then(|rest| rest.split_once(' ')).ok_or(())?;
        let (deploy, mut rest) = rest.strip_prefix("deploy=").and_then(|rest| rest.split_once(' ')).ok_or(())?;
        let mut until = None;
        if let Some((at, after)) = rest.strip_prefix("until=").and_then(|rest| rest.split_once(' ')) {
            until = Some(at.parse().map_err(|_| ())?);
            rest = after;
        }
        let was = match rest.strip_prefix("was=") {
            Some(was) => Some(was.to_owned()),
            None if rest == "absent" => None,
            None => return Err(()),
        };
        Ok(Self { service: service.to_owned(), deploy: deploy.parse().map_err(|_| ())?, until, was })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_is_read_as_it_was_to_the_letter() {
        for was in [None, Some(""), Some("off"), Some(" a  b;\\ "), Some("absent"), Some("until=1 was=x")] {
            for until in [None, Some(Timestamp::constant(1_795_489_513, 0))] {
                let kept = Kept { service: "web".to_owned(), deploy: 214, until, was: was.map(str::to_owned) };
                assert_eq!(kept.to_string().parse(), Ok(kept.clone()), "{kept}");
            }
        }
        for odd in [
            "",
            "x",
            "service=web",
            "service=web deploy=x was=a",
            "service=web deploy=1 is=a",
            "service=web deploy=1 until=x absent",
        ] {
            assert_eq!(odd.parse::<Kept>(), Err(()), "{odd}");
        }
    }
}
