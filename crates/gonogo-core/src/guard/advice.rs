//! What a reading means for the deploy.

use super::reading::{Judgement, Reading};
use super::section::{Mode, Watch};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Advice {
    GoOn,
    /// Begin no step: there is no data. Short gaps are not worth a word.
    Hold,
    /// The same, and people have to know.
    HoldAndSay,
    /// Begin nothing more, and say what moved.
    Halt,
    /// The watch is over, and it cannot be told: a person looks.
    Ask,
}

/// What to do on a reading; `is_over` once the watch has come to its end. A guard that
/// observes never advises: what it would have done is in its reading.
pub fn advise(mode: Mode, watch: &Watch, reading: &Reading, is_over: bool) -> Advice {
    if mode == Mode::Observe {
        return Advice::GoOn;
    }
    would(watch, reading.judgement, reading.no_data_since, reading.at, is_over)
}

fn would(
    watch: &Watch,
    judgement: Judgement,
    no_data_since: Option<Timestamp>,
    at: Timestamp,
    is_over: bool,
) -> Advice {
    let grace = SignedDuration::from_mins(watch.no_data_minutes.into());
    match judgement {
        Judgement::Worse => Advice::Halt,
        Judgement::CannotTell(_) if is_over => Advice::Ask,
        Judgement::Fine | Judgement::CannotTell(_) => Advice::GoOn,
        Judgement::NoData => {
            let missing = no_data_since.map_or(grace * 2, |since| at.duration_since(since));
            match missing {
                _ if is_over => Advice::Halt,
                missing if missing >= grace * 2 => Advice::Halt,
                missing if missing >= grace => Advice::HoldAndSay,
                _ => Advice::Hold,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::reading::Doubt;
    use super::*;

    #[test]
    fn no_data_holds_then_says_so_then_halts() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let after = |seconds, is_over| would(&Watch::default(), Judgement::NoData, Some(at(0)), at(seconds), is_over);
        assert_eq!(
            [60, 180, 360].map(|seconds| after(seconds, false)),
            [Advice::Hold, Advice::HoldAndSay, Advice::Halt]
        );
        assert_eq!(after(60, true), Advice::Halt, "unknown is never fine");
        let doubt = |is_over| would(&Watch::default(), Judgement::CannotTell(Doubt::LooksWorse), None, at(0), is_over);
        assert_eq!((doubt(false), doubt(true)), (Advice::GoOn, Advice::Ask));
    }
}
