//! Commit statuses.

use super::answers::{Done, Refusal};
use super::call::{Call, linked};
use super::{Answered, State};
use crate::github::access::Level;
use crate::github::repository::PostedStatus;

const DESCRIPTION_LIMIT: usize = 140;
/// For one commit and context.
const STATUS_LIMIT: usize = 1000;

impl State {
    pub(super) fn post_status(&mut self, call: &Call, id: u64, sha: &str) -> Answered {
        self.knows(call, &["state", "target_url", "description", "context"]);
        self.needs(call, id, "statuses", Level::Write)?;
        let state = call.needed_text("state")?;
        if !["error", "failure", "pending", "success"].contains(&state.as_str()) {
            return Err(Refusal::invalid("Status", "state", "state is not included in the list"));
        }
        let (description, target_url) = (call.text("description")?, call.text("target_url")?);
        if description.as_ref().is_some_and(|text| text.chars().count() > DESCRIPTION_LIMIT) {
            let why = format!("description is too long (maximum is {DESCRIPTION_LIMIT} characters)");
            return Err(Refusal::invalid("Status", "description", &why));
        }
        if target_url.as_ref().is_some_and(|url| !url.starts_with("http://") && !url.starts_with("https://")) {
            return Err(Refusal::invalid("Status", "target_url", "target_url must use http(s) scheme"));
        }
        let is_whole = sha.len() >= 40 && self.repository(id).resolve(sha).is_some_and(|found| found == sha);
        if !is_whole {
            return Err(Refusal::quiet(422, format!("No commit found for SHA: {sha}")));
        }
        let context = call.text("context")?.unwrap_or_else(|| "default".to_owned());
        let of = |status: &&PostedStatus| status.sha == sha && status.context == context;
        if self.repository(id).statuses.iter().filter(of).count() >= STATUS_LIMIT {
            let why = "This SHA and context has reached the maximum number of statuses.";
            return Err(Refusal::invalid("Status", "context", why));
        }
        let status = self.add_status(id, sha, &state, &context, description, target_url, &call.actor());
        Ok(Done::created(self.status_json(self.repository(id), &status)))
    }

    #[expect(clippy::too_many_arguments, reason = "a status is just these, and both ways to post one end here")]
    pub(in super::super) fn add_status(
        &mut self,
        id: u64,
        sha: &str,
        state: &str,
        context: &str,
        description: Option<String>,
        target_url: Option<String>,
        creator: &str,
    ) -> PostedStatus {
        let status = PostedStatus {
            id: self.next_id(),
            sha: sha.to_owned(),
            state: state.to_owned(),
            context: context.to_owned(),
            description,
            target_url,
            creator: creator.to_owned(),
            created: self.clock.now(),
        };
        self.repository_mut(id).statuses.push(status.clone());
        self.tell_status(id, &status);
        status
    }

    pub(super) fn combined_status(&mut self, call: &Call, id: u64, name: &str) -> Answered {
        self.knows(call, &["per_page", "page"]);
        self.needs(call, id, "statuses", Level::Read)?;
        let sha = self.commit_named(id, name).map_err(|_| Refusal::not_found())?;
        let newest: Vec<PostedStatus> = self.repository(id).newest_statuses(&sha).into_iter().cloned().collect();
        let (page, links) = self.page(call, newest.iter().collect());
        let json = self.combined_json(self.repository(id), &sha, &newest.iter().collect::<Vec<_>>(), &page);
        Ok(linked(Done::ok(json), links))
    }

    pub(super) fn statuses(&mut self, call: &Call, id: u64, name: &str) -> Answered {
        self.knows(call, &["per_page", "page"]);
        self.needs(call, id, "statuses", Level::Read)?;
        let sha = self.commit_named(id, name).map_err(|_| Refusal::not_found())?;
        let repository = self.repository(id);
        let newest_first = repository.statuses.iter().rev().filter(|status| status.sha == sha);
        let statuses = newest_first.map(|status| self.status_json(repository, status)).collect();
        Ok(self.list(call, statuses))
    }
}
