//! Which changes a test bets on.

/// Which way is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Up,
    Down,
}

/// The smallest change that matters, as a ratio to the baseline, and larger ones that a
/// test bets on in equal parts.
#[derive(Clone, Debug)]
pub struct Ratios {
    pub(super) side: Side,
    /// A change of no more than this is the null hypothesis.
    pub(super) null: f64,
    pub(super) bets: [f64; 8],
}

/// From a little more than the smallest change to far more: between two neighbours, the
/// evidence lost against knowing the ratio is small.
const STEPS: [f64; 8] = [1.15, 1.35, 1.7, 2.3, 3.5, 6.0, 15.0, 60.0];

impl Ratios {
    /// `null` is at least 1 where up is worse, and over 0 and at most 1 where down is.
    pub fn new(side: Side, null: f64) -> Self {
        let bets = match side {
            Side::Up => STEPS.map(|step| null * step),
            Side::Down => STEPS.map(|step| null / step),
        };
        Self { side, null, bets }
    }
}
