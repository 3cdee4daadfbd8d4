//! Production may run several commits at once. A candidate is judged over each,
//! and what is found over any of them counts.

use crate::facts::Facts;
use crate::findings::{CheckOutcome, CheckState};
use crate::judge::{Judge, Judged, Judgement, sort_key};
use gonogo_core::finding::Finding;
use gonogo_core::verdict::Verdict;
use gonogo_core::waiver::WaiverState;
use std::collections::BTreeSet;

/// Judges over each with the facts at hand; one judgement comes of all.
pub fn judge_each(judges: &[Judge<'_>], facts: &Facts) -> Judged {
    let (mut done, mut missing, mut only_newest_go) = (Vec::new(), BTreeSet::new(), true);
    for judge in judges {
        match judge.judge(facts) {
            Judged::Done(judgement) => done.push(*judgement),
            Judged::Missing { asks, for_newest_go } => {
                missing.extend(asks);
                only_newest_go &= for_newest_go;
            }
        }
    }
    match done.into_iter().reduce(both) {
        Some(judgement) if missing.is_empty() => Judged::Done(Box::new(judgement)),
        _ => Judged::Missing { asks: missing, for_newest_go: only_newest_go },
    }
}

fn both(one: Judgement, other: Judgement) -> Judgement {
    let findings = all_findings(one.findings, other.findings);
    let waivers = one
        .waivers
        .into_iter()
        .zip(other.waivers)
        .map(|(a, b)| std::cmp::max_by_key(a, b, |state| weight(*state)))
        .collect();
    let newest_go =
        one.newest_go.filter(|newest| other.newest_go.as_ref().is_some_and(|other| other.sha == newest.sha));
    let checks = one.checks.into_iter().zip(other.checks).map(|(a, b)| worse(a, b)).collect();
    Judgement { verdict: Verdict::of(&findings), findings, waivers, checks, newest_go }
}

/// What is found over both is one finding, as heavy as over either.
fn all_findings(mut findings: Vec<Finding>, others: Vec<Finding>) -> Vec<Finding> {
    for finding in others {
        match findings.iter_mut().find(|known| known.fingerprint == finding.fingerprint) {
            Some(known) => known.severity = known.severity.min(finding.severity),
            None => findings.push(finding),
        }
    }
    findings.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    findings
}

fn worse(one: CheckOutcome, other: CheckOutcome) -> CheckOutcome {
    // Off is no state of something that was looked at.
    let rank = |outcome: &CheckOutcome| (outcome.state != CheckState::Off, outcome.state);
    if rank(&other) > rank(&one) { other } else { one }
}

fn weight(state: WaiverState) -> u8 {
    match state {
        WaiverState::Unneeded => 0,
        WaiverState::Expired => 1,
        WaiverState::Void => 2,
        WaiverState::Applied => 3,
    }
}
