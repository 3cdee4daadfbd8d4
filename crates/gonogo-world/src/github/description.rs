//! What was asked and answered, held against GitHub's own `OpenAPI` description.
//!
//! The description is `@octokit/openapi` of npm, in the folder that
//! `GONOGO_RIGS` names or in `target/rigs`; `./test rigs` puts it there.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::exchange::Exchange;

/// The description, read once.
pub(super) struct Description {
    whole: Value,
    /// By the place of a schema within it.
    validators: RefCell<BTreeMap<String, Rc<Validator>>>,
}

impl Description {
    pub(super) fn load(is_enterprise: bool) -> Self {
        let rigs = std::env::var_os("GONOGO_RIGS").map_or_else(default_rigs, PathBuf::from);
        let name = if is_enterprise { "ghes-3.19.json" } else { "api.github.com.json" };
        let path = rigs.join("node_modules/@octokit/openapi/generated").join(name);
        let bytes = std::fs::read(&path)
            .unwrap_or_else(|error| panic!("{}: {error}; `./test rigs` installs it", path.display()));
        let whole = serde_json::from_slice(&bytes).expect("the description is JSON");
        Self { whole, validators: RefCell::default() }
    }

    pub(super) fn violations(&self, exchanges: &[Exchange]) -> Vec<String> {
        let mut found: Vec<String> = exchanges.iter().flat_map(|exchange| self.violations_of(exchange)).collect();
        found.dedup();
        found
    }

    fn violations_of(&self, exchange: &Exchange) -> Vec<String> {
        let request = format!("{} {}", exchange.method.to_ascii_uppercase(), exchange.path);
        let Some((template, operation)) = self.operation(exchange) else {
            return vec![format!("{request}: the description has no such path")];
        };
        let mut found = Vec::new();
        if !exchange.has_accept {
            found.push("Accept does not ask for JSON".to_owned());
        }
        found.extend(self.query_violations(exchange, operation));
        found.extend(self.body_violations(exchange, operation, &template));
        found.extend(self.answer_violations(exchange, operation, &template));
        found.into_iter().map(|what| format!("{request}: {what}")).collect()
    }

    /// The path of the description that fits best: with the most literal parts.
    fn operation(&self, exchange: &Exchange) -> Option<(String, &Value)> {
        let path = match exchange.path.strip_prefix("/repositories/") {
            // A renamed repository is described under its name alone.
            Some(rest) => format!("/repos/owner/name{}", rest.find('/').map_or("", |at| &rest[at..])),
            None => exchange.path.clone(),
        };
        let parts: Vec<&str> = path.split('/').collect();
        let paths = self.whole["paths"].as_object()?;
        let fitting = paths.iter().filter_map(|(template, operations)| {
            let operation = operations.get(&exchange.method)?;
            let template_parts: Vec<&str> = template.split('/').collect();
            let literal = fit(&template_parts, &parts)?;
            Some((literal, template, operation))
        });
        let (_, template, operation) = fitting.max_by_key(|(literal, ..)| *literal)?;
        Some((template.clone(), operation))
    }

    fn query_violations(&self, exchange: &Exchange, operation: &Value) -> Vec<String> {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let parameters: Vec<&Value> =
            parameters.map(|one| self.resolve(one)).filter(|one| one["in"] == "query").collect();
        let mut found = Vec::new();
        for (name, value) in &exchange.query {
            let Some(parameter) = parameters.iter().find(|one| one["name"] == name.as_str()) else {
                found.push(format!("the query parameter '{name}' is not described"));
                continue;
            };
            let schema = self.resolve(&parameter["schema"]);
            let is_number = schema["type"] != "integer" || value.parse::<i64>().is_ok();
            let words = schema["enum"].as_array();
            if !is_number || words.is_some_and(|words| !words.iter().any(|word| *word == value.as_str())) {
                found.push(format!("the query parameter '{name}' may not be '{value}'"));
            }
        }
        for parameter in parameters.iter().filter(|one| one["required"] == true) {
            let name = parameter["name"].as_str().unwrap_or_default();
            if !exchange.query.iter().any(|(known, _)| known == name) {
                found.push(format!("the query parameter '{name}' is needed"));
            }
        }
        found
    }

    fn body_violations(&self, exchange: &Exchange, operation: &Value, template: &str) -> Vec<String> {
        let schema = &self.resolve(&operation["requestBody"])["content"]["application/json"]["schema"];
        if schema.is_null() {
            let is_empty = exchange.body.is_null() || exchange.body == json!({});
            return if is_empty { Vec::new() } else { vec!["a body where none is described".to_owned()] };
        }
        let is_needed = operation["requestBody"]["required"] == true;
        if exchange.body.is_null() && !is_needed {
            return Vec::new();
        }
        let mut found = self.check(&format!("{} {template} request", exchange.method), schema, &exchange.body);
        let described = self.resolve(schema)["properties"].as_object();
        for name in exchange.body.as_object().into_iter().flat_map(Map::keys) {
            if described.is_some_and(|described| !described.contains_key(name)) {
                found.push(format!("'{name}' of the body is not described"));
            }
        }
        found
    }

    fn answer_violations(&self, exchange: &Exchange, operation: &Value, template: &str) -> Vec<String> {
        let status = exchange.status.to_string();
        let response = self.resolve(&operation["responses"][&status]);
        if response.is_null() {
            // Errors that any path may answer are not described everywhere.
            let is_common = matches!(exchange.status, 301 | 304 | 307 | 401 | 403 | 404 | 409 | 422 | 429);
            let what = format!("the answer {status} is not described");
            return if is_common { Vec::new() } else { vec![what] };
        }
        let schema = &response["content"]["application/json"]["schema"];
        if schema.is_null() {
            return Vec::new();
        }
        self.check(&format!("{} {template} {status}", exchange.method), schema, &exchange.answer)
    }

    fn check(&self, place: &str, schema: &Value, instance: &Value) -> Vec<String> {
        let known = self.validators.borrow().get(place).cloned();
        let validator = known.unwrap_or_else(|| {
            let validator = Rc::new(self.validator(schema));
            self.validators.borrow_mut().insert(place.to_owned(), Rc::clone(&validator));
            validator
        });
        let errors = validator.iter_errors(instance);
        errors.map(|error| shorten(&format!("{}: {error}", error.instance_path()))).collect()
    }

    /// A schema that stands alone: with those that it refers to, in the words
    /// of JSON Schema.
    fn validator(&self, schema: &Value) -> Validator {
        let mut schemas = Map::new();
        let mut root = plain(schema);
        let mut wanted = references(&root);
        while let Some(name) = wanted.pop() {
            if !schemas.contains_key(&name) {
                let schema = plain(&self.whole["components"]["schemas"][&name]);
                wanted.extend(references(&schema));
                schemas.insert(name, schema);
            }
        }
        if root.get("$ref").is_some() {
            root = json!({"allOf": [root]});
        }
        root["components"] = json!({"schemas": schemas});
        jsonschema::options()
            .with_draft(jsonschema::Draft::Draft7)
            .should_validate_formats(true)
            .build(&root)
            .expect("the description has valid schemas")
    }

    /// What a reference within the description leads to.
    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
        pointer.and_then(|pointer| self.whole.pointer(pointer)).unwrap_or(value)
    }
}

fn default_rigs() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/rigs"))
}

/// How many literal parts a path shares with a template, if it fits. A name
/// that may hold slashes takes as many parts as it must.
fn fit(template: &[&str], parts: &[&str]) -> Option<usize> {
    let Some((first, template)) = template.split_first() else {
        return parts.is_empty().then_some(0);
    };
    let may_hold_slashes = ["{ref}", "{branch}"].contains(first);
    let is_name = first.starts_with('{');
    let most = if may_hold_slashes { parts.len() } else { parts.len().min(1) };
    (1..=most).find_map(|taken| {
        let (taken, rest) = parts.split_at(taken);
        let fits = is_name || taken == [*first];
        let literal = fit(template, rest).filter(|_| fits)?;
        Some(literal + usize::from(!is_name))
    })
}

/// A schema without the words that only `OpenAPI` 3.0 has: `nullable` becomes a
/// choice, examples go.
fn plain(schema: &Value) -> Value {
    match schema {
        Value::Array(values) => values.iter().map(plain).collect(),
        Value::Object(object) => {
            let kept = object.iter().filter(|(name, _)| !["nullable", "example", "examples"].contains(&name.as_str()));
            let mut kept: Map<String, Value> = kept.map(|(name, value)| (name.clone(), plain(value))).collect();
            mend(&mut kept);
            if object.get("nullable") == Some(&Value::Bool(true)) {
                json!({"anyOf": [kept, {"type": "null"}]})
            } else {
                kept.into()
            }
        }
        other => other.clone(),
    }
}

/// Two places where the description contradicts what GitHub answers: an
/// address that is empty by default is no address, and an account is a user or
/// an enterprise, not both at once.
fn mend(schema: &mut Map<String, Value>) {
    if schema.get("default").is_some_and(|default| default == "") {
        schema.remove("format");
    }
    let titles: Vec<&Value> =
        schema.get("allOf").and_then(Value::as_array).into_iter().flatten().map(|one| &one["title"]).collect();
    if titles == ["Simple User", "Enterprise"]
        && let Some(both) = schema.remove("allOf")
    {
        schema.insert("anyOf".to_owned(), both);
    }
}

fn references(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    match schema {
        Value::Array(values) => values.iter().for_each(|value| found.extend(references(value))),
        Value::Object(object) => {
            let reference = object.get("$ref").and_then(Value::as_str);
            found.extend(reference.and_then(|it| it.strip_prefix("#/components/schemas/")).map(str::to_owned));
            object.values().for_each(|value| found.extend(references(value)));
        }
        _ => {}
    }
    found
}

/// Errors quote whole answers.
fn shorten(text: &str) -> String {
    const LIMIT: usize = 400;
    let cut: String = text.chars().take(LIMIT).collect();
    if cut.len() < text.len() { cut + " …" } else { cut }
}
