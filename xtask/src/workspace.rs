//! Where the project and what it builds are.

use crate::programs::{cargo, output_of};
use anyhow::Context;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The top folder of the project.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// What cargo knows of our own crates, without asking a network.
pub(crate) fn metadata() -> anyhow::Result<Value> {
    let args = ["metadata", "--no-deps", "--offline", "--format-version=1"];
    let text = output_of(cargo().current_dir(root()).args(args))?;
    serde_json::from_str(&text).context("cargo metadata is not JSON")
}

/// A path with `/`, as people write it, seen from the project's top folder.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string().replace('\\', "/")
}
