//! A policy with the options of its checks typed.

use crate::post_deploy::PostDeploy;
use crate::registry::{CHECKS, Entry, SYNTHETIC};
use crate::scene::{Check, Mends, Wants};
use gonogo_core::policy::{Level, Names, Narrowed, Policy, PolicyError, Sections, Setting, Source, nearest};
use gonogo_core::story::Issue;
use schemars::{Schema, schema_for};
use serde::Deserialize;
use serde_json::{Value, json};
use std::ops::Range;
use toml::Spanned;
use toml::de::DeTable;

/// A policy that can judge.
#[derive(Debug)]
pub struct TypedPolicy {
    pub sections: Sections,
    source: Source,
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
    /// As they are written.
    options: Value,
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
            let (check, options) = (entry.parse)(&policy.source, options)?;
            let level_is_set = level.is_some();
            Ok(Ready { entry, level: level.unwrap_or(entry.default_level), level_is_set, narrowed, check, options })
        });
        let mut checks = checks.collect::<Result<Vec<_>, PolicyError>>()?;
        let required = checks.iter().flat_map(|ready| ready.check.required_fields());
        let required: Vec<String> = required.map(str::to_owned).collect();
        for ready in &mut checks {
            ready.check.hears_of(&required);
        }
        Ok(Self { sections: policy.sections, source: policy.source, checks })
    }

    /// Every key with the value in force, and the line where it was written.
    pub fn settings(&self) -> Result<Vec<Setting>, PolicyError> {
        let mut settings = self.source.settings("", &self.sections)?;
        for ready in &self.checks {
            let key = format!("checks.{}", ready.entry.name);
            let mut level = self.source.settings(&format!("{key}.level"), &ready.level)?;
            if ready.level_is_set
                && let [Setting { line: line @ None, .. }] = level.as_mut_slice()
            {
                // It stands alone, without a table.
                *line = self.source.line_of(&["checks", ready.entry.name]);
            }
            settings.extend(level);
            let everywhere = ready.narrowed.branches.is_empty() && ready.narrowed.paths.is_empty();
            if !everywhere {
                settings.extend(self.source.settings(&key, &ready.narrowed)?);
            }
            settings.extend(self.source.settings(&key, &ready.options)?);
        }
        Ok(settings)
    }

    /// What a check's findings do.
    pub fn level_of(&self, check: &str) -> Option<Level> {
        self.checks.iter().find(|ready| ready.entry.name == check).map(|ready| ready.level)
    }

    /// Whether the check of builds wants a build of this name to have passed.
    pub fn requires_build(&self, name: &str) -> bool {
        let names = self.builds().map(|ready| Names::deserialize(&ready.options["required"]).unwrap_or_default());
        names.is_some_and(|names| names.fit(name))
    }

    /// Whether it wants those too that the branch's rules require.
    pub fn requires_by_branch_rules(&self) -> bool {
        self.builds().is_some_and(|ready| ready.options["by_branch_rules"] == true)
    }

    fn builds(&self) -> Option<&Ready> {
        self.checks.iter().find(|ready| ready.entry.name == "builds" && ready.level != Level::Off)
    }

    /// The checks whose findings may block.
    pub fn blocking(&self) -> impl Iterator<Item = &'static str> {
        self.checks.iter().filter(|ready| ready.level == Level::Block).map(|ready| ready.entry.name)
    }

    /// What of a story a person could mend in the tracker, as far as these checks
    /// find something of it.
    pub fn mends(&self, issue: &Issue, checks: &[&str]) -> Mends {
        let mut mends = Mends::default();
        for ready in self.checks.iter().filter(|ready| ready.level != Level::Off) {
            if checks.contains(&ready.entry.name) {
                ready.check.mends(issue, &mut mends);
            }
        }
        mends
    }

    /// How stories say what is to be looked at after a deploy, where that is asked
    /// for.
    pub fn after_deploy(&self) -> Option<&PostDeploy> {
        self.sections.tracker.as_ref()?;
        let mut checks = self.checks.iter().filter(|ready| ready.level != Level::Off);
        checks.find_map(|ready| ready.check.after_deploy())
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
