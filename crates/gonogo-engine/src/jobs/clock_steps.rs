//! Sees when the clock of the machine is set back, by a second one that never is.

use crate::serving::Serving;
use gonogo_store::StoreError;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

const EVERY: Duration = Duration::from_secs(1);
/// What is slewed is no step.
const STEP: SignedDuration = SignedDuration::from_secs(2);
/// The longest that work is put off by itself. A system's limit may last longer:
/// after a start it is asked once more.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// Both clocks, as they were when all due times fitted them.
#[derive(Clone, Copy, Debug)]
struct Clocks {
    wall: Timestamp,
    steady: Instant,
}

impl Clocks {
    /// How far the one went back against the other.
    fn went_back(self, now: Self) -> Option<SignedDuration> {
        let passed = SignedDuration::try_from(now.steady.saturating_duration_since(self.steady)).ok()?;
        let back = self.wall.checked_add(passed).ok()?.duration_since(now.wall);
        (back >= STEP).then_some(back)
    }
}

pub(super) async fn watch(serving: Arc<Serving>, mut stop: watch::Receiver<bool>) {
    let read = || Clocks { wall: (serving.clock)(), steady: Instant::now() };
    let mut fitted = None;
    while !*stop.borrow() {
        let now = read();
        // A store that is away is told of the whole step later.
        let is_told = match fitted {
            None => started(&serving, now.wall).await,
            Some(before) => passed(&serving, before, now).await,
        };
        if is_told.is_ok() {
            fitted = Some(now);
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}

/// It may have been set back while nobody looked.
async fn started(serving: &Serving, now: Timestamp) -> Result<(), StoreError> {
    let moved = serving.store.nothing_waits_longer(LONGEST_PAUSE, now).await?;
    if moved > 0 {
        tracing::warn!(moved, "work was put off for longer than any is: the clock went back; it is due now");
    }
    Ok(())
}

async fn passed(serving: &Serving, before: Clocks, now: Clocks) -> Result<(), StoreError> {
    let Some(by) = before.went_back(now) else { return Ok(()) };
    let moved = serving.store.clock_went_back(by, now.wall).await?;
    tracing::warn!(seconds = by.as_secs(), moved, "the clock went back: what waits is due as much earlier");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_back_is_told_from_time_that_passes() {
        let begin = Clocks { wall: Timestamp::UNIX_EPOCH, steady: Instant::now() };
        let after = |steady: u64, wall: i64| Clocks {
            wall: Timestamp::from_second(wall).unwrap(),
            steady: begin.steady + Duration::from_secs(steady),
        };
        let back = |steady, wall| begin.went_back(after(steady, wall)).map(|by| by.as_secs());
        assert_eq!(back(1, 1), None);
        assert_eq!(back(1, 3_600), None, "forward: all is due sooner by itself");
        assert_eq!(back(10, 9), None, "slewed");
        assert_eq!(back(1, -1), Some(2));
        assert_eq!(back(60, -3_540), Some(3_600), "told of later, as the store was away");
    }
}
