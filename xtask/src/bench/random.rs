//! Numbers that look random and are the same in every run: splitmix64.

pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// From 0 up to, not including, `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap_or(0)
    }

    /// Over 0, under 1.
    pub(super) fn unit(&mut self) -> f64 {
        let half = u32::try_from(self.next() >> 32).unwrap_or(0);
        (f64::from(half) + 0.5) / 4_294_967_296.0
    }

    /// Independent events, by the waiting times between them.
    pub(super) fn poisson(&mut self, mean: f64) -> f64 {
        let (mut events, mut waited) = (0.0, -self.unit().ln());
        while waited < mean {
            events += 1.0;
            waited -= self.unit().ln();
        }
        events
    }

    /// Many independent events, as a whole number: Box and Muller's normal distribution.
    pub(super) fn normal(&mut self, mean: f64) -> f64 {
        let angle = (std::f64::consts::TAU * self.unit()).cos();
        (mean + mean.sqrt() * (-2.0 * self.unit().ln()).sqrt() * angle).round()
    }

    /// A factor of mean 1 and variance `1 / shape`: Marsaglia and Tsang, ACM TOMS 26, 2000.
    pub(super) fn gamma(&mut self, shape: f64) -> f64 {
        // Under 1 the method wants one more, and a power of a uniform number.
        let (raised, less) = if shape < 1.0 { (shape + 1.0, self.unit().powf(1.0 / shape)) } else { (shape, 1.0) };
        let d = raised - 1.0 / 3.0;
        loop {
            let x = (std::f64::consts::TAU * self.unit()).cos() * (-2.0 * self.unit().ln()).sqrt();
            let v = (1.0 + x / (9.0 * d).sqrt()).powi(3);
            if v > 0.0 && self.unit().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v * less / shape;
            }
        }
    }

    pub(super) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    pub(super) fn one_of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

/// A number that depends on another, and looks as if it did not.
pub(super) fn mixed(of: u64) -> u64 {
    let z = (of ^ (of >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
