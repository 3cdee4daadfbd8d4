//! Graphite's render API: <https://graphite.readthedocs.io/en/stable/render_api.html>.

use super::{Metrics, Place, fact};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use gonogo_core::fact::{Fact, Why};
use gonogo_core::guard::Sample;
use jiff::Timestamp;
use serde_json::Value;

#[derive(Debug)]
pub struct Graphite(pub(super) Place);

impl Metrics for Graphite {
    fn samples<'a>(
        &'a self,
        query: &'a str,
        from: Timestamp,
        until: Timestamp,
        _step: u32,
    ) -> BoxFuture<'a, Fact<Vec<Sample>>> {
        self.read(query, from, until).map(fact).boxed()
    }
}

impl Graphite {
    async fn read(&self, query: &str, from: Timestamp, until: Timestamp) -> Result<Option<Vec<Sample>>, Why> {
        // `from` is not included there, and `until` is. Answers are kept for a minute
        // without `noCache`, and an early empty one with them.
        let (first, last) = ((from.as_second() - 1).to_string(), until.as_second().to_string());
        let asked = [("target", query), ("from", &first), ("until", &last), ("format", "json"), ("noCache", "1")];
        let answer = self.0.get("render", &asked, without_infinities).await?;
        let series = answer.as_array().ok_or_else(|| self.0.odd("its answer is no list of series"))?;
        let [one] = &series[..] else {
            // An unknown metric, and some misspelt functions, give an empty list and 200.
            return match series.len() {
                0 => Ok(None),
                count => Err(self.0.several(query, count, &format!("sumSeries({query})"))),
            };
        };
        let points = one["datapoints"].as_array().ok_or_else(|| self.0.odd("a series has no `datapoints`"))?;
        let samples: Option<Vec<Sample>> = points.iter().map(sample).collect();
        let samples = samples.ok_or_else(|| self.0.odd("a data point is no pair of value and time"))?;
        Ok(Some(samples.into_iter().filter(|sample| sample.at >= from && sample.at < until).collect()))
    }
}

/// `[value or null, seconds]`
fn sample(point: &Value) -> Option<Sample> {
    let [value, at] = &point.as_array()?[..] else { return None };
    let at = Timestamp::from_second(at.as_i64()?).ok()?;
    let value = match value {
        Value::Null => None,
        number => Some(number.as_f64()?),
    };
    Some(Sample { at, value })
}

/// Graphite writes infinities as 1e9999, and old ones write NaN: neither is a number in
/// JSON, and neither is one here. What stands in a string stays.
fn without_infinities(body: Vec<u8>) -> Vec<u8> {
    const ODD: [&[u8]; 5] = [b"-1e9999", b"1e9999", b"-Infinity", b"Infinity", b"NaN"];
    if !ODD.iter().any(|odd| body.windows(odd.len()).any(|part| part == *odd)) {
        return body;
    }
    let mut mended = Vec::with_capacity(body.len());
    let (mut at, mut in_string) = (0, false);
    while let Some(byte) = body.get(at) {
        let odd = ODD.iter().find(|odd| !in_string && body[at..].starts_with(odd));
        if let Some(odd) = odd {
            mended.extend_from_slice(b"null");
            at += odd.len();
            continue;
        }
        mended.push(*byte);
        at += 1;
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => {
                mended.extend(body.get(at));
                at += 1;
            }
            _ => {}
        }
    }
    mended
}
