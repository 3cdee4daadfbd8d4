//! What a branch asks for.

use super::answers::{Done, Refusal};
use super::call::Call;
use super::{Answered, State};
use crate::github::access::Level;
use crate::github::render::rules_json;

impl State {
    pub(super) fn protection(&mut self, call: &Call, id: u64, branch: &str) -> Answered {
        self.knows(call, &[]);
        if call.caller.token().is_none() {
            return Err(Refusal::not_found());
        }
        self.needs(call, id, "administration", Level::Read)?;
        let repository = self.repository(id);
        if repository.branch(branch).is_none() {
            return Err(Refusal::quiet(404, "Branch not found"));
        }
        if !repository.is_protected(branch) {
            return Err(Refusal::quiet(404, "Branch not protected"));
        }
        Ok(Done::ok(self.protection_json(repository, branch)))
    }

    pub(super) fn rules(&mut self, call: &Call, id: u64, branch: &str) -> Answered {
        self.knows(call, &["per_page", "page"]);
        self.needs(call, id, "metadata", Level::Read)?;
        let rules = rules_json(self.repository(id), branch);
        Ok(self.list(call, rules))
    }
}
