//! What a request asks for, from its body or its query, read strictly.

use serde_json::{Map, Value};

use super::answers::Refusal;
use crate::serve::Ask;

/// The parameters of a request by name. Those of a query are strings, lists
/// being separated by commas.
#[derive(Debug)]
pub(super) struct Parameters(Map<String, Value>);

impl Parameters {
    /// From the JSON body, or from the query of a GET; another name than those
    /// `known` is refused.
    pub(super) fn read(ask: &Ask, known: &[&str]) -> Result<Self, Refusal> {
        let map = if ask.method == "GET" {
            let pairs = ask.query.iter().cloned();
            pairs.map(|(name, value)| (name, value.into())).collect()
        } else {
            match serde_json::from_slice(&ask.body) {
                Ok(Value::Object(map)) => map,
                _ => return Err(Refusal::bad_payload()),
            }
        };
        match map.keys().find(|name| !known.contains(&name.as_str())) {
            Some(unknown) => {
                Err(Refusal::surprise(400, format!("Unrecognized field \"{unknown}\", not marked as ignorable")))
            }
            None => Ok(Self(map)),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refusal::bad_payload()),
        }
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let number = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => text.parse().ok(),
            Some(value) => value.as_u64().and_then(|number| number.try_into().ok()),
        };
        number.map(Some).ok_or_else(Refusal::bad_payload)
    }

    /// A list of strings or numbers; in a query, separated by commas.
    pub(super) fn list(&self, name: &str) -> Result<Option<Vec<String>>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(values)) => values
                .iter()
                .map(|value| match value {
                    Value::String(text) => Ok(text.clone()),
                    Value::Number(number) => Ok(number.to_string()),
                    _ => Err(Refusal::bad_payload()),
                })
                .collect::<Result<_, _>>()
                .map(Some),
            Some(Value::String(text)) => Ok(Some(at_commas(text))),
            Some(_) => Err(Refusal::bad_payload()),
        }
    }

    /// As [`Self::list`], but a body must write it as a JSON list.
    pub(super) fn array(&self, ask: &Ask, name: &str) -> Result<Option<Vec<String>>, Refusal> {
        if ask.method == "POST" && matches!(self.0.get(name), Some(Value::String(_))) {
            return Err(Refusal::bad_payload());
        }
        self.list(name)
    }

    /// Whether a query is to be checked: `false`, `none` and `warn` say no.
    pub(super) fn wants_validation(&self) -> Result<bool, Refusal> {
        match self.0.get("validateQuery") {
            None | Some(Value::Null | Value::Bool(true)) => Ok(true),
            Some(Value::Bool(false)) => Ok(false),
            Some(Value::String(text)) => match text.to_ascii_lowercase().as_str() {
                "strict" | "true" => Ok(true),
                "warn" | "none" | "false" => Ok(false),
                _ => Err(Refusal::bad_payload()),
            },
            Some(_) => Err(Refusal::bad_payload()),
        }
    }
}

fn at_commas(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
