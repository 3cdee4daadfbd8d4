//! What is to be done, by how all hosts stand. Pure.

use super::error::CapistranoError;
use super::link::Server;
use super::look::{Look, Release};

/// Places of the servers that are meant; `None` for all of them.
pub(super) fn chosen(servers: &[Server], only: &[String]) -> Result<Option<Vec<usize>>, CapistranoError> {
    let known: Vec<String> = servers.iter().map(Server::said).collect();
    if servers.is_empty() {
        return Err(CapistranoError::NoServer { wanted: only.to_vec(), known });
    }
    if only.is_empty() {
        return Ok(None);
    }
    let is_meant = |server: &Server| only.contains(&server.name) || only.contains(&server.said());
    let found: Vec<usize> = (0..servers.len()).filter(|at| is_meant(&servers[*at])).collect();
    match found.as_slice() {
        [] => Err(CapistranoError::NoServer { wanted: only.to_vec(), known }),
        [_] => Ok(Some(found)),
        several => {
            let found = several.iter().map(|at| known[*at].clone()).collect();
            Err(CapistranoError::SeveralServers { wanted: only.to_vec(), found })
        }
    }
}

/// Whether the release is whole on all hosts and serves on one at least: it passed all
/// that comes before publishing, and is not made once more beneath those who use it.
pub(super) fn is_made(looks: &[Look], release: &str, sha: &str) -> bool {
    let is_there = |look: &Look| look.release(release).is_some_and(|one| one.sha.as_deref() == Some(sha));
    looks.iter().all(is_there) && looks.iter().any(|look| look.serves(release, sha))
}

/// A release of this name that something else made.
pub(super) fn foreign<'l>(looks: &'l [Look], release: &str, mark: &str) -> Option<&'l Look> {
    looks.iter().find(|look| look.release(release).is_some_and(|one| one.by.as_deref() != Some(mark)))
}

/// Releases that never served and never will: what a deploy of ours left half made, and
/// what has no REVISION and rests for an hour.
pub(super) fn half_made(look: &Look, kept: Option<&str>) -> Vec<String> {
    let never = |one: &&Release| !one.was_published && look.current.as_deref() != Some(one.name.as_str());
    let is_left = |one: &&Release| one.by.is_some() || (one.sha.is_none() && one.is_old);
    let is_free = |one: &&Release| kept != Some(one.name.as_str());
    let left = look.releases.iter().filter(never).filter(is_left).filter(is_free);
    left.map(|one| one.name.clone()).collect()
}

/// How a commit comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WayBack {
    /// It serves everywhere, and nothing was begun.
    Nothing,
    /// By this release, which was seen to serve on all hosts.
    To(String),
    /// It is made anew.
    Anew,
}

pub(super) fn way_back(looks: &[Look], sha: &str, mark: &str) -> WayBack {
    let is_begun = looks.iter().any(|look| look.back.as_deref() == Some(mark));
    let is_back = |look: &Look| look.sha.as_deref() == Some(sha) && look.current.is_some();
    if !is_begun && looks.iter().all(is_back) {
        return WayBack::Nothing;
    }
    let is_good = |look: &Look, name: &str| {
        look.release(name).is_some_and(|one| one.was_published && one.sha.as_deref() == Some(sha))
    };
    let names = looks.first().map(|look| look.releases.as_slice()).unwrap_or_default().iter().map(|one| &one.name);
    let everywhere = names.filter(|name| looks.iter().all(|look| is_good(look, name)));
    everywhere.max().map_or(WayBack::Anew, |name| WayBack::To(name.clone()))
}
