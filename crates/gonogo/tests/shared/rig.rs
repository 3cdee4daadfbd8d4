//! Independent tools, for more than one test program.

use std::path::{Path, PathBuf};

/// Tools that `./test` installs once below the target folder.
pub(crate) fn rig(path: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/rigs");
    let rigs = std::env::var_os("GONOGO_RIGS").map_or(target, PathBuf::from);
    let found = rigs.join(path);
    assert!(found.exists(), "{} is not there: `./test rigs` installs it", found.display());
    found
}
