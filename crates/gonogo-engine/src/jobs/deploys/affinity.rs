//! No way back waits for the end of session affinity: what that waits for is no more to come.

use super::{JobError, Seen};
use gonogo_core::deploy::{Direction, Entry, Switch, goes_back};
use gonogo_store::{Deed, DeployRun};

impl Seen {
    /// Has it ended where it runs yet on the way forward; whether there was any.
    pub(super) async fn ends_waiting(&self, open: &[&DeployRun], journal: &[Entry]) -> Result<bool, JobError> {
        if !goes_back(&self.row.plan, journal) {
            return Ok(false);
        }
        let is_waiting = |run: &&&DeployRun| {
            let is_forward = run.of.key.act().direction == Direction::Forward;
            is_forward && run.step.affinity == Some(Switch::Off) && run.end_wanted_by.is_none()
        };
        let Some(run) = open.iter().find(is_waiting) else { return Ok(false) };
        let deed = Deed {
            at: (self.serving.clock)(),
            actor: "gonogo".to_owned(),
            action: "had a step ended",
            subject: self.row.service.clone(),
            detail: format!("{} of deploy {}: it goes back", run.of.key, self.row.id.0),
            once: None,
        };
        Ok(self.serving.store.end_run(run.of.clone(), "gonogo", deed).await?)
    }
}
