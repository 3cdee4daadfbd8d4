//! Functions that the standard library has not.

/// How many there are, as a number to reckon with.
pub(crate) fn real(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

/// The logarithm of Γ(x), for x > 0: Stirling's series (NIST DLMF 5.11.1) after the
/// argument is raised over 8 by Γ(x + 1) = x Γ(x). Within 1e-10.
pub fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut product) = (x, 1.0);
    while x < 8.0 {
        product *= x;
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let series = inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square * (1.0 / 1680.0))));
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - product.ln()
}

/// The logarithm of the beta function, for a, b > 0.
pub fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// The logarithm of the sum of what these are the logarithms of; of none, minus infinity.
pub fn ln_sum_exp(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    let most = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    if most == f64::NEG_INFINITY {
        return most;
    }
    most + terms.map(|term| (term - most).exp()).sum::<f64>().ln()
}

/// The same of their mean.
pub fn ln_mean_exp(terms: impl ExactSizeIterator<Item = f64> + Clone) -> f64 {
    let count = real(terms.len());
    ln_sum_exp(terms) - count.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gamma_is_that_of_the_tables() {
        for (x, expected) in [
            (0.5, 0.572_364_942_924_700_1),
            (1.0, 0.0),
            (3.0, std::f64::consts::LN_2),
            (10.0, 12.801_827_480_081_469),
            (100.5, 361.435_540_467_777_8),
        ] {
            assert!((ln_gamma(x) - expected).abs() < 1e-9, "{x}: {}", ln_gamma(x));
        }
        assert!((ln_beta(2.0, 3.0) - (1.0_f64 / 12.0).ln()).abs() < 1e-9);
    }

    #[test]
    fn sums_neither_overflow_nor_vanish() {
        let large = ln_sum_exp([1000.0, 1000.0].into_iter());
        assert!((large - 1000.0 - std::f64::consts::LN_2).abs() < 1e-9);
        assert!(ln_sum_exp(std::iter::empty()).is_infinite());
    }
}
