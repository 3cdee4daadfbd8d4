//! Prometheus' HTTP API: <https://prometheus.io/docs/prometheus/latest/querying/api/>.

use super::{Metrics, Place, fact};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use gonogo_core::fact::{Fact, Why};
use gonogo_core::guard::Sample;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// Prometheus refuses more than 11,000 points at once.
const MOST_POINTS: i64 = 10_000;

#[derive(Debug)]
pub struct Prometheus(pub(super) Place);

impl Metrics for Prometheus {
    fn samples<'a>(
        &'a self,
        query: &'a str,
        from: Timestamp,
        until: Timestamp,
        step: u32,
    ) -> BoxFuture<'a, Fact<Vec<Sample>>> {
        self.read(query, from, until, i64::from(step.max(1))).map(fact).boxed()
    }
}

impl Prometheus {
    async fn read(
        &self,
        query: &str,
        from: Timestamp,
        until: Timestamp,
        step: i64,
    ) -> Result<Option<Vec<Sample>>, Why> {
        let mut found = None;
        // What is evaluated at an instant is of the step before it.
        let mut start = (from.as_second() + 2 * step - 1).div_euclid(step) * step;
        while start <= until.as_second() {
            let end = (start + (MOST_POINTS - 1) * step).min(until.as_second());
            let texts = [start, end, step].map(|number| number.to_string());
            let asked = [("query", query), ("start", &texts[0]), ("end", &texts[1]), ("step", &texts[2])];
            let answer = self.0.get("api/v1/query_range", &asked, |body| body).await?;
            if let Some(samples) = self.samples_of(query, &answer, step)? {
                found.get_or_insert_with(Vec::new).extend(samples);
            }
            start = end.max(start) + step;
        }
        Ok(found)
    }

    fn samples_of(&self, query: &str, answer: &Value, step: i64) -> Result<Option<Vec<Sample>>, Why> {
        if answer["status"] != "success" {
            return Err(self.0.odd("its answer has no status `success`"));
        }
        let series = answer["data"]["result"].as_array().ok_or_else(|| self.0.odd("its answer has no `result`"))?;
        let [one] = &series[..] else {
            return match series.len() {
                0 => Ok(None),
                count => Err(self.0.several(query, count, &format!("sum({query})"))),
            };
        };
        let values = one["values"].as_array().ok_or_else(|| self.0.odd("a series has no `values`"))?;
        let samples: Option<Vec<Sample>> = values.iter().map(|value| sample(value, step)).collect();
        samples.map(Some).ok_or_else(|| self.0.odd("a value is no pair of time and text"))
    }
}

/// `[seconds, "value"]`, where the value may be `NaN`, `+Inf` or `-Inf`.
fn sample(pair: &Value, step: i64) -> Option<Sample> {
    let [at, value] = &pair.as_array()?[..] else { return None };
    let at = Timestamp::from_duration(SignedDuration::try_from_secs_f64(at.as_f64()?).ok()?).ok()?;
    let value: f64 = value.as_str()?.parse().ok()?;
    Some(Sample { at: at.checked_sub(SignedDuration::from_secs(step)).ok()?, value: Some(value) })
}
