//! `gonogo hook commit-msg FILE`: refuses a message without an issue key. What
//! goes wrong with us, the repository or the policy stops nobody's work.

use super::rules::{KeysFrom, Rules, RulesError};
use super::{message, tell};
use gonogo_checks::commit_rule::{Missing, Ruling, how_to_add};
use gonogo_core::policy::Level;
use gonogo_core::say;
use gonogo_read::draft::{self, Editor};
use gonogo_remote::git::{Here, InProgress};
use std::path::Path;

const REFUSED: u8 = 1;

pub(super) fn run(file: &Path) -> anyhow::Result<u8> {
    let bytes = message::read(file)?;
    let (here, settings) = match Here::find_with_settings(Path::new(".")) {
        Ok(found) => found,
        Err(error) => return Ok(not_looked_at(&error.to_string())),
    };
    // git's own word is stronger than the message's: people edit that.
    if matches!(here.in_progress(), Some(InProgress::Merge | InProgress::Revert)) {
        return Ok(0);
    }
    let rules = match Rules::in_force(&here) {
        Ok(rules) if rules.level == Level::Off => return Ok(0),
        Ok(rules) => rules,
        Err(RulesError::Policy(error)) => return Ok(not_looked_at(&format!("the policy is not valid: {error}"))),
        Err(error @ RulesError::Unreadable(..)) => return Ok(not_looked_at(&error.to_string())),
    };
    let kept = draft::kept(&bytes, &message::cleanup(&settings));
    let text = String::from_utf8_lossy(&kept);
    if message::editor() == Editor::Open && rules.rule().is_untouched(&text) {
        tell("there is nothing but the key that was filled in, so nothing is committed");
        return Ok(REFUSED);
    }
    match rules.rule().judge(&text) {
        Ruling::Fine(_) => Ok(0),
        Ruling::Missing(missing) => Ok(refuse(&here, &rules, &text, &missing, file)),
    }
}

fn not_looked_at(why: &str) -> u8 {
    let why = why.split_once('\n').map_or(why, |(said, _)| said);
    tell(&format!("the message's issue key was not looked at: {why}"));
    0
}

/// What is missing, how to write it, what the branch suggests, and where the message is.
fn refuse(here: &Here, rules: &Rules, text: &str, missing: &Missing, file: &Path) -> u8 {
    let is_warning = rules.level == Level::Warn;
    tell(if is_warning { "warning: the message has no issue key" } else { "the message has no issue key" });
    let hint = |line: String| anstream::eprintln!("  → {}", say::printable(&line));
    hint(missing.how.clone());
    if let Some(project) = &missing.unknown_project {
        hint(how_to_add(project));
    }
    if let Some(branch) = here.branch()
        && let Some(key) = rules.rule().key_of_branch(&branch)
    {
        let subject = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        hint(format!("by the branch's name it is {key}: {key} {}", say::cut(subject.trim(), 60)));
    }
    if let KeysFrom::Guess(guess) = &rules.from {
        let file = guess.display();
        hint(format!("the keys are a guess from the history ({file}); [stories] projects in gonogo.toml says better"));
    }
    if !is_warning && file.ends_with("COMMIT_EDITMSG") {
        hint(format!("your message is kept: git commit -e -F \"{}\"", file.display()));
    }
    if is_warning { 0 } else { REFUSED }
}
