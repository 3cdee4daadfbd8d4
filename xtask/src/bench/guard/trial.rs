//! What a trial counts.

/// The guard, and whom it is compared with.
#[derive(Clone, Debug, Default)]
pub(super) struct Judges<T> {
    pub guard: T,
    pub threshold: T,
    pub horizon: T,
}

/// When each halted one deploy, in seconds since the fault began; since the deploy did
/// where there is none.
pub(super) type Halts = Judges<Option<f64>>;

#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    deploys: usize,
    seconds: Vec<f64>,
}

impl Tally {
    fn add(&mut self, halt: Option<f64>) {
        self.deploys += 1;
        // A halt before the fault finds nothing.
        self.seconds.extend(halt.filter(|seconds| *seconds >= 0.0));
    }

    pub(super) fn halted(&self) -> usize {
        self.seconds.len()
    }

    pub(super) fn deploys(&self) -> usize {
        self.deploys
    }

    pub(super) fn percent(&self) -> f64 {
        100.0 * real(self.halted()) / real(self.deploys.max(1))
    }

    pub(super) fn median_seconds(&self) -> f64 {
        if self.seconds.is_empty() { f64::NAN } else { super::super::measure::median(&self.seconds) }
    }
}

pub(super) fn tallied(halts: impl Iterator<Item = Halts>) -> Judges<Tally> {
    let mut tally = Judges::<Tally>::default();
    for halt in halts {
        tally.guard.add(halt.guard);
        tally.threshold.add(halt.threshold);
        tally.horizon.add(halt.horizon);
    }
    tally
}

pub(super) fn real(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::NAN, f64::from)
}
