//! `doctor`: whether each thing that a check stands on works, one line each.

mod deploys;
mod jira_app;
mod mail;
mod oidc;
mod server;
mod slack_channels;

pub use server::{HooksTaken, doctor_server};

use crate::gather::{Clock, CodeHostAccess, Outside};
use crate::locate::{Located, Wanted, locate};
use crate::serving::StoryDeployed;
use gonogo_core::case::{PolicyOrigin, Production};
use gonogo_core::policy::Tracker as TrackerPolicy;
use gonogo_core::say;
use gonogo_remote::git::{self, Git};
use gonogo_remote::http::CA_FILE_VARIABLE;
use gonogo_remote::jira::Account;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// What is tried.
#[derive(Debug)]
pub struct DoctorRequest {
    pub wanted: Wanted,
    pub outside: Outside,
    /// Looks up a variable of the environment.
    pub variable: fn(&str) -> Option<String>,
    pub clock: Clock,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    Good,
    Bad,
    /// Neither: something to know.
    Note,
}

/// One thing that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    pub what: &'static str,
    pub health: Health,
    pub said: String,
    pub fix: Option<String>,
}

/// A clock that is further off makes signatures and windows wrong.
const MOST_SKEW: SignedDuration = SignedDuration::from_secs(60);

fn good(what: &'static str, said: impl Into<String>) -> Line {
    Line { what, health: Health::Good, said: said.into(), fix: None }
}

fn note(what: &'static str, said: impl Into<String>) -> Line {
    Line { what, health: Health::Note, said: said.into(), fix: None }
}

fn bad(what: &'static str, said: impl Into<String>, fix: impl Into<String>) -> Line {
    Line { what, health: Health::Bad, said: said.into(), fix: Some(fix.into()) }
}

/// An error's text with its hint apart.
fn bad_as(what: &'static str, text: &str) -> Line {
    match text.split_once("\n  → ") {
        Some((said, fix)) => bad(what, said, fix),
        None => Line { what, health: Health::Bad, said: text.to_owned(), fix: None },
    }
}

/// Tries everything; what stands on something bad is left out.
pub async fn doctor(request: &DoctorRequest) -> Vec<Line> {
    let mut lines = Vec::new();
    match git::version() {
        Ok(version) => lines.push(good("git", version)),
        Err(error) => {
            lines.push(bad_as("git", &error.to_string()));
            return lines;
        }
    }
    let git = match Git::open(&request.wanted.repo) {
        Ok(git) => git,
        Err(error) => {
            lines.push(bad_as("repository", &error.to_string()));
            return lines;
        }
    };
    lines.push(repository(&git));
    let located = match locate(&git, &request.wanted) {
        Ok(located) => located,
        Err(error) => {
            lines.push(bad_as("policy", &error.to_string()));
            return lines;
        }
    };
    lines.push(production(&located));
    lines.push(policy(&located));
    lines.extend(deploys::deploys(&located));
    lines.push(certificates(request));
    lines.push(code_host(&git, &located, request).await);
    match &located.policy.sections.tracker {
        None => lines.push(note("tracker", "none configured: checks that need one are off")),
        Some(policy) => {
            lines.push(proxy(policy, request.variable));
            lines.extend(tracker_lines(policy, &request.outside, request.clock, None, false).await);
        }
    }
    lines
}

fn repository(git: &Git) -> Line {
    let kind = if git.is_bare() { "bare" } else { "work tree" };
    let place = git.work_tree().unwrap_or(git.common_dir()).display().to_string();
    if git.is_shallow() {
        let fix = "git fetch --unshallow; in CI, fetch the whole history";
        return bad("repository", format!("{place} is a shallow clone: ranges may be cut"), fix);
    }
    if git.is_partial() {
        let said = format!("{place} ({kind}) is a partial clone: what it left with its remote could not be checked");
        return bad("repository", said, "git fetch --refetch --no-filter origin");
    }
    good("repository", format!("{place} ({kind}), service {}", git.name()))
}

fn production(located: &Located) -> Line {
    match &located.case.production {
        Production::Known { name, sha, why } => good("production", format!("{name} @ {} ({why})", sha.short())),
        Production::Unknown { why, .. } => bad("production", &why.said, &why.fix),
    }
}

fn policy(located: &Located) -> Line {
    let policy = &located.case.policy;
    if let Some(error) = &located.policy_error {
        return bad("policy", error.to_string(), "mend it; until then the built-in defaults judge");
    }
    match policy.origin {
        PolicyOrigin::BuiltIn => note("policy", "none: the built-in defaults judge; `gonogo init` writes one"),
        PolicyOrigin::WorkTree => note("policy", format!("{} of the work tree, not yet in force", policy.name)),
        _ => good("policy", &policy.name),
    }
}

fn certificates(request: &DoctorRequest) -> Line {
    match &request.outside.http.ca_file {
        None => note("certificates", "the system's"),
        Some(path) => match gonogo_remote::http::Connections::new(&request.outside.http) {
            Ok(_) => good("certificates", format!("the system's and {}", path.display())),
            Err(error) => bad("certificates", error.to_string(), format!("mend {CA_FILE_VARIABLE}")),
        },
    }
}

/// Asks what the check builds would ask, of production.
async fn code_host(git: &Git, located: &Located, request: &DoctorRequest) -> Line {
    const WHAT: &str = "code host";
    let host = match (&request.outside.code_host, request.outside.code_host.of(git, &request.outside.http)) {
        (CodeHostAccess::None, _) => {
            return note(WHAT, "none at hand: GONOGO_GITHUB_TOKEN lets it be asked for builds");
        }
        (_, Err(why)) => return bad(WHAT, why.said, why.fix),
        (_, Ok(host)) => host,
    };
    let now = (request.clock)();
    let name = match host.github.name_now(&host.repository, now).await {
        Ok(name) => name,
        Err(error) => return bad(WHAT, error.why().said, error.why().fix),
    };
    let Production::Known { sha, .. } = located.case.production else { return good(WHAT, format!("{name} at GitHub")) };
    match host.github.builds(&host.repository, sha, now).await {
        Ok(builds) => {
            let builds = say::count(builds.len(), "build");
            good(WHAT, format!("{name} at GitHub, {builds} of {}", sha.short()))
        }
        Err(error) => bad(WHAT, error.why().said, error.why().fix),
    }
}

/// The proxy that the variables name, without its credentials.
fn proxy(policy: &TrackerPolicy, variable: fn(&str) -> Option<String>) -> Line {
    let names: &[&str] = if policy.url.starts_with("https:") {
        &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
    } else {
        &["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
    };
    match names.iter().find_map(|name| Some((name, variable(name)?))) {
        None => note("proxy", "none"),
        Some((name, value)) => {
            let host = value.rsplit('@').next().unwrap_or("").trim_start_matches("http://");
            let except = ["NO_PROXY", "no_proxy"].iter().find_map(|n| variable(n));
            let except = except.map(|e| format!(", not for {e}")).unwrap_or_default();
            note("proxy", format!("{host} ({name}){except}"))
        }
    }
}

/// `says` is what is to be said in it of stories.
async fn tracker_lines(
    policy: &TrackerPolicy,
    outside: &Outside,
    now: Clock,
    says: Option<&StoryDeployed>,
    comments_early: bool,
) -> Vec<Line> {
    if let Err(error) = outside.jiras.credentials(policy.kind) {
        return vec![bad("credentials", error.to_string(), error.fix())];
    }
    let tracker = match outside.jiras.tracker(policy) {
        Ok(tracker) => tracker,
        Err(why) => return vec![bad("tracker", why.said, why.fix)],
    };
    let account = match tracker.account().await {
        Ok(account) => account,
        Err(why) => return vec![bad("tracker", why.said, why.fix)],
    };
    let version = account.version.as_deref().map(|v| format!(" {v}")).unwrap_or_default();
    let mut lines = vec![good("tracker", format!("{} answers: Jira{version}", policy.url))];
    lines.push(good("credentials", format!("accepted, as {}; Jira does not tell when a token ends", account.name)));
    lines.push(if account.may_browse {
        good("rights", "may browse projects")
    } else {
        bad("rights", "the account may not browse any project", "give it the permission Browse Projects")
    });
    lines.extend(says.and_then(|says| may_say(says, &account)));
    if comments_early && !account.may_comment {
        let fix = "give it Add Comments in the projects of the stories";
        lines.push(bad("rights", "[told_early] wants what the account may not: Add Comments", fix));
    }
    lines.push(match account.server_time {
        Some(theirs) => clock("the tracker's", now(), theirs),
        None => note("clock", "the tracker does not tell its time"),
    });
    lines
}

/// Whether it may do what `[story_deployed]` asks for.
fn may_say(says: &StoryDeployed, account: &Account) -> Option<Line> {
    let comments = (says.jira_comment, account.may_comment, "Add Comments");
    let moves = (says.jira_transition.is_some(), account.may_move, "Transition Issues");
    let is_marked = says.jira_fix_version.is_some() || says.jira_field.is_some();
    let edits = (is_marked, account.may_edit, "Edit Issues");
    let wanted: Vec<_> = [comments, moves, edits].into_iter().filter(|(is_wanted, ..)| *is_wanted).collect();
    let missing: Vec<&str> = wanted.iter().filter(|(_, may, _)| !may).map(|(.., name)| *name).collect();
    if wanted.is_empty() {
        return None;
    }
    if missing.is_empty() && says.jira_fix_version.is_some() && !account.may_make_versions {
        let said = "may say in Jira what [story_deployed] asks for, but make no versions: those are set that are there";
        let fix =
            Some("give it Administer Projects in the projects of the stories, or make the versions there".to_owned());
        return Some(Line { fix, ..note("rights", said) });
    }
    if missing.is_empty() {
        return Some(good("rights", "may say in Jira what [story_deployed] asks for"));
    }
    let missing = say::list(&missing, missing.len());
    let fix = format!("give it {missing} in the projects of the stories");
    Some(bad("rights", format!("[story_deployed] wants what the account may not: {missing}"), fix))
}

/// `whose` is "the tracker's".
fn clock(whose: &str, now: Timestamp, theirs: Timestamp) -> Line {
    let off = now.duration_since(theirs);
    let seconds = say::count(usize::try_from(off.abs().as_secs()).unwrap_or(usize::MAX), "second");
    if off.abs() <= MOST_SKEW {
        return good("clock", format!("within {} s of {whose}", MOST_SKEW.as_secs()));
    }
    let which = if off.is_negative() { "behind" } else { "ahead of" };
    bad("clock", format!("{seconds} {which} {whose}"), "set this machine's clock by NTP")
}
