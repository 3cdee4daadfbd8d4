//! What polling costs of GitHub's allowances. Whoever polls says so around all
//! that it asks; answers that have not changed cost nothing.

use crate::http::Answer;
use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

tokio::task_local! {
    static IS_POLLING: bool;
}

/// Runs what asks because it is time to, or what a hook or a person wants.
pub async fn polling<F: Future>(is_polling: bool, run: F) -> F::Output {
    IS_POLLING.scope(is_polling, run).await
}

/// Whether what asks here does so because it is time to.
pub fn is_polling() -> bool {
    IS_POLLING.try_with(|is_polling| *is_polling).unwrap_or(false)
}

/// An allowance, as GitHub told of it last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Requests in an hour.
    pub limit: u32,
    /// That are left until it begins anew.
    pub remaining: u32,
    pub resets_at: Timestamp,
    /// What polling took of it.
    pub polled: u32,
}

/// By whose they are.
#[derive(Debug, Default)]
pub(super) struct Spending {
    of: Mutex<BTreeMap<String, Allowance>>,
}

/// Two answers of one window may say seconds that differ by one.
const SAME_WINDOW: SignedDuration = SignedDuration::from_secs(5);

impl Spending {
    pub(super) fn note(&self, whose: &str, answer: &Answer) {
        let Some(told) = told(&answer.headers) else { return };
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        let known = of.get(whose).filter(|known| known.resets_at.duration_since(told.resets_at).abs() <= SAME_WINDOW);
        let is_paid = is_polling() && answer.status != StatusCode::NOT_MODIFIED;
        let polled = known.map_or(0, |known| known.polled) + u32::from(is_paid);
        of.insert(whose.to_owned(), Allowance { polled, ..told });
    }

    fn all(&self) -> Vec<(String, Allowance)> {
        let of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        of.iter().map(|(whose, allowance)| (whose.clone(), *allowance)).collect()
    }
}

impl super::GitHub {
    /// Each with whose it is; an Enterprise Server may have none.
    pub fn allowances(&self) -> Vec<(String, Allowance)> {
        self.spending.all()
    }
}

fn told(headers: &HeaderMap) -> Option<Allowance> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u32>().ok();
    let resets_at = Timestamp::from_second(number("x-ratelimit-reset")?.into()).ok()?;
    let (limit, remaining) = (number("x-ratelimit-limit")?, number("x-ratelimit-remaining")?);
    Some(Allowance { limit, remaining, resets_at, polled: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn answer(status: u16, remaining: &'static str, reset: &'static str) -> Answer {
        let headers =
            [("x-ratelimit-limit", "5000"), ("x-ratelimit-remaining", remaining), ("x-ratelimit-reset", reset)];
        let headers = headers.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        Answer { status: StatusCode::from_u16(status).unwrap(), headers: headers.collect(), body: Value::Null }
    }

    #[tokio::test]
    async fn what_polling_asks_is_counted_apart_in_each_window() {
        let spending = Spending::default();
        let polled = || spending.all().iter().map(|(whose, one)| (whose.clone(), one.polled)).collect::<Vec<_>>();
        spending.note("acme", &answer(200, "4999", "7200"));
        assert_eq!(polled(), [("acme".to_owned(), 0)], "nobody polled");
        polling(true, async {
            spending.note("acme", &answer(200, "4998", "7200"));
            spending.note("acme", &answer(304, "4998", "7200"));
            spending.note("acme", &answer(200, "4997", "7201"));
            polling(false, async { spending.note("acme", &answer(200, "4996", "7200")) }).await;
        })
        .await;
        assert_eq!(polled(), [("acme".to_owned(), 2)]);
        assert_eq!(spending.all()[0].1.remaining, 4_996);
        spending.note("acme", &answer(200, "4999", "10800"));
        assert_eq!(polled(), [("acme".to_owned(), 0)], "an hour begins anew");
    }
}
