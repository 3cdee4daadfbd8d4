//! Where a demo keeps what it has.

use anyhow::Context;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

#[derive(Debug)]
pub(super) enum Folder {
    /// It goes with the demo.
    Temporary(TempDir),
    Kept(PathBuf),
}

impl Folder {
    pub(super) fn of(data: Option<&Path>) -> anyhow::Result<Self> {
        if let Some(path) = data {
            std::fs::create_dir_all(path).with_context(|| format!("--data {} cannot be made", path.display()))?;
            return Ok(Self::Kept(std::path::absolute(path)?));
        }
        let folder = tempfile::Builder::new().prefix("gonogo-demo-").tempdir();
        let folder =
            folder.context("no temporary folder can be made\n  → name one that can be written to in TMPDIR")?;
        Ok(Self::Temporary(folder))
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(path) => path,
        }
    }

    pub(super) fn stays(&self) -> bool {
        matches!(self, Self::Kept(_))
    }

    /// Says so where something is left behind that should not be.
    pub(super) fn close(self) -> anyhow::Result<()> {
        let Self::Temporary(folder) = self else { return Ok(()) };
        let path = folder.path().display().to_string();
        folder.close().with_context(|| format!("{path} could not be removed\n  → remove it by hand"))
    }
}
