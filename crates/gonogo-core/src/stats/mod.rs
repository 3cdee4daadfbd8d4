//! Statistics that may be looked at whenever one likes: each test is an e-process, a
//! number that is at most 1 on average while nothing is worse, so that it ever reaches
//! 1/α with a chance of at most α (Ville's inequality; Ramdas, Grünwald, Vovk and Shafer,
//! "Game-theoretic statistics and safe anytime-valid inference", Statistical Science 38,
//! 2023). Knows nothing of guards, deploys or times: numbers in, logarithms out.

mod counts;
mod dispersion;
mod exceedance;
mod ratios;
mod special;

pub use counts::{Against, Paired, Stream};
pub use dispersion::{dispersion, dispersion_beside, dispersion_between};
pub use exceedance::Exceedance;
pub use ratios::{Ratios, Side};
pub(crate) use special::real;
pub use special::{ln_beta, ln_gamma, ln_mean_exp, ln_sum_exp};

/// The middle of values; none where there are none.
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The smallest value that at least this share is not above.
pub fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut below = 0.0;
    let wanted = share * real(sorted.len());
    sorted.into_iter().find(|_| {
        below += 1.0;
        below >= wanted
    })
}
