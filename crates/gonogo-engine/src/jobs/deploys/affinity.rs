//! No way back, and no end, waits for what only waits: the end of session affinity, or an
//! address that does not answer as it should.

use super::{JobError, Seen};
use gonogo_core::deploy::{Direction, Does, Entry, Switch, goes_back, is_stopped};
use gonogo_store::{Deed, DeployRun};

impl Seen {
    /// Has it ended where it runs yet on the way forward; whether there was any.
    pub(super) async fn ends_waiting(&self, open: &[&DeployRun], journal: &[Entry]) -> Result<bool, JobError> {
        let (back, stopped) = (goes_back(&self.row.plan, journal), is_stopped(&self.row.plan, journal));
        let is_waiting = |run: &&&DeployRun| {
            let is_forward = run.of.key.act().direction == Direction::Forward;
            let only_waits = match run.step.does {
                Does::WaitForHttp { .. } => stopped,
                _ => back && run.step.affinity == Some(Switch::Off),
            };
            is_forward && only_waits && run.end_wanted_by.is_none()
        };
        let Some(run) = open.iter().find(is_waiting) else { return Ok(false) };
        let deed = Deed {
            at: (self.serving.clock)(),
            actor: "gonogo".to_owned(),
            action: "had a step ended",
            subject: self.row.service.clone(),
            detail: format!("{} of deploy {}: it goes no further", run.of.key, self.row.id.0),
            once: None,
        };
        Ok(self.serving.store.end_run(run.of.clone(), "gonogo", deed).await?)
    }
}
