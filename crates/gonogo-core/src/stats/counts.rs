//! Counts against counts. An exposure is what events come from: seconds for counts in
//! time, trials for rates.
//!
//! A rate's events are tested as Poisson events over its trials. That errs on the safe
//! side: a binomial count, and a hypergeometric one once the total is known, is smaller in
//! convex order than the Poisson and binomial counts of the same mean (Hoeffding, JASA 58,
//! 1963), and a likelihood ratio is convex in the count.

use super::ratios::{Ratios, Side};
use super::special::ln_mean_exp;

/// Events, and what they come from.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stream {
    pub events: f64,
    pub exposure: f64,
}

impl Stream {
    /// Events for each exposure; none without exposure.
    pub fn each(self) -> Option<f64> {
        (self.exposure > 0.0).then(|| self.events / self.exposure)
    }
}

/// Against a baseline that is over: its rate λ is not known, only its events.
#[derive(Clone, Debug)]
pub struct Against {
    baseline: Stream,
    ratios: Ratios,
    dispersion: f64,
}

impl Against {
    pub fn new(baseline: Stream, ratios: Ratios, dispersion: f64) -> Self {
        Self { baseline, ratios, dispersion }
    }

    /// The logarithm of the evidence that what came since has a rate of more than the null
    /// ratio times the baseline's.
    ///
    /// With n events in the baseline's exposure S, and k in T since, the likelihood of a
    /// ratio ρ, integrated over λ by dλ/λ (the right Haar measure: the ratio of two such
    /// is an e-process without knowing λ; Pérez-Ortiz, Lardy, de Heide and Grünwald,
    /// "E-statistics, group invariance and anytime-valid testing", Annals of Statistics
    /// 52, 2024), is ρᵏ / (S + ρT)ⁿ⁺ᵏ up to what does not depend on ρ: the binomial of k
    /// of n + k. The exposure of the baseline does not end with an event as that wants:
    /// one event more where up is worse, and none where down is, is on the safe side, and
    /// makes a baseline without events one. Counts are divided by the index of dispersion
    /// (quasi-Poisson: `McCullagh` and Nelder, "Generalized Linear Models", 1989, ch. 6).
    pub fn ln_evidence(&self, since: Stream) -> f64 {
        let Self { baseline, ratios, dispersion } = self;
        let events = since.events / dispersion;
        let one_more = if ratios.side == Side::Up { 1.0 } else { 0.0 };
        let all = baseline.events / dispersion + events + one_more;
        let whole = |ratio: f64| baseline.exposure + ratio * since.exposure;
        let null = whole(ratios.null).ln();
        let of = |ratio: &f64| events * (ratio / ratios.null).ln() + all * (null - whole(*ratio).ln());
        ln_mean_exp(ratios.bets.iter().map(of))
    }
}

/// Against something that ran at the same time, or at the same time of other days: of the
/// events of both in one moment, how many are ours is binomial, whatever the rate was then
/// (Przyborowski and Wilenski, Biometrika 31, 1940).
#[derive(Clone, Debug)]
pub struct Paired {
    ratios: Ratios,
    /// Sums of the logarithms up to each moment, for each bet.
    sums: Vec<[f64; 8]>,
}

impl Paired {
    pub fn new(ratios: Ratios) -> Self {
        Self { ratios, sums: vec![[0.0; 8]] }
    }

    /// One moment more. Where one side has no exposure, it says nothing.
    pub fn add(&mut self, ours: Stream, other: Stream, dispersion: f64) {
        let mut sums = self.sums.last().copied().unwrap_or_default();
        if ours.exposure > 0.0 && other.exposure > 0.0 {
            let share = |ratio: f64| ratio * ours.exposure / (ratio * ours.exposure + other.exposure);
            let null = share(self.ratios.null);
            for (sum, ratio) in sums.iter_mut().zip(self.ratios.bets) {
                let bet = share(ratio);
                let ours = ours.events * (bet / null).ln();
                *sum += (ours + other.events * ((1.0 - bet) / (1.0 - null)).ln()) / dispersion;
            }
        }
        self.sums.push(sums);
    }

    /// The logarithm of the evidence of the moments from `start` on, counted from 0.
    pub fn ln_evidence(&self, start: usize) -> f64 {
        let now = self.sums.last().copied().unwrap_or_default();
        let then = self.sums.get(start).copied().unwrap_or(now);
        let since: [f64; 8] = std::array::from_fn(|bet| now[bet] - then[bet]);
        ln_mean_exp(since.into_iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn against(events: f64, exposure: f64) -> Against {
        Against::new(Stream { events, exposure }, Ratios::new(Side::Up, 1.5), 1.0)
    }

    /// Sums the evidence over all counts, weighted by their chance under the null ratio,
    /// with the rate integrated as its formula does.
    #[test]
    fn the_evidence_is_one_on_average_while_nothing_is_worse() {
        let test = against(20.0, 100.0);
        let (since, null, shape) = (30.0, 1.5, 21.0);
        let mut mean = 0.0;
        for count in 0..6000 {
            let events = f64::from(count);
            // Negative binomial: Poisson events whose rate is Gamma(21, 100) times 1.5.
            let chance = super::super::ln_gamma(shape + events)
                - super::super::ln_gamma(shape)
                - super::super::ln_gamma(events + 1.0)
                + shape * (100.0_f64 / (100.0 + null * since)).ln()
                + events * (null * since / (100.0 + null * since)).ln();
            mean += (chance + test.ln_evidence(Stream { events, exposure: since })).exp();
        }
        assert!((mean - 1.0).abs() < 1e-6, "{mean}");
    }

    #[test]
    fn more_events_are_more_evidence_and_none_is_none() {
        let test = against(0.0, 360.0);
        let evidence = |events| test.ln_evidence(Stream { events, exposure: 6.0 });
        assert!(evidence(0.0) < 0.0);
        assert!((1..20_u32).all(|n| evidence(f64::from(n)) > evidence(f64::from(n - 1))));
        assert!(evidence(4.0) > 100.0_f64.ln(), "a metric that is usually zero: {}", evidence(4.0));
    }

    #[test]
    fn a_rise_of_both_at_the_same_time_is_no_evidence() {
        let mut paired = Paired::new(Ratios::new(Side::Up, 1.5));
        for moment in 0..60 {
            let events = if moment < 30 { 5.0 } else { 50.0 };
            paired.add(Stream { events, exposure: 1.0 }, Stream { events: events * 9.0, exposure: 9.0 }, 1.0);
        }
        assert!(paired.ln_evidence(0) < 0.0 && paired.ln_evidence(30) < 0.0);
        for _ in 0..6 {
            paired.add(Stream { events: 150.0, exposure: 1.0 }, Stream { events: 450.0, exposure: 9.0 }, 1.0);
        }
        assert!(paired.ln_evidence(60) > 100.0_f64.ln());
    }
}
