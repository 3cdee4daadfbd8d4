//! The rule of story-key for one commit that is being written, as hooks want
//! it: the same keys in the same places, the same words that say there is none.
//! Knows neither git nor files: the message comes in as git would keep it.

use crate::reading::{Reader, may_be_project};
use gonogo_core::ids::IssueKey;
use gonogo_core::policy::Stories;
use gonogo_core::say;
use gonogo_read::keys::{Grammar, scan};
use gonogo_read::message;

/// First words of commits that `git rebase --autosquash` folds into others.
pub const AUTOSQUASH: [&str; 3] = ["fixup!", "squash!", "amend!"];

/// What stands after `Merge ` in the subjects that git and code hosts write.
pub const MERGED: [&str; 9] = [
    "branch '",
    "branches '",
    "remote-tracking branch '",
    "remote-tracking branches '",
    "tag '",
    "tags '",
    "commit '",
    "commits '",
    "pull request #",
];

/// Whose keys count, and under which policy.
#[derive(Clone, Copy, Debug)]
pub struct CommitRule<'a> {
    reader: Reader<'a>,
}

/// Whether a commit may be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    Fine(Fine),
    Missing(Missing),
}

/// A message that names no story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// How to write one, or that there is none.
    pub how: String,
    /// The project of a key-like word, if it is one, is not among the policy's.
    pub unknown_project: Option<String>,
}

/// Why nothing is asked of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fine {
    Names(Vec<IssueKey>),
    NoKeyWord,
    IgnoredMessage,
    Merge,
    Revert,
    /// It will be folded into another commit.
    Autosquash,
    /// git refuses it itself, or was told not to.
    Empty,
    /// No project is known: nothing could be a key.
    NoProjects,
}

impl<'a> CommitRule<'a> {
    pub fn new(stories: &'a Stories, projects: &'a [String]) -> Self {
        Self { reader: Reader { policy: stories, projects } }
    }

    /// Judges a message without comments and diff.
    pub fn judge(&self, text: &str) -> Ruling {
        let Reader { policy, projects } = self.reader;
        let message = message::parse(text);
        let starts = |words: &[&str]| message.subject.first().is_some_and(|s| words.iter().any(|w| s.starts_with(w)));
        let merges = || {
            let merged = message.subject.first().and_then(|s| s.strip_prefix("Merge "));
            merged.is_some_and(|rest| MERGED.iter().any(|what| rest.starts_with(what)))
        };
        let (names, _) = self.reader.keys(&message, false);
        Ruling::Fine(if projects.is_empty() {
            Fine::NoProjects
        } else if message.subject.is_empty() {
            Fine::Empty
        } else if !names.is_empty() {
            Fine::Names(names)
        } else if merges() {
            Fine::Merge
        } else if !message.reverts.is_empty() {
            Fine::Revert
        } else if starts(&AUTOSQUASH) {
            Fine::Autosquash
        } else if self.reader.ignores(text) {
            Fine::IgnoredMessage
        } else if self.reader.says_no_key(text) {
            Fine::NoKeyWord
        } else {
            let unknown_project = unknown_project(text, projects).map(str::to_owned);
            return Ruling::Missing(Missing { how: how_to_write(projects, policy), unknown_project });
        })
    }

    /// The story that a branch's name tells of.
    pub fn key_of_branch(&self, branch: &str) -> Option<IssueKey> {
        let known = |project: &str| self.reader.projects.iter().any(|p| p == project);
        let first = scan(branch, Grammar::BranchName).find(|key| known(key.project))?;
        Some(IssueKey::new(first.project, first.number))
    }

    /// Whether a message is the key that was filled in and nothing else: its
    /// writer left the editor without a word.
    pub fn is_untouched(&self, text: &str) -> bool {
        let line = text.trim_matches(['\n', '\r']);
        let Some(key) = line.strip_suffix(' ').and_then(|key| key.parse::<IssueKey>().ok()) else { return false };
        filled_in(&key) == line && self.reader.projects.iter().any(|p| p == key.project())
    }
}

/// What is put before a message.
pub fn filled_in(key: &IssueKey) -> String {
    format!("{key} ")
}

/// What to write, or the project that the policy does not know; in one line.
pub(crate) fn how_to_name(text: &str, projects: &[String], stories: &Stories) -> String {
    match unknown_project(text, projects) {
        Some(project) => format!("{}; else name the story", how_to_add(project)),
        None => how_to_write(projects, stories),
    }
}

pub fn how_to_write(projects: &[String], stories: &Stories) -> String {
    let examples: Vec<String> = projects.iter().map(|p| format!("{p}-123")).collect();
    let named = format!("name it in the subject, such as {}", say::list(&examples, 3));
    match stories.no_key_words.first() {
        Some(word) => format!("{named}; or write {word}"),
        None => named,
    }
}

pub fn how_to_add(project: &str) -> String {
    format!("if {project} is a project, add it to [stories] projects")
}

fn unknown_project<'a>(text: &'a str, projects: &[String]) -> Option<&'a str> {
    let is_unknown = |project: &str| may_be_project(project) && projects.iter().all(|p| p != project);
    scan(text, Grammar::Prose).map(|key| key.project).find(|project| is_unknown(project))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Facts;
    use crate::reading::{Excuse, ParsedRange};
    use gonogo_core::changeset::{Changeset, Commit, Person};
    use gonogo_core::policy::{Policy, Source};
    use proptest::prelude::*;
    use std::sync::Arc;

    fn stories(more: &str) -> Stories {
        let text = format!("[stories]\nprojects = ['STORY', 'WEB']\n{more}");
        Policy::parse(Source::new("gonogo.toml", text)).unwrap().sections.stories
    }

    fn judge(text: &str) -> Ruling {
        let stories = stories("ignore_commits = ['^Bump version']");
        CommitRule::new(&stories, &stories.projects).judge(text)
    }

    fn is_missing(ruling: &Ruling) -> bool {
        matches!(ruling, Ruling::Missing(_))
    }

    #[test]
    fn a_key_counts_in_every_place_that_the_check_reads() {
        for text in [
            "STORY-1 x",
            "x (WEB-2)",
            "x\n\nfor STORY-1",
            "x\n\nSigned-off-by: A <a@b>\nStory: STORY-1",
            "x\n\nSTORY-1: because",
            "x\n\nSTORY-1\nSigned-off-by: A <a@b>",
            "x\r\n\r\nSTORY-1\r\n",
            "Merge branch 'feature/STORY-9-foo'",
        ] {
            assert!(matches!(judge(text), Ruling::Fine(Fine::Names(_))), "{text}");
        }
    }

    #[test]
    fn merges_reverts_fixups_ignored_and_no_jira_commits_are_left_alone() {
        for (text, why) in [
            ("Merge branch 'x' into main", Fine::Merge),
            ("Merge tags 'a' and 'b'", Fine::Merge),
            ("Merge pull request #7 from a/b", Fine::Merge),
            ("Revert \"x\"\n\nThis reverts commit 1234567.", Fine::Revert),
            ("Revert \"x\"\n\nReverts acme/web#12", Fine::Revert),
            ("fixup! x", Fine::Autosquash),
            ("amend! x\n\ny", Fine::Autosquash),
            ("Bump version to 2", Fine::IgnoredMessage),
            ("tidy\n\nNo-Jira", Fine::NoKeyWord),
            ("\n\n", Fine::Empty),
        ] {
            assert_eq!(judge(text), Ruling::Fine(why), "{text}");
        }
        for text in ["Merge the two parsers", "Merge branch x", "Revert \"x\"", "fix up", "UTF-8 everywhere"] {
            assert!(is_missing(&judge(text)), "{text}");
        }
    }

    #[test]
    fn who_forgot_the_key_is_told_what_to_write() {
        let said = |text| match judge(text) {
            Ruling::Missing(missing) => (missing.how, missing.unknown_project),
            Ruling::Fine(why) => panic!("{why:?}"),
        };
        let how = "name it in the subject, such as STORY-123 and WEB-123; or write no-jira".to_owned();
        assert_eq!(said("UTF-8 too"), (how.clone(), None));
        assert_eq!(said("OPS-4 x"), (how.clone(), Some("OPS".to_owned())));
        let stories = stories("");
        assert_eq!(how_to_name("UTF-8 too", &stories.projects, &stories), how);
        let line = "if OPS is a project, add it to [stories] projects; else name the story";
        assert_eq!(how_to_name("OPS-4 x", &stories.projects, &stories), line);
    }

    #[test]
    fn without_projects_nothing_is_asked() {
        let stories = Stories::default();
        assert_eq!(CommitRule::new(&stories, &[]).judge("x"), Ruling::Fine(Fine::NoProjects));
    }

    #[test]
    fn a_branch_suggests_its_first_known_key() {
        let stories = stories("");
        let rule = CommitRule::new(&stories, &stories.projects);
        let key = |branch| rule.key_of_branch(branch).map(|key| key.to_string());
        assert_eq!(key("feature/UTF-8-STORY-9-and-WEB-1").as_deref(), Some("STORY-9"));
        assert_eq!(key("main"), None);
    }

    #[test]
    fn a_key_that_was_filled_in_and_left_alone_is_known_again() {
        let stories = stories("");
        let rule = CommitRule::new(&stories, &stories.projects);
        assert!(rule.is_untouched("STORY-9 \n\n"));
        for text in ["STORY-9\n", "STORY-9 x\n", "OPS-9 \n", "STORY-9 \n\nx", ""] {
            assert!(!rule.is_untouched(text), "{text}");
        }
    }

    /// What the check story-key finds in a range of this one commit.
    fn check_misses(stories: &Stories, text: &str) -> bool {
        let commit = Commit {
            sha: "a".repeat(40).parse().unwrap(),
            parents: Vec::new(),
            author: Arc::new(Person { name: "n".to_owned(), email: "e".to_owned() }),
            committed_at: None,
            message: text.into(),
            files: Vec::new(),
        };
        let set = Changeset { commits: vec![commit], missing: Vec::new(), suspect_merges: Vec::new() };
        let range = ParsedRange::of(&Facts::default(), stories, &stories.projects, &set, set.commits[0].sha).unwrap();
        let read = &range.commits[0];
        let is_excused = matches!(read.excuse, Some(Excuse::NoKeyWord | Excuse::IgnoredMessage));
        read.own.is_empty() && !is_excused
    }

    proptest! {
        #[test]
        fn hook_and_check_refuse_the_same_messages(
            text in "(STORY-1|WEB-|-|x|2|: | |\n|\n\n|\\* |\\(#4\\)|no-jira|Bump version|UTF-8|Signed-off-by: a|Story: |---\n|é|\\[|\\]){0,14}",
        ) {
            let stories = stories("ignore_commits = ['^Bump version']");
            let ruling = CommitRule::new(&stories, &stories.projects).judge(&text);
            prop_assume!(ruling != Ruling::Fine(Fine::Empty));
            prop_assert_eq!(is_missing(&ruling), check_misses(&stories, &text), "{:?}: {:?}", text, ruling);
        }

        #[test]
        fn any_text_is_judged(text in "(\\PC|\n|\r){0,60}") {
            judge(&text);
        }

        #[test]
        fn putting_the_suggestion_before_a_message_mends_it(text in "[a-z ]{1,20}", number in 1u64..99_999) {
            let stories = stories("");
            let rule = CommitRule::new(&stories, &stories.projects);
            let key = rule.key_of_branch(&format!("feature/STORY-{number}-foo")).unwrap();
            let mended = format!("{}{text}", filled_in(&key));
            prop_assert!(!is_missing(&rule.judge(&mended)));
        }
    }
}
