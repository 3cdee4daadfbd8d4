//! `gonogo hook prepare-commit-msg FILE [SOURCE [SHA]]`: fills in the key that the
//! branch's name tells. Never refuses; `commit-msg` says what is wrong.

use super::message;
use super::rules::Rules;
use anyhow::Context;
use gonogo_checks::commit_rule::{Fine, Ruling, filled_in};
use gonogo_core::policy::Level;
use gonogo_read::draft;
use gonogo_remote::git::Here;
use std::path::Path;

pub(super) fn run(file: &Path, source: Option<&str>) -> anyhow::Result<u8> {
    // merge, squash, commit (-c, -C, --amend): words that somebody else wrote.
    let is_new = matches!(source, None | Some("message" | "template"));
    if !is_new {
        return Ok(0);
    }
    let bytes = message::read(file)?;
    let Ok((here, settings)) = Here::find_with_settings(Path::new(".")) else { return Ok(0) };
    // git calls a message that it picks, rebases or reverts "message", too.
    if here.in_progress().is_some() {
        return Ok(0);
    }
    let Ok(rules) = Rules::in_force(&here) else { return Ok(0) };
    let cleanup = message::cleanup(&settings);
    let kept = draft::kept(&bytes, &cleanup);
    let wants = match rules.rule().judge(&String::from_utf8_lossy(&kept)) {
        Ruling::Missing(_) => true,
        // An empty one that was given by -m is for git to refuse.
        Ruling::Fine(Fine::Empty) => source != Some("message"),
        Ruling::Fine(_) => false,
    };
    if !wants || rules.level == Level::Off {
        return Ok(0);
    }
    let Some(key) = here.branch().and_then(|branch| rules.rule().key_of_branch(&branch)) else { return Ok(0) };
    let filled = draft::fill_in(&bytes, &filled_in(&key), &cleanup);
    std::fs::write(file, filled).with_context(|| format!("{} could not be written", file.display()))?;
    Ok(0)
}
