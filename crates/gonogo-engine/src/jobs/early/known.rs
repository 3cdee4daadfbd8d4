//! What is known of a story before its gate, and what of that is news. Pure.

use crate::jobs::shipping::TrackerAt;
use gonogo_checks::Lacks;
use gonogo_core::story::TrackerPerson;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// Mended ones that are kept; older ones are forgotten.
const MOST_MENDED: usize = 20;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::jobs) struct Known {
    pub title: String,
    /// Where it stands in the tracker.
    pub url: String,
    pub tracker: Option<TrackerAt>,
    /// Who was told last.
    pub owner: Option<TrackerPerson>,
    pub lacks: Vec<Lack>,
    /// The last one first.
    pub mended: Vec<Mended>,
    /// Whether a comment on its issue was wanted.
    pub is_commented: bool,
    /// Whether it went to a project of which nothing is asked here.
    #[serde(default)]
    pub is_elsewhere: bool,
}

/// One thing that a story lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lack {
    pub code: String,
    pub substance: Value,
    pub said: String,
    pub fix: String,
    /// Whose gates ask for it.
    pub services: BTreeSet<String>,
    pub since: Timestamp,
    /// When somebody was to be told of it; without it nobody was.
    pub told_at: Option<Timestamp>,
}

/// One thing that it lacked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mended {
    pub said: String,
    pub since: Timestamp,
    pub mended_at: Timestamp,
    pub was_told: bool,
}

/// What a look came to.
#[derive(Debug)]
pub(super) struct Next {
    pub known: Known,
    /// What its owner is told of now.
    pub news: Vec<Lack>,
    /// Whether something is mended of which somebody was told.
    pub is_mended: bool,
    /// Whether anything is to be kept.
    pub is_changed: bool,
}

impl Known {
    pub(super) fn has(&self, found: &Lacks) -> bool {
        self.lacks.iter().any(|lack| is_same(lack, found))
    }

    /// What is known after a look, in which each service found something; of those
    /// that are `unknown` stays what was found before. `tells` says whether a
    /// service has owners told.
    pub(super) fn next(
        self,
        found: Vec<(String, Lacks)>,
        unknown: &BTreeSet<String>,
        tells: impl Fn(&str) -> bool,
        now: Timestamp,
    ) -> Next {
        let mut lacks: Vec<Lack> = Vec::new();
        for (service, one) in found {
            if let Some(same) = lacks.iter_mut().find(|lack| is_same(lack, &one)) {
                same.services.insert(service);
                continue;
            }
            let before = self.lacks.iter().find(|lack| is_same(lack, &one));
            lacks.push(Lack {
                code: one.code.to_owned(),
                substance: one.substance,
                said: one.said,
                fix: one.fix,
                services: BTreeSet::from([service]),
                since: before.map_or(now, |lack| lack.since),
                told_at: before.and_then(|lack| lack.told_at),
            });
        }
        for before in &self.lacks {
            let still: BTreeSet<String> = before.services.intersection(unknown).cloned().collect();
            let of = |lack: &&mut Lack| (&lack.code, &lack.substance) == (&before.code, &before.substance);
            match lacks.iter_mut().find(of) {
                Some(same) => same.services.extend(still),
                None if still.is_empty() => {}
                None => lacks.push(Lack { services: still, ..before.clone() }),
            }
        }
        let key = |lack: &Lack| (lack.code.clone(), lack.substance.to_string(), lack.services.clone());
        let (before, after): (Vec<_>, Vec<_>) = (self.lacks.iter().map(key).collect(), lacks.iter().map(key).collect());
        let is_gone =
            |lack: &&Lack| !lacks.iter().any(|now| (&now.code, &now.substance) == (&lack.code, &lack.substance));
        let gone: Vec<Mended> = self
            .lacks
            .iter()
            .filter(is_gone)
            .map(|lack| Mended {
                said: lack.said.clone(),
                since: lack.since,
                mended_at: now,
                was_told: lack.told_at.is_some(),
            })
            .collect();
        let is_mended = gone.iter().any(|one| one.was_told);
        let mut news = Vec::new();
        for lack in lacks.iter_mut().filter(|lack| lack.told_at.is_none()) {
            if lack.services.iter().any(|service| tells(service)) {
                lack.told_at = Some(now);
                news.push(lack.clone());
            }
        }
        let is_changed = before != after || !news.is_empty();
        let mended = gone.into_iter().chain(self.mended.iter().cloned()).take(MOST_MENDED).collect();
        Next { known: Self { lacks, mended, ..self }, news, is_mended, is_changed }
    }
}

fn is_same(lack: &Lack, found: &Lacks) -> bool {
    lack.code == found.code && lack.substance == found.substance
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn points(points: u32) -> Lacks {
        let said = format!("has {points} points, over 8");
        Lacks { code: "story-too-many-points", substance: json!(points), said, fix: "split it".to_owned() }
    }

    fn look(known: Known, found: &[(&str, u32)], second: i64) -> Next {
        let found = found.iter().map(|(service, number)| ((*service).to_owned(), points(*number))).collect();
        known.next(found, &BTreeSet::new(), |service| service != "observed", Timestamp::from_second(second).unwrap())
    }

    #[test]
    fn each_substance_is_told_once_until_it_is_mended_and_comes_again() {
        let first = look(Known::default(), &[("web", 13), ("api", 13)], 1);
        assert_eq!((first.news.len(), first.news[0].services.len(), first.is_changed), (1, 2, true));
        let same = look(first.known, &[("api", 13), ("web", 13)], 2);
        assert!(same.news.is_empty() && !same.is_changed && !same.is_mended);
        let more = look(same.known, &[("web", 20), ("api", 20)], 3);
        assert_eq!((more.news[0].said.as_str(), more.is_mended), ("has 20 points, over 8", true));
        let mended = look(more.known, &[], 4);
        assert!(mended.is_mended && mended.is_changed && mended.known.lacks.is_empty());
        assert_eq!(mended.known.mended[0].said, "has 20 points, over 8");
        assert_eq!(look(mended.known, &[("web", 20)], 5).news.len(), 1);
    }

    #[test]
    fn what_only_an_observed_service_asks_for_is_told_nobody_until_it_is_no_more() {
        let quiet = look(Known::default(), &[("observed", 13)], 1);
        assert!(quiet.news.is_empty() && quiet.is_changed && quiet.known.lacks[0].told_at.is_none());
        let loud = look(quiet.known, &[("observed", 13), ("web", 13)], 2);
        assert_eq!(loud.news.len(), 1);
        let quiet = look(Known::default(), &[("observed", 13)], 1);
        assert!(!look(quiet.known, &[], 2).is_mended, "nobody knew");
    }

    #[test]
    fn what_a_service_asked_for_that_cannot_be_looked_at_now_is_not_mended() {
        let first = look(Known::default(), &[("web", 13), ("api", 13)], 1);
        let unknown = BTreeSet::from(["api".to_owned()]);
        let next = |known: Known, found: &[(&str, u32)]| {
            let found = found.iter().map(|(service, number)| ((*service).to_owned(), points(*number))).collect();
            known.next(found, &unknown, |_| true, Timestamp::from_second(2).unwrap())
        };
        let of_api = next(first.known.clone(), &[]);
        assert_eq!((of_api.is_mended, of_api.known.lacks[0].services.clone()), (false, unknown.clone()));
        let both = next(first.known, &[("web", 13)]);
        assert!(!both.is_changed && both.known.lacks[0].services.len() == 2);
        assert!(next(Known::default(), &[]).known.lacks.is_empty());
    }
}
