//! The API's description, for people.

use super::layout;
use super::prose::prose;
use super::table::table;
use crate::api::{Does, Kind, Operation, ROOT, document, fields, operations};
use crate::session::Session;
use maud::{Markup, html};
use serde_json::Value;

pub(crate) async fn page(session: Session) -> Markup {
    let document = document();
    let main = html! {
        p {
            "Everything that these pages do, for programs. They come with a " a href="/tokens" { "token" } " as "
            code { "Authorization: Bearer TOKEN" } ". The same for machines: " a href={ (ROOT) "/openapi.json" } { "openapi.json" } " (OpenAPI 3.1)."
        }
        p {
            "Lists come in parts: ask with the " code { "next" } " of one as " code { "cursor" } " for the one after. What changes something takes an "
            code { "Idempotency-Key" } " of yours: sent again within a day, it is answered and not done again."
        }
        @for operation in operations() { (told(&operation, &document)) }
        section {
            h2 { "Problems" }
            p { "What is not done is answered with " code { (gonogo_api::PROBLEM_TYPE) } " (RFC 9457): " code { "detail" } " says what happened, " code { "fix" } " what mends it." }
            (table(["Status", "What", "What mends it"], Kind::ALL.map(|kind| [
                html! { span id=(kind.word()) { (kind.status().as_u16()) } },
                html! { (kind.title()) },
                html! { (kind.fix()) },
            ])))
        }
    };
    layout::page("The API", false, Some(&session), &main)
}

fn told(operation: &Operation, document: &Value) -> Markup {
    let method = operation.does.method();
    let described = &document["paths"][operation.path][method.as_str().to_lowercase()];
    let asked = described["parameters"].as_array().into_iter().flatten().filter(|one| one["in"] == "query");
    let asked: Vec<(String, Value)> = asked.map(|one| (text(&one["name"]), with_words(one))).collect();
    let body = fields(document, &described["requestBody"]["content"]["application/json"]["schema"]);
    let status = operation.status.as_str();
    let answer = fields(document, &described["responses"][status]["content"]["application/json"]["schema"]);
    html! {
        section {
            h2 id=(operation.id) { code { (method) " " (ROOT) (operation.path) } }
            p { (prose(operation.summary)) ". Scope " code { (operation.scope.word()) } ", answers " (status) "." }
            @for (title, list) in [("In the address", &asked), ("In the body", &body), ("In the answer", &answer)] {
                @if !list.is_empty() && (operation.does != Does::Remove) {
                    details {
                        summary { (title) " (" (list.len()) ")" }
                        ul { @for (name, schema) in list { li { code { (name) } " " span.quiet { (kind(schema)) } " " (prose(&text(&schema["description"]))) } } }
                    }
                }
            }
        }
    }
}

/// A parameter's schema, with what is said of it.
fn with_words(parameter: &Value) -> Value {
    let mut schema = parameter["schema"].clone();
    schema["description"] = parameter["description"].clone();
    schema
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What a field is, in a word or two.
fn kind(schema: &Value) -> String {
    let name = |schema: &Value| schema["$ref"].as_str().and_then(|at| at.rsplit('/').next()).map(str::to_owned);
    let either = |list: &Value| list.as_array().into_iter().flatten().map(kind).collect::<Vec<_>>().join(" or ");
    match &schema["type"] {
        Value::String(word) if word == "array" => format!("list of {}", kind(&schema["items"])),
        Value::String(word) => word.clone(),
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => name(schema).unwrap_or_else(|| either(&schema["anyOf"])),
    }
}
