//! The description of the API, made from the table of its operations, as `OpenAPI`
//! 3.1 has it.

use super::ROOT;
use super::once::MOST_KEY;
use super::operation::{Does, Operation, operations};
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(crate) fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let problem = generator.subschema_for::<gonogo_api::Problem>();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for operation in operations() {
        let described = described(&operation, &mut generator);
        let method = operation.does.method().as_str().to_lowercase();
        paths.entry(operation.path).or_default().insert(method, described);
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "gonogo", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT },
        "servers": [{ "url": ROOT }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "responses": {
                "Problem": {
                    "description": "Why it was not done",
                    "content": { (gonogo_api::PROBLEM_TYPE): { "schema": problem } },
                },
            },
            "schemas": generator.take_definitions(true),
        },
    })
}

const ABOUT: &str =
    "What a deploy contains, whether it may ship, and why not. Fields may be added, never changed or left out.";

/// The fields of a schema that may be a reference: name, and what it says.
pub(crate) fn fields(document: &Value, schema: &Value) -> Vec<(String, Value)> {
    let properties = resolved(document, schema)["properties"].as_object().into_iter().flatten();
    properties.map(|(name, said)| (name.clone(), said.clone())).collect()
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let name = schema["$ref"].as_str().and_then(|at| at.rsplit('/').next());
    name.map_or(schema, |name| &document["components"]["schemas"][name])
}

fn described(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let mut parameters = in_path(operation.path);
    parameters.extend(operation.query.into_iter().flat_map(|query| in_query(query(generator), generator)));
    if operation.does == Does::Read {
        parameters.push(json!({
            "name": "If-None-Match", "in": "header", "schema": { "type": "string" },
            "description": "The ETag of the answer that is at hand.",
        }));
    } else {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header",
            "schema": { "type": "string", "minLength": 1, "maxLength": MOST_KEY, "pattern": "^[!-~]+$" },
            "description": "A word of your own for this request: sent again within a day, it is answered and not done again.",
        }));
    }
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "description": format!("Wants a token with the scope `{}`.", operation.scope.word()),
        "parameters": parameters,
        "responses": responses(operation, generator),
    });
    if let Some(body) = operation.body {
        described["requestBody"] = json!({ "required": true, "content": of_json(&body(generator)) });
    }
    described
}

fn of_json(schema: &Schema) -> Value {
    json!({ "application/json": { "schema": schema } })
}

fn responses(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let mut responses: Map<String, Value> = operation
        .problems()
        .into_iter()
        .map(|kind| (kind.status().as_str().to_owned(), json!({ "$ref": "#/components/responses/Problem" })))
        .collect();
    let status = operation.status;
    let mut done = json!({ "description": status.canonical_reason().unwrap_or_default() });
    if let Some(answer) = operation.answer {
        done["content"] = of_json(&answer(generator));
    }
    if operation.does == Does::Read {
        done["headers"] = json!({ "ETag": { "schema": { "type": "string" } } });
        responses.insert("304".to_owned(), json!({ "description": "The answer at hand is still right" }));
    }
    responses.insert(status.as_str().to_owned(), done);
    Value::Object(responses)
}

/// A service goes by its name and a story by its key, everything else by its number.
fn in_path(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameter = |name: &str| {
        let schema = match name {
            "service" => json!({ "type": "string", "pattern": "^[A-Za-z0-9_.-]+$" }),
            "story" => json!({ "type": "string", "pattern": "^[A-Z][A-Z0-9_]*-[1-9][0-9]*$" }),
            _ => json!({ "type": "integer", "format": "int64", "minimum": 1, "maximum": i64::MAX }),
        };
        json!({ "name": name, "in": "path", "required": true, "schema": schema })
    };
    names.map(parameter).collect()
}

/// No text of an address has a NUL in it.
const NO_NUL: &str = r"^[^\x00]*$";

/// Each field of what is asked is a parameter of its own.
fn in_query(asked: Schema, generator: &SchemaGenerator) -> Vec<Value> {
    let document = json!({ "components": { "schemas": generator.definitions() } });
    let asked = asked.to_value();
    let required = resolved(&document, &asked)["required"].as_array().into_iter().flatten();
    let required: Vec<&str> = required.filter_map(Value::as_str).collect();
    let parameter = |(name, mut schema): (String, Value)| {
        let said = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        if let Some(types) = schema["type"].as_array() {
            // Left out is how nothing is said in an address.
            schema["type"] = types.iter().find(|kind| **kind != "null").cloned().unwrap_or(Value::Null);
        }
        let is_free = ["pattern", "enum", "format"].iter().all(|limit| schema.get(limit).is_none());
        if schema["type"] == "string" && is_free {
            schema["pattern"] = json!(NO_NUL);
        }
        let required = required.contains(&name.as_str());
        json!({ "name": name, "in": "query", "required": required, "schema": schema, "description": said })
    };
    fields(&document, &asked).into_iter().map(parameter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_operation_stands_there_once_under_a_name_of_its_own() {
        let document = document();
        let paths = document["paths"].as_object().unwrap();
        let described: usize = paths.values().map(|path| path.as_object().unwrap().len()).sum();
        let all = operations();
        assert_eq!(described, all.len());
        assert_eq!(all.iter().map(|one| one.id).collect::<BTreeSet<_>>().len(), all.len());
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(document.pointer(reference).is_some(), "{reference}");
        }
    }

    #[test]
    fn a_parameter_of_the_address_is_never_null() {
        let document = document();
        let parameters = document["paths"]["/candidates"]["get"]["parameters"].as_array().unwrap();
        let limit = parameters.iter().find(|one| one["name"] == "limit").unwrap();
        assert_eq!(limit["schema"]["type"], "integer");
        assert_eq!((&limit["schema"]["minimum"], &limit["schema"]["maximum"]), (&json!(1), &json!(200)));
        assert_eq!(limit["required"], json!(false));
        let compared = document["paths"]["/services/{service}/comparison"]["get"]["parameters"].as_array().unwrap();
        assert_eq!(compared.iter().find(|one| one["name"] == "from").unwrap()["required"], json!(true));
    }
}
