//! Slack's limits: for each method, and one message a second in a channel.
//! Nobody waits for them here: an error names the time to come back at.

use super::SlackError;
use crate::http::{Answer, told_to_wait};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Where a refusal names no time.
const A_MINUTE: Duration = Duration::from_mins(1);
const A_SECOND: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Limits {
    refused_until: Mutex<BTreeMap<&'static str, Timestamp>>,
}

impl Limits {
    pub(super) fn may_ask(&self, method: &'static str, now: Timestamp) -> Result<(), SlackError> {
        match self.until().get(method) {
            Some(until) if now < *until => Err(SlackError::Limited { until: *until }),
            _ => Ok(()),
        }
    }

    pub(super) fn refused(&self, method: &'static str, answer: &Answer, now: Timestamp) -> SlackError {
        let pause = told_to_wait(&answer.headers).unwrap_or(A_MINUTE).max(A_SECOND);
        let until = now.saturating_add(pause).unwrap_or(Timestamp::MAX);
        self.until().insert(method, until);
        SlackError::Limited { until }
    }

    fn until(&self) -> MutexGuard<'_, BTreeMap<&'static str, Timestamp>> {
        self.refused_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::StatusCode;
    use serde_json::Value;

    #[test]
    fn a_limit_holds_for_its_method_until_the_time_that_slack_names() {
        let limits = Limits::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        let refuse = |headers: &[(&'static str, &str)]| {
            let headers = headers.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect();
            let answer = Answer { status: StatusCode::TOO_MANY_REQUESTS, headers, body: Value::Null };
            limits.refused("chat.postMessage", &answer, at(1_000)).until()
        };
        assert_eq!(refuse(&[]), Some(at(1_060)));
        assert_eq!(refuse(&[("retry-after", "0")]), Some(at(1_001)));
        for endless in ["31536000", "9223372036854775807", "18446744073709551615"] {
            assert_eq!(refuse(&[("retry-after", endless)]), Some(at(1_900)), "{endless}");
        }
        assert_eq!(refuse(&[("retry-after", "-1")]), Some(at(1_060)));
        assert_eq!(refuse(&[("retry-after", "7")]), Some(at(1_007)));
        assert!(limits.may_ask("chat.postMessage", at(1_006)).is_err());
        assert!(limits.may_ask("chat.postMessage", at(1_007)).is_ok());
        assert!(limits.may_ask("chat.update", at(1_000)).is_ok());
    }
}
