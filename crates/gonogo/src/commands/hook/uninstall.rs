//! `gonogo hook uninstall`: what we wrote goes, what stood there before comes
//! back as it was. All or nothing: an edited hook is for its editor to settle.

use super::args::RepoArgs;
use super::place::{self, Kind, Place};
use super::script::{self, Stands};
use anyhow::{Context, bail};
use gonogo_remote::git::Here;
use std::path::Path;

pub(super) fn run(args: &RepoArgs) -> anyhow::Result<u8> {
    let here = Here::find(&args.repo)?;
    let places = Place::all(&here);
    let hooks = || places.iter().flat_map(|place| Kind::ALL.map(|kind| (place, kind)));
    for (place, kind) in hooks() {
        may_remove(place, kind)?;
    }
    let mut has_done = false;
    for (place, kind) in hooks() {
        let path = place.hook(kind);
        has_done |= remove(place, kind).with_context(|| format!("{} could not be put back", path.display()))?;
    }
    for file in place::keys_files(&here) {
        has_done |= remove_keys(&file).with_context(|| format!("{} could not be removed", file.display()))?;
    }
    if !has_done {
        anstream::println!("no hook of gonogo's is installed here");
    }
    Ok(0)
}

fn may_remove(place: &Place, kind: Kind) -> anyhow::Result<()> {
    let (path, kept) = (place.hook(kind), place.kept(kind));
    let shown = path.display();
    if script::stands(&path).with_context(|| format!("{shown} could not be read"))? != Stands::Edited {
        return Ok(());
    }
    let hint = if kept.symlink_metadata().is_ok() {
        format!("take your lines out, or delete it and rename {} to {}", kept.display(), kind.name())
    } else {
        "take your lines out and uninstall again, or delete it yourself".to_owned()
    };
    bail!("{shown} was edited since gonogo wrote it, so it stays\n  → {hint}")
}

fn remove(place: &Place, kind: Kind) -> std::io::Result<bool> {
    let (path, kept) = (place.hook(kind), place.kept(kind));
    let stands = script::stands(&path)?;
    let has_kept = kept.symlink_metadata().is_ok();
    match (stands, has_kept) {
        (Stands::Ours, false) => std::fs::remove_file(&path)?,
        // One step: at no time is there no hook.
        (Stands::Ours | Stands::Nothing, true) => std::fs::rename(&kept, &path)?,
        (Stands::Foreign, true) => {
            let (shown, kept) = (path.display(), kept.display());
            anstream::println!("{shown} is not gonogo's and stays; {kept} is what stood there before");
            return Ok(true);
        }
        (Stands::Nothing | Stands::Foreign | Stands::Edited, _) => return Ok(false),
    }
    anstream::println!("removed {}", path.display());
    if has_kept {
        anstream::println!("  what stood there before is back");
    }
    Ok(true)
}

fn remove_keys(file: &Path) -> std::io::Result<bool> {
    match script::stands(file)? {
        Stands::Ours => std::fs::remove_file(file)?,
        Stands::Edited | Stands::Foreign => {
            anstream::println!("{} was edited and stays", file.display());
            return Ok(true);
        }
        Stands::Nothing => return Ok(false),
    }
    anstream::println!("removed {}", file.display());
    Ok(true)
}
