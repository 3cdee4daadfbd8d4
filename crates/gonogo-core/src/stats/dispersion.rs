//! How much more counts scatter than independent events would: real errors come in
//! bursts, and neighbours in time are alike. A test that takes them for independent
//! halts good deploys.

use super::counts::Stream;
use super::special::real;

/// Fewer blocks tell nothing of how their sums scatter.
const LEAST_BLOCKS: usize = 8;

/// The index of dispersion of counts with their exposures, in the order of time: the
/// largest of Pearson's χ² over its degrees of freedom for sums over blocks of 1, 2, 4, …
/// points, as long as there are eight blocks (batch means: Fishman, "Grouping observations
/// in digital simulation", Management Science 24, 1978). Blocks see what single points do
/// not: neighbours that are alike. At least 1.
pub fn dispersion(points: &[(f64, f64)]) -> f64 {
    largest_of_blocks(points).max(1.0)
}

/// The same, also where it is under 1; 0 where nothing scatters.
pub(super) fn largest_of_blocks(points: &[(f64, f64)]) -> f64 {
    let mut largest = 0.0_f64;
    let mut length = 1;
    while points.len() / length >= LEAST_BLOCKS {
        let blocks: Vec<(f64, f64)> = points.chunks_exact(length).map(summed).collect();
        largest = largest.max(pearson(&blocks).unwrap_or(0.0));
        length *= 2;
    }
    largest
}

/// The same between a few series that should be alike, each one sum. None where there are
/// fewer than three.
pub fn dispersion_between(series: &[(f64, f64)]) -> Option<f64> {
    let present: Vec<(f64, f64)> = series.iter().copied().filter(|(_, exposure)| *exposure > 0.0).collect();
    if present.len() < 3 { None } else { pearson(&present).map(|found| found.max(1.0)) }
}

/// How much more two that run beside each other scatter around their common course than
/// independent events: each moment has our events and exposure, and theirs. What both have
/// in common, such as the time of day, does not count. At least 1.
pub fn dispersion_beside(moments: &[(Stream, Stream)]) -> f64 {
    let mut largest = 1.0_f64;
    let mut length = 1;
    while moments.len() / length >= LEAST_BLOCKS {
        let blocks: Vec<(Stream, Stream)> = moments
            .chunks_exact(length)
            .map(|block| (added(block.iter().map(|both| both.0)), added(block.iter().map(|both| both.1))))
            .collect();
        largest = largest.max(pearson_beside(&blocks).unwrap_or(1.0));
        length *= 2;
    }
    largest
}

fn added(streams: impl Iterator<Item = Stream>) -> Stream {
    streams.fold(Stream::default(), |sum, stream| Stream {
        events: sum.events + stream.events,
        exposure: sum.exposure + stream.exposure,
    })
}

/// Pearson's χ² of our share in each block's events, as a binomial.
fn pearson_beside(blocks: &[(Stream, Stream)]) -> Option<f64> {
    let ours = added(blocks.iter().map(|both| both.0)).each()?;
    let theirs = added(blocks.iter().map(|both| both.1)).each()?;
    let (mut chi_square, mut counted) = (0.0, 0.0);
    for (mine, other) in blocks {
        let expected = (ours * mine.exposure, theirs * other.exposure);
        let all = mine.events + other.events;
        let share = expected.0 / (expected.0 + expected.1);
        if all > 0.0 && share > 0.0 && share < 1.0 {
            chi_square += (mine.events - all * share).powi(2) / (all * share * (1.0 - share));
            counted += 1.0;
        }
    }
    (counted >= 2.0).then(|| chi_square / (counted - 1.0))
}

fn summed(points: &[(f64, f64)]) -> (f64, f64) {
    points.iter().fold((0.0, 0.0), |(count, exposure), point| (count + point.0, exposure + point.1))
}

/// None without events, which scatter not at all.
fn pearson(blocks: &[(f64, f64)]) -> Option<f64> {
    let (count, exposure) = summed(blocks);
    if count <= 0.0 || exposure <= 0.0 || blocks.len() < 2 {
        return None;
    }
    let rate = count / exposure;
    let chi_square: f64 = blocks
        .iter()
        .filter(|(_, exposure)| *exposure > 0.0)
        .map(|(count, exposure)| (count - rate * exposure).powi(2) / (rate * exposure))
        .sum();
    Some(chi_square / real(blocks.len() - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_neighbours_are_seen_in_blocks() {
        let bursts: Vec<(f64, f64)> = (0..64).map(|at| (if at / 8 % 2 == 0 { 6.0 } else { 4.0 }, 1.0)).collect();
        let single = pearson(&bursts).unwrap();
        assert!(single < 1.0, "a point alone shows nothing: {single}");
        assert!(dispersion(&bursts) > 1.5, "{}", dispersion(&bursts));
        assert!((dispersion(&vec![(5.0, 1.0); 64]) - 1.0).abs() < 1e-9);
        assert!((dispersion(&[(0.0, 1.0); 64]) - 1.0).abs() < 1e-9, "no events scatter not at all");
    }

    #[test]
    fn two_series_do_not_tell_how_series_scatter() {
        assert_eq!(dispersion_between(&[(10.0, 1.0), (30.0, 1.0)]), None);
        assert!(dispersion_between(&[(10.0, 1.0), (30.0, 1.0), (20.0, 1.0)]).unwrap() > 4.0);
    }
}
