//! `[on_call]`: who is called when a deploy goes wrong, in turns that change at
//! the same hour of the day all year.

use super::zone::{utc, zone};
use jiff::civil::DateTime;
use jiff::{Span, Timestamp, Unit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// People who take turns, and who is there instead of them.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnCall {
    /// The IANA zone of all times here.
    #[serde(default = "utc")]
    zone: String,
    /// When the first one's turn began, such as `2026-11-02T09:00`.
    #[schemars(with = "String")]
    since: DateTime,
    /// How many days a turn has.
    #[serde(default = "a_week")]
    days: i64,
    /// In their order; how to reach them may stand with the name.
    people: Vec<String>,
    #[serde(default)]
    instead: Vec<Instead>,
}

/// Somebody else for a while; of two that overlap the later written counts.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Instead {
    who: String,
    #[schemars(with = "String")]
    from: DateTime,
    #[schemars(with = "String")]
    until: DateTime,
}

/// Who is on call, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub who: String,
    /// By the clock on the wall in that zone.
    pub until: DateTime,
    pub zone: String,
}

const MOST_DAYS: i64 = 366;

fn a_week() -> i64 {
    7
}

impl OnCall {
    /// `None` before the first turn.
    pub fn at(&self, now: Timestamp) -> Option<Turn> {
        let here = zone(&self.zone).ok()?.to_datetime(now);
        let (mut who, mut until) = self.turn_at(here)?;
        if let Some(instead) = self.instead.iter().rev().find(|one| one.from <= here && here < one.until) {
            (who, until) = (&instead.who, instead.until);
        }
        let next = self.instead.iter().map(|one| one.from).filter(|from| *from > here);
        let until = next.chain([until]).min()?;
        Some(Turn { who: who.clone(), until, zone: self.zone.clone() })
    }

    /// By the clock on the wall: a day may have 23 hours.
    fn turn_at(&self, here: DateTime) -> Option<(&String, DateTime)> {
        let passed = self.since.until((Unit::Day, here)).ok().filter(|_| here >= self.since)?;
        let turns = i64::from(passed.get_days()) / self.days;
        let at = usize::try_from(turns).ok()? % self.people.len();
        let end = self.since.checked_add(Span::new().try_days((turns + 1) * self.days).ok()?).ok()?;
        Some((&self.people[at], end))
    }

    pub(super) fn validate(&self) -> Result<(), String> {
        zone(&self.zone)?;
        if self.people.is_empty() {
            return Err("`people` is empty: name who takes turns".to_owned());
        }
        if !(1..=MOST_DAYS).contains(&self.days) {
            return Err(format!("`days = {}`: a turn has 1 to {MOST_DAYS} days", self.days));
        }
        match self.instead.iter().find(|one| one.until <= one.from) {
            Some(wrong) => Err(format!("`instead`: {} is there from {} until {}", wrong.who, wrong.from, wrong.until)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Policy, Source};

    const TURNS: &str =
        "[on_call]\nzone = 'Europe/Berlin'\nsince = '2026-10-19T09:00'\npeople = ['Ana', 'Lee', 'Tom']\n";

    fn parse(text: &str) -> Result<OnCall, String> {
        let policy = Policy::parse(Source::new("gonogo.toml", text));
        policy.map(|policy| policy.sections.on_call.expect("there is one")).map_err(|e| e.to_string())
    }

    fn at(text: &str, now: &str) -> Option<(String, String)> {
        let turn = parse(text).unwrap().at(now.parse().unwrap())?;
        Some((turn.who, turn.until.strftime("%d %b %H:%M").to_string()))
    }

    #[test]
    fn turns_change_at_the_same_hour_whatever_the_clocks_do() {
        let turn = |now: &str| at(TURNS, now).map(|(who, until)| format!("{who} {until}"));
        assert_eq!(turn("2026-10-19T06:59:59Z"), None);
        assert_eq!(turn("2026-10-19T07:00:00Z").as_deref(), Some("Ana 26 Oct 09:00"));
        // Summer time ends on the 25th.
        assert_eq!(turn("2026-10-26T07:59:59Z").as_deref(), Some("Ana 26 Oct 09:00"));
        assert_eq!(turn("2026-10-26T08:00:00Z").as_deref(), Some("Lee 02 Nov 09:00"));
        assert_eq!(turn("2026-11-09T08:00:00Z").as_deref(), Some("Ana 16 Nov 09:00"));
    }

    #[test]
    fn somebody_else_is_there_for_a_while() {
        let text = format!(
            "{TURNS}[[on_call.instead]]\nwho = 'Maria'\nfrom = '2026-10-21T18:00'\nuntil = '2026-10-22T09:00'\n"
        );
        let turn = |now: &str| at(&text, now).map(|(who, until)| format!("{who} {until}"));
        assert_eq!(turn("2026-10-20T12:00:00Z").as_deref(), Some("Ana 21 Oct 18:00"));
        assert_eq!(turn("2026-10-21T16:00:00Z").as_deref(), Some("Maria 22 Oct 09:00"));
        assert_eq!(turn("2026-10-22T07:00:00Z").as_deref(), Some("Ana 26 Oct 09:00"));
    }

    #[test]
    fn mistakes_are_shown() {
        let wrong = |text: &str, said: &str| {
            let error = parse(text).unwrap_err();
            assert!(error.contains(said), "{error}");
        };
        wrong(&TURNS.replace("Berlin", "Bern"), "`Europe/Bern` is no time zone");
        wrong(&TURNS.replace("['Ana', 'Lee', 'Tom']", "[]"), "`people` is empty");
        wrong(&format!("{TURNS}days = 0\n"), "a turn has 1 to 366 days");
        wrong("[on_call]\npeople = ['Ana']\nsince = 'monday'\n", "gonogo.toml:3:9");
        let never = "[[on_call.instead]]\nwho = 'x'\nfrom = '2026-10-22T09:00'\nuntil = '2026-10-21T09:00'\n";
        wrong(&format!("{TURNS}{never}"), "x is there from");
    }
}
