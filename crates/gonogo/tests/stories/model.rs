//! An independent, naive model of "what ships": every plain commit makes a file
//! of its own. It ships when head has that file and production has not. The
//! model knows no messages, no reverts, no patch ids, only two trees.

use crate::support::check;
use gonogo_world::Repo;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, FileFailurePersistence};
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
enum Step {
    Commit,
    /// A commit that blocks.
    Unfinished,
    /// A branch with one or two commits, merged; perhaps one of them reverted on it.
    Topic {
        commits: usize,
        reverts: bool,
    },
    /// Of any commit or revert on main's first-parent line.
    Revert(Index),
    /// Production picks a commit or a revert of main.
    Pick(Index),
    /// Production reverts what it picked.
    RevertInProduction(Index),
    /// Main merges production; production does nothing of its own afterwards.
    MergeBack,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Commit),
        2 => (1usize..3, any::<bool>()).prop_map(|(commits, reverts)| Step::Topic { commits, reverts }),
        4 => any::<Index>().prop_map(Step::Revert),
        3 => any::<Index>().prop_map(Step::Pick),
        2 => any::<Index>().prop_map(Step::RevertInProduction),
        1 => Just(Step::MergeBack),
    ];
    proptest::collection::vec(step, 3..9)
}

/// A repository that is made step by step. What git refuses is left out.
struct History {
    repo: Repo,
    plain: Vec<String>,
    /// Commits, merges and reverts on main's first-parent line.
    line: Vec<String>,
    picked: Vec<String>,
    is_merged_back: bool,
    topics: usize,
}

impl History {
    fn begin() -> Self {
        let repo = Repo::new();
        let old = vec![repo.commit("old 1"), repo.commit("old 2")];
        repo.branch("production");
        Self { repo, plain: Vec::new(), line: old, picked: Vec::new(), is_merged_back: false, topics: 0 }
    }

    fn commit(&mut self) -> String {
        let sha = self.repo.commit(&format!("change {}", self.plain.len()));
        self.plain.push(sha.clone());
        sha
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Commit => {
                let sha = self.commit();
                self.line.push(sha);
            }
            Step::Unfinished => {
                let sha = self.repo.commit("WIP");
                self.line.push(sha);
            }
            Step::Topic { commits, reverts } => self.topic(*commits, *reverts),
            Step::Revert(which) => {
                let target = which.get(&self.line).clone();
                if self.agrees("main", &["revert", "--no-edit"], &target) {
                    self.line.push(self.repo.head());
                }
            }
            Step::Pick(which) if !self.is_merged_back => {
                let target = which.get(&self.line).clone();
                if !self.is_merge(&target) && self.agrees("production", &["cherry-pick"], &target) {
                    self.picked.push(self.repo.rev("production"));
                }
            }
            Step::RevertInProduction(which) if !self.is_merged_back && !self.picked.is_empty() => {
                let target = which.get(&self.picked).clone();
                if self.agrees("production", &["revert", "--no-edit"], &target) {
                    self.picked.push(self.repo.rev("production"));
                }
            }
            Step::MergeBack if !self.is_merged_back => {
                self.repo.at_next_minute();
                let merged = self.repo.git_agrees(&["merge", "--quiet", "--no-ff", "-m", "merge back", "production"]);
                self.is_merged_back = true;
                if !merged {
                    self.repo.git_agrees(&["merge", "--abort"]);
                }
            }
            Step::Pick(_) | Step::RevertInProduction(_) | Step::MergeBack => {}
        }
        self.repo.checkout("main");
    }

    fn topic(&mut self, commits: usize, reverts: bool) {
        self.topics += 1;
        let name = format!("topic-{}", self.topics);
        self.repo.branch(&name).checkout(&name);
        let made: Vec<String> = (0..commits).map(|_| self.commit()).collect();
        if reverts {
            self.repo.revert(&made[0]);
        }
        self.repo.checkout("main");
        self.line.push(self.repo.merge(&name, &format!("Merge branch '{name}'")));
    }

    fn is_merge(&self, sha: &str) -> bool {
        self.repo.git_agrees(&["rev-parse", "--verify", "--quiet", &format!("{sha}^2")])
    }

    /// Takes one step of git's on a branch, or none when it conflicts or is empty.
    fn agrees(&self, branch: &str, command: &[&str], target: &str) -> bool {
        self.repo.checkout(branch).at_next_minute();
        let mut args = command.to_vec();
        if self.is_merge(target) {
            args.extend(["--mainline", "1"]);
        }
        args.push(target);
        let before = self.repo.head();
        let agreed = self.repo.git_agrees(&args) && self.repo.head() != before;
        if !agreed {
            self.repo.git(&["reset", "--quiet", "--hard", &before]);
        }
        agreed
    }

    fn files(&self, branch: &str) -> BTreeSet<String> {
        self.repo.git(&["ls-tree", "-r", "--name-only", branch]).lines().map(str::to_owned).collect()
    }
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(2)
}

/// Few by default, since every case makes a repository; more by `PROPTEST_CASES`.
fn config() -> Config {
    Config {
        cases: cases(),
        max_shrink_iters: 200,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..Config::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_ships_is_what_the_two_trees_say(steps in steps()) {
        let mut history = History::begin();
        for step in &steps {
            history.take(step);
        }
        let report = check(&history.repo).head("main").production("production").json();
        let (head, production) = (history.files("main"), history.files("production"));
        for sha in &history.plain {
            let file = history.repo.git(&["diff-tree", "-r", "--no-commit-id", "--name-only", sha]);
            let expected = head.contains(&file) && !production.contains(&file);
            prop_assert_eq!(
                report.commit(sha)["ships"] == true,
                expected,
                "{} ({}) in\n{}", &sha[..7], file, history.repo.git(&["log", "--graph", "--format=%h %s%n%b", "main", "production"])
            );
        }
    }
    #[test]
    fn the_newest_go_is_what_trying_each_commit_finds(
        steps in proptest::collection::vec(
            prop_oneof![
                3 => Just(Step::Commit),
                2 => Just(Step::Unfinished),
                1 => (1usize..3, any::<bool>()).prop_map(|(commits, reverts)| Step::Topic { commits, reverts }),
                2 => any::<Index>().prop_map(Step::Revert),
            ],
            2..5,
        ),
    ) {
        let mut history = History::begin();
        for step in &steps {
            history.take(step);
        }
        history.take(&Step::Unfinished);
        let of = |head: &str| check(&history.repo).head(head).production("production").json();
        let line = history.repo.git(&["rev-list", "--first-parent", "production..main~1"]);
        let by_trying = line.lines().find(|sha| of(sha)["verdict"] == "go");
        let found = of("main");
        prop_assert_eq!(
            found["newest_go"]["sha"].as_str(),
            by_trying,
            "in\n{}", history.repo.git(&["log", "--graph", "--format=%h %s%n%b", "main"])
        );
    }
}
