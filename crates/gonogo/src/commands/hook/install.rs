//! `gonogo hook install`. Keeps what stood there before, and does nothing at all
//! when it may not do everything.

use super::args::InstallArgs;
use super::place::{self, Kind, Place, Runner};
use super::rules::{KeysFrom, Rules};
use super::script::{self, Stands};
use anyhow::{Context, bail};
use gonogo_core::say;
use gonogo_engine::commands::guess_projects;
use gonogo_remote::git::Here;
use std::path::Path;

pub(super) fn run(args: &InstallArgs) -> anyhow::Result<u8> {
    let here = Here::find(&args.repo.repo)?;
    let place = Place::in_use(&here);
    let kinds = if args.prepare { &Kind::ALL[..] } else { &Kind::ALL[..1] };
    if place.folder.exists() && !place.folder.is_dir() {
        let folder = place.folder.display();
        bail!(
            "hooks are turned off: core.hooksPath is {folder}, which is no folder\n  → git config --unset core.hooksPath, or name a folder"
        );
    }
    for kind in kinds {
        may_write(&place, *kind)?;
    }
    std::fs::create_dir_all(&place.folder)
        .with_context(|| format!("the folder {} could not be made", place.folder.display()))?;
    for kind in kinds {
        let path = place.hook(*kind);
        let done = put(&place, *kind).with_context(|| format!("{} could not be written", path.display()))?;
        anstream::println!("{done} {}", path.display());
        if place.kept(*kind).symlink_metadata().is_ok() {
            anstream::println!(
                "  the hook that stood there is kept as {}{}, and asked first",
                kind.name(),
                script::KEPT
            );
        }
    }
    say_where(&here, &place);
    settle_keys(&here)?;
    if place::program().is_none() {
        anstream::println!("gonogo is not on PATH: until it is, the hook says so and lets commits pass");
    }
    Ok(0)
}

fn may_write(place: &Place, kind: Kind) -> anyhow::Result<()> {
    let (path, kept) = (place.hook(kind), place.kept(kind));
    let shown = path.display();
    match script::stands(&path).with_context(|| format!("{shown} could not be read"))? {
        Stands::Edited => bail!(
            "{shown} was edited since gonogo wrote it, so it stays\n  → move your lines into {}, delete {shown}, and install again",
            kept.display()
        ),
        Stands::Foreign if kept.symlink_metadata().is_ok() => bail!(
            "{shown} is not gonogo's, and {} keeps an earlier one\n  → make one file of the two, delete the other, and install again",
            kept.display()
        ),
        Stands::Nothing | Stands::Ours | Stands::Foreign => Ok(()),
    }
}

/// Writes a hook that may be written; says what was done.
fn put(place: &Place, kind: Kind) -> std::io::Result<&'static str> {
    let (path, text) = (place.hook(kind), script::hook(place, kind));
    let stands = script::stands(&path)?;
    if stands == Stands::Ours && std::fs::read_to_string(&path)? == text && script::is_executable(&path) {
        return Ok("already installed:");
    }
    if stands == Stands::Foreign {
        // A rename keeps bytes, mode, times, and a link as a link.
        std::fs::rename(&path, place.kept(kind))?;
    }
    script::write(&path, &text, 0o755)?;
    Ok("installed")
}

fn say_where(here: &Here, place: &Place) {
    if place.is_shared {
        anstream::println!("  other repositories may use this folder too: each is judged by its own policy or history");
    }
    let has_husky = here.work_tree.as_ref().is_some_and(|top| top.join(".husky").is_dir());
    if has_husky && place.runner == Runner::Git && !place.folder.ends_with(".husky") {
        anstream::println!("  there is a .husky folder that git does not use: when husky is set up, install again");
    }
}

/// Says where the keys come from; guesses them where the policy names none.
fn settle_keys(here: &Here) -> anyhow::Result<()> {
    match Rules::in_force(here) {
        Err(error) => anstream::println!("the policy is not valid, so commits pass until it is mended: {error}"),
        Ok(Rules { from: KeysFrom::Policy(file), projects, .. }) => {
            anstream::println!("keys: {}, from {}", say::list(&projects, 5), file.display());
        }
        Ok(_) => guess(here, &place::keys_file(here))?,
    }
    Ok(())
}

fn guess(here: &Here, file: &Path) -> anyhow::Result<()> {
    let shown = file.display();
    if matches!(script::stands(file)?, Stands::Edited | Stands::Foreign) {
        anstream::println!("keys: those in {shown}, which was edited and stays");
        return Ok(());
    }
    let guess = guess_projects(&here.git_dir)?;
    let read = say::count(guess.read as usize, "commit");
    if guess.projects.is_empty() {
        anstream::println!("keys: none is named by a policy, nor found in {read}, so commits pass");
        anstream::println!("  → write [stories] projects = [\"STORY\"] into gonogo.toml");
        return Ok(());
    }
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    script::write(file, &script::keys(&guess.projects), 0o644)
        .with_context(|| format!("{shown} could not be written"))?;
    anstream::println!("keys: {}, guessed from {read}, kept in {shown}", say::list(&guess.projects, 5));
    Ok(())
}
