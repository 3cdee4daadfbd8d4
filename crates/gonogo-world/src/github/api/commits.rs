//! Commits.

use super::answers::{Done, Refusal};
use super::call::Call;
use super::{Answered, State};
use crate::github::access::Level;

impl State {
    pub(super) fn commit(&mut self, call: &Call, id: u64, name: &str) -> Answered {
        self.knows(call, &["per_page", "page"]);
        self.needs(call, id, "contents", Level::Read)?;
        let sha = self.commit_named(id, name)?;
        let repository = self.repository(id);
        let commit = repository.commit(&sha).ok_or_else(Refusal::not_found)?;
        Ok(Done::ok(self.whole_commit_json(repository, &commit)))
    }

    /// The SHA of the commit that a name means.
    pub(super) fn commit_named(&self, id: u64, name: &str) -> Result<String, Refusal> {
        let repository = self.repository(id);
        if repository.refs.is_empty() {
            return Err(Refusal::quiet(409, "Git Repository is empty."));
        }
        let found = repository.resolve(name);
        found.ok_or_else(|| Refusal::quiet(422, format!("No commit found for SHA: {name}")))
    }
}
