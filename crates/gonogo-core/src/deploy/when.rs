//! For when somebody wants a deploy.

use super::calendar::{Calendar, first};
use jiff::civil::{DateTime, Time};
use jiff::{SignedDuration, Timestamp, ToSpan};

/// Further ahead nobody knows what will run.
const MOST: SignedDuration = SignedDuration::from_hours(14 * 24);

impl Calendar {
    /// `22:00` (the next time that a clock there shows it), `2026-12-02T09:00` there, or a
    /// moment that says its zone itself, such as `2026-12-02T09:00Z`. Else what is wrong,
    /// and what mends it.
    pub fn when(&self, text: &str, now: Timestamp) -> Result<Timestamp, (String, String)> {
        let text = text.trim();
        let at = self.read(text, now).ok_or_else(|| {
            let fix = "write 22:00, 2026-12-02T09:00 or 2026-12-02T09:00Z; it is";
            (format!("`{text}` is no time"), format!("{fix} {} now", self.shown(now)))
        })?;
        if at <= now {
            let fix = "leave the time out, or write a later one";
            return Err((format!("{} is over", self.shown(at)), fix.to_owned()));
        }
        if at.duration_since(now) > MOST {
            let said = format!("{} is more than {} days ahead", self.shown(at), MOST.as_hours() / 24);
            return Err((said, "ask for it nearer to that".to_owned()));
        }
        Ok(at)
    }

    fn read(&self, text: &str, now: Timestamp) -> Option<Timestamp> {
        let has_offset =
            || text.rfind(['+', '-', 'Z', 'z']).is_some_and(|at| text.find(':').is_some_and(|time| at > time));
        if let Some(moment) = text.parse().ok().filter(|_| has_offset()) {
            return Some(moment);
        }
        if !text.contains(':') {
            return None;
        }
        if text.contains('-') {
            return Some(first(&self.zone, text.parse::<DateTime>().ok()?));
        }
        let (time, today) = (text.parse::<Time>().ok()?, self.zone.to_datetime(now).date());
        let days = (0..=2).filter_map(|days| today.checked_add(days.days()).ok());
        days.map(|day| first(&self.zone, day.to_datetime(time))).find(|at| *at > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_clock_there_unless_they_say_otherwise() {
        let berlin = Calendar::of("Europe/Berlin", &[], &[]).unwrap();
        let now = "2026-12-01T20:30:00Z".parse().unwrap();
        let at = |text: &str| berlin.when(text, now).unwrap().to_string();
        assert_eq!(at("22:00"), "2026-12-01T21:00:00Z");
        assert_eq!(at(" 21:30 "), "2026-12-02T20:30:00Z", "it is just that: tomorrow's is meant");
        assert_eq!(at("2026-12-02T09:00"), "2026-12-02T08:00:00Z");
        assert_eq!(at("2026-12-02 09:00"), "2026-12-02T08:00:00Z");
        assert_eq!(at("2026-12-02T09:00Z"), "2026-12-02T09:00:00Z");
        assert_eq!(at("2026-12-02T09:00-05:00"), "2026-12-02T14:00:00Z");
    }

    #[test]
    fn what_is_no_time_or_none_to_wait_for_is_said() {
        let utc = Calendar::of("UTC", &[], &[]).unwrap();
        let now = "2026-12-01T12:00:00Z".parse().unwrap();
        let said = |text: &str| utc.when(text, now).expect_err(text).0;
        for odd in ["", "soon", "9", "2026-12-02", "25:00", "2026-02-30T09:00", "-1"] {
            assert!(said(odd).contains("is no time"), "{odd}: {}", said(odd));
        }
        assert!(said("2026-12-01T11:59").contains("is over"));
        assert!(said("2026-12-01T12:00Z").contains("is over"));
        assert!(said("2027-01-01T00:00").contains("more than 14 days ahead"));
    }
}
