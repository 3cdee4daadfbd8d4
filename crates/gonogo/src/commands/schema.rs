//! `gonogo schema`.

use crate::cli::SchemaOf;
use serde_json::Value;

pub(crate) fn run(of: SchemaOf) -> anyhow::Result<u8> {
    let schema: Value = match of {
        SchemaOf::Policy => gonogo_checks::policy::schema(),
        SchemaOf::Check => schemars::schema_for!(gonogo_api::Check).to_value(),
    };
    anstream::println!("{}", serde_json::to_string_pretty(&schema)?);
    Ok(0)
}
