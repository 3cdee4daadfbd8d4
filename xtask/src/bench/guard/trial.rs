//! What a trial counts.

/// The guard, and whom it is compared with.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Judges<T> {
    pub guard: T,
    pub threshold: T,
    pub horizon: T,
}

/// What became of one deploy. Seconds count since the fault began; since the deploy did
/// where there is none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Halt {
    pub after: Option<f64>,
    /// It went on to its end, where the judge could not tell.
    pub is_asked: bool,
}

pub(super) type Halts = Judges<Halt>;

impl Halt {
    pub(super) fn after(after: Option<f64>) -> Self {
        Self { after, is_asked: false }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    deploys: usize,
    asked: usize,
    seconds: Vec<f64>,
}

impl Tally {
    fn add(&mut self, halt: Halt) {
        self.deploys += 1;
        self.asked += usize::from(halt.is_asked);
        // A halt before the fault finds nothing.
        self.seconds.extend(halt.after.filter(|seconds| *seconds >= 0.0));
    }

    pub(super) fn halted(&self) -> usize {
        self.seconds.len()
    }

    pub(super) fn deploys(&self) -> usize {
        self.deploys
    }

    pub(super) fn asked(&self) -> usize {
        self.asked
    }

    pub(super) fn percent_asked(&self) -> f64 {
        100.0 * real(self.asked) / real(self.deploys.max(1))
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
