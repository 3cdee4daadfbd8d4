//! Which candidate is meant: head, production and the policy in force. The
//! candidate has no say in where production is, nor in how it is judged.

use crate::gather::why;
use gonogo_checks::Judge;
use gonogo_checks::policy::TypedPolicy;
use gonogo_core::case::{Case, Head, Look, PolicyInForce, PolicyOrigin, Production, Stage};
use gonogo_core::fact::Why;
use gonogo_core::ids::Sha;
use gonogo_core::policy::{FILE, PolicyError, ProductionSource, ServicePath, Source, production_of};
use gonogo_core::running::Running;
use gonogo_core::waiver::Waiver;
use gonogo_remote::git::{Branches, Git, GitError, Resolved};
use jiff::Timestamp;
use std::path::PathBuf;
use thiserror::Error;

/// What a person asked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub repo: PathBuf,
    /// Whether that is a mirror of the server's own.
    pub is_mirror: bool,
    /// What the service is called, where a server knows.
    pub service: Option<String>,
    /// The folder that it is, where a server knows.
    pub path: Option<ServicePath>,
    pub production: Option<GivenProduction>,
    /// What was known to run last, where a server knows: its policy says where
    /// production is, until another one has shipped.
    pub ran_last: Option<Sha>,
    pub head: Option<String>,
    /// What the head is called, where it does not say itself.
    pub branch: Option<String>,
    pub policy: Option<GivenPolicy>,
    /// Whose policy is in force, where that is not what production is taken to be.
    pub ruled_by: Option<GivenProduction>,
    pub stage: Stage,
    /// Before a merge: the commit that the head was made from, if there is one.
    pub base: Option<Sha>,
    /// When the head was seen first, where a server knows.
    pub seen_at: Option<Timestamp>,
}

impl Wanted {
    pub(crate) fn open(&self) -> Result<Git, GitError> {
        if self.is_mirror { Git::of_mirror(&self.repo) } else { Git::open(&self.repo) }
    }
}

/// What somebody said of production, or a server found out.
#[derive(Clone, Debug)]
pub enum GivenProduction {
    /// A branch, a tag or a commit, or several, and who names them.
    Refs {
        names: Vec<String>,
        why: String,
    },
    /// Exactly this runs, under the name that it was found by.
    Runs {
        running: Running,
        name: String,
        why: String,
    },
    Unknown(Why),
}

impl GivenProduction {
    /// `None` of no names.
    pub fn named(names: Vec<String>, why: &str) -> Option<Self> {
        (!names.is_empty()).then(|| Self::Refs { names, why: why.to_owned() })
    }

    /// Each alone.
    fn each(&self) -> Vec<Self> {
        match self {
            Self::Refs { names, why } => {
                names.iter().map(|name| Self::Refs { names: vec![name.clone()], why: why.clone() }).collect()
            }
            Self::Runs { running, name, why } => {
                let one = |sha: &Sha| Self::Runs { running: (*sha).into(), name: name.clone(), why: why.clone() };
                running.shas().iter().map(one).collect()
            }
            Self::Unknown(_) => vec![self.clone()],
        }
    }
}

/// The file of `--policy`.
#[derive(Clone, Debug)]
pub struct GivenPolicy {
    pub source: Source,
}

#[derive(Debug, Error)]
pub enum LocateError {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error("the production ref {0}")]
    Production(String),
    #[error("{0}")]
    Policy(Box<PolicyError>),
    #[error("what lies between the commits could not be read: {0}")]
    Range(String),
}

/// Who says where production is.
pub(crate) enum Says {
    Given(GivenProduction),
    /// A policy, in its file.
    Policy {
        source: ProductionSource,
        file: String,
    },
    /// A branch, by its name.
    Branch {
        short: String,
        sha: Sha,
    },
    /// Nobody, and why not.
    Nobody(Why),
}

/// A case, with the policy typed. A wrong policy gives the defaults and the error.
pub(crate) struct Located {
    pub case: Case,
    pub policy: TypedPolicy,
    pub policy_error: Option<PolicyError>,
}

impl Located {
    pub(crate) fn judge<'a>(&'a self, waivers: &'a [Waiver], now: Timestamp) -> Judge<'a> {
        Judge::new(&self.case, &self.policy, self.policy_error.as_ref(), waivers, now)
    }

    /// A case with its policy typed.
    pub(crate) fn of(case: Case) -> Self {
        let (policy, policy_error) = type_policy(&case.policy);
        Self { case, policy, policy_error }
    }
}

/// Each of what production runs, with the policy in force there; at least one.
pub(crate) fn locate_each(git: &Git, wanted: &Wanted) -> Result<Vec<Located>, LocateError> {
    let Some(given) = &wanted.production else { return Ok(vec![locate(git, wanted)?]) };
    let one = |given| locate(git, &Wanted { production: Some(given), ..wanted.clone() });
    let mut all = given.each().into_iter().map(one).collect::<Result<Vec<_>, _>>()?;
    // Before a merge they differ by their policies alone.
    all.dedup_by(|one, other| one.case == other.case);
    Ok(all)
}

pub(crate) fn locate(git: &Git, wanted: &Wanted) -> Result<Located, LocateError> {
    if let Some(given) = &wanted.policy {
        TypedPolicy::parse(given.source.clone()).map_err(|e| LocateError::Policy(Box::new(e)))?;
    }
    let mut head = find_head(git, wanted.head.as_deref())?;
    if let Some(branch) = &wanted.branch {
        head.name.clone_from(branch);
        head.branch = Some(branch.clone());
    }
    let branches = git.branches()?;
    let production = find_production(git, wanted, &branches, &head)?;
    let policy = match &wanted.ruled_by {
        None => find_policy(git, wanted, &branches, &production, &head)?,
        Some(rules) => {
            let ruling = Wanted { production: Some(rules.clone()), ..wanted.clone() };
            let rules = find_production(git, &ruling, &branches, &head)?;
            find_policy(git, wanted, &branches, &rules, &head)?
        }
    };
    let (stage, production) = match &wanted.stage {
        Stage::Deploy => (Stage::Deploy, production),
        Stage::Merge { into, .. } => {
            // It counts for checks as the branch that it will be a part of.
            head.branch = Some(into.clone());
            (wanted.stage.clone(), base_of(into, wanted.base))
        }
    };
    let (service, knows_pull_requests) = (String::new(), false);
    let mut located = Located::of(Case {
        service,
        path: None,
        stage,
        production,
        head,
        policy,
        knows_pull_requests,
        knows_who_was_told: false,
        seen_at: wanted.seen_at,
    });
    let service = wanted.service.clone().or_else(|| located.policy.sections.service.name.clone());
    located.case.service = service.unwrap_or_else(|| git.name());
    located.case.path = wanted.path.clone().or_else(|| located.policy.sections.service.path.clone());
    Ok(located)
}

/// What stands in production's place before a merge.
fn base_of(into: &str, base: Option<Sha>) -> Production {
    if let Some(sha) = base {
        return Production::Known { name: into.to_owned(), sha, why: format!("where it left {into}") };
    }
    let said = format!("it shares no commit with {into}, or there is no such branch");
    let why = Why::new(said, format!("make it from {into}, or let it go into a branch that is there"));
    Production::Unknown { why, look_since: None }
}

/// Types the policy in force; the defaults stand in for a wrong one.
pub(crate) fn type_policy(policy: &PolicyInForce) -> (TypedPolicy, Option<PolicyError>) {
    match TypedPolicy::parse(Source::new(policy.name.clone(), policy.text.clone())) {
        Ok(typed) => (typed, None),
        Err(error) => (TypedPolicy::built_in(), Some(error)),
    }
}

fn find_head(git: &Git, name: Option<&str>) -> Result<Head, GitError> {
    let name = name.unwrap_or("HEAD");
    let found = git.resolve(name)?;
    let branch = found.branch().map(str::to_owned);
    let shown = if name == "HEAD" { branch.as_deref().unwrap_or(name) } else { name };
    Ok(Head { name: shown.to_owned(), sha: found.sha, branch })
}

/// In their order; what a policy says of its own production is the default branch's.
pub(crate) fn who_says(git: &Git, wanted: &Wanted, branches: &Branches) -> Result<Says, LocateError> {
    if let Some(given) = &wanted.production {
        return Ok(Says::Given(given.clone()));
    }
    if let Some(given) = &wanted.policy
        && let Some(source) = production_of(&given.source).map_err(|e| LocateError::Policy(Box::new(e)))?
    {
        return Ok(Says::Policy { source, file: given.source.name.clone() });
    }
    let is_default = |full: &String| branches.default.as_ref().is_some_and(|(default, _)| default == full);
    let branch = || {
        let (short, full, sha) = branches.production.as_ref()?;
        (!is_default(full)).then(|| Says::Branch { short: short.clone(), sha: *sha })
    };
    // Else whoever may push to the default branch says what they are compared with.
    if let Some(sha) = wanted.ran_last.filter(|sha| git.commit_of_id(&sha.to_string()).is_ok())
        && let Some(says) = policy_says(git, sha, RUNS)?.or_else(branch)
    {
        return Ok(says);
    }
    if let Some((full, sha)) = &branches.default
        && let Some(says) = policy_says(git, *sha, short_ref(full))?
    {
        return Ok(says);
    }
    Ok(branch().unwrap_or_else(|| {
        Says::Nobody(Why::new(
            "nothing says where production is",
            "write `[production]` with `ref = \"BRANCH-OR-TAG\"` into gonogo.toml on the default branch, or name it with --production",
        ))
    }))
}

/// What an error calls the commit that was known to run last.
const RUNS: &str = "what runs";
/// No commit mends what runs already says.
const BY_SERVER: &str = "write `production` of its [[service]] into the server's configuration";

/// What the policy at a commit says of where production is, or why that cannot be
/// read; `None` where it says nothing.
fn policy_says(git: &Git, sha: Sha, called: &str) -> Result<Option<Says>, LocateError> {
    let unread = |said: &str, fix: &str| {
        let said = format!("the policy that would say where production is cannot be read: {said}");
        Says::Nobody(Why::new(said, if called == RUNS { BY_SERVER } else { fix }))
    };
    let text = match policy_at(git, sha)? {
        Ok(Some(text)) => text,
        Ok(None) => return Ok(None),
        Err(why) => return Ok(Some(unread(&why.said, &why.fix))),
    };
    Ok(match production_of(&Source::new(format!("{called}:{FILE}"), text)) {
        Ok(Some(source)) => Some(Says::Policy { source, file: format!("{FILE} of {called}") }),
        Ok(None) => None,
        Err(error) => Some(unread(&error.to_string(), "mend it, or name production with --production")),
    })
}

fn find_production(git: &Git, wanted: &Wanted, branches: &Branches, head: &Head) -> Result<Production, LocateError> {
    match who_says(git, wanted, branches)? {
        Says::Given(GivenProduction::Refs { names, why }) => Ok(known(&names[0], &git.resolve(&names[0])?, &why)),
        Says::Given(GivenProduction::Runs { running, name, why }) => {
            Ok(Production::Known { name, sha: running.shas()[0], why })
        }
        Says::Policy { source: ProductionSource::Ref(name), file } => from_policy(git, head, branches, &name, &file),
        Says::Branch { short, sha } => {
            let why = format!("a branch named {short}");
            Ok(Production::Known { name: short, sha, why })
        }
        Says::Policy { file, .. } => {
            let said = format!("{file} leaves it to a server to know what runs");
            unknown(git, head, Why::new(said, "name what runs with --production"))
        }
        Says::Given(GivenProduction::Unknown(why)) | Says::Nobody(why) => unknown(git, head, why),
    }
}

/// A policy's ref: the remote's branch of that name, where there is one, since a
/// local branch may be old; else the name as it stands.
fn from_policy(git: &Git, head: &Head, branches: &Branches, name: &str, file: &str) -> Result<Production, LocateError> {
    let why = format!("from {file}");
    // What a candidate is built on is never what it is compared with.
    let default = branches.default.as_ref().map(|(full, _)| short_ref(full));
    let is_default = default.is_some_and(|default| default == name || default.strip_prefix("origin/") == Some(name));
    if is_default {
        let said = format!("{file} says that production is {name}, the default branch itself: nothing would ever ship");
        let fix = "name in `[production] ref` the branch or tag that stands at what runs";
        return unknown(git, head, Why::new(said, fix));
    }
    let at_origin = format!("origin/{name}");
    if let Ok(found) = git.resolve(&format!("refs/remotes/{at_origin}")) {
        return Ok(known(&at_origin, &found, &why));
    }
    match git.resolve(name) {
        Ok(found) => Ok(known(name, &found, &why)),
        Err(error) => Err(LocateError::Production(format!("of {file} cannot be found: {error}"))),
    }
}

fn known(name: &str, found: &Resolved, why: &str) -> Production {
    Production::Known { name: name.to_owned(), sha: found.sha, why: why.to_owned() }
}

fn unknown(git: &Git, head: &Head, why: Why) -> Result<Production, LocateError> {
    let look_since = git.newest_tag(head.sha)?.map(|(tag, sha)| Look { tag, sha });
    Ok(Production::Unknown { why, look_since })
}

fn find_policy(
    git: &Git,
    wanted: &Wanted,
    branches: &Branches,
    production: &Production,
    head: &Head,
) -> Result<PolicyInForce, GitError> {
    let candidate = policy_at(git, head.sha)?;
    let in_force = |origin, name: String, text: String| {
        let (candidate, unread) = match (candidate.clone(), origin) {
            (Ok(candidate), _) => (candidate, None),
            // Theirs is not compared with the candidate's.
            (Err(_), PolicyOrigin::Given | PolicyOrigin::WorkTree) => (None, None),
            (Err(why), _) => (None, Some(why)),
        };
        Ok(PolicyInForce { origin, name, text, candidate, unread })
    };
    if let Some(given) = &wanted.policy {
        return in_force(PolicyOrigin::Given, given.source.name.clone(), given.source.text.clone());
    }
    let in_production = match production {
        Production::Known { name, sha, .. } => Some((PolicyOrigin::Production, name.as_str(), *sha)),
        Production::Unknown { .. } => None,
    };
    let on_default = branches.default.as_ref().map(|(full, sha)| (PolicyOrigin::DefaultBranch, short_ref(full), *sha));
    for (origin, name, sha) in in_production.into_iter().chain(on_default) {
        match policy_at(git, sha)? {
            Ok(Some(text)) => return in_force(origin, format!("{name}:{FILE}"), text),
            Ok(None) => {}
            // There may be one, so that no other has a say.
            Err(why) => return Ok(PolicyInForce { unread: Some(why), ..built_in() }),
        }
    }
    let in_work_tree = git.work_tree().map(|top| top.join(FILE)).and_then(|path| std::fs::read_to_string(path).ok());
    match in_work_tree {
        Some(text) => in_force(PolicyOrigin::WorkTree, FILE.to_owned(), text),
        None => in_force(PolicyOrigin::BuiltIn, built_in().name, String::new()),
    }
}

fn built_in() -> PolicyInForce {
    let (name, text) = ("built-in defaults".to_owned(), String::new());
    PolicyInForce { origin: PolicyOrigin::BuiltIn, name, text, candidate: None, unread: None }
}

/// The policy at a commit, if it has one, or why a clone that left objects with
/// its remote cannot tell.
fn policy_at(git: &Git, sha: Sha) -> Result<Result<Option<String>, Why>, GitError> {
    match git.file_at(sha, FILE) {
        Ok(text) => Ok(Ok(text)),
        Err(error) if git.is_partial() && error.is_missing_object() => Ok(Err(why(git, &error))),
        Err(error) => Err(error),
    }
}

fn short_ref(full: &str) -> &str {
    full.strip_prefix("refs/heads/").or_else(|| full.strip_prefix("refs/remotes/")).unwrap_or(full)
}
