//! Acts that gonogo waits with itself: pauses, questions, and waits for builds and metrics.
//! How one stands is in the journal and in what can be read again, so that whoever sees to
//! its deploy after a crash goes on with it.

use super::looking::Looking;
use super::ready::Reading;
use super::stopped::stopped_words;
use super::{Seen, Step, stands, until};
use crate::jobs::JobError;
use gonogo_core::deploy::{ActKey, Does, Entry, Outcome, Own, own};
use gonogo_store::DeployState;
use jiff::Timestamp;
use std::sync::Arc;

impl Seen {
    pub(super) async fn waits_with(
        &mut self,
        key: &ActKey,
        journal: &[Entry],
        times: &[Timestamp],
    ) -> Result<Step, JobError> {
        let written: Vec<(Entry, Timestamp)> = journal.iter().cloned().zip(times.iter().copied()).collect();
        self.looks_at(key, &written);
        let seen = self.looking.as_ref().and_then(Looking::newest);
        let now = (self.serving.clock)();
        match own(&self.row.plan, &written, key, seen.as_ref(), now) {
            None => Err(JobError::Broken(format!("{key} was not begun, or is none that is waited with"))),
            Some(Own::Over(outcome)) => self.settles(key, outcome, now).await,
            Some(Own::Open { until }) => {
                let does = self.row.plan.step_of(key).map(|step| &step.does);
                let state = match does {
                    Some(Does::Approval(_)) => DeployState::Asking,
                    _ => DeployState::Running,
                };
                let said = stands::of_own(&self.row.plan, key, until, seen.as_ref());
                let stopped = self.stop.as_ref().map(|stop| format!("; then nothing more: {}", stopped_words(stop)));
                self.stands(state, said + &stopped.unwrap_or_default(), None).await
            }
        }
    }

    async fn settles(&mut self, key: &ActKey, outcome: Outcome, now: Timestamp) -> Result<Step, JobError> {
        self.looking = None;
        let store = &self.serving.store;
        let Some(intent) = store.unsettled(&self.held, key).await? else { return Ok(Step::Moved) };
        tracing::info!(deploy = self.row.id.0, %key, ?outcome, "a step of a deploy that is waited with is over");
        // Where nothing was changed yet, all is read anew before something is.
        self.reading = Reading::from(now);
        store.settle(&self.held, intent, outcome, now, until(now)).await?;
        Ok(Step::Moved)
    }

    /// Has its condition looked at, where it has one.
    fn looks_at(&mut self, key: &ActKey, written: &[(Entry, Timestamp)]) {
        if self.looking.as_ref().is_some_and(|looking| looking.key == *key) {
            return;
        }
        let began = written.iter().find(|(entry, _)| matches!(entry, Entry::Intended { key: of } if of == key));
        let (Some(step), Some((_, began))) = (self.row.plan.step_of(key), began) else { return };
        let (serving, news) = (Arc::clone(&self.serving), Arc::clone(&self.news));
        self.looking = Looking::begin(serving, self.row.service.clone(), (key.clone(), *began), &step.does, news);
    }
}
