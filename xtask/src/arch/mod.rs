//! The rules on the shape of the code that a compiler does not hold: which
//! crate may know which, how long a file may be, and what is pure.

mod arrows;
mod sources;

use crate::workspace::{metadata, root, shown};
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};

pub(crate) fn run() -> anyhow::Result<()> {
    let mut breaches = arrows::breaches(&metadata()?)?;
    for path in rust_files(&root())? {
        let text = std::fs::read_to_string(&path).with_context(|| shown(&path))?;
        breaches.extend(sources::breaches(&shown(&path), &text));
    }
    if !breaches.is_empty() {
        bail!("{}", breaches.join("\n"));
    }
    Ok(())
}

/// Every Rust file of ours, sorted.
fn rust_files(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let (mut files, mut open) = (Vec::new(), vec![root.to_owned()]);
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).with_context(|| shown(&dir))? {
            let (entry, name) = entry.map(|e| (e.path(), e.file_name()))?;
            // Folders of tools, and of what is built.
            if name.to_string_lossy().starts_with('.') || name == "target" {
                continue;
            }
            if entry.is_dir() && !entry.is_symlink() {
                open.push(entry);
            } else if entry.extension().is_some_and(|e| e == "rs") {
                files.push(entry);
            }
        }
    }
    files.sort();
    Ok(files)
}
