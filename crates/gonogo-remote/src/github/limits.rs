//! GitHub's limits: an allowance for an hour, and secondary ones for bursts.
//! Whoever asks on while refused is refused for longer.

use super::GitHubError;
use crate::http::{Answer, told_to_wait};
use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderMap;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A secondary limit that names no time: GitHub's advice.
const A_MINUTE: Duration = Duration::from_mins(1);
/// The allowance is for an hour: no reset is further away.
const AN_HOUR: SignedDuration = SignedDuration::from_hours(1);

/// By whose allowance it is: one who is refused holds up nobody else.
#[derive(Debug, Default)]
pub(super) struct Limits {
    refused_until: Mutex<HashMap<String, Timestamp>>,
}

impl Limits {
    pub(super) fn may_ask(&self, whose: &str, now: Timestamp) -> Result<(), GitHubError> {
        match self.until().get(whose) {
            Some(until) if now < *until => Err(GitHubError::Limited { until: *until }),
            _ => Ok(()),
        }
    }

    /// Until when, where the answer is a limit's and not a missing right's.
    pub(super) fn refused(&self, whose: &str, answer: &Answer, now: Timestamp) -> Option<Timestamp> {
        let told = told_to_wait(&answer.headers);
        let used_up = number(&answer.headers, "x-ratelimit-remaining") == Some(0);
        let resets_at = number(&answer.headers, "x-ratelimit-reset").and_then(|s| i64::try_from(s).ok());
        let resets_at = resets_at.and_then(|second| Timestamp::from_second(second).ok()).filter(|_| used_up);
        let said = answer.body.get("message").and_then(|m| m.as_str()).unwrap_or_default();
        let until = match (told, resets_at) {
            (Some(wait), _) => now.saturating_add(wait).ok()?,
            (None, Some(time)) => time.min(now.saturating_add(AN_HOUR).ok()?),
            (None, None) if said.contains("rate limit") || answer.status.as_u16() == 429 => {
                now.saturating_add(A_MINUTE).ok()?
            }
            (None, None) => return None,
        };
        self.until().insert(whose.to_owned(), until);
        Some(until)
    }

    fn until(&self) -> std::sync::MutexGuard<'_, HashMap<String, Timestamp>> {
        self.refused_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::StatusCode;
    use serde_json::json;

    fn answer(status: u16, headers: &[(&'static str, &str)], message: &str) -> Answer {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: json!({ "message": message }) }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_limit_is_told_from_a_missing_right() {
        let limits = Limits::default();
        let now = at(1_000);
        assert_eq!(limits.refused("acme", &answer(403, &[], "Resource not accessible"), now), None);
        assert!(limits.may_ask("acme", now).is_ok());
        assert_eq!(limits.refused("acme", &answer(403, &[("retry-after", "7")], "slow down"), now), Some(at(1_007)));
        assert!(limits.may_ask("acme", at(1_006)).is_err());
        assert!(limits.may_ask("acme", at(1_007)).is_ok());
        let used_up = [("x-ratelimit-limit", "5000"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "4600")];
        assert_eq!(limits.refused("acme", &answer(403, &used_up, "API rate limit exceeded"), now), Some(at(4_600)));
        let secondary = answer(403, &[], "You have exceeded a secondary rate limit");
        assert_eq!(limits.refused("acme", &secondary, now), Some(at(1_060)));
        assert_eq!(limits.refused("acme", &answer(429, &[], ""), now), Some(at(1_060)));
    }

    #[test]
    fn no_answer_stops_us_for_longer_than_github_would_nor_others_at_all() {
        let limits = Limits::default();
        let now = at(1_000);
        for endless in ["31536000", "9223372036854775807", "18446744073709551615"] {
            let told = answer(429, &[("retry-after", endless)], "");
            assert_eq!(limits.refused("acme", &told, now), Some(at(1_900)), "{endless}");
            let used_up = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", endless)];
            let until = limits.refused("acme", &answer(403, &used_up, "rate limit"), now);
            assert!(until.is_some_and(|until| until <= at(4_600)), "{endless}: {until:?}");
        }
        assert!(limits.may_ask("acme", at(1_001)).is_err());
        assert!(limits.may_ask("other", at(1_001)).is_ok());
    }
}
