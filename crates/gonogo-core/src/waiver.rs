//! A person's recorded decision to let one finding pass.

use crate::finding::{COULD_NOT_CHECK, Finding, Fingerprint, Waived};
use crate::policy::{PolicyError, Source, typed};
use crate::verdict::PRODUCTION_UNKNOWN;
use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize};

/// What could not be checked may be waived as break-glass, for a day at most.
const LONGEST_FOR_UNKNOWN: SignedDuration = SignedDuration::from_hours(24);
/// What a person may let pass on a page, and the policy may allow.
pub const MOST_DAYS: i64 = 90;
/// So long before its end a waiver is said to lapse.
const SOON: SignedDuration = SignedDuration::from_hours(24);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    pub fingerprint: Fingerprint,
    pub by: String,
    pub why: String,
    /// A time, or a date: then to the end of that day in UTC.
    #[serde(deserialize_with = "until")]
    pub until: Timestamp,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WaiverFile {
    #[serde(default)]
    waiver: Vec<Waiver>,
}

/// Reads `[[waiver]]` tables.
pub fn parse(source: &Source) -> Result<Vec<Waiver>, PolicyError> {
    let file: WaiverFile = typed(source, source.table()?)?;
    for waiver in &file.waiver {
        for (field, text) in [("by", &waiver.by), ("why", &waiver.why)] {
            if text.trim().is_empty() {
                let said = format!("the waiver of {} has an empty `{field}`", waiver.fingerprint);
                return Err(source.error(said, None).with_help("say who let it pass, and why"));
            }
        }
    }
    Ok(file.waiver)
}

/// How a waiver stood in one evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WaiverState {
    Applied,
    Expired,
    /// The finding is there, but its substance is another one; or the waiver
    /// lets something pass that may not be let pass for so long.
    Void,
    /// Nothing needs it.
    Unneeded,
}

/// Where a person's waiver stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Lets nothing pass until another person confirms it.
    Proposed,
    Holds,
    /// Within a day what it lets pass blocks again.
    LapsesSoon,
    Lapsed,
}

impl Standing {
    pub fn of(is_proposed: bool, until: Timestamp, now: Timestamp) -> Self {
        match until.duration_since(now) {
            left if left <= SignedDuration::ZERO => Self::Lapsed,
            _ if is_proposed => Self::Proposed,
            left if left <= SOON => Self::LapsesSoon,
            _ => Self::Holds,
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::Proposed => "waits for a second person",
            Self::Holds => "holds",
            Self::LapsesSoon => "lapses within a day",
            Self::Lapsed => "lapsed",
        }
    }
}

/// Lets findings pass, and says for each waiver what became of it.
pub fn apply(findings: &mut [Finding], waivers: &[Waiver], now: Timestamp) -> Vec<WaiverState> {
    waivers.iter().map(|waiver| apply_one(findings, waiver, now)).collect()
}

fn apply_one(findings: &mut [Finding], waiver: &Waiver, now: Timestamp) -> WaiverState {
    let fits = |f: &Finding| f.fingerprint == waiver.fingerprint;
    if !findings.iter().any(|f| f.fingerprint.same_finding(&waiver.fingerprint)) {
        return WaiverState::Unneeded;
    }
    if waiver.until <= now {
        return WaiverState::Expired;
    }
    let too_long = waiver.until.duration_since(now) > LONGEST_FOR_UNKNOWN;
    let mut state = WaiverState::Void;
    for finding in findings.iter_mut().filter(|f| fits(f)) {
        // Without production nothing was judged: there is nothing to let pass.
        if finding.code == PRODUCTION_UNKNOWN || (finding.code == COULD_NOT_CHECK && too_long) {
            continue;
        }
        let waived = Waived { by: waiver.by.clone(), why: waiver.why.clone(), until: waiver.until };
        finding.waived.get_or_insert(waived);
        state = WaiverState::Applied;
    }
    state
}

fn until<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Text {
        Toml(toml::value::Datetime),
        Plain(String),
    }
    let text = match Text::deserialize(deserializer)? {
        Text::Toml(datetime) => datetime.to_string(),
        Text::Plain(text) => text,
    };
    read_until(&text).ok_or_else(|| {
        serde::de::Error::custom(format!(
            "`{text}` is not a time: write 2026-12-31T18:00:00Z, or a date for the end of that day in UTC"
        ))
    })
}

fn read_until(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let date: civil::Date = text.parse().ok().filter(|_| text.len() == "2026-12-31".len())?;
    let midnight = date.tomorrow().map(|day| day.to_datetime(civil::Time::midnight()));
    // The last day that can be written has no end that can.
    Some(midnight.and_then(|end| TimeZone::UTC.to_timestamp(end)).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiver_says_a_day_before_that_it_lapses() {
        let at = |hour: i64| Timestamp::from_second(hour * 3_600).unwrap();
        let stands = |hour: i64| Standing::of(false, at(100), at(hour));
        assert_eq!([stands(75), stands(76), stands(99)], [Standing::Holds, Standing::LapsesSoon, Standing::LapsesSoon]);
        assert_eq!(stands(100), Standing::Lapsed);
        assert_eq!(Standing::of(true, at(100), at(99)), Standing::Proposed);
        assert_eq!(Standing::of(true, at(100), at(100)), Standing::Lapsed);
    }

    #[test]
    fn a_date_holds_to_the_end_of_its_day() {
        assert_eq!(read_until("2026-12-31"), "2027-01-01T00:00:00Z".parse().ok());
        assert_eq!(read_until("2026-12-31T18:00:00Z"), "2026-12-31T18:00:00Z".parse().ok());
        assert_eq!(read_until("soon"), None);
        assert_eq!(read_until("2026-12-31T18:00:00"), None);
    }
}
