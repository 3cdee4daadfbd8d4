//! Whether a metric is within its bounds for long enough. What is not known never is.

use super::own::Sight;
use super::wait::MetricWait;
use crate::guard::Sample;
use crate::say;
use jiff::{SignedDuration, Timestamp};

/// Points come so much later than what they are of, and so many buckets.
const LATE: i64 = 60;
const LATE_BUCKETS: i64 = 5;

impl MetricWait {
    fn fits(&self, value: f64) -> bool {
        value.is_finite()
            && self.below.is_none_or(|below| value < below)
            && self.above.is_none_or(|above| value > above)
    }

    /// By its points, each at the beginning of its bucket: those of before the step began do
    /// not count, nor do buckets that are not over.
    pub fn sight(&self, samples: &[Sample], began: Timestamp, now: Timestamp) -> Sight {
        let bucket = SignedDuration::from_secs(self.resolution_seconds.into());
        let mut known: Vec<(Timestamp, f64)> = samples
            .iter()
            .filter_map(|sample| Some((sample.at, sample.value?)))
            // What is not over may still change.
            .filter(|(at, _)| *at >= began && *at + bucket <= now)
            .collect();
        known.sort_by_key(|(at, _)| *at);
        let Some((last, value)) = known.last().copied() else {
            return Sight::NotYet(format!("no point of {} since the step began", self.query));
        };
        let late = SignedDuration::from_secs(LATE.max(LATE_BUCKETS * i64::from(self.resolution_seconds)));
        let seen = format!("{value} at {}", say::second(last));
        if now.duration_since(last) > late {
            return Sight::NotYet(format!("{seen}, and nothing newer"));
        }
        if !self.fits(value) {
            return Sight::NotYet(format!("{seen}, which is not {}", self.bounds()));
        }
        let mut first = last;
        for (at, value) in known.into_iter().rev().skip(1) {
            if !self.fits(value) || first.duration_since(at) > bucket {
                break;
            }
            first = at;
        }
        let so_long = last.duration_since(first) + bucket;
        if so_long >= SignedDuration::from_secs(self.for_seconds.into()) {
            return Sight::Met(seen);
        }
        Sight::NotYet(format!("{seen}, and {} for {}", self.bounds(), say::lasts(so_long)))
    }
}
