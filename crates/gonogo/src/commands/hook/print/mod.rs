//! `gonogo hook print`: the commit rule as a script for those who install
//! nothing. The rule's constants come from where the rule itself has them.

mod ere;

use super::args::{PrintArgs, Recipe};
use super::rules::{KeysFrom, Rules, RulesError};
use super::tell;
use gonogo_checks::commit_rule::{AUTOSQUASH, MERGED, how_to_write};
use gonogo_core::policy::Level;
use gonogo_engine::commands::guess_projects;
use gonogo_remote::git::Here;
use std::io::Write;

pub(super) fn run(args: &PrintArgs) -> anyhow::Result<u8> {
    let text = match args.recipe {
        Some(Recipe::Lefthook) => include_str!("lefthook.yml").to_owned(),
        Some(Recipe::Husky) => include_str!("husky.sh").to_owned(),
        Some(Recipe::Overcommit) => include_str!("overcommit.yml").to_owned(),
        None => {
            let here = Here::find(&args.repo.repo)?;
            let rules = rules(&here)?;
            script(&rules)
        }
    };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(0)
}

/// Those in force; where nothing names keys, those that `install` would guess.
fn rules(here: &Here) -> anyhow::Result<Rules> {
    let mut rules = Rules::in_force(here).map_err(|error| match error {
        RulesError::Policy(error) => anyhow::Error::new(*error),
        error @ RulesError::Unreadable(..) => anyhow::Error::new(error),
    })?;
    if rules.from == KeysFrom::Nowhere {
        rules.projects = guess_projects(&here.git_dir)?.projects;
    }
    if rules.level == Level::Off {
        rules.projects.clear();
        tell("the policy turns story-key off, so the script lets every commit pass");
    } else if rules.projects.is_empty() {
        tell("no project is known, so the script lets every commit pass: write [stories] projects into gonogo.toml");
    }
    Ok(rules)
}

fn script(rules: &Rules) -> String {
    let stories = &rules.stories;
    let ignored: Vec<String> = stories
        .ignore_commits
        .iter()
        .filter_map(|pattern| {
            let said = ere::of(pattern.as_str());
            if said.is_none() {
                let shown = pattern.as_str();
                tell(&format!(
                    "ignore_commits = \"{shown}\" cannot be said in POSIX: the script asks such commits for a key"
                ));
            }
            said
        })
        .collect();
    let from = match &rules.from {
        KeysFrom::Policy(_) => "gonogo.toml",
        KeysFrom::Guess(_) | KeysFrom::Nowhere => "a guess from the history",
    };
    let warns = rules.level == Level::Warn;
    let holes = [
        ("CODE", if warns { "0" } else { "1" }.to_owned()),
        ("VERSION", env!("CARGO_PKG_VERSION").to_owned()),
        ("FROM", from.to_owned()),
        ("PROJECTS", quoted(&rules.projects.join("\n"))),
        ("WORDS", quoted(&stories.no_key_words.join("\n").to_lowercase())),
        ("IGNORED", quoted(&ignored.join("\n"))),
        ("MERGED", quoted(&MERGED.join("\n"))),
        ("AUTOSQUASH", quoted(&AUTOSQUASH.join("\n"))),
        ("HOW", quoted(&how_to_write(&rules.projects, stories))),
    ];
    let mut text = include_str!("rule.sh").to_owned();
    for (name, value) in holes {
        text = text.replace(&format!("@{name}@"), &value);
    }
    text
}

/// For a shell, as one word.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
