//! Which commits still have effect when reverts, and reverts of reverts, are
//! worked out.

use std::collections::{HashMap, HashSet};

/// A revert, and the commits that it undoes.
#[derive(Clone, Debug)]
pub(super) struct Undoes {
    pub by: usize,
    pub undone: Vec<usize>,
}

/// Plays the history forward, oldest (the highest index) first: a commit comes
/// into effect, a revert puts what it names out of effect, a revert of a revert
/// back into it. Who speaks last counts.
pub(super) fn effective(commits: usize, reverts: &[Undoes]) -> Vec<bool> {
    let undoes: HashMap<usize, &[usize]> = reverts.iter().map(|u| (u.by, u.undone.as_slice())).collect();
    let mut effective = vec![true; commits];
    if undoes.is_empty() {
        return effective;
    }
    for by in (0..commits).rev() {
        effective[by] = true;
        // Names in messages could be made to go round in a circle; each commit
        // is switched at most once for one revert.
        let mut seen = HashSet::from([by]);
        let mut open: Vec<(usize, bool)> = undone(&undoes, by).map(|at| (at, false)).collect();
        while let Some((at, on)) = open.pop() {
            if seen.insert(at) {
                effective[at] = on;
                open.extend(undone(&undoes, at).map(|inner| (inner, !on)));
            }
        }
    }
    effective
}

fn undone<'a>(undoes: &HashMap<usize, &'a [usize]>, by: usize) -> impl Iterator<Item = usize> + use<'a> {
    undoes.get(&by).copied().unwrap_or_default().iter().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(commits: usize, reverts: &[(usize, usize)]) -> Vec<bool> {
        let undoes: Vec<_> = reverts.iter().map(|(by, undone)| Undoes { by: *by, undone: vec![*undone] }).collect();
        effective(commits, &undoes)
    }

    #[test]
    fn a_revert_of_a_revert_ships_again() {
        // Newest first: 1 reverts 2, and 0 reverts 1.
        assert_eq!(run(3, &[(1, 2)]), [true, true, false]);
        assert_eq!(run(3, &[(1, 2), (0, 1)]), [true, false, true]);
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
