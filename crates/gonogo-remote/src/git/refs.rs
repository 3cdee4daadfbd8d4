//! Names of branches, tags and commits, resolved to exact SHAs.

use super::objects::Found;
use super::{Git, GitError};
use gonogo_core::ids::Sha;
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

/// A name with the commit it stands for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    pub sha: Sha,
    /// The full ref, where the name is one.
    pub full: Option<String>,
}

impl Resolved {
    /// The branch's name without `refs/heads/`, or `refs/remotes/` and the remote.
    pub fn branch(&self) -> Option<&str> {
        let full = self.full.as_deref()?;
        full.strip_prefix("refs/heads/")
            .or_else(|| full.strip_prefix("refs/remotes/").and_then(|rest| rest.split_once('/')).map(|(_, name)| name))
    }
}

/// The branches that matter for knowing production.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Branches {
    /// The default branch: its full ref and commit.
    pub default: Option<(String, Sha)>,
    /// `origin/production`, else `production`: its short name, full ref and commit.
    pub production: Option<(String, String, Sha)>,
}

/// Refs that were asked for, as they stood then.
#[derive(Debug, Default)]
pub(super) struct Seen {
    branches: OnceLock<Branches>,
    exact: Mutex<HashMap<Vec<String>, Vec<(String, Sha)>>>,
}

/// Where git looks for a short name, after the name itself.
const PLACES: [&str; 4] = ["refs/", "refs/tags/", "refs/heads/", "refs/remotes/"];

/// How many commits a message about an ambiguous short name shows.
const MOST_LIKE: usize = 4;

impl Git {
    /// Resolves a name as git would, but never guesses between two refs.
    pub fn resolve(&self, name: &str) -> Result<Resolved, GitError> {
        if name.is_empty() {
            return Err(GitError::EmptyRef);
        }
        if name.contains('\0') {
            // No program could be asked for it.
            return Err(GitError::NoSuchRef { name: name.to_owned(), nearest: Vec::new(), is_shallow: false });
        }
        // A full id is the object, whatever refs are called; a full ref is that ref.
        let is_id = Sha::from_hex(name.as_bytes()).is_some();
        let is_plain = !is_id && !name.contains(['^', '~', ':', '@', '{', ' ']) && name != "HEAD";
        if is_plain {
            let places: Vec<String> = if name.starts_with("refs/") {
                vec![name.to_owned()]
            } else {
                PLACES.iter().map(|place| format!("{place}{name}")).collect()
            };
            let refs = self.exact_refs(&places)?;
            if let Some(resolved) = self.one_of(name, refs)? {
                return Ok(resolved);
            }
            if name.starts_with("refs/") {
                return Err(self.no_such_ref(name)?);
            }
        }
        let ask = [format!("{name}^{{commit}}")];
        let itself = self.with_objects(|objects| objects.find(&ask))?.pop().unwrap_or(Found::Missing);
        match itself {
            Found::Object { sha, .. } => Ok(Resolved { sha, full: self.head_ref.clone().filter(|_| name == "HEAD") }),
            Found::Missing if name == "HEAD" => Err(GitError::NoCommit),
            Found::Ambiguous | Found::Missing => match self.commits_like(name)?.as_slice() {
                [] | [_] => Err(self.no_such_ref(name)?),
                could_be => Err(GitError::AmbiguousRef { name: name.to_owned(), could_be: could_be.to_vec() }),
            },
        }
    }

    fn no_such_ref(&self, name: &str) -> Result<GitError, GitError> {
        let nearest = self.nearest(name)?;
        Ok(GitError::NoSuchRef { name: name.to_owned(), nearest, is_shallow: self.is_shallow })
    }

    /// The commits of refs that are called exactly so. Not by asking for the
    /// names as git reads them: a tag may be called `refs/heads/main`.
    fn exact_refs(&self, names: &[String]) -> Result<Vec<(String, Sha)>, GitError> {
        let seen = || self.seen.exact.lock().unwrap_or_else(PoisonError::into_inner);
        let known = seen().get(names).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let found = self.find_exact(names)?;
        seen().insert(names.to_vec(), found.clone());
        Ok(found)
    }

    fn find_exact(&self, names: &[String]) -> Result<Vec<(String, Sha)>, GitError> {
        let mut args = vec!["for-each-ref", "--format=%(refname)%00%(objectname)%00%(symref)", "--"];
        args.extend(names.iter().map(String::as_str));
        let text = self.must(&args)?;
        let text = String::from_utf8_lossy(&text);
        let parts = |line: &'_ str| -> Option<(String, String)> {
            let mut parts = line.split('\0');
            let (name, id, stands_for) = (parts.next()?, parts.next()?, parts.next()?);
            let is_asked = names.iter().any(|asked| asked == name);
            // `origin/HEAD` is the branch that it stands for.
            let name = if stands_for.is_empty() { name } else { stands_for };
            is_asked.then(|| (name.to_owned(), id.to_owned()))
        };
        let found: Vec<(String, String)> = text.lines().filter_map(parts).collect();
        let asks: Vec<String> = found.iter().map(|(_, id)| format!("{id}^{{commit}}")).collect();
        let objects = self.with_objects(|objects| objects.find(&asks))?;
        let pair = |((name, _), object): ((String, String), Found)| Some((name, commit(&object)?));
        Ok(found.into_iter().zip(objects).filter_map(pair).collect())
    }

    /// The one commit that all of these stand for, unless the name is also the
    /// beginning of another commit's id.
    fn one_of(&self, name: &str, refs: Vec<(String, Sha)>) -> Result<Option<Resolved>, GitError> {
        let Some((first, sha)) = refs.first().cloned() else { return Ok(None) };
        let is_hex = name.len() >= 4 && name.bytes().all(|b| b.is_ascii_hexdigit());
        let ids = if is_hex { self.commits_like(name)? } else { Vec::new() };
        let others: Vec<String> = ids.into_iter().filter(|id| *id != sha.to_string()).collect();
        if !others.is_empty() || refs.iter().any(|(_, other)| *other != sha) {
            let could_be = refs.into_iter().map(|(full, _)| full).chain(others).collect();
            return Err(GitError::AmbiguousRef { name: name.to_owned(), could_be });
        }
        Ok(Some(Resolved { sha, full: Some(first) }))
    }

    /// Every branch of a bare repository with its commit.
    pub fn heads(&self) -> Result<Vec<(String, Sha)>, GitError> {
        let text = self.must(&["for-each-ref", "--format=%(refname:lstrip=2)%00%(objectname)", "refs/heads/"])?;
        let text = String::from_utf8_lossy(&text);
        let pair = |line: &str| {
            let (name, sha) = line.split_once('\0')?;
            Some((name.to_owned(), sha.parse().ok()?))
        };
        Ok(text.lines().filter_map(pair).collect())
    }

    /// Of these commits, those that are not here.
    pub fn lacks(&self, shas: &[Sha]) -> Result<Vec<Sha>, GitError> {
        let names: Vec<String> = shas.iter().map(|sha| format!("{sha}^{{commit}}")).collect();
        let found = self.with_objects(|objects| objects.find(&names))?;
        let is_missing = |found: &Found| commit(found).is_none();
        Ok(shas.iter().zip(&found).filter(|(_, found)| is_missing(found)).map(|(sha, _)| *sha).collect())
    }

    /// The branches of a bare repository that have a commit.
    pub fn branches_with(&self, sha: Sha) -> Result<Vec<String>, GitError> {
        let contains = format!("--contains={sha}");
        let text = self.must(&["for-each-ref", "--format=%(refname:lstrip=2)", &contains, "refs/heads/"])?;
        Ok(String::from_utf8_lossy(&text).lines().map(str::to_owned).collect())
    }

    /// The default branch and the branch that is production by its name.
    pub fn branches(&self) -> Result<Branches, GitError> {
        if let Some(known) = self.seen.branches.get() {
            return Ok(known.clone());
        }
        let found = self.find_branches()?;
        Ok(self.seen.branches.get_or_init(|| found).clone())
    }

    fn find_branches(&self) -> Result<Branches, GitError> {
        let wanted = [
            "refs/remotes/origin/HEAD",
            "refs/remotes/origin/main",
            "refs/remotes/origin/master",
            "refs/heads/main",
            "refs/heads/master",
            "refs/remotes/origin/production",
            "refs/heads/production",
        ];
        let mut args = vec!["for-each-ref", "--format=%(refname)%00%(objectname)%00%(symref)", "--"];
        args.extend(wanted);
        args.extend(self.head_ref.as_deref());
        let text = self.must(&args)?;
        let text = String::from_utf8_lossy(&text);
        let refs: Vec<(&str, Sha, &str)> = text
            .lines()
            .filter_map(|line| {
                let mut parts = line.split('\0');
                Some((parts.next()?, parts.next()?.parse().ok()?, parts.next()?))
            })
            .collect();
        let find = |name: &str| refs.iter().find(|(full, ..)| *full == name);
        let by_remote = find("refs/remotes/origin/HEAD").map(|(_, sha, target)| ((*target).to_owned(), *sha));
        // A clone has `main` beside `origin/main`: one branch under two names.
        let called =
            |name: &str| find(&format!("refs/remotes/origin/{name}")).or_else(|| find(&format!("refs/heads/{name}")));
        let default = match by_remote {
            Some(default) => Some(default),
            None if self.is_bare => {
                self.head_ref.as_deref().and_then(find).map(|(full, sha, _)| ((*full).to_owned(), *sha))
            }
            None => only(["main", "master"].iter().filter_map(|name| called(name)))
                .map(|(full, sha, _)| ((*full).to_owned(), *sha)),
        };
        let by_name = ["refs/remotes/origin/production", "refs/heads/production"].iter().find_map(|name| find(name));
        let production = by_name.map(|(full, sha, _)| {
            let short = full.trim_start_matches("refs/remotes/").trim_start_matches("refs/heads/");
            (short.to_owned(), (*full).to_owned(), *sha)
        });
        Ok(Branches { default, production })
    }

    /// Every tag with its commit, the newest version first.
    pub fn tags(&self) -> Result<Vec<(String, Sha)>, GitError> {
        let format = "--format=%(refname:lstrip=2)%00%(objectname)%00%(*objectname)";
        let text = self.must(&["for-each-ref", "--sort=-version:refname", format, "refs/tags/"])?;
        let text = String::from_utf8_lossy(&text);
        let pair = |line: &str| {
            let mut parts = line.split('\0');
            let (name, id, of) = (parts.next()?, parts.next()?, parts.next()?);
            // An annotated tag is an object of its own.
            Some((name.to_owned(), if of.is_empty() { id } else { of }.parse().ok()?))
        };
        Ok(text.lines().filter_map(pair).collect())
    }

    /// The one commit whose id is this or begins so. No ref has a say: one may be
    /// called like a commit.
    pub fn commit_of_id(&self, id: &str) -> Result<Sha, GitError> {
        match self.commits_like(id)?.as_slice() {
            [] => Err(GitError::NoSuchCommit { id: id.to_owned() }),
            [only] => only.parse().map_err(|_| GitError::Unreadable(format!("`{only}` where an id belongs"))),
            could_be => Err(GitError::AmbiguousRef { name: id.to_owned(), could_be: could_be.to_vec() }),
        }
    }

    /// The newest tag that a commit has behind it.
    pub fn newest_tag(&self, head: Sha) -> Result<Option<(String, Sha)>, GitError> {
        let described = self.run(&["describe", "--tags", "--abbrev=0", &head.to_string()])?;
        let Ok(name) = described.ok() else { return Ok(None) };
        let name = name.trim_end().to_owned();
        Ok(self.resolve(&format!("refs/tags/{name}")).ok().map(|tag| (name, tag.sha)))
    }

    /// Short names of all branches, remotes' too, and whether a commit has all
    /// of the branch behind it.
    pub fn branch_names(&self, base: Sha) -> Result<Vec<(String, bool)>, GitError> {
        let list = |merged: &str| -> Result<Vec<String>, GitError> {
            let merged = format!("--{merged}={base}");
            let args = ["for-each-ref", "--format=%(refname)", &merged, "--", "refs/heads/", "refs/remotes/"];
            let text = self.must(&args)?;
            let short = |line: &str| {
                let line =
                    line.strip_prefix("refs/heads/").or_else(|| line.strip_prefix("refs/remotes/")).unwrap_or(line);
                line.to_owned()
            };
            Ok(String::from_utf8_lossy(&text).lines().filter(|l| !l.ends_with("/HEAD")).map(short).collect())
        };
        let open = list("no-merged")?.into_iter().map(|name| (name, false));
        Ok(open.chain(list("merged")?.into_iter().map(|name| (name, true))).collect())
    }

    /// Up to three existing names that look most like a missing one.
    fn nearest(&self, name: &str) -> Result<Vec<String>, GitError> {
        let text = self.must(&["for-each-ref", "--format=%(refname:short)"])?;
        let text = String::from_utf8_lossy(&text);
        let score = |other: &str| {
            let last = other.rsplit('/').next().unwrap_or(other);
            strsim::jaro_winkler(name, other).max(strsim::jaro_winkler(name, last))
        };
        let mut scored: Vec<(f64, &str)> =
            text.lines().map(|other| (score(other), other)).filter(|(s, _)| *s > 0.75).collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        Ok(scored.into_iter().take(3).map(|(_, other)| other.to_owned()).collect())
    }

    /// The commits that a short object name could mean.
    fn commits_like(&self, prefix: &str) -> Result<Vec<String>, GitError> {
        if !(4..=64).contains(&prefix.len()) || !prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(Vec::new());
        }
        let text = self.must(&["rev-parse", &format!("--disambiguate={prefix}")])?;
        let names: Vec<String> = String::from_utf8_lossy(&text).lines().map(str::to_owned).collect();
        let found = self.with_objects(|objects| objects.find(&names))?;
        let is_commit = |o: &Found| matches!(o, Found::Object { kind, .. } if kind == "commit");
        Ok(names.into_iter().zip(found).filter(|(_, o)| is_commit(o)).map(|(name, _)| name).take(MOST_LIKE).collect())
    }
}

fn commit(found: &Found) -> Option<Sha> {
    match found {
        Found::Object { sha, .. } => Some(*sha),
        Found::Missing | Found::Ambiguous => None,
    }
}

/// The one item, where there is exactly one.
fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    items.next().filter(|_| items.next().is_none())
}
