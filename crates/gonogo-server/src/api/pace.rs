//! How often a token may ask: one that runs wild holds up nobody else.

use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

const WINDOW: i64 = 60;

#[derive(Debug)]
pub struct Pace {
    a_minute: u32,
    asked: Mutex<HashMap<i64, Asked>>,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    window: i64,
    times: u32,
}

impl Pace {
    pub fn new(a_minute: u32) -> Self {
        Self { a_minute, asked: Mutex::default() }
    }

    /// Counts a request of a token's; an error is for how many seconds it has to wait.
    pub(super) fn asks(&self, token: i64, now: Timestamp) -> Result<(), u32> {
        let second = now.as_second();
        let window = second.div_euclid(WINDOW);
        let mut all = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = all.entry(token).or_insert(Asked { window, times: 0 });
        if asked.window != window {
            *asked = Asked { window, times: 0 };
        }
        if asked.times >= self.a_minute {
            return Err(u32::try_from((window + 1) * WINDOW - second).unwrap_or(60));
        }
        asked.times += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_waits_for_the_next_minute_and_others_do_not() {
        let pace = Pace::new(2);
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        assert_eq!([pace.asks(1, at(70)), pace.asks(1, at(71)), pace.asks(1, at(75))], [Ok(()), Ok(()), Err(45)]);
        assert_eq!(pace.asks(2, at(75)), Ok(()));
        assert_eq!(pace.asks(1, at(120)), Ok(()));
    }
}
