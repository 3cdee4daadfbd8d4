//! Moves a ref of a remote, and only from where it was seen.

use super::mirror::outward;
use super::{Fetches, GitError, Remote};
use gonogo_core::ids::Sha;
use std::path::Path;

/// Has a ref of the remote, such as `refs/heads/production`, lead from where it was seen
/// (`None`: there was none) to a commit of the mirror in `dir`. False where it stands
/// elsewhere by now: nothing is moved then.
pub fn move_ref(
    dir: &Path,
    remote: &Remote,
    name: &str,
    from: Option<Sha>,
    to: Sha,
    fetches: &Fetches,
) -> Result<bool, GitError> {
    let from = from.map(|sha| sha.to_string()).unwrap_or_default();
    let (lease, spec) = (format!("--force-with-lease={name}:{from}"), format!("{to}:{name}"));
    let args = ["push", "--porcelain", "--no-verify", "--no-follow-tags", &lease, "--", &remote.url, &spec];
    let ended = fetches.run(outward(dir, remote, &args), None)?;
    let lines = ended.text();
    match ended.bytes() {
        Ok(_) => Ok(true),
        Err(_) if lines.contains("(stale info)") => Ok(false),
        Err(stderr) => Err(refused(&lines, &stderr)),
    }
}

/// Why the remote took it not: of its own words the first, else git's.
fn refused(lines: &str, stderr: &str) -> GitError {
    let of_remote = stderr.lines().find_map(|line| line.trim().strip_prefix("remote: ")).map(str::trim);
    // `!	<from>:<to>	[remote rejected] (why)`
    let of_ref = lines.lines().find_map(|line| line.strip_prefix('!')?.split('\t').nth(2));
    match of_remote.filter(|said| !said.is_empty()).or(of_ref) {
        Some(said) => GitError::failed(&["push"], said),
        None => GitError::failed(&["push"], stderr),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remotes_own_words_say_why() {
        let said = |lines: &str, stderr: &str| refused(lines, stderr).to_string();
        let protected = "remote: error: GH006: Protected branch update failed for refs/heads/production.        \n\
             remote: error: Cannot force-push to this branch\nTo https://github.com/acme/web\n";
        assert!(said("", protected).contains("GH006: Protected branch update failed"), "{}", said("", protected));
        let line = "To http://x\n!\ta:refs/heads/p\t[remote rejected] (hook declined)\nDone\n";
        assert!(said(line, "error: failed to push some refs").contains("(hook declined)"));
        assert!(said("", "fatal: unable to access").contains("unable to access"));
    }
}
