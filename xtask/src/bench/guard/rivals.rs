//! What people use instead.

use super::deploys::Traffic;
use super::trial::real;

const MINUTE: usize = 6;

/// A minute's errors over twice the mean minute before: after how many buckets.
pub(super) fn threshold(before: &Traffic, during: &Traffic) -> Option<usize> {
    let mean = before.errors.iter().sum::<f64>() / real(before.errors.len());
    let minutes =
        during.errors.windows(MINUTE).position(|minute| minute.iter().sum::<f64>() > 2.0 * mean * real(MINUTE));
    minutes.map(|first| first + MINUTE)
}

/// The two-proportion z-test at 1%, one-sided, which is made for one look, looked at after
/// each minute.
pub(super) fn fixed_horizon(before: &Traffic, during: &Traffic) -> Option<usize> {
    let sums = |traffic: &Traffic, to: usize| -> (f64, f64) {
        (traffic.errors[..to].iter().sum(), traffic.requests[..to].iter().sum())
    };
    let (errors, of) = sums(before, before.errors.len());
    (MINUTE..=during.errors.len()).step_by(MINUTE).find(|seen| {
        let (now, of_now) = sums(during, *seen);
        let pooled = (errors + now) / (of + of_now);
        let deviation = (pooled * (1.0 - pooled) * (1.0 / of + 1.0 / of_now)).sqrt();
        // Φ(2.326) = 0.99
        now / of_now - errors / of > 2.326 * deviation
    })
}

/// A point over twice the mean before.
pub(super) fn threshold_of_values(before: &[f64], during: &[f64]) -> Option<usize> {
    let mean = before.iter().sum::<f64>() / real(before.len());
    during.iter().position(|value| *value > 2.0 * mean).map(|nth| nth + 1)
}

/// Welch's test at 1%, one-sided, by the normal distribution, looked at after each point
/// from the sixth on.
pub(super) fn fixed_horizon_of_values(before: &[f64], during: &[f64]) -> Option<usize> {
    let moments = |values: &[f64]| {
        let count = real(values.len());
        let mean = values.iter().sum::<f64>() / count;
        (mean, values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0) / count)
    };
    let (mean, variance) = moments(before);
    (6..=during.len()).find(|seen| {
        let (now, variance_now) = moments(&during[..*seen]);
        now - mean > 2.326 * (variance + variance_now).sqrt()
    })
}
