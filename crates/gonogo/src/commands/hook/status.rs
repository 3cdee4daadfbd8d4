//! `gonogo hook status`: what is installed, where, whose keys count, and whether
//! the hook will find the program.

use super::args::RepoArgs;
use super::place::{self, Kind, Place, Runner};
use super::rules::{KeysFrom, Rules};
use super::script::{self, Stands};
use gonogo_core::policy::Level;
use gonogo_core::say;
use gonogo_remote::git::Here;

pub(super) fn run(args: &RepoArgs) -> anyhow::Result<u8> {
    let here = Here::find(&args.repo)?;
    let in_use = Place::in_use(&here);
    for kind in Kind::ALL {
        line(kind.name(), &hook(&in_use, kind)?);
    }
    line("hooks folder", &folder(&here, &in_use)?);
    line("keys", &keys(&here));
    line("program", &program());
    for place in Place::all(&here).iter().filter(|place| **place != in_use) {
        for kind in Kind::ALL {
            if matches!(script::stands(&place.hook(kind))?, Stands::Ours | Stands::Edited) {
                line("left over", &format!("{}, where git does not look now", place.hook(kind).display()));
            }
        }
    }
    Ok(0)
}

fn line(name: &str, said: &str) {
    anstream::println!("{name:<20}{}", say::printable(said));
}

fn hook(place: &Place, kind: Kind) -> anyhow::Result<String> {
    let path = place.hook(kind);
    let shown = path.display();
    let stands = match script::stands(&path)? {
        Stands::Nothing => return Ok("not installed".to_owned()),
        Stands::Foreign => return Ok(format!("not installed; {shown} is somebody else's")),
        Stands::Edited => format!("installed, and edited since: {shown}"),
        Stands::Ours => format!("installed: {shown}"),
    };
    let is_ignored = place.runner == Runner::Git && !script::is_executable(&path);
    let ignored = if is_ignored { "; git ignores it, since it is not executable (install again)" } else { "" };
    let has_kept = place.kept(kind).symlink_metadata().is_ok();
    let kept = if has_kept { "; an earlier hook is kept beside it and asked first" } else { "" };
    Ok(format!("{stands}{ignored}{kept}"))
}

fn folder(here: &Here, place: &Place) -> anyhow::Result<String> {
    let shown = place.folder.display();
    let mut said = match here.hooks_path()? {
        Some(set) => format!("{shown} (core.hooksPath = {}, {})", set.value, set.scope),
        None => format!("{shown} (git's own)"),
    };
    if place.runner == Runner::Husky {
        said.push_str("; husky runs it");
    }
    if place.is_shared {
        said.push_str("; other repositories may use it too");
    }
    Ok(said)
}

fn keys(here: &Here) -> String {
    let rules = match Rules::in_force(here) {
        Ok(rules) => rules,
        Err(error) => return format!("none, since the policy is not valid, so commits pass: {error}"),
    };
    let listed = say::list(&rules.projects, 5);
    let from = match &rules.from {
        KeysFrom::Policy(file) => format!("{listed}, from {}", file.display()),
        KeysFrom::Guess(file) => format!("{listed}, guessed from the history, in {}", file.display()),
        KeysFrom::Nowhere => "none, so commits pass; write [stories] projects into gonogo.toml".to_owned(),
    };
    match rules.level {
        Level::Block => from,
        Level::Warn => format!("{from}; story-key is at warn, so commits are warned and pass"),
        Level::Off => format!("{from}; story-key is off, so commits pass"),
    }
}

fn program() -> String {
    let Some(found) = place::program() else {
        return "gonogo is not on PATH, so commits pass and a line says so".to_owned();
    };
    let same = |ours: std::path::PathBuf| ours.canonicalize().ok() == found.canonicalize().ok();
    let is_this = std::env::current_exe().is_ok_and(same);
    let other = if is_this { "" } else { " (another one than this)" };
    format!("{}{other}", found.display())
}
