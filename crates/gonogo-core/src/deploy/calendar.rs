//! When a deploy may begin: weekly windows, and dated freezes. A time of the day is
//! the first moment at which a clock on the wall there shows it, or has gone over it.

use crate::policy::zone;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// So far ahead it is looked for when it opens.
const MOST_DAYS: i64 = 400;

/// Times at which deploys of a service may begin, each week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// `mon` to `sun`; without any, each day.
    #[serde(default)]
    pub days: Vec<Day>,
    /// Such as `09:00`.
    #[schemars(with = "String")]
    pub from: Time,
    /// Such as `16:30`; at or before `from` it is on the next day.
    #[schemars(with = "String")]
    pub until: Time,
}

/// Times at which none may.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// Such as `2026-12-19T18:00`.
    #[schemars(with = "String")]
    pub from: DateTime,
    #[schemars(with = "String")]
    pub until: DateTime,
    pub why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// When deploys may begin, in one place of the world.
#[derive(Clone, Debug)]
pub struct Calendar {
    pub(super) zone: TimeZone,
    name: String,
    windows: Vec<Window>,
    freezes: Vec<(Timestamp, Timestamp, String)>,
}

/// Whether one may begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Until then; `None` where no end is in sight.
    Open { until: Option<Timestamp> },
    Closed {
        why: String,
        /// `None` where that is not in sight.
        opens: Option<Timestamp>,
    },
}

impl Day {
    fn is(self, day: Weekday) -> bool {
        let number = match self {
            Self::Mon => 1,
            Self::Tue => 2,
            Self::Wed => 3,
            Self::Thu => 4,
            Self::Fri => 5,
            Self::Sat => 6,
            Self::Sun => 7,
        };
        day.to_monday_one_offset() == number
    }
}

impl Freeze {
    pub(super) fn validate(&self) -> Result<(), String> {
        if self.from >= self.until {
            return Err(format!("the freeze `{}` ends before it begins", self.why));
        }
        if self.why.trim().is_empty() {
            return Err("a freeze says `why`: people read it when they may not deploy".to_owned());
        }
        Ok(())
    }
}

impl Calendar {
    pub fn of(name: &str, windows: &[Window], freezes: &[Freeze]) -> Result<Self, String> {
        let zone = zone(name)?;
        let freezes = freezes.iter().map(|one| (first(&zone, one.from), first(&zone, one.until), one.why.clone()));
        Ok(Self { freezes: freezes.collect(), name: name.to_owned(), windows: windows.to_vec(), zone })
    }

    pub fn at(&self, now: Timestamp) -> Opening {
        match self.closed_by(now) {
            Some(why) => Opening::Closed { why, opens: self.next(now, true) },
            None => Opening::Open { until: self.next(now, false) },
        }
    }

    /// A time as the clock on the wall shows it there.
    pub fn shown(&self, at: Timestamp) -> String {
        format!("{} ({})", self.zone.to_datetime(at).strftime("%a %Y-%m-%d %H:%M"), self.name)
    }

    /// The first freeze that begins after now and by then: when, and why.
    pub fn freeze_until(&self, now: Timestamp, by: Timestamp) -> Option<(Timestamp, &str)> {
        let begins = self.freezes.iter().filter(|(from, _, _)| *from > now && *from <= by);
        begins.min_by_key(|(from, _, _)| *from).map(|(from, _, why)| (*from, why.as_str()))
    }

    /// Whether it lies in a window that comes each week; without any, it does not.
    pub fn is_in_window(&self, now: Timestamp) -> bool {
        !self.windows.is_empty() && self.closed_by(now).is_none()
    }

    fn closed_by(&self, now: Timestamp) -> Option<String> {
        if let Some((_, _, why)) = self.freezes.iter().find(|(from, until, _)| (*from..*until).contains(&now)) {
            return Some(why.clone());
        }
        let today = self.zone.to_datetime(now).date();
        // One that began yesterday may go on, and a zone may skip a day.
        let days = (-2..=1).filter_map(|day| today.checked_add(day.days()).ok());
        let is_in = days.flat_map(|day| self.on(day)).any(|(from, until)| (from..until).contains(&now));
        (!self.windows.is_empty() && !is_in).then(|| "no window is open".to_owned())
    }

    /// The windows that begin on a day.
    fn on(&self, day: Date) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        let begins =
            move |window: &&Window| window.days.is_empty() || window.days.iter().any(|one| one.is(day.weekday()));
        self.windows.iter().filter(begins).filter_map(move |window| {
            let last = if window.until > window.from { day } else { day.tomorrow().ok()? };
            Some((first(&self.zone, day.to_datetime(window.from)), first(&self.zone, last.to_datetime(window.until))))
        })
    }

    /// The first moment after now at which it is open, or is not.
    fn next(&self, now: Timestamp, open: bool) -> Option<Timestamp> {
        let today = self.zone.to_datetime(now).date();
        let of_freezes = self.freezes.iter().flat_map(|(from, until, _)| [*from, *until]);
        let mut turns: Vec<Timestamp> = of_freezes.filter(|turn| *turn > now).collect();
        turns.sort_unstable();
        let is_so = |turn: &Timestamp| self.closed_by(*turn).is_none() == open;
        let of_freezes = turns.into_iter().find(is_so);
        let mut day = today.checked_sub(2.days()).ok()?;
        let last = today.checked_add(MOST_DAYS.days()).ok()?;
        while day <= last {
            let mut turns: Vec<Timestamp> = self.on(day).flat_map(|(from, until)| [from, until]).collect();
            turns.retain(|turn| *turn > now);
            turns.sort_unstable();
            // Nothing of later days comes before what begins on this one.
            if let Some(turn) = turns.into_iter().find(is_so) {
                return Some(of_freezes.map_or(turn, |other| other.min(turn)));
            }
            day = day.tomorrow().ok()?;
        }
        of_freezes
    }
}

/// The first moment at which the clock there shows a time, or has gone over it.
pub(super) fn first(zone: &TimeZone, time: DateTime) -> Timestamp {
    let ambiguous = zone.to_ambiguous_timestamp(time);
    let gap_ends = || {
        // Read with the offset of before it lies after the clock was put on, or just then.
        let after = ambiguous.later().ok()?.checked_add(SignedDuration::from_secs(1)).ok()?;
        zone.preceding(after).next().map(|turn| turn.timestamp())
    };
    let found = match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => gap_ends(),
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => ambiguous.earlier().ok(),
    };
    found.unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn window(days: &[Day], from: &str, until: &str) -> Window {
        Window { days: days.to_vec(), from: from.parse().unwrap(), until: until.parse().unwrap() }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn berlin(windows: &[Window], freezes: &[Freeze]) -> Calendar {
        Calendar::of("Europe/Berlin", windows, freezes).unwrap()
    }

    #[test]
    fn a_window_opens_by_the_clock_on_the_wall_in_summer_and_winter() {
        let week = [Day::Mon, Day::Tue, Day::Wed, Day::Thu];
        let calendar = berlin(&[window(&week, "09:00", "16:00")], &[]);
        let opens = |now: &str| match calendar.at(at(now)) {
            Opening::Closed { opens, .. } => opens.unwrap().to_string(),
            Opening::Open { until } => format!("open until {}", until.unwrap()),
        };
        assert_eq!(opens("2026-03-26T15:00:00Z"), "2026-03-30T07:00:00Z", "from Thursday over the change to Monday");
        assert_eq!(opens("2026-03-26T14:59:59Z"), "open until 2026-03-26T15:00:00Z");
        assert_eq!(opens("2026-10-22T14:00:00Z"), "2026-10-26T08:00:00Z");
        assert_eq!(calendar.shown(at("2026-10-26T08:00:00Z")), "Mon 2026-10-26 09:00 (Europe/Berlin)");
    }

    #[test]
    fn a_freeze_goes_before_a_window_and_says_why() {
        let freeze = Freeze {
            from: "2026-12-19T18:00".parse().unwrap(),
            until: "2027-01-04T08:00".parse().unwrap(),
            why: "holidays".to_owned(),
        };
        let calendar = berlin(&[window(&[], "09:00", "16:00")], std::slice::from_ref(&freeze));
        let closed = Opening::Closed { why: "holidays".to_owned(), opens: Some(at("2027-01-04T08:00:00Z")) };
        assert_eq!(calendar.at(at("2026-12-24T10:00:00Z")), closed);
        let always = berlin(&[], &[freeze]);
        assert_eq!(always.at(at("2026-12-19T16:59:59Z")), Opening::Open { until: Some(at("2026-12-19T17:00:00Z")) });
        assert_eq!(always.at(at("2027-01-04T07:00:00Z")), Opening::Open { until: None });
    }

    #[test]
    fn an_hour_that_is_left_out_or_comes_twice_is_a_window_all_the_same() {
        let night = berlin(&[window(&[], "02:30", "03:30")], &[]);
        // 02:30 does not come on 29 March: it opens as the clock goes over it.
        assert_eq!(night.at(at("2026-03-29T01:00:00Z")), Opening::Open { until: Some(at("2026-03-29T01:30:00Z")) });
        assert!(matches!(night.at(at("2026-03-29T00:59:59Z")), Opening::Closed { .. }));
        // At the very time at which the clock is put on, too.
        let evening = berlin(&[window(&[], "00:00", "02:00")], &[]);
        assert_eq!(evening.at(at("2026-03-29T00:59:00Z")), Opening::Open { until: Some(at("2026-03-29T01:00:00Z")) });
        // On 25 October it comes twice: the first time opens it.
        assert_eq!(night.at(at("2026-10-25T00:30:00Z")), Opening::Open { until: Some(at("2026-10-25T02:30:00Z")) });
        let over_midnight = berlin(&[window(&[Day::Fri], "22:00", "02:00")], &[]);
        assert!(matches!(over_midnight.at(at("2026-11-27T23:30:00Z")), Opening::Open { .. }));
        assert!(matches!(over_midnight.at(at("2026-11-26T23:30:00Z")), Opening::Closed { .. }));
    }

    /// The first minute of a zone whose clock shows this time or a later one, minute by
    /// minute.
    fn brute_first(zone: &TimeZone, time: DateTime) -> Timestamp {
        let utc = TimeZone::UTC.to_timestamp(time).unwrap();
        let mut minute = utc - SignedDuration::from_hours(30);
        while zone.to_datetime(minute) < time {
            minute += SignedDuration::from_mins(1);
        }
        minute
    }

    /// The same from every side: each occurrence of a window near a time.
    fn brute_open(zone: &TimeZone, windows: &[Window], near: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let today = zone.to_datetime(near).date();
        let mut all = Vec::new();
        for day in -3..12 {
            let day = today.checked_add(day.days()).unwrap();
            for window in windows {
                if !window.days.is_empty() && !window.days.iter().any(|one| one.is(day.weekday())) {
                    continue;
                }
                let last = if window.until > window.from { day } else { day.tomorrow().unwrap() };
                let from = brute_first(zone, day.to_datetime(window.from));
                all.push((from, brute_first(zone, last.to_datetime(window.until))));
            }
        }
        all
    }

    fn days() -> impl Strategy<Value = Vec<Day>> {
        let all = [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri, Day::Sat, Day::Sun];
        prop::sample::subsequence(all.to_vec(), 0..4)
    }

    fn time() -> impl Strategy<Value = Time> {
        (0..24_i8, prop::sample::select(vec![0_i8, 15, 30, 59]))
            .prop_map(|(hour, minute)| Time::new(hour, minute, 0, 0).unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        /// Any zone, any minute of ten years, half of them near a change of the clock.
        #[test]
        fn it_opens_and_closes_when_looking_minute_by_minute_says_so(
            zone in any::<prop::sample::Index>(),
            minute in 0..5_256_000_i64,
            near_a_change in any::<bool>(),
            windows in prop::collection::vec((days(), time(), time()), 1..3),
        ) {
            let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
            let name = zone.get(&names);
            let Ok(tz) = TimeZone::get(name) else { return Ok(()) };
            let mut now = at("2026-01-01T00:00:00Z") + SignedDuration::from_mins(minute);
            if near_a_change && let Some(change) = tz.following(now).next() {
                // What is known of later years ends within a minute.
                let whole = change.timestamp().as_second().div_euclid(60) * 60;
                now = Timestamp::from_second(whole).unwrap() - SignedDuration::from_mins(minute % 600);
            }
            // A window ends after it begins.
            let windows: Vec<Window> = windows.into_iter().map(|(days, from, until)| Window { days, from, until }).collect();
            let calendar = Calendar::of(name, &windows, &[]).unwrap();
            let all = brute_open(&tz, &windows, now);
            let is_open = |minute: Timestamp| all.iter().any(|(from, until)| (*from..*until).contains(&minute));
            let turns = |open: bool| {
                (1..9 * 24 * 60).map(|step| now + SignedDuration::from_mins(step)).find(|minute| is_open(*minute) == open)
            };
            match calendar.at(now) {
                Opening::Open { until } => {
                    prop_assert!(is_open(now), "{name} {now}");
                    let expected = turns(false);
                    if expected.is_some() { prop_assert_eq!(until, expected, "{} {}", name, now); }
                }
                Opening::Closed { opens, .. } => {
                    prop_assert!(!is_open(now), "{name} {now}");
                    let expected = turns(true);
                    if expected.is_some() { prop_assert_eq!(opens, expected, "{} {}", name, now); }
                }
            }
        }
    }
}
