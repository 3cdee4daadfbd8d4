//! freeze: deploys of the service may begin at this time.

use crate::facts::Stop;
use crate::findings::{Findings, Found};
use crate::registry::{Entry, parse};
use crate::scene::{Check, Scene};
use gonogo_core::deploy::{Calendar, Opening};
use gonogo_core::finding::{Code, Subject};
use gonogo_core::policy::Level;
use jiff::Timestamp;
use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// No deploy may begin now.
pub const CLOSED: Code = "freeze-closed";

pub(crate) const ENTRY: Entry = Entry {
    name: "freeze",
    codes: &[CLOSED],
    docs: include_str!("freeze.md"),
    default_level: Level::Block,
    before_merge: false,
    parse: parse::<Closed>,
    schema: || schema_for!(Closed),
};

/// Its times are those of the policy's `[deploy]`.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Closed {}

impl Check for Closed {
    fn run(&self, scene: &Scene<'_>, out: &mut Findings) -> Result<(), Stop> {
        let deploys = &scene.sections.deploy;
        if !deploys.has_times() {
            return Err(Stop::Off("no [[deploy.windows]] and no [[deploy.freezes]] in the policy".to_owned()));
        }
        let range = &scene.reading()?.changeset;
        if range.commits.is_empty() && range.missing.is_empty() {
            return Err(Stop::Off("the head brings nothing over what runs".to_owned()));
        }
        let unknown = |said| Stop::Unknown(gonogo_core::fact::Why::new(said, "mend [deploy] in the policy"));
        let calendar = deploys.calendar().map_err(unknown)?;
        if let Some(found) = look_at(&calendar, scene.now) {
            out.add(found);
        }
        Ok(())
    }
}

fn look_at(calendar: &Calendar, now: Timestamp) -> Option<Found> {
    let Opening::Closed { why, opens } = calendar.at(now) else { return None };
    let (message, fix) = match opens {
        Some(at) => {
            let at = calendar.shown(at);
            (format!("may not begin before {at}: {why}"), format!("wait until {at}"))
        }
        None => {
            (format!("may not begin: {why}"), "see [deploy] in the policy: no window opens within a year".to_owned())
        }
    };
    Some(Found::new(CLOSED, Subject::Candidate, message, fix).substance(json!({ "why": why })).wait())
}
