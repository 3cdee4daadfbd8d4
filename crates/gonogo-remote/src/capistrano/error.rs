//! Why it did not come to what was wanted, and what mends it.

use gonogo_core::say;
use std::path::PathBuf;
use thiserror::Error;

#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CapistranoError {
    #[error(
        "there is no program `{program}` here\n  → install Capistrano 3 on the runner's host, or say how it is called: `command = [\"bundle\", \"exec\", \"cap\"]`"
    )]
    NoProgram { program: String },
    #[error("there is no folder {} here\n  → check the repository with the Capfile out there", .0.display())]
    NoDir(PathBuf),
    #[error("{} has no Capfile\n  → name the folder that `cap` is run in", .0.display())]
    NoCapfile(PathBuf),
    #[error("the Capfile has no stage `{stage}`: there {}\n  → name one of them", listed(.known))]
    NoStage { stage: String, known: Vec<String> },
    #[error("it is Capistrano {version}, and gonogo runs 3.7 and newer\n  → bring it up to date")]
    Old { version: String },
    #[error("`cap` ended before the stage was read: {said}\n  → see above what it says")]
    NeverBegan { said: String },
    #[error("what `cap` says here cannot be understood: {0}")]
    Odd(String),
    #[error(
        "no server of the stage is called {}: there {}\n  → give the host in [deploy.hosts] the name or the address that it has in config/deploy",
        names(.wanted), listed(.known)
    )]
    NoServer { wanted: Vec<String>, known: Vec<String> },
    #[error(
        "several servers of the stage are called {}: {}\n  → give each a name of its own in config/deploy",
        names(.wanted), .found.join(", ")
    )]
    SeveralServers { wanted: Vec<String>, found: Vec<String> },
    #[error("{host} cannot be asked: {said}\n  → {fix}")]
    Unreached { host: String, said: String, fix: String },
    #[error("{host} can do nothing: {said}")]
    Fault { host: String, said: String },
    #[error("{host} is locked: {said}\n  → {fix}")]
    Held { host: String, said: String, fix: String },
    #[error("{host} has a release {release} that is not of this deploy\n  → see who made it, and move it away")]
    Foreign { host: String, release: String },
    #[error("{said}{}{}", lines(.hosts), mends(.fix.as_ref()))]
    Failed { said: String, hosts: Vec<String>, fix: Option<String> },
}

fn names(names: &[String]) -> String {
    names.iter().map(|name| format!("`{}`", say::printable(name))).collect::<Vec<_>>().join(" or ")
}

fn listed(known: &[String]) -> String {
    if known.is_empty() { "is none".to_owned() } else { format!("is {}", known.join(", ")) }
}

fn lines(lines: &[String]) -> String {
    lines.iter().flat_map(|line| ["\n  ".to_owned(), say::printable(line)]).collect()
}

fn mends(fix: Option<&String>) -> String {
    fix.map(|fix| format!("\n  → {fix}")).unwrap_or_default()
}

/// A host that Capistrano could not ask, by the class of its error.
pub(super) fn unreached(host: &str, kind: &str, said: &str) -> CapistranoError {
    let fix = match kind {
        "Net::SSH::AuthenticationFailed" => {
            "see that whoever runs `cap` on the runner's host may sign in there: its key, or its agent (SSH_AUTH_SOCK in `env`)"
        }
        "Net::SSH::HostKeyUnknown" => "write the host's key into the runner's known_hosts, compared with its own",
        "Net::SSH::HostKeyMismatch" => "find out why its key is another, then change it in the runner's known_hosts",
        "SocketError" => "see how it is called in config/deploy",
        _ => "see that it is up, and that the runner's host reaches its port",
    };
    CapistranoError::Unreached { host: host.to_owned(), said: say::printable(said), fix: fix.to_owned() }
}

/// What mends that it failed, where that can be told by what it said.
pub(super) fn fix_of(failure: &str, missing: &[String], sha: &str, repository: &str) -> Option<String> {
    let knows_not = [
        "not a valid object name",
        "not a tree object",
        "unknown revision",
        "bad object",
        "did not match any",
        "bad revision",
    ];
    if let Some(file) = missing.first() {
        return Some(format!("put the linked file there: {}", say::printable(file)));
    }
    if let Some(said) = failure.lines().find(|line| line.starts_with("the Capfile ")) {
        return Some(say::printable(said));
    }
    knows_not.iter().any(|words| failure.contains(words)).then(|| {
        format!("{} has no {sha}: push it there, or mend `repo_url` of the Capfile", say::printable(repository))
    })
}
