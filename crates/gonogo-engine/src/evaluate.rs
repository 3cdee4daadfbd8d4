//! The loop of judging and gathering, until nothing is missing.

use crate::Progress;
use crate::gather::{Gatherer, recorded};
use crate::locate::Located;
use crate::report;
use gonogo_api::Check;
use gonogo_checks::facts::Facts;
use gonogo_checks::{Judge, Judged, Judgement, Unread, judge_each};
use gonogo_core::fact::Why;
use gonogo_core::policy::Tracker;
use gonogo_core::waiver::Waiver;
use jiff::Timestamp;

/// The result of one evaluation: for machines, and what the faces show of it.
#[derive(Debug)]
pub struct Outcome {
    pub check: Check,
    /// 0 Go, 1 No-Go, 3 could not find out, 4 Waiting.
    pub exit_code: u8,
    /// Lines that a person should see beside the findings.
    pub remarks: Vec<String>,
}

/// A verdict takes few rounds; each of them is a round trip to systems outside.
const VERDICT_ROUNDS: usize = 8;
/// The search for the newest Go may look at a few more candidates.
const ALL_ROUNDS: usize = 16;

/// Judges over each of what production runs, with the same facts. Beside the
/// outcome: what keeps us from knowing which stories ship.
pub(crate) async fn evaluate(
    located: &[Located],
    waivers: &[Waiver],
    now: Timestamp,
    gatherer: &Gatherer<'_>,
    progress: &dyn Progress,
) -> (Facts, Outcome, Option<Unread>) {
    let judges: Vec<Judge<'_>> = located.iter().map(|one| one.judge(waivers, now)).collect();
    let mut facts = facts_of(located, now);
    for round in 0.. {
        let missing = match judge_each(&judges, &facts) {
            Judged::Done(judgement) => {
                let outcome = finish(&judges, &facts, &judgement);
                let unread = judges.iter().filter_map(|judge| judge.unread(&facts)).max_by_key(Unread::may_pass);
                return (facts, outcome, unread);
            }
            Judged::Missing { asks, for_newest_go } => {
                let limit = if for_newest_go { ALL_ROUNDS } else { VERDICT_ROUNDS };
                if round < limit {
                    progress.doing(if for_newest_go {
                        "looking for the newest commit that may ship"
                    } else {
                        "gathering facts"
                    });
                    for (ask, recorded) in gatherer.gather(&asks, &facts).await {
                        facts.insert(ask, recorded);
                    }
                }
                asks
            }
        };
        // What was not answered, whatever the reason, is not known.
        for ask in missing {
            if !facts.has(&ask) {
                let why = Why::new("the answer was still missing after the last round", "check again");
                let answer = ask.unknown(why);
                facts.insert(ask, recorded((gatherer.clock)(), "gonogo", answer));
            }
        }
    }
    unreachable!("the loop ends by a judgement: every round answers what is missing")
}

/// None yet; where policies differ, answers of before count for the shortest time.
pub(crate) fn facts_of(located: &[Located], now: Timestamp) -> Facts {
    let trackers = located.iter().filter_map(|one| one.policy.sections.tracker.as_ref());
    trackers.map(Tracker::max_age).min().map_or_else(Facts::default, |max_age| Facts::at(now, max_age))
}

pub(crate) fn finish(judges: &[Judge<'_>], facts: &Facts, judgement: &Judgement) -> Outcome {
    let (check, remarks) = report::build(judges, facts, judgement);
    let exit_code = judgement.verdict.exit_code(&judgement.findings);
    Outcome { check, exit_code, remarks }
}
