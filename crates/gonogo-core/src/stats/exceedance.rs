//! Values against values, by rank alone: how many of the new ones are over a given one of
//! the old ones. Spikes, units and shapes of distributions do not matter to it.

use super::dispersion::largest_of_blocks;
use super::special::{ln_beta, ln_mean_exp, real};

/// Which of the old values are looked at, as shares from below: the middle sees a shift,
/// the upper ones see values that scatter more while the middle stays.
const SHARES: [f64; 3] = [0.5, 0.9, 0.98];
/// How much larger the odds of being over it are bet to be.
const ODDS: [f64; 5] = [2.0, 4.0, 10.0, 40.0, 400.0];

/// A baseline of values, made for tests against it. Larger is worse: who means the other
/// way gives all values with their signs changed.
#[derive(Clone, Debug)]
pub struct Exceedance {
    /// Each with the Beta distribution of the chance to be over it.
    levels: [(f64, f64, f64); 3],
    dispersion: f64,
}

impl Exceedance {
    /// None without values.
    pub fn new(baseline: &[f64]) -> Option<Self> {
        let mut sorted = baseline.to_vec();
        sorted.sort_by(f64::total_cmp);
        let count = real(sorted.len());
        let at = |share: f64| {
            let mut rank = 0.0;
            let found = sorted.iter().find(|_| {
                rank += 1.0;
                rank >= share * count
            });
            found.map(|value| (*value, rank))
        };
        let lower = [SHARES[0], SHARES[1]].into_iter().filter_map(at);
        let dispersion = lower.map(|(level, _)| over(baseline, level)).fold(1.0, f64::max);
        let levels = SHARES.map(at);
        let [Some(a), Some(b), Some(c)] = levels else { return None };
        // The chance that another of the same distribution is over the j-th of n is
        // Beta(n − j + 1, j), whatever the distribution.
        let shapes =
            [a, b, c].map(|(level, rank)| (level, (count - rank) / dispersion + 1.0, (rank / dispersion).max(0.5)));
        Some(Self { levels: shapes, dispersion })
    }

    /// How much more alike neighbours are than independent values.
    pub fn dispersion(&self) -> f64 {
        self.dispersion
    }

    /// Which of the levels a value is over: what `ln_evidence` wants summed.
    pub fn over(&self, value: f64) -> [f64; 3] {
        self.levels.map(|(level, ..)| if value > level { 1.0 } else { 0.0 })
    }

    /// The logarithm of the evidence that values are over these levels more often than the
    /// baseline's, of so many values how many were over each. The ratio of two
    /// beta-binomials: the chance of being over a level has the distribution that the
    /// baseline's ranks give it (Wilks, Annals of Mathematical Statistics 12, 1941), or one
    /// with larger odds. A mixture over levels and odds.
    pub fn ln_evidence(&self, over: [f64; 3], of: f64) -> f64 {
        let count = of / self.dispersion;
        let terms: [f64; 15] = std::array::from_fn(|term| {
            let (_, a, b) = self.levels[term / ODDS.len()];
            let hits = over[term / ODDS.len()] / self.dispersion;
            let odds = ODDS[term % ODDS.len()] * a / b;
            let more = (a + b) * odds / (1.0 + odds);
            let predicted = |a: f64, b: f64| ln_beta(a + hits, b + count - hits) - ln_beta(a, b);
            predicted(more, a + b - more) - predicted(a, b)
        });
        ln_mean_exp(terms.into_iter())
    }

    /// The evidence if each of so many values were over all: where even that would not do,
    /// the baseline is too short to tell.
    pub fn most_ln_evidence(&self, of: f64) -> f64 {
        self.ln_evidence([of; 3], of)
    }
}

/// Of being over a level, as the dispersion of a count is found; relative to independent
/// values, whose hits scatter by 1 − p less than Poisson events.
fn over(baseline: &[f64], level: f64) -> f64 {
    let hits: Vec<(f64, f64)> = baseline.iter().map(|value| (if *value > level { 1.0 } else { 0.0 }, 1.0)).collect();
    let share = hits.iter().map(|(hit, _)| hit).sum::<f64>() / real(hits.len());
    if share >= 1.0 { 1.0 } else { largest_of_blocks(&hits) / (1.0 - share) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values that look random: a multiplicative congruence.
    fn scattered(count: u32, from: u32) -> Vec<f64> {
        (from..from + count).map(|at| f64::from(at.wrapping_mul(2_654_435_761) >> 8) / f64::from(1 << 24)).collect()
    }

    fn evidence(baseline: &[f64], new: &[f64]) -> f64 {
        let test = Exceedance::new(baseline).unwrap();
        let over = new
            .iter()
            .map(|value| test.over(*value))
            .fold([0.0; 3], |sum, over| std::array::from_fn(|level| sum[level] + over[level]));
        test.ln_evidence(over, real(new.len()))
    }

    #[test]
    fn the_same_again_is_no_evidence_and_a_shift_is() {
        let baseline = scattered(300, 1);
        assert!(evidence(&baseline, &scattered(60, 1000)) < 0.0);
        let shifted: Vec<f64> = scattered(20, 1000).into_iter().map(|value| value + 0.6).collect();
        assert!(evidence(&baseline, &shifted) > 100.0_f64.ln());
    }

    #[test]
    fn a_spike_counts_as_one_value_however_high() {
        let baseline = scattered(300, 1);
        let mut new = scattered(60, 1000);
        let before = evidence(&baseline, &new);
        new[7] = 1e12;
        assert!(evidence(&baseline, &new) - before < 1.0);
    }

    #[test]
    fn neighbours_that_are_alike_count_less() {
        let alike: Vec<f64> = scattered(300, 1).chunks(20).flat_map(|chunk| vec![chunk[0]; 20]).collect();
        let test = Exceedance::new(&alike).unwrap();
        assert!(test.dispersion() > 5.0, "{}", test.dispersion());
        assert!(Exceedance::new(&scattered(300, 1)).unwrap().dispersion() < 2.5);
        assert!(Exceedance::new(&[]).is_none());
    }
}
