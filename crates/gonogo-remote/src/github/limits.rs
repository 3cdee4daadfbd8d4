//! GitHub's limits: an allowance for an hour, and secondary ones for bursts.
//! Whoever asks on while refused is refused for longer.

use super::GitHubError;
use crate::http::Answer;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use std::sync::{Mutex, PoisonError};

/// A secondary limit that names no time: GitHub's advice.
const A_MINUTE: SignedDuration = SignedDuration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct Limits {
    refused_until: Mutex<Option<Timestamp>>,
}

impl Limits {
    pub(super) fn may_ask(&self, now: Timestamp) -> Result<(), GitHubError> {
        match *self.until() {
            Some(until) if now < until => Err(GitHubError::Limited { until }),
            _ => Ok(()),
        }
    }

    /// Until when, where the answer is a limit's and not a missing right's.
    pub(super) fn refused(&self, answer: &Answer, now: Timestamp) -> Option<Timestamp> {
        let told = number(&answer.headers, RETRY_AFTER.as_str()).and_then(|s| i64::try_from(s).ok());
        let used_up = number(&answer.headers, "x-ratelimit-remaining") == Some(0);
        let resets_at = number(&answer.headers, "x-ratelimit-reset").and_then(|s| i64::try_from(s).ok());
        let resets_at = resets_at.and_then(|second| Timestamp::from_second(second).ok()).filter(|_| used_up);
        let said = answer.body.get("message").and_then(|m| m.as_str()).unwrap_or_default();
        let until = match (told, resets_at) {
            (Some(seconds), _) => now.saturating_add(SignedDuration::from_secs(seconds)).ok()?,
            (None, Some(time)) => time,
            (None, None) if said.contains("rate limit") || answer.status.as_u16() == 429 => {
                now.saturating_add(A_MINUTE).ok()?
            }
            (None, None) => return None,
        };
        *self.until() = Some(until);
        Some(until)
    }

    fn until(&self) -> std::sync::MutexGuard<'_, Option<Timestamp>> {
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
        assert_eq!(limits.refused(&answer(403, &[], "Resource not accessible"), now), None);
        assert!(limits.may_ask(now).is_ok());
        assert_eq!(limits.refused(&answer(403, &[("retry-after", "7")], "slow down"), now), Some(at(1_007)));
        assert!(limits.may_ask(at(1_006)).is_err());
        assert!(limits.may_ask(at(1_007)).is_ok());
        let used_up = [("x-ratelimit-limit", "5000"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "4600")];
        assert_eq!(limits.refused(&answer(403, &used_up, "API rate limit exceeded"), now), Some(at(4_600)));
        let secondary = answer(403, &[], "You have exceeded a secondary rate limit");
        assert_eq!(limits.refused(&secondary, now), Some(at(1_060)));
        assert_eq!(limits.refused(&answer(429, &[], ""), now), Some(at(1_060)));
    }
}
