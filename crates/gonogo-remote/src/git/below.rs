//! Which commits of a range concern a folder.

use super::{Git, GitError};
use gonogo_core::ids::Sha;
use std::collections::BTreeSet;

/// Begins the line of a commit; in a path git quotes it.
const MARK: char = '\u{2}';

impl Git {
    /// Commits between two, both ways, that change something below a folder. A
    /// merge is one where it differs there from its first parent.
    pub fn below(&self, base: Sha, head: Sha, path: &str) -> Result<BTreeSet<Sha>, GitError> {
        let (range, path) = (format!("{base}...{head}"), format!(":(top,literal){path}"));
        let args = [
            "log",
            "--full-history",
            "--diff-merges=first-parent",
            "--root",
            "--name-only",
            "--format=%x02%H",
            "--no-renames",
            "--no-show-signature",
            "--no-notes",
            "--no-color",
            "--no-decorate",
            "--ignore-submodules=none",
            &range,
            "--",
            &path,
        ];
        let text = self.must(&args)?;
        Ok(concerned(&String::from_utf8_lossy(&text)))
    }
}

/// A commit's line, then its paths: one without any changes nothing there.
fn concerned(text: &str) -> BTreeSet<Sha> {
    let (mut found, mut current): (_, Option<Sha>) = (BTreeSet::new(), None);
    for line in text.lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix(MARK) {
            Some(id) => current = id.parse().ok(),
            None => found.extend(current),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::concerned;

    #[test]
    fn a_commit_without_paths_changes_nothing() {
        let [one, other] = ["a", "b"].map(|digit| digit.repeat(40));
        let text = format!("\u{2}{one}\n\nweb/a\nweb/b\n\u{2}{other}\n");
        assert_eq!(concerned(&text).into_iter().map(String::from).collect::<Vec<_>>(), [one]);
    }
}
