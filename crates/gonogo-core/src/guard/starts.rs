//! Since when it may have got worse. Evidence is weighed over all of these moments, with
//! weights that do not sum to more than 1: a mixture of e-processes is one, and a change
//! late in a deploy is not drowned in the good time before it (Shin, Ramdas and Rinaldo,
//! "E-detectors", New England Journal of Statistics in Data Science 2, 2024).

use crate::stats::real;

/// Buckets between two moments at which no step began.
const STRIDE: usize = 6;

/// Places among the judged moments, counted from 0, with the logarithms of their weights.
/// Steps have half of the weight: most of what breaks, breaks with them.
pub(super) fn starts(steps: &[usize], moments: usize) -> Vec<(usize, f64)> {
    let mut places: Vec<usize> = steps.iter().copied().filter(|place| *place < moments).collect();
    places.dedup();
    let grid = (0..moments).step_by(STRIDE);
    let half = 0.5_f64.ln();
    // The k-th has 1 / (k (k + 1)), whose sum is 1 however many come.
    let weighted = |nth: usize, place| (place, half - (real(nth + 1) * real(nth + 2)).ln());
    let of_steps = places.iter().enumerate().map(|(nth, place)| weighted(nth, *place));
    of_steps.chain(grid.enumerate().map(|(nth, place)| weighted(nth, place))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_are_those_of_a_mixture() {
        for (steps, moments) in [(vec![0, 30, 60], 180), (vec![], 5), ((0..500).collect(), 10_000)] {
            let all: f64 = starts(&steps, moments).iter().map(|(_, weight)| weight.exp()).sum();
            assert!(all <= 1.0 + 1e-9 && all > 0.2, "{all}");
        }
        assert_eq!(starts(&[7], 0), []);
    }
}
