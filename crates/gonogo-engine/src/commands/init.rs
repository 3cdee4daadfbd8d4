//! `init`: a first policy, from what a repository shows.

use crate::gather::prefixes;
use gonogo_checks::policy::TypedPolicy;
use gonogo_checks::reading::projects;
use gonogo_core::policy::{FILE, PolicyError, Source, Stories};
use gonogo_core::say;
use gonogo_remote::git::{Git, GitError};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum InitError {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error("{} exists already\n  → `gonogo init --print` shows what would be written", .0.display())]
    Exists(PathBuf),
    #[error("a bare repository has no work tree to write {FILE} into\n  → `gonogo init --print` shows it")]
    Bare,
    #[error("{} could not be written: {said}", .path.display())]
    Write { path: PathBuf, said: String },
    #[error("the written policy would not be valid: {0}")]
    Invalid(Box<PolicyError>),
}

/// A policy that is not written yet.
#[derive(Debug)]
pub struct Draft {
    pub text: String,
    folder: Option<PathBuf>,
}

/// What a repository shows.
#[derive(Debug, Default)]
struct Seen {
    service: String,
    default: Option<String>,
    production: Option<String>,
    projects: Vec<String>,
    lock_files: Vec<String>,
    migrations: Vec<(String, usize)>,
    capistrano: Capistrano,
}

/// What a Capfile and what is beside it show.
#[derive(Debug, Default)]
struct Capistrano {
    has_capfile: bool,
    has_bundle: bool,
    stages: Vec<String>,
}

impl Capistrano {
    fn sees(&mut self, path: &str) {
        const MOST_STAGES: usize = 12;
        match path {
            "Capfile" | "capfile" | "Capfile.rb" | "capfile.rb" => self.has_capfile = true,
            "Gemfile.lock" => self.has_bundle = true,
            _ => {}
        }
        let stage = path.strip_prefix("config/deploy/").and_then(|name| name.strip_suffix(".rb"));
        if let Some(stage) = stage.filter(|stage| !stage.contains('/') && self.stages.len() < MOST_STAGES) {
            self.stages.push(stage.to_owned());
        }
    }

    /// Steps that are to be read before they count.
    fn draft(&self, service: &str) -> Vec<String> {
        if !self.has_capfile {
            return Vec::new();
        }
        let stage = self.stages.iter().find(|stage| *stage == "production").or(self.stages.first());
        let stage = stage.map_or("production", String::as_str);
        let others: Vec<String> =
            self.stages.iter().filter(|other| *other != stage).map(|one| say::printable(one)).collect();
        let command = if self.has_bundle { ", command = [\"bundle\", \"exec\", \"cap\"]" } else { "" };
        let others = if others.is_empty() { String::new() } else { format!(" (other stages: {})", others.join(", ")) };
        let mut lines = vec![
            String::new(),
            format!(
                "# There is a Capfile: gonogo can have Capistrano deploy what is Go{others}. docs/capistrano.md says how."
            ),
        ];
        for (list, name) in [("steps", "capistrano"), ("roll_back", "capistrano-back")] {
            lines.push(format!("# [[deploy.{list}]]"));
            lines.push(format!("# name = \"{name}\""));
            lines.push(format!("# capistrano = {{ stage = {}{command} }}", quoted(stage).replace('\n', "\\n")));
            let dir = quoted(&format!("/srv/deploy/{service}")).replace('\n', "\\n");
            lines.push(format!("# dir = {dir}                # a checkout of this on the runner's host"));
        }
        lines
    }
}

/// Looks at a repository and drafts its policy.
pub fn init(repo: &Path) -> Result<Draft, InitError> {
    let git = Git::open(repo)?;
    let seen = look(&git)?;
    let text = draft(&seen);
    TypedPolicy::parse(Source::new(FILE, text.clone())).map_err(|e| InitError::Invalid(Box::new(e)))?;
    Ok(Draft { text, folder: git.work_tree().map(Path::to_owned) })
}

impl Draft {
    /// Writes the file; never over one that is there.
    pub fn write(&self) -> Result<PathBuf, InitError> {
        let path = self.folder.as_ref().ok_or(InitError::Bare)?.join(FILE);
        let wrong = |e: std::io::Error| match e.kind() {
            std::io::ErrorKind::AlreadyExists => InitError::Exists(path.clone()),
            _ => InitError::Write { path: path.clone(), said: e.to_string() },
        };
        let mut file = std::fs::File::create_new(&path).map_err(wrong)?;
        file.write_all(self.text.as_bytes()).map_err(wrong)?;
        Ok(path)
    }
}

fn look(git: &Git) -> Result<Seen, GitError> {
    let branches = git.branches()?;
    let short =
        |full: &str| full.trim_start_matches("refs/remotes/origin/").trim_start_matches("refs/heads/").to_owned();
    let mut seen = Seen {
        service: git.name(),
        default: branches.default.as_ref().map(|(full, _)| short(full)),
        production: branches.production.as_ref().map(|(_, full, _)| short(full)),
        ..Seen::default()
    };
    let head = match git.resolve("HEAD") {
        Ok(head) => head.sha,
        Err(GitError::NoCommit) => return Ok(seen),
        Err(error) => return Err(error),
    };
    seen.projects = projects(&Stories::default(), &prefixes(git, head)?).keys;
    git.each_file(head, |path| {
        seen.capistrano.sees(path);
        if is_lock_file(path) && seen.lock_files.len() < 12 {
            seen.lock_files.push(path.to_owned());
        }
        if let Some(folder) = migrations_folder(path) {
            match seen.migrations.iter_mut().find(|(known, _)| known == folder) {
                Some((_, files)) => *files += 1,
                None => seen.migrations.push((folder.to_owned(), 1)),
            }
        }
    })?;
    Ok(seen)
}

fn is_lock_file(path: &str) -> bool {
    const NAMES: [&str; 11] = [
        "Gemfile.lock",
        "package-lock.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "Cargo.lock",
        "poetry.lock",
        "uv.lock",
        "Pipfile.lock",
        "composer.lock",
        "go.sum",
        "mix.lock",
    ];
    NAMES.contains(&path.rsplit('/').next().unwrap_or(path))
}

/// The folder of a file that looks like a schema change.
fn migrations_folder(path: &str) -> Option<&str> {
    let (folder, file) = path.rsplit_once('/')?;
    let last = folder.rsplit('/').next().unwrap_or(folder);
    let is_change = [".rb", ".sql", ".py", ".php", ".js", ".ts"].iter().any(|ending| file.ends_with(ending));
    (is_change && (last == "migrate" || last == "migrations")).then_some(folder)
}

/// A TOML string; names come from outside.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn draft(seen: &Seen) -> String {
    let mut out = String::new();
    let mut say = |line: &str| {
        let _ = writeln!(out, "{line}"); // a String takes all
    };
    say("# What may ship, and how gonogo finds out. Every key may be left out.");
    say("# It counts once it is on the default branch or in production; `gonogo schema policy`");
    say("# prints a JSON Schema for editors, `gonogo explain CHECK` what a check looks at.");
    say("");
    say("[service]");
    say(&format!("name = {}", quoted(&seen.service)));
    say("");
    say("[production]");
    if let Some(name) = &seen.production {
        say(&format!("ref = {}                     # the branch or tag that stands at what runs", quoted(name)));
    } else {
        say("# Nothing here says where production is. Name a branch or tag that always stands at what runs:");
        say("# ref = \"production\"");
    }
    say("");
    say("[stories]");
    if seen.projects.is_empty() {
        say(
            "# projects = [\"STORY\"]                 # the tracker's project keys; no key-like words were found in the history",
        );
    } else {
        let keys: Vec<String> = seen.projects.iter().map(|p| quoted(p)).collect();
        say(&format!("projects = [{}]                   # guessed from the history: check them", keys.join(", ")));
    }
    say(
        "no_key_words = [\"no-jira\", \"no_jira\", \"nojira\"]  # a commit with one of these says that it has no story",
    );
    say("# ignore_commits = [\"^Bump version\"]     # regular expressions on the message");
    say("# ignore_authors = [\"renovate[bot]\"]     # their findings are notes");
    say("# since = \"SHA\"                          # first adoption: what is older gives notes");
    say("");
    say("# [tracker]                              # without it, checks on the tracker's state are off");
    say("# kind = \"jira-cloud\"                    # or \"jira-data-center\"");
    say("# url = \"https://example.atlassian.net\"  # GONOGO_JIRA_USER and GONOGO_JIRA_TOKEN hold the credentials");
    say("");
    say("[checks]                                 # block, warn or off");
    say("ancestry = \"block\"                       # production's content would be lost");
    say(&format!(
        "story-key = \"{}\"                      # commits without a key",
        if seen.projects.is_empty() { "warn" } else { "block" }
    ));
    say("unfinished = \"block\"                     # fixup!, WIP, conflict markers");
    say("reverts = \"warn\"                         # stories that only appear to ship");
    say("");
    say("# [checks.story-state]");
    say("# states = [\"Ready to Deploy\", \"Done\"]   # may ship");
    say("# subtask_states = [\"Done\"]");
    say("");
    say("# [checks.story-missing]");
    say("# ready = \"Ready to Deploy\"              # should be in the next deploy");
    say("");
    say("# [checks.builds]");
    say("# required = [\"clean-build\"]             # statuses and check runs that have to pass on the head");
    say("");
    say("# [checks.story-fields]");
    say("# required = [\"Risk\", \"Post-deploy checks\"]");
    say("");
    say("# [checks.story-size]");
    say("# level = \"warn\"");
    say("# max_points = 8");
    let found: Vec<String> =
        seen.migrations.iter().map(|(folder, n)| format!("{folder} ({})", say::count(*n, "schema change"))).collect();
    if !found.is_empty() || !seen.lock_files.is_empty() {
        say("");
        say("# Also seen here, and not looked at by a check yet:");
        for line in found.iter().chain(&seen.lock_files) {
            say(&format!("#   {}", say::printable(line)));
        }
    }
    for line in seen.capistrano.draft(&seen.service) {
        say(&line);
    }
    if let Some(default) = &seen.default {
        say("");
        say(&format!("# The default branch is {}.", say::printable(default)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_core::deploy::Deploys;

    #[test]
    fn a_draft_is_valid_whatever_names_a_repository_has() {
        let seen = Seen {
            service: "we\"b\n[x]".to_owned(),
            production: Some("a\"b".to_owned()),
            default: Some("x\ny".to_owned()),
            projects: vec!["STORY".to_owned()],
            lock_files: vec!["a\nb/Cargo.lock".to_owned()],
            migrations: vec![("db/migrate".to_owned(), 2)],
            capistrano: Capistrano {
                has_capfile: true,
                has_bundle: true,
                stages: vec!["a\n\"b".to_owned(), "c".to_owned()],
            },
        };
        for seen in [seen, Seen::default()] {
            let text = draft(&seen);
            let typed = TypedPolicy::parse(Source::new(FILE, text.clone()));
            assert!(typed.is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_drafted_for_a_capfile_is_valid_without_its_number_signs() {
        let mut capistrano = Capistrano::default();
        for path in ["app.rb", "config/deploy/staging.rb", "Capfile", "config/deploy/production.rb", "Gemfile.lock"] {
            capistrano.sees(path);
        }
        let lines = capistrano.draft("web");
        assert!(lines[1].contains("(other stages: staging)"), "{lines:?}");
        let text: Vec<&str> = lines[2..].iter().map(|line| line.trim_start_matches("# ")).collect();
        let text = text.join("\n");
        let policy = TypedPolicy::parse(Source::new(FILE, text.clone())).unwrap();
        let Deploys { steps, roll_back, .. } = &policy.sections.deploy;
        for step in [&steps[0], &roll_back[0]] {
            let table = step.capistrano.as_ref().unwrap();
            assert_eq!((table.stage.as_str(), table.command.len()), ("production", 3), "{text}");
        }
        assert!(Capistrano { has_capfile: false, ..capistrano }.draft("web").is_empty());
    }

    #[test]
    fn schema_changes_are_known_by_their_folder() {
        assert_eq!(migrations_folder("db/migrate/1_a.rb"), Some("db/migrate"));
        assert_eq!(migrations_folder("app/migrations/0001.py"), Some("app/migrations"));
        assert_eq!(migrations_folder("docs/migrations/a.md"), None);
    }
}
