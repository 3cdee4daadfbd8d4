//! Which kind of step a table is, and what it gives a plan.

use super::http::Call;
use super::{Does, wait};
use crate::deploy::journal::Direction;
use crate::deploy::plan::{Step, variables_of};
use crate::deploy::section::{OnFailure, StepTable, half_an_hour};
use crate::ids::Sha;
use std::collections::BTreeMap;

const LONGEST_PAUSE: u32 = 24 * 60 * 60;
/// A command of ours says itself that its time is up, and then it ends.
const TO_SAY_SO: u32 = 30;

/// Where in a plan a step stands, and what is known there.
#[derive(Clone, Copy)]
pub(in crate::deploy) struct Place<'a> {
    pub direction: Direction,
    /// From 0.
    pub at: usize,
    /// What is to run once the steps of this direction are done.
    pub sha: Sha,
    pub values: &'a [(&'a str, String)],
}

impl StepTable {
    /// That it is one kind of step, and has no keys of another.
    pub(in crate::deploy) fn validate_kind(&self) -> Result<(), String> {
        let kinds = [
            ("run", !self.run.is_empty()),
            ("capistrano", self.capistrano.is_some()),
            ("http", self.http.is_some()),
            ("wait", self.wait.is_some()),
            ("pause_seconds", self.pause_seconds.is_some()),
            ("approval", self.approval.is_some()),
        ];
        let given: Vec<&str> = kinds.into_iter().filter(|(_, is_given)| *is_given).map(|(key, _)| key).collect();
        let kind = match given.as_slice() {
            [kind] => *kind,
            [] => {
                return Err(
                    "`run` is a program and its arguments, such as [\"make\", \"deploy\"]; other kinds of step \
                            have `capistrano`, `http`, `wait`, `pause_seconds` or `approval` instead"
                        .to_owned(),
                );
            }
            [one, other, ..] => {
                return Err(format!("`{one}` and `{other}` are two kinds of step: make two steps of them"));
            }
        };
        if matches!(kind, "run" | "capistrano") {
            return Ok(());
        }
        if let Some(key) = self.key_of_commands() {
            return Err(format!("`{key}` is of steps that `run` a command, and this one has `{kind}`: leave it out"));
        }
        if kind != "http" && (self.repeatable || self.tries > 1) {
            return Err(format!("`repeatable` and `tries` are of `run` and `http`: `{kind}` may always be done again"));
        }
        if kind != "wait" && self.limit_minutes != half_an_hour() {
            let key = match kind {
                "http" => "http.timeout_seconds",
                "approval" => "approval.hours",
                _ => "pause_seconds",
            };
            return Err(format!("`limit_minutes` is not of `{kind}`: `{key}` says how long it takes at most"));
        }
        self.validate_own()
    }

    fn validate_own(&self) -> Result<(), String> {
        if let Some(http) = &self.http {
            http.validate().map_err(|said| format!("`http`: {said}"))?;
        }
        if let Some(wait) = &self.wait {
            wait.validate().map_err(|said| format!("`wait`: {said}"))?;
        }
        if let Some(approval) = &self.approval {
            approval.validate()?;
            if self.on_failure == OnFailure::Continue {
                return Err("with `on_failure = \"continue\"` nobody would heed a no: halt or roll back".to_owned());
            }
        }
        match self.pause_seconds {
            Some(seconds) if !(1..=LONGEST_PAUSE).contains(&seconds) => {
                Err(format!("`pause_seconds` is from 1 to {LONGEST_PAUSE}"))
            }
            _ => Ok(()),
        }
    }

    /// The first key that commands alone have.
    fn key_of_commands(&self) -> Option<&'static str> {
        let given = [
            self.shell.then_some("shell"),
            (!self.env.is_empty()).then_some("env"),
            (!self.secrets.is_empty()).then_some("secrets"),
            self.dir.as_ref().map(|_| "dir"),
            self.on.as_ref().map(|_| "on"),
        ];
        given.into_iter().flatten().next()
    }

    /// The step, where it is none that runs a command of the policy's.
    pub(in crate::deploy) fn other_kind(&self, place: Place<'_>) -> Option<Step> {
        let way = if place.direction == Direction::Back { "back" } else { "step" };
        let once = self.repeatable.then(|| format!("{way}-{}", place.at + 1));
        let (does, limit_seconds, call) = if let Some(http) = &self.http {
            let call = http.call(once.as_deref());
            (http.does(place.values), http.timeout_seconds + TO_SAY_SO, Some(call))
        } else if let Some(table) = &self.wait {
            let seconds = self.limit_minutes * 60;
            match table.does(place) {
                does @ Does::WaitForHttp { .. } => (does, seconds + TO_SAY_SO, Some(wait::call(table, seconds))),
                does => (does, seconds, None),
            }
        } else if let Some(approval) = &self.approval {
            (Does::Approval(approval.asked()), approval.hours * 60 * 60, None)
        } else {
            let seconds = self.pause_seconds?;
            (Does::Pause { seconds }, seconds, None)
        };
        let Call { argv, secrets } = call.unwrap_or_default();
        Some(Step {
            name: self.name.clone(),
            does,
            argv,
            env: variables_of(&BTreeMap::new(), place.values),
            secrets,
            dir: None,
            limit_seconds,
            tries: self.tries,
            on_failure: self.on_failure,
            rollout: None,
            on: None,
            affinity: None,
        })
    }
}
