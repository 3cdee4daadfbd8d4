//! `[candidates]`: which branches are judged as they move.

use super::Patterns;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a server judges by itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Candidates {
    /// Patterns of branches; without any the default branch, `release/*` and `hotfix/*`.
    branches: Patterns,
    /// Patterns of branches that are left alone all the same.
    ignore: Patterns,
}

/// Beside the default branch, where the policy names none.
const USUAL: [&str; 2] = ["release/", "hotfix/"];

impl Candidates {
    pub fn takes(&self, branch: &str, is_default: bool) -> bool {
        let is_usual = || is_default || USUAL.iter().any(|start| branch.starts_with(start));
        let is_taken = if self.branches.is_empty() { is_usual() } else { self.branches.fit(branch) };
        is_taken && !self.ignore.fit(branch)
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::{Policy, Source};

    fn takes(text: &str, branch: &str) -> bool {
        let policy = Policy::parse(Source::new("gonogo.toml", text)).unwrap();
        policy.sections.candidates.takes(branch, branch == "main")
    }

    #[test]
    fn the_usual_branches_are_candidates_until_others_are_named() {
        for (branch, taken) in [("main", true), ("hotfix/1", true), ("release/2.0", true), ("topic", false)] {
            assert_eq!(takes("", branch), taken, "{branch}");
        }
        let named = "candidates.branches = ['main', 'train/*']\ncandidates.ignore = ['train/old']";
        for (branch, taken) in [("main", true), ("hotfix/1", false), ("train/3", true), ("train/old", false)] {
            assert_eq!(takes(named, branch), taken, "{branch}");
        }
    }
}
