//! What the buttons do: a commit, a merge. Both are pushes, and hooks are told.

use super::super::repository::Repository;
use super::super::state::State;
use super::short;
use crate::page::Form;

/// Who has the browser.
const VISITOR: &str = "you";
const MOST_MESSAGE: usize = 500;

/// What came of a form.
pub(super) enum Outcome {
    Done,
    /// Why not, for people.
    Refused(String),
}

impl State {
    pub(super) fn commit_by_page(&mut self, id: u64, form: &Form) -> Outcome {
        let repository = self.repository(id);
        let Some((branch, sha)) = branch_of(repository, form, "branch") else { return no_branch() };
        let message: String = form.text("message").unwrap_or_default().chars().take(MOST_MESSAGE).collect();
        if message.is_empty() {
            return Outcome::Refused("A commit has a message: write one.".to_owned());
        }
        // No other commit on any branch has this file.
        let (at, parent) = (self.clock.now().as_second(), short(&sha));
        let (length, content) = (message.len(), format!("{message}\n"));
        let stream = format!(
            "commit refs/heads/{branch}\ncommitter You <{VISITOR}@example.com> {at} +0000\ndata {length}\n{message}\n\
             from {sha}\nM 100644 inline notes/{branch}-{parent}.txt\ndata {}\n{content}\n",
            content.len()
        );
        repository.bare.import(stream.as_bytes());
        self.moved_by_page(id)
    }

    pub(super) fn merge_by_page(&mut self, id: u64, form: &Form) -> Outcome {
        let repository = self.repository(id);
        let (base, head) = (branch_of(repository, form, "base"), branch_of(repository, form, "head"));
        let (Some((base, old)), Some((head, new))) = (base, head) else { return no_branch() };
        if repository.is_ancestor(&new, &old) {
            return Outcome::Refused(format!("{base} has all of {head} already: there is nothing to merge."));
        }
        let merged = if repository.is_ancestor(&old, &new) {
            new
        } else {
            let Some(tree) = repository.bare.git_answers(&["merge-tree", "--write-tree", &old, &new]) else {
                return Outcome::Refused(format!(
                    "{head} and {base} changed the same lines: they cannot be merged here."
                ));
            };
            let message = format!("Merge branch '{head}' into {base}");
            repository.bare.at_next_minute();
            repository.bare.git(&["commit-tree", tree.trim(), "-p", &old, "-p", &new, "-m", &message])
        };
        repository.bare.git(&["update-ref", &format!("refs/heads/{base}"), &merged]);
        self.moved_by_page(id)
    }

    fn moved_by_page(&mut self, id: u64) -> Outcome {
        self.account(VISITOR, false);
        self.notice_moves(id, VISITOR);
        Outcome::Done
    }
}

/// The branch that a field names, with its head.
fn branch_of(repository: &Repository, form: &Form, field: &str) -> Option<(String, String)> {
    let name = form.text(field)?;
    Some((name.to_owned(), repository.branch(name)?.clone()))
}

fn no_branch() -> Outcome {
    Outcome::Refused("There is no such branch.".to_owned())
}
