//! A method's arguments, however they came: JSON, a form, or a query.

use std::collections::BTreeMap;

use serde_json::Value;

use super::answers::Refusal;
use crate::serve::Ask;

/// By name. In a form everything is text; blocks and metadata are JSON in it.
#[derive(Debug)]
pub(super) struct Arguments {
    values: BTreeMap<String, Value>,
    is_json: bool,
}

impl Arguments {
    pub(super) fn read(ask: &Ask) -> Result<Self, Refusal> {
        if ask.query.iter().any(|(name, _)| name == "token") {
            return Err(Refusal::surprise("invalid_auth"));
        }
        let of_query = ask.query.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
        let mut values: BTreeMap<String, Value> = of_query.collect();
        let kind = ask.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        match kind {
            _ if ask.body.is_empty() => {}
            "application/json" => match serde_json::from_slice(&ask.body) {
                Ok(Value::Object(body)) => values.extend(body),
                Ok(_) => return Err(Refusal::surprise("json_not_object")),
                Err(_) => return Err(Refusal::surprise("invalid_json")),
            },
            "application/x-www-form-urlencoded" => {
                let pairs = form_urlencoded::parse(&ask.body).into_owned();
                values.extend(pairs.map(|(name, value)| (name, Value::from(value))));
            }
            _ => return Err(Refusal::surprise("invalid_post_type")),
        }
        Ok(Self { values, is_json: kind == "application/json" && !ask.body.is_empty() })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// Methods that only read take no JSON.
    pub(super) fn not_json(&self) -> Result<(), Refusal> {
        if self.is_json { Err(Refusal::told("invalid_arguments", "this method takes no JSON")) } else { Ok(()) }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub(super) fn needed(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name).ok_or_else(|| Refusal::told("invalid_arguments", &format!("missing required field: {name}")))
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        match self.values.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => matches!(text.as_str(), "true" | "1"),
            _ => false,
        }
    }

    /// A number from `least` to `most`.
    pub(super) fn number(&self, name: &str, otherwise: usize, most: usize) -> Result<usize, Refusal> {
        let number = match self.values.get(name) {
            None => Some(otherwise),
            Some(Value::String(text)) => text.parse().ok(),
            Some(value) => value.as_u64().and_then(|number| usize::try_from(number).ok()),
        };
        number.filter(|number| (1..=most).contains(number)).ok_or_else(|| Refusal::surprise("invalid_limit"))
    }

    /// JSON, written as text in a form.
    pub(super) fn json(&self, name: &str, wrong: &'static str) -> Result<Option<Value>, Refusal> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(|_| Refusal::surprise(wrong)),
            Some(value) => Ok(Some(value.clone())),
        }
    }
}
