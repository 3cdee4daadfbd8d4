//! A person's recorded decision to let one finding pass.

use crate::fact::System;
use crate::finding::{COULD_NOT_CHECK, Finding, Fingerprint, Waived};
use crate::policy::{PolicyError, Source, typed};
use crate::verdict::PRODUCTION_UNKNOWN;
use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::str::FromStr;

/// What could not be checked may be waived as break-glass, for a day at most.
const LONGEST_FOR_UNKNOWN: SignedDuration = SignedDuration::from_hours(24);
/// The same of all that one system leaves unchecked.
pub const LONGEST_FOR_SYSTEM: SignedDuration = SignedDuration::from_hours(4);
/// What a person may let pass on a page, and the policy may allow.
pub const MOST_DAYS: i64 = 90;
/// So long before its end a waiver is said to lapse.
const SOON: SignedDuration = SignedDuration::from_hours(24);

/// What is let pass: one finding, or all that a system outside that is away
/// leaves unchecked, `system:tracker`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Covers {
    Finding(Fingerprint),
    System(System),
}

const SYSTEM: &str = "system:";

impl fmt::Display for Covers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finding(fingerprint) => fingerprint.fmt(f),
            Self::System(system) => write!(f, "{SYSTEM}{}", system.word()),
        }
    }
}

impl FromStr for Covers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(word) = text.strip_prefix(SYSTEM) else { return text.parse().map(Self::Finding) };
        word.parse().map(Self::System)
    }
}

impl TryFrom<String> for Covers {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Covers> for String {
    fn from(covers: Covers) -> Self {
        covers.to_string()
    }
}

impl Covers {
    /// Whether it is about this finding, whatever its substance is by now.
    fn is_about(&self, finding: &Finding) -> bool {
        match self {
            Self::Finding(fingerprint) => finding.fingerprint.same_finding(fingerprint),
            Self::System(_) => self.fits(finding),
        }
    }

    fn fits(&self, finding: &Finding) -> bool {
        match self {
            Self::Finding(fingerprint) => finding.fingerprint == *fingerprint,
            Self::System(system) => finding.code == COULD_NOT_CHECK && finding.system == Some(*system),
        }
    }

    fn system(&self) -> Option<System> {
        match self {
            Self::Finding(_) => None,
            Self::System(system) => Some(*system),
        }
    }

    /// So long before its end it may let something pass that could not be checked.
    fn longest_for_unknown(&self) -> SignedDuration {
        if self.system().is_some() { LONGEST_FOR_SYSTEM } else { LONGEST_FOR_UNKNOWN }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    #[serde(rename = "fingerprint")]
    pub covers: Covers,
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
                let said = format!("the waiver of {} has an empty `{field}`", waiver.covers);
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
    let covers = &waiver.covers;
    if !findings.iter().any(|f| covers.is_about(f)) {
        return WaiverState::Unneeded;
    }
    if waiver.until <= now {
        return WaiverState::Expired;
    }
    let too_long = waiver.until.duration_since(now) > covers.longest_for_unknown();
    let mut state = WaiverState::Void;
    for finding in findings.iter_mut().filter(|f| covers.fits(f)) {
        // Without production nothing was judged: there is nothing to let pass.
        if finding.code == PRODUCTION_UNKNOWN || (finding.code == COULD_NOT_CHECK && too_long) {
            continue;
        }
        let (by, why) = (waiver.by.clone(), waiver.why.clone());
        let waived = Waived { by, why, until: waiver.until, of: covers.system() };
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
    use crate::finding::{Severity, Subject};

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
    fn what_a_system_leaves_unchecked_may_pass_for_hours_and_nothing_else() {
        let found = |code, system| Finding {
            check: "story-state",
            code,
            severity: Severity::Block,
            subject: Subject::Candidate,
            at: None,
            message: String::new(),
            fix: String::new(),
            link: None,
            fingerprint: Fingerprint::of("story-state", code, &Subject::Candidate, &serde_json::Value::Null),
            system,
            waived: None,
        };
        let (tracker, host) = (Some(System::Tracker), Some(System::CodeHost));
        let findings = [
            found(COULD_NOT_CHECK, tracker),
            found(COULD_NOT_CHECK, host),
            found(COULD_NOT_CHECK, None),
            found("story-wrong-state", tracker),
        ];
        let now = Timestamp::from_second(1_000).unwrap();
        let after = |waiver_lasts: SignedDuration| {
            let (by, why) = ("ada".to_owned(), "agreed".to_owned());
            let waiver = Waiver { covers: "system:tracker".parse().unwrap(), by, why, until: now + waiver_lasts };
            let mut findings = findings.clone();
            let states = apply(&mut findings, &[waiver], now);
            (states[0], findings.map(|finding| finding.waived.is_some()))
        };
        assert_eq!(after(LONGEST_FOR_SYSTEM), (WaiverState::Applied, [true, false, false, false]));
        let longer = LONGEST_FOR_SYSTEM + SignedDuration::from_secs(1);
        assert_eq!(after(longer), (WaiverState::Void, [false; 4]));
        assert_eq!(after(SignedDuration::ZERO), (WaiverState::Expired, [false; 4]));
        assert!("system:moon".parse::<Covers>().unwrap_err().contains("tracker or code-host"));
    }

    #[test]
    fn a_date_holds_to_the_end_of_its_day() {
        assert_eq!(read_until("2026-12-31"), "2027-01-01T00:00:00Z".parse().ok());
        assert_eq!(read_until("2026-12-31T18:00:00Z"), "2026-12-31T18:00:00Z".parse().ok());
        assert_eq!(read_until("soon"), None);
        assert_eq!(read_until("2026-12-31T18:00:00"), None);
    }
}
