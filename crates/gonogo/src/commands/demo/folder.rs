//! Where a demo keeps what it has.

use anyhow::Context;
use std::path::Path;
use tempfile::TempDir;

/// A folder that goes with the demo.
#[derive(Debug)]
pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn new() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("gonogo-demo-").tempdir();
        Ok(Self(folder.context("no temporary folder can be made\n  → name one that can be written to in TMPDIR")?))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Says so where something is left behind.
    pub(super) fn close(self) -> anyhow::Result<()> {
        let path = self.path().display().to_string();
        self.0.close().with_context(|| format!("{path} could not be removed\n  → remove it by hand"))
    }
}
