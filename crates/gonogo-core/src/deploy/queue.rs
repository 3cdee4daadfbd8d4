//! Whose turn it is among deploys that wait. Pure.

use jiff::Timestamp;

/// An open deploy to which everybody has agreed who has to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InQueue {
    pub deploy: i64,
    pub service: String,
    /// Services of one group are deployed one at a time.
    pub group: Option<String>,
    /// It begins no sooner.
    pub not_before: Option<Timestamp>,
    /// Its turn is before those of which this is not said.
    pub goes_first: bool,
    /// In the order of these; a deploy in another one's place has that one's.
    pub place: i64,
    /// Its turn has come: it has what the others wait for.
    pub is_taken: bool,
}

/// Where a deploy stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Turn,
    /// The one right before it.
    After(i64),
    /// Its time has not come: it keeps nobody waiting.
    NotBefore(Timestamp),
}

impl InQueue {
    fn is_due(&self, now: Timestamp) -> bool {
        self.is_taken || self.not_before.is_none_or(|at| at <= now)
    }

    /// Whether the two may not run at once.
    fn keeps(&self, other: &Self) -> bool {
        self.deploy != other.deploy
            && (self.service == other.service || (self.group.is_some() && self.group == other.group))
    }

    fn order(&self) -> (bool, bool, i64, i64) {
        (!self.is_taken, !self.goes_first, self.place, self.deploy)
    }
}

/// Where one of them stands among all.
pub fn place(one: &InQueue, all: &[InQueue], now: Timestamp) -> Place {
    if let Some(at) = one.not_before.filter(|_| !one.is_due(now)) {
        return Place::NotBefore(at);
    }
    let ahead = all.iter().filter(|other| other.keeps(one) && other.is_due(now) && other.order() < one.order());
    ahead.max_by_key(|other| other.order()).map_or(Place::Turn, |other| Place::After(other.deploy))
}

/// Whether one whose turn has come, and that has not begun, lets another one go first.
pub fn gives_way(one: &InQueue, all: &[InQueue], now: Timestamp) -> bool {
    let goes_before = |other: &InQueue| {
        !other.is_taken && other.goes_first && other.keeps(one) && other.is_due(now) && {
            // As if neither's turn had come.
            let rest: Vec<InQueue> = all.iter().filter(|third| third.deploy != one.deploy).cloned().collect();
            place(other, &rest, now) == Place::Turn
        }
    };
    !one.goes_first && all.iter().any(goes_before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(deploy: i64, service: &str) -> InQueue {
        InQueue {
            deploy,
            service: service.to_owned(),
            group: None,
            not_before: None,
            goes_first: false,
            place: deploy,
            is_taken: false,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn places(all: &[InQueue]) -> Vec<Place> {
        all.iter().map(|one| place(one, all, at(100))).collect()
    }

    #[test]
    fn one_of_a_service_has_its_turn_and_the_others_stand_behind_each_other() {
        let all = [of(1, "web"), of(2, "api"), of(3, "web"), of(4, "web")];
        assert_eq!(places(&all), [Place::Turn, Place::Turn, Place::After(1), Place::After(3)]);
    }

    #[test]
    fn services_of_a_group_wait_for_each_other() {
        let grouped = |deploy, service| InQueue { group: Some("shop".to_owned()), ..of(deploy, service) };
        let all = [grouped(1, "web"), grouped(2, "api"), of(3, "mail")];
        assert_eq!(places(&all), [Place::Turn, Place::After(1), Place::Turn]);
        // Its policy has had the group since the first one was asked for.
        assert_eq!(
            places(&[of(1, "web"), grouped(2, "web"), grouped(3, "api")])[1..],
            [Place::After(1), Place::After(2)]
        );
    }

    #[test]
    fn what_is_for_a_later_time_keeps_nobody_waiting() {
        let later = InQueue { not_before: Some(at(200)), ..of(1, "web") };
        assert_eq!(places(&[later, of(2, "web")]), [Place::NotBefore(at(200)), Place::Turn]);
        let due = InQueue { not_before: Some(at(100)), ..of(1, "web") };
        assert_eq!(places(&[due, of(2, "web")]), [Place::Turn, Place::After(1)]);
    }

    #[test]
    fn a_first_one_goes_before_all_but_the_one_that_has_begun() {
        let hotfix = InQueue { goes_first: true, ..of(3, "web") };
        let taken = InQueue { is_taken: true, ..of(1, "web") };
        let all = [taken.clone(), of(2, "web"), hotfix.clone()];
        assert_eq!(places(&all), [Place::Turn, Place::After(3), Place::After(1)]);
        assert!(gives_way(&taken, &all, at(100)));
        assert!(!gives_way(&InQueue { goes_first: true, ..taken.clone() }, &all, at(100)), "they go in their order");
        let not_yet = InQueue { not_before: Some(at(200)), ..hotfix };
        assert!(!gives_way(&taken, &[taken.clone(), not_yet], at(100)));
    }

    #[test]
    fn another_ones_place_is_taken_over() {
        let instead = InQueue { place: 1, ..of(3, "web") };
        assert_eq!(places(&[of(2, "web"), instead]), [Place::After(3), Place::Turn]);
    }

    fn several() -> impl Strategy<Value = Vec<InQueue>> {
        let one = (0..3_usize, prop::option::of(0..2_usize), prop::option::of(50..150_i64), any::<bool>(), 1..9_i64);
        prop::collection::vec(one, 1..9).prop_map(|all| {
            let made =
                all.into_iter().enumerate().map(|(at_, (service, group, not_before, goes_first, place))| InQueue {
                    deploy: i64::try_from(at_).unwrap() + 1,
                    service: ["web", "api", "mail"][service].to_owned(),
                    group: group.map(|group| ["a", "b"][group].to_owned()),
                    not_before: not_before.map(at),
                    goes_first,
                    place,
                    is_taken: false,
                });
            made.collect()
        })
    }

    proptest! {
        /// Taken one after the other, no two run at once that may not, and each comes to its turn.
        #[test]
        fn each_has_its_turn_and_never_two_of_a_service_or_group(mut all in several()) {
            let mut left = all.len();
            while left > 0 {
                while let Some(turn) = (0..all.len()).find(|one| !all[*one].is_taken && place(&all[*one], &all, at(100)) == Place::Turn) {
                    all[turn].is_taken = true;
                    let taken: Vec<&InQueue> = all.iter().filter(|one| one.is_taken).collect();
                    for one in &taken {
                        prop_assert!(!taken.iter().any(|other| other.keeps(one)), "{all:?}");
                    }
                }
                let ended = all.iter().position(|one| one.is_taken);
                let Some(ended) = ended else {
                    prop_assert!(all.iter().all(|one| !one.is_due(at(100))), "somebody waits for nobody: {all:?}");
                    break;
                };
                all.remove(ended);
                left -= 1;
            }
        }
    }
}
