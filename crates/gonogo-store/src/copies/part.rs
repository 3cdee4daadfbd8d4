//! A file that is not whole yet. It has a name of its own beside the one that
//! it will get, so that half a copy is never taken for a whole one.

use super::with;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Goes when it is dropped before it took its place.
#[derive(Debug)]
pub(super) struct Part {
    path: PathBuf,
    is_placed: bool,
}

impl Part {
    /// An empty file that its owner alone may read: there are password hashes in it.
    pub(super) fn of(to: &Path) -> io::Result<Self> {
        let path = with(to, ".part");
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Self { path, is_placed: false })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Written through to the disk, and only then named. The name is there for
    /// good once its folder is synced too.
    pub(super) fn take_place(mut self, to: &Path) -> io::Result<()> {
        File::open(&self.path)?.sync_all()?;
        std::fs::rename(&self.path, to)?;
        self.is_placed = true;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_placed {
            std::fs::remove_file(&self.path).ok(); // on the way out with another error
        }
    }
}

pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
