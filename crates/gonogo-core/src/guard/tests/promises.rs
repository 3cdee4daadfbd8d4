//! What a judge promises, whatever the data.

use super::*;
use proptest::prelude::*;

fn rate(events: &[f64], of: f64, from: i64) -> Series {
    let trials = series(from, 10, &vec![of; events.len()]).samples;
    Series { samples: series(from, 10, events).samples, trials }
}

const RATE: &str = "measures = 'rate'\nof = 'all'\n";

fn rate_judge(keys: &str, seed: u64, past: &[Past]) -> (Judge, Made) {
    let mut made = Made::new(seed);
    let before = rate(&made.counts(5.0, 360), 500.0, -3600);
    (Judge::new(&guard(&format!("{RATE}{keys}")), &Watch::default(), 1, at(0), &before, past), made)
}

/// Looked at after every bucket: when it halts.
fn halted(judge: &Judge, counts: &[f64], steps: &[Timestamp]) -> Option<i64> {
    (1..=counts.len()).map(|length| i64::try_from(length).unwrap() * 10).find(|second| {
        let seen = usize::try_from(second / 10).unwrap();
        let reading = judge.look(&rate(&counts[..seen], 500.0, 0), None, steps, at(*second));
        reading.judgement == Judgement::Worse
    })
}

#[test]
fn good_deploys_go_on_and_a_fivefold_rate_is_found_within_a_minute_or_so() {
    for seed in 0..20 {
        let (judge, mut made) = rate_judge("", seed, &[]);
        let good = made.counts(5.0, 180);
        assert_eq!(halted(&judge, &good, &[at(0), at(600)]), None, "seed {seed}");
        let bad: Vec<f64> = good[..60].iter().copied().chain(made.counts(25.0, 30)).collect();
        let found = halted(&judge, &bad, &[at(0), at(600)]).unwrap();
        assert!((600..=670).contains(&found), "seed {seed}: {found}");
    }
}

#[test]
fn less_than_the_smallest_change_that_matters_never_halts() {
    for seed in 0..10 {
        let (judge, mut made) = rate_judge("effect = 0.5", seed, &[]);
        let more = made.counts(6.5, 360);
        assert_eq!(halted(&judge, &more, &[at(0)]), None, "seed {seed}");
    }
    let (judge, mut made) = rate_judge("effect = 0\nleast = 0.05", 1, &[]);
    assert_eq!(halted(&judge, &made.counts(25.0, 180), &[at(0)]), None, "5% are less than 1% and 5 more");
}

#[test]
fn the_bump_of_a_restart_halts_nothing_where_ten_deploys_had_it() {
    let bump = |made: &mut Made| {
        let height = 2.0 + made.uniform() * 2.0;
        let mut counts = made.counts(5.0 * height, 12);
        counts.extend(made.counts(5.0, 168));
        counts
    };
    let mut first_halts = 0;
    for seed in 0..10 {
        let mut made = Made::new(seed + 1000);
        let past: Vec<Past> = (1..=10)
            .map(|day: i64| {
                let mut counts = made.counts(5.0, 360);
                counts.extend(bump(&mut made));
                let start = at(-day * 86_400);
                Past { baseline: BaselineKind::Deploys, start, series: rate(&counts, 500.0, -day * 86_400 - 3600) }
            })
            .collect();
        let (judge, mut made) = rate_judge("", seed, &past);
        let mut counts = bump(&mut made);
        assert_eq!(halted(&judge, &counts, &[at(0)]), None, "seed {seed}");
        counts.truncate(60);
        counts.extend(made.counts(25.0, 30));
        let found = halted(&judge, &counts, &[at(0), at(600)]).unwrap();
        assert!(found <= 700, "seed {seed}: {found}");
        first_halts += u32::from(halted(&rate_judge("", seed, &[]).0, &counts[..20], &[at(0)]).is_some());
    }
    assert!(first_halts > 5, "without earlier deploys the bump looks like a fault: {first_halts}");
}

#[test]
fn hosts_that_are_not_deployed_to_tell_a_wave_from_a_fault() {
    let keys = "measures = 'count'\nrest = 'others'\nbaselines = ['before']";
    let guard = guard(keys);
    for seed in 0..10 {
        let mut made = Made::new(seed);
        let before = series(-3600, 10, &made.counts(5.0, 360));
        let judge = Judge::new(&guard, &Watch::default(), 1, at(0), &before, &[]);
        let rest_before = made.counts(45.0, 360);
        let mut look = |ours: f64, theirs: f64| {
            let rest: Vec<f64> = rest_before.iter().copied().chain(made.counts(theirs, 60)).collect();
            let current = series(0, 10, &made.counts(ours, 60));
            judge.look(&current, Some(&series(-3600, 10, &rest)), &[at(0)], at(600)).judgement
        };
        assert_eq!(look(25.0, 225.0), Judgement::Fine, "seed {seed}: all hosts have five times as much");
        assert_eq!(look(25.0, 45.0), Judgement::Worse, "seed {seed}");
    }
    let before = series(-3600, 10, &[5.0; 360]);
    let judge = Judge::new(&guard, &Watch::default(), 1, at(0), &before, &[]);
    let without = judge.look(&series(0, 10, &[5.0; 60]), None, &[at(0)], at(600));
    assert!(
        without.remarks.contains(&Remark::Without { baseline: BaselineKind::Rest, because: LeftOut::TooFewPoints })
    );
}

#[test]
fn a_fall_is_seen_where_less_is_worse() {
    let mut made = Made::new(3);
    let before = made.counts(100.0, 360);
    let less = guard("measures = 'count'\ndirection = 'down'\neffect = 0.3");
    assert_eq!(judged(&less, &before, &made.counts(40.0, 30)).judgement, Judgement::Worse);
    assert_eq!(judged(&less, &before, &made.counts(100.0, 60)).judgement, Judgement::Fine);
    assert_eq!(judged(&less, &before, &made.counts(400.0, 60)).judgement, Judgement::Fine);
    let both = guard("measures = 'value'\ndirection = 'both'\neffect = 0.3");
    for (level, expected) in [(40.0, Judgement::Worse), (100.0, Judgement::Fine), (250.0, Judgement::Worse)] {
        assert_eq!(judged(&both, &before, &made.counts(level, 60)).judgement, expected, "{level}");
    }
    // Successes of trials: 99 of 100 before, 90 now.
    let successes = guard(&format!("{RATE}direction = 'down'"));
    let before = rate(&[495.0; 360], 500.0, -3600);
    let judge = Judge::new(&successes, &Watch::default(), 1, at(0), &before, &[]);
    let reading = judge.look(&rate(&[450.0; 20], 500.0, 0), None, &[at(0)], at(200));
    assert_eq!(reading.judgement, Judgement::Worse, "{reading:?}");
}

#[test]
fn no_points_are_no_good_news() {
    let guard = guard("measures = 'count'");
    let before = [5.0; 360];
    assert_eq!(judged(&guard, &[], &[5.0; 60]).judgement, Judgement::NoData, "nothing to compare with");
    assert_eq!(judged(&guard, &before, &[f64::NAN; 60]).judgement, Judgement::NoData);
    let mut stops = vec![5.0; 40];
    stops.extend([f64::NAN; 20]);
    let reading = judged(&guard, &before, &stops);
    assert_eq!((reading.judgement, reading.no_data_since), (Judgement::NoData, Some(at(400))));
    assert_eq!(judged(&guard, &before, &repeated(&[5.0, f64::NAN, f64::NAN], 20)).judgement, Judgement::NoData);
    assert_eq!(judged(&guard, &before, &repeated(&[5.0, 5.0, f64::NAN], 20)).judgement, Judgement::Fine);
    assert_eq!(judged(&guard, &before, &[5.0; 6]).judgement, Judgement::CannotTell(Doubt::TooSoon));
    // Requests of which there are none.
    let (judge, _) = rate_judge("", 1, &[]);
    let idle = judge.look(&rate(&[0.0; 60], 0.0, 0), None, &[at(0)], at(600));
    assert_eq!(idle.judgement, Judgement::NoData);
}

#[test]
fn a_bucket_that_is_not_over_does_not_count() {
    let guard = guard("measures = 'count'\ndirection = 'down'");
    let before = series(-3600, 10, &[50.0; 360]);
    let judge = Judge::new(&guard, &Watch::default(), 1, at(0), &before, &[]);
    let mut counts = vec![50.0; 60];
    let full = judge.look(&series(0, 10, &counts), None, &[at(0)], at(600));
    counts.push(1.0);
    let begun = judge.look(&series(0, 10, &counts), None, &[at(0)], at(609));
    assert!((full.evidence - begun.evidence).abs() < 1e-12);
}

#[test]
fn a_baseline_that_cannot_tell_is_said() {
    let (mut before, mut level) = (Vec::new(), 0.0);
    let mut made = Made::new(5);
    for nth in 0..20 {
        if nth % 10 == 0 {
            level = made.uniform() * 100.0;
        }
        before.push(level + made.uniform());
    }
    let guard = guard("measures = 'value'\nresolution_seconds = 60\nsettle_seconds = 0");
    assert_eq!(judged(&guard, &before, &before[..6]).judgement, Judgement::CannotTell(Doubt::Baseline));
}

proptest! {
    #[test]
    fn whatever_a_server_says_there_is_an_answer(
        before in proptest::collection::vec(proptest::num::f64::ANY, 0..80),
        after in proptest::collection::vec(proptest::num::f64::ANY, 0..80),
        measures in proptest::sample::select(vec!["'value'", "'count'", "'count'\ngaps = 'zero'"]),
        direction in proptest::sample::select(vec!["up", "down", "both"]),
    ) {
        let guard = guard(&format!("measures = {measures}\ndirection = '{direction}'"));
        let reading = judged(&guard, &before, &after);
        prop_assert!(!reading.evidence.is_nan(), "{reading:?}");
        if after.iter().all(|value| !value.is_finite()) {
            prop_assert!(reading.judgement != Judgement::Fine && reading.judgement != Judgement::Worse || measures.contains("zero"));
        }
    }

    #[test]
    fn more_errors_are_never_less_evidence(seed in 0..500_u64, more in 1..50_u32) {
        let (judge, mut made) = rate_judge("", seed, &[]);
        let mut counts = made.counts(5.0, 40);
        let evidence = |counts: &[f64]| judge.look(&rate(counts, 500.0, 0), None, &[at(0)], at(400)).evidence;
        let less = evidence(&counts);
        counts[20] += f64::from(more);
        prop_assert!(evidence(&counts) >= less);
    }
}
