//! The part of a check's table that is the same for all: its level, and where
//! it counts.

use super::error::{PolicyError, Source, typed_value};
use super::stories::Patterns;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// What a check's findings do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Block,
    Warn,
    Off,
}

/// A check's own options, untyped, with their places.
pub type OptionsTable<'a> = Spanned<DeTable<'a>>;

/// Where a check counts; empty lists mean everywhere.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Narrowed {
    pub branches: Patterns,
    pub paths: Patterns,
}

/// `[checks.NAME]`, or `NAME = "level"` alone.
#[derive(Debug)]
pub struct CheckTable<'a> {
    pub name: String,
    pub name_span: Range<usize>,
    pub level: Option<Level>,
    pub narrowed: Narrowed,
    /// What is left for the check to type.
    pub options: OptionsTable<'a>,
}

impl<'a> CheckTable<'a> {
    pub(super) fn read(
        source: &Source,
        name: Spanned<DeString<'a>>,
        value: Spanned<DeValue<'a>>,
    ) -> Result<Self, PolicyError> {
        let (name_span, span) = (name.span(), value.span());
        let name = name.into_inner().into_owned();
        let mut table = match value.into_inner() {
            DeValue::Table(table) => table,
            level @ DeValue::String(_) => {
                let level = typed_value(source, Spanned::new(span.clone(), level))?;
                let options = Spanned::new(span, DeTable::default());
                return Ok(Self { name, name_span, level: Some(level), narrowed: Narrowed::default(), options });
            }
            _ => {
                let said = format!("`{name}` is a level (block, warn, off) or a table of options");
                return Err(source.error(said, Some(span)));
            }
        };
        let level = table.remove("level").map(|v| typed_value(source, v)).transpose()?;
        let branches = table.remove("branches").map(|v| typed_value(source, v)).transpose()?.unwrap_or_default();
        let paths = table.remove("paths").map(|v| typed_value(source, v)).transpose()?.unwrap_or_default();
        let options = Spanned::new(span, table);
        Ok(Self { name, name_span, level, narrowed: Narrowed { branches, paths }, options })
    }
}
