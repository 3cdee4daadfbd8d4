//! How far apart polling's rounds are: as configured, unless they would take
//! more than their share of what a code host lets us ask.

use gonogo_remote::github::Allowance;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// Of an allowance, polling takes this part at most.
const SHARE: u32 = 5;

/// What one round of polling costs, by whose allowance.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// What had been polled when it began, until when that counts.
    before: BTreeMap<String, (u32, Timestamp)>,
    /// What the round before took.
    last: BTreeMap<String, u32>,
}

impl Round {
    /// The next one begins.
    pub(super) fn begins(&mut self, allowances: &[(String, Allowance)]) {
        self.last = allowances.iter().map(|(whose, now)| (whose.clone(), self.cost(whose, now))).collect();
        let before = |(whose, now): &(String, Allowance)| (whose.clone(), (now.polled, now.resets_at));
        self.before = allowances.iter().map(before).collect();
    }

    /// How long after its beginning the next one may begin.
    pub(super) fn every(&self, configured: Duration, allowances: &[(String, Allowance)], now: Timestamp) -> Duration {
        let wanted = allowances.iter().map(|(whose, allowance)| {
            let last = self.last.get(whose).copied().unwrap_or_default();
            stretched(allowance, self.cost(whose, allowance).max(last), now)
        });
        wanted.fold(configured, Duration::max)
    }

    /// What it took so far.
    fn cost(&self, whose: &str, now: &Allowance) -> u32 {
        match self.before.get(whose) {
            Some((before, resets_at)) if *resets_at == now.resets_at => now.polled.saturating_sub(*before),
            _ => now.polled,
        }
    }
}

/// As far apart as rounds of this cost have to be, for the share to last until
/// the allowance begins anew. Half of it may be taken at any pace: what is dear
/// is mostly so once, as long as nothing changes.
fn stretched(allowance: &Allowance, cost: u32, now: Timestamp) -> Duration {
    let until = Duration::try_from(allowance.resets_at.duration_since(now)).unwrap_or_default();
    let share = allowance.limit / SHARE;
    let left = share.saturating_sub(allowance.polled).min(allowance.remaining);
    let is_begun = left < share / 2 + cost;
    match (cost, left / cost.max(1)) {
        (0, _) => Duration::ZERO,
        _ if !is_begun => Duration::ZERO,
        (_, 0) => until,
        (_, rounds) => until / rounds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn allowance(polled: u32, remaining: u32) -> Vec<(String, Allowance)> {
        vec![("acme".to_owned(), Allowance { limit: 5_000, remaining, resets_at: at(3_600), polled })]
    }

    #[test]
    fn rounds_that_cost_little_are_as_configured() {
        let mut round = Round::default();
        assert_eq!(round.every(MINUTE, &[], at(0)), MINUTE, "nothing was told of a limit");
        round.begins(&allowance(0, 5_000));
        assert_eq!(round.every(MINUTE, &allowance(0, 5_000), at(0)), MINUTE, "nothing had changed");
        assert_eq!(round.every(MINUTE, &allowance(10, 4_990), at(0)), MINUTE);
    }

    #[test]
    fn dear_rounds_are_so_far_apart_that_a_fifth_lasts_the_hour() {
        let mut round = Round::default();
        round.begins(&allowance(0, 5_000));
        assert_eq!(round.every(MINUTE, &allowance(200, 4_800), at(0)), MINUTE, "it may be dear once");
        round.begins(&allowance(500, 4_500));
        // 400 of the 1,000 are left: four rounds of a hundred.
        round.begins(&allowance(600, 4_400));
        let every = round.every(MINUTE, &allowance(600, 4_400), at(0));
        assert_eq!(every, Duration::from_mins(15), "the one before tells, until more is known");
        assert_eq!(round.every(MINUTE, &allowance(800, 4_200), at(1_800)), Duration::from_mins(30));
    }

    #[test]
    fn without_a_share_left_the_next_round_waits_for_the_reset() {
        let mut round = Round::default();
        round.begins(&allowance(960, 4_000));
        assert_eq!(round.every(MINUTE, &allowance(1_000, 3_960), at(600)), Duration::from_mins(50));
        // Others have used up what there is.
        assert_eq!(round.every(MINUTE, &allowance(961, 0), at(600)), Duration::from_mins(50));
        assert_eq!(round.every(MINUTE, &allowance(961, 0), at(4_000)), MINUTE, "it began anew");
    }
}
