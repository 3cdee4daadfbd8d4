//! Cases in which the judge of spinnaker/kayenta says the wrong thing, by its issues.

use super::*;

const CALM: [f64; 15] = [10.0, 10.1, 10.2, 10.3, 10.4, 10.5, 10.6, 17.0, 17.1, 17.2, 17.3, 17.4, 17.5, 17.6, 17.7];
const WILD: [f64; 15] = [1.0, 100.0, 4.0, 101.0, 5.0, 102.0, 6.0, 103.0, 7.0, 104.0, 8.0, 105.0, 9.0, 106.0, 17.0];

/// Issue 780, case 1: the middle stays, and half of the values are ten times as large.
/// Ranks of the middle alone pass it.
#[test]
fn values_that_scatter_far_more_are_worse() {
    let guard = guard("measures = 'value'\nresolution_seconds = 60\nsettle_seconds = 0");
    let mut made = Made::new(1);
    let calm = made.shuffled(&repeated(&CALM, 4));
    let reading = judged(&guard, &calm, &WILD);
    assert_eq!(reading.judgement, Judgement::Worse, "{reading:?}");
    let wild = made.shuffled(&repeated(&WILD, 4));
    let calm = made.shuffled(&CALM);
    assert_eq!(judged(&guard, &wild, &calm).judgement, Judgement::Fine, "less of it is no harm");
}

/// Issue 780, case 2: what fluctuates at first and heals is no reason to halt; with the
/// time that it takes as the settle time, it is fine.
#[test]
fn what_heals_while_it_settles_is_fine() {
    let mut made = Made::new(2);
    let before = made.counts(100.0, 60);
    let mut after = vec![300.0, 280.0, 240.0, 180.0];
    after.extend(made.counts(100.0, 26));
    let with = |settle: u32| {
        let keys = format!("measures = 'value'\nresolution_seconds = 60\nsettle_seconds = {settle}\neffect = 0.2");
        judged(&guard(&keys), &before, &after).judgement
    };
    assert_eq!(with(300), Judgement::Fine);
}

/// Issue 426: a metric that is usually zero, and now is not, passes there.
#[test]
fn a_few_errors_where_there_were_none_are_worse() {
    let guard = guard("measures = 'count'\nresolution_seconds = 60\nsettle_seconds = 0");
    let after = [0.0, 1.0, 2.0, 1.0, 0.0, 0.0];
    let reading = judged(&guard, &[0.0; 240], &after);
    assert_eq!(reading.judgement, Judgement::Worse, "{reading:?}");
    assert_eq!(judged(&guard, &[0.0; 60], &after).judgement, Judgement::CannotTell(Doubt::LooksWorse));
    // Its own six points of a control prove nothing to anybody: four of four events in
    // one half have a chance of 1 in 16. That is not passed off as fine.
    assert_eq!(judged(&guard, &[0.0; 6], &after).judgement, Judgement::NoData);
    assert_eq!(judged(&guard, &[0.0; 60], &[0.0; 6]).judgement, Judgement::Fine);
}

/// Issue 799: the control has no points at all, since it has no errors; with NaN replaced
/// by zero, errors pass.
#[test]
fn errors_where_the_baseline_has_no_points_are_not_passed() {
    const NAN: f64 = f64::NAN;
    let once = [1.0, NAN, NAN, NAN, NAN, 2.0, NAN, NAN, NAN, NAN];
    let mut after = repeated(&once, 2);
    after.extend([1.0, NAN, NAN, NAN, NAN]);
    let keys = "measures = 'count'\nresolution_seconds = 60\nsettle_seconds = 0\n";
    let nothing = [NAN; 60];
    let missing = judged(&guard(keys), &nothing, &after);
    assert_eq!(missing.judgement, Judgement::NoData, "what is not known is not fine");
    let zero = guard(&format!("{keys}gaps = 'zero'"));
    let with = |before_minutes| {
        let watch = Watch { before_minutes, ..Watch::default() };
        Judge::new(&zero, &watch, 1, at(0), &Series::default(), &[])
    };
    let judge = with(6 * 60);
    let reading = judge.look(&series(0, 60, &after), None, &[at(0)], at(25 * 60));
    assert_eq!(reading.judgement, Judgement::Worse, "{reading:?}");
    // Seven events now and none in an hour are not proof of half as much again.
    let short = with(60).look(&series(0, 60, &after), None, &[at(0)], at(25 * 60));
    assert_eq!(short.judgement, Judgement::CannotTell(Doubt::LooksWorse));
    let silent = judge.look(&Series::default(), None, &[at(0)], at(25 * 60));
    assert_eq!(silent.judgement, Judgement::NoData, "a series that never had a point may be misspelt");
}

/// Issue 6278's comment: seven of ten values are a hundred times as large, and pass.
#[test]
fn seven_of_ten_values_far_too_large_are_worse() {
    let guard = guard("measures = 'value'\nresolution_seconds = 60\nsettle_seconds = 0");
    let mut after = vec![100.0; 7];
    after.extend([1.0; 3]);
    assert_eq!(judged(&guard, &[1.0; 60], &after).judgement, Judgement::Worse);
}

/// Issue 510: an effect relative to zero.
#[test]
fn a_rise_from_nothing_is_worse() {
    let guard = guard("measures = 'value'\nresolution_seconds = 60\nsettle_seconds = 0");
    let after = repeated(&[54.9, 54.5, 55.1, 55.6, 57.4], 2);
    assert_eq!(judged(&guard, &[0.0; 60], &after).judgement, Judgement::Worse);
}
