//! A policy with the options of its checks typed.

use crate::registry::{CHECKS, Entry, SYNTHETIC};
use crate::scene::{Check, Wants};
use gonogo_core::policy::{Level, Narrowed, Policy, PolicyError, Sections, Source, nearest};
use schemars::{Schema, schema_for};
use serde_json::{Value, json};
use std::ops::Range;
use toml::Spanned;
use toml::de::DeTable;

/// A policy that can judge.
#[derive(Debug)]
pub struct TypedPolicy {
    pub sections: Sections,
    pub(crate) checks: Vec<Ready>,
}

/// A check with its level and where it counts.
#[derive(Debug)]
pub(crate) struct Ready {
    pub entry: &'static Entry,
    pub level: Level,
    pub level_is_set: bool,
    pub narrowed: Narrowed,
    pub check: Box<dyn Check>,
}

impl TypedPolicy {
    pub fn parse(source: Source) -> Result<Self, PolicyError> {
        Self::of(Policy::parse(source)?)
    }

    /// The defaults.
    pub fn built_in() -> Self {
        Self::of(Policy::built_in()).expect("an empty policy is valid: every key has a default")
    }

    fn of(policy: Policy) -> Result<Self, PolicyError> {
        let mut tables = policy.check_tables()?;
        let is_unknown = |name: &str| CHECKS.iter().all(|entry| entry.name != name);
        if let Some(unknown) = tables.iter().find(|table| is_unknown(&table.name)) {
            return Err(no_check(&policy.source, &unknown.name, Some(unknown.name_span.clone())));
        }
        let is_no_check = |name: &&str| is_unknown(name) && SYNTHETIC.iter().all(|(always_on, ..)| always_on != name);
        if let Some(unknown) = policy.sections.waivers.checks().find(is_no_check) {
            return Err(no_check(&policy.source, unknown, policy.source.find(&["waivers", "checks", unknown])));
        }
        let checks = CHECKS.iter().map(|entry| {
            let table = tables.iter().position(|t| t.name == entry.name).map(|at| tables.swap_remove(at));
            let (level, narrowed, options) = match table {
                Some(table) => (table.level, table.narrowed, table.options),
                None => (None, Narrowed::default(), Spanned::new(0..0, DeTable::default())),
            };
            let check = (entry.parse)(&policy.source, options)?;
            let level_is_set = level.is_some();
            Ok(Ready { entry, level: level.unwrap_or(entry.default_level), level_is_set, narrowed, check })
        });
        let checks = checks.collect::<Result<Vec<_>, PolicyError>>()?;
        Ok(Self { sections: policy.sections, checks })
    }

    /// What a check's findings do.
    pub fn level_of(&self, check: &str) -> Option<Level> {
        self.checks.iter().find(|ready| ready.entry.name == check).map(|ready| ready.level)
    }

    /// From now on no check is run: only the commits are read.
    pub fn asks_nothing(&mut self) {
        self.checks.clear();
    }

    /// What all checks together need of each issue.
    pub fn wants(&self) -> Wants {
        let mut wants = Wants::default();
        wants.fields.extend(self.sections.stories.partial.field.clone());
        wants.fields.extend(self.sections.awareness.iter().flat_map(|rule| rule.wants().cloned()));
        for ready in self.checks.iter().filter(|r| r.level != Level::Off) {
            ready.check.wants(&mut wants);
        }
        wants
    }
}

fn no_check(source: &Source, name: &str, place: Option<Range<usize>>) -> PolicyError {
    let error = source.error(format!("there is no check `{name}`"), place);
    let names = CHECKS.iter().map(|entry| entry.name);
    match nearest(name, names.clone()) {
        Some(near) => error.with_help(format!("did you mean `{near}`?")),
        None => error.with_help(format!("the checks are: {}", names.collect::<Vec<_>>().join(", "))),
    }
}

/// The JSON Schema of `gonogo.toml`, for editors.
pub fn schema() -> Value {
    let mut schema = schema_for!(Sections).to_value();
    let checks: serde_json::Map<_, _> =
        CHECKS.iter().map(|e| (e.name.to_owned(), check_schema(&mut schema, (e.schema)()))).collect();
    schema["title"] = json!("gonogo.toml");
    schema["properties"]["checks"] = json!({
        "type": "object",
        "description": "What is looked at, and what a finding does.",
        "additionalProperties": false,
        "properties": checks,
    });
    schema
}

/// A level alone, or a table of the options with level and narrowing.
fn check_schema(whole: &mut Value, options: Schema) -> Value {
    let mut table = options.to_value();
    // Definitions move to the root, where the references point.
    if let Some(definitions) = table.as_object_mut().and_then(|t| t.remove("$defs"))
        && let Value::Object(definitions) = definitions
    {
        if whole.get("$defs").is_none() {
            whole["$defs"] = json!({});
        }
        for (name, definition) in definitions {
            whole["$defs"][name] = definition;
        }
    }
    let level = json!({"type": "string", "enum": ["block", "warn", "off"]});
    let patterns = json!({"type": "array", "items": {"type": "string"}});
    if let Some(table) = table.as_object_mut() {
        table.remove("$schema");
    }
    for (name, part) in [("level", &level), ("branches", &patterns), ("paths", &patterns)] {
        table["properties"][name] = part.clone();
    }
    json!({"anyOf": [level, table]})
}
