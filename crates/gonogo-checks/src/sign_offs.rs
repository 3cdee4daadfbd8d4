//! sign-offs: those whom the policy names have signed exactly this deploy off.

use crate::facts::Stop;
use crate::findings::{Findings, Found};
use crate::questions::SignedOff;
use crate::registry::{Entry, parse};
use crate::scene::{Check, Scene};
use gonogo_core::finding::{Code, Subject};
use gonogo_core::policy::{Level, SignOff};
use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Between who gives a sign-off and where, in what is to be done.
pub const GIVES_IT: &str = " gives it on the plan";

pub const NAME: &str = "sign-offs";

const MISSING: Code = "sign-off-missing";

pub(crate) const ENTRY: Entry = Entry {
    name: NAME,
    codes: &[MISSING],
    docs: include_str!("sign_offs.md"),
    default_level: Level::Block,
    before_merge: false,
    parse: parse::<SignOffs>,
    schema: || schema_for!(SignOffs),
};

/// Its sign-offs are the policy's `[plan]`.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SignOffs {}

impl Check for SignOffs {
    fn run(&self, scene: &Scene<'_>, out: &mut Findings) -> Result<(), Stop> {
        let wanted = scene.sections.plan.sign_offs();
        if wanted.is_empty() {
            return Err(Stop::Off("no `sign_offs` in [plan]".to_owned()));
        }
        if !scene.case.knows_who_was_told {
            return Err(Stop::Off("only a server knows who signed off".to_owned()));
        }
        let range = &scene.reading()?.changeset;
        if range.commits.is_empty() && range.missing.is_empty() {
            return Err(Stop::Off("the head brings nothing over what runs".to_owned()));
        }
        let (service, base, head) = (scene.case.service.clone(), scene.base, scene.head);
        let given = scene.facts.known(SignedOff { service, base, head })?.unwrap_or_default();
        let counts = |one: &SignOff| given.get(&one.name).is_some_and(|by| one.by.lets(by));
        for lacking in wanted.iter().filter(|one| !counts(one)) {
            let message = match given.get(&lacking.name) {
                Some(by) => format!("the sign-off {} of {} does not count any more", lacking.name, by.name()),
                None => format!("the sign-off {} is missing", lacking.name),
            };
            let fix = format!("{}{GIVES_IT} of this candidate, for exactly this head", lacking.by);
            let substance = json!({ "name": lacking.name, "production": base, "head": head });
            // Nothing is wrong: somebody's word is on its way.
            out.add(Found::new(MISSING, Subject::Candidate, message, fix).substance(substance).wait());
        }
        Ok(())
    }
}
