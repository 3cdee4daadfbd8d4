//! Which commits still have effect when reverts, and reverts of reverts, are
//! worked out.

use std::collections::{BTreeMap, HashMap};

/// A revert, and the commits that it undoes.
#[derive(Clone, Debug)]
pub(super) struct Undoes {
    pub by: usize,
    pub undone: Vec<usize>,
}

/// Which commits something put into effect, and which out of it.
type Change = BTreeMap<usize, bool>;

/// Plays the history forward, oldest (the highest index) first: a revert puts
/// what it names out of effect, a revert of a revert back into it. Who speaks
/// last counts; where several do, on branches beside each other (`is_behind` says
/// whether an older commit is behind a newer), it has effect unless none says so.
pub(super) fn effective(commits: usize, reverts: &[Undoes], is_behind: impl Fn(usize, usize) -> bool) -> Vec<bool> {
    let mut oldest_first: Vec<&Undoes> = reverts.iter().collect();
    oldest_first.sort_by_key(|u| std::cmp::Reverse(u.by));
    let mut changed: HashMap<usize, Change> = HashMap::new();
    // Of each commit, who spoke of it, oldest first.
    let mut said: BTreeMap<usize, Vec<(usize, bool)>> = BTreeMap::new();
    for Undoes { by, undone } in oldest_first {
        let mut own = Change::from([(*by, true)]);
        for (at, on) in together(*by, undone, &changed) {
            said.entry(at).or_default().push((*by, !on));
            own.insert(at, !on);
        }
        changed.insert(*by, own);
    }
    let mut effective = vec![true; commits];
    for (at, words) in said {
        let is_last = |place: usize| {
            let (by, _) = words[place];
            words[place + 1..].iter().all(|(later, _)| !is_behind(by, *later))
        };
        effective[at] = (0..words.len()).any(|place| words[place].1 && is_last(place));
    }
    effective
}

/// What several commits change together: of one that a merge brought along with
/// its revert nothing is left, so that undoing the merge does not touch it. What
/// is no older than the revert cannot be what it undoes.
fn together(by: usize, undone: &[usize], changed: &HashMap<usize, Change>) -> Change {
    let mut oldest_first: Vec<usize> = undone.iter().copied().filter(|at| *at > by).collect();
    oldest_first.sort_unstable_by(|a, b| b.cmp(a));
    oldest_first.dedup();
    let mut first_and_last: BTreeMap<usize, (bool, bool)> = BTreeMap::new();
    let mut put = |at, on| first_and_last.entry(at).or_insert((on, on)).1 = on;
    for at in oldest_first {
        match changed.get(&at) {
            Some(change) => change.iter().for_each(|(at, on)| put(*at, *on)),
            None => put(at, true),
        }
    }
    first_and_last.into_iter().filter(|(_, (first, last))| first == last).map(|(at, (_, last))| (at, last)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn run(commits: usize, reverts: &[(usize, usize)]) -> Vec<bool> {
        let undoes: Vec<_> = reverts.iter().map(|(by, undone)| Undoes { by: *by, undone: vec![*undone] }).collect();
        effective(commits, &undoes, |_, _| true)
    }

    #[test]
    fn a_revert_of_a_revert_ships_again() {
        // Newest first: 1 reverts 2, and 0 reverts 1.
        assert_eq!(run(3, &[(1, 2)]), [true, true, false]);
        assert_eq!(run(3, &[(1, 2), (0, 1)]), [true, false, true]);
    }

    #[test]
    fn what_a_merge_brought_with_its_revert_stays_reverted() {
        // Newest first: 4 is a commit, 3 another, 2 reverts 4, 1 takes back the
        // merge of all three, 0 takes back 1.
        let undoes = |by, undone: &[usize]| Undoes { by, undone: undone.to_vec() };
        let (inner, merge) = (undoes(2, &[4]), undoes(1, &[2, 3, 4]));
        assert_eq!(effective(5, &[inner.clone(), merge.clone()], |_, _| true), [true, true, false, false, false]);
        assert_eq!(effective(5, &[undoes(0, &[1]), inner, merge], |_, _| true), [true, false, true, true, false]);
    }

    #[test]
    fn of_branches_beside_each_other_one_that_brings_it_back_is_enough() {
        // 4 is the commit, 3 reverts it; beside each other 2 reverts 3, and 1
        // reverts 3 and 0 reverts 1.
        let undoes = |by, undone| Undoes { by, undone: vec![undone] };
        let reverts = [undoes(3, 4), undoes(2, 3), undoes(1, 3), undoes(0, 1)];
        let beside = |older: usize, newer: usize| !(older == 2 && newer < 2);
        assert!(effective(5, &reverts, beside)[4]);
        assert!(!effective(5, &reverts, |_, _| true)[4]);
    }

    #[test]
    fn names_that_go_round_in_a_circle_end() {
        run(2, &[(0, 1), (1, 0)]);
        run(1, &[(0, 0)]);
    }

    /// An independent model that knows no reverts, only content: a plain commit
    /// adds a line of its own, and a revert applies the change of what it names
    /// backwards. What does not apply is no revert.
    #[derive(Clone, Default)]
    struct Content {
        lines: HashSet<usize>,
        changes: HashMap<usize, (usize, bool)>,
    }

    impl Content {
        fn plain(&mut self, at: usize) {
            self.lines.insert(at);
            self.changes.insert(at, (at, true));
        }

        fn applies_backwards(&self, target: usize) -> bool {
            let (line, added) = self.changes[&target];
            self.lines.contains(&line) == added
        }

        fn revert(&mut self, at: usize, target: usize) {
            let (line, added) = self.changes[&target];
            if added {
                self.lines.remove(&line)
            } else {
                self.lines.insert(line)
            };
            self.changes.insert(at, (line, !added));
        }
    }

    proptest! {
        #[test]
        fn what_ships_is_what_the_content_says(
            picks in proptest::collection::vec(any::<Option<proptest::sample::Index>>(), 1..40),
        ) {
            let commits = picks.len();
            let (mut content, mut reverts, mut plain) = (Content::default(), Vec::new(), Vec::new());
            for at in (0..commits).rev() {
                let possible: Vec<usize> = (at + 1..commits).filter(|t| content.applies_backwards(*t)).collect();
                if let Some(pick) = picks[at].filter(|_| !possible.is_empty()) {
                    let target = *pick.get(&possible);
                    content.revert(at, target);
                    reverts.push((at, target));
                } else {
                    content.plain(at);
                    plain.push(at);
                }
            }
            let effective = run(commits, &reverts);
            for at in plain {
                prop_assert_eq!(effective[at], content.lines.contains(&at), "commit {} of {:?}", at, reverts);
            }
        }
    }
}
