//! Real git against it: clone, fetch, push, and who may.

use std::path::Path;
use std::process::{Command, Output};

use gonogo_world::{GitHub, repo};
use tempfile::TempDir;

use super::client::{github, web};
use super::receiver::Receiver;

/// Runs git as any user would.
fn git(folder: &Path, args: &[&str]) -> Output {
    #[allow(clippy::disallowed_methods, reason = "git itself is what is tested")]
    let mut command = Command::new(repo::git_program());
    repo::isolate(&mut command).current_dir(folder).args([
        "-c",
        "user.name=Maria",
        "-c",
        "user.email=maria@example.com",
    ]);
    command.args(args).output().unwrap()
}

#[track_caller]
fn agrees(folder: &Path, args: &[&str]) -> String {
    let output = git(folder, args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[track_caller]
fn refuses(folder: &Path, args: &[&str]) -> String {
    let output = git(folder, args);
    assert!(!output.status.success(), "git {args:?} agreed");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn clone_of(github: &GitHub) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let url = web(github).clone_url_with("ghp_world");
    agrees(folder.path(), &["clone", "--quiet", &url, "."]);
    folder
}

#[test]
fn git_clones_fetches_and_pushes() {
    let (github, repo) = github();
    let clone = clone_of(&github);
    assert_eq!(agrees(clone.path(), &["rev-parse", "HEAD"]), repo.head());

    let fourth = repo.commit("fourth");
    web(&github).pushes("main", &repo);
    agrees(clone.path(), &["pull", "--quiet", "--ff-only"]);
    assert_eq!(agrees(clone.path(), &["rev-parse", "HEAD"]), fourth);

    agrees(clone.path(), &["commit", "--quiet", "--allow-empty", "-m", "fifth"]);
    agrees(clone.path(), &["push", "--quiet", "origin", "HEAD:feature/x"]);
    let fifth = agrees(clone.path(), &["rev-parse", "HEAD"]);
    assert_eq!(web(&github).branch("feature/x"), Some(fifth));
}

#[test]
fn shallow_mirror_and_partial_clones_work() {
    let (github, _repo) = github();
    let url = web(&github).clone_url_with("ghp_world");
    for option in ["--depth=1", "--mirror", "--filter=blob:none"] {
        let folder = tempfile::tempdir().unwrap();
        agrees(folder.path(), &["clone", "--quiet", option, &url, "clone"]);
    }
}

#[test]
fn a_body_that_git_packs_and_streams_arrives_whole() {
    let (github, _repo) = github();
    let clone = clone_of(&github);
    // More than git sends without chunks (1 MiB), and not to be compressed.
    let noise: Vec<u8> = (0..3_000_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    std::fs::write(clone.path().join("noise"), noise).unwrap();
    agrees(clone.path(), &["add", "noise"]);
    agrees(clone.path(), &["commit", "--quiet", "-m", "noise"]);
    agrees(clone.path(), &["push", "--quiet", "origin", "main"]);
    let again = clone_of(&github);
    assert_eq!(std::fs::metadata(again.path().join("noise")).unwrap().len(), 12_000_000);
}

#[test]
fn a_push_over_http_is_told_before_git_ends() {
    let (github, repo) = github();
    let receiver = Receiver::start();
    github.user("maria").with_token("ghp_maria").with_email("maria@example.com");
    web(&github).hooked_to_for(receiver.url(), "secret", &["push", "create"]);
    let clone = clone_of(&github);
    agrees(clone.path(), &["commit", "--quiet", "--allow-empty", "-m", "STORY-12 charge in euros"]);
    let url = web(&github).clone_url_with("ghp_maria");
    agrees(clone.path(), &["push", "--quiet", &url, "main"]);
    let sent = github.hooks().of("push").settle();
    assert_eq!(sent.len(), 1, "it was noticed before the push came back");

    let push = receiver.of("push")[0].json();
    assert_eq!(push["ref"], "refs/heads/main");
    assert_eq!(push["before"], repo.head());
    assert_eq!(push["pusher"]["name"], "maria");
    assert_eq!(push["commits"][0]["message"], "STORY-12 charge in euros");
    assert_eq!(push["head_commit"]["author"]["username"], "maria");
    assert_eq!(push["forced"], false);
}

#[test]
fn who_may_not_is_refused() {
    let (github, repo) = github();
    let team = web(&github);
    let folder = tempfile::tempdir().unwrap();
    let ls = |url: &str| refuses(folder.path(), &["ls-remote", url]);
    assert!(ls(&team.clone_url()).contains("could not read Username"));
    assert!(ls(&team.clone_url_with("ghp_wrong")).contains("Authentication failed"));
    github.token("github_pat_blind");
    assert!(ls(&team.clone_url_with("github_pat_blind")).contains("403"));

    github.token("github_pat_reader").may_read("contents");
    let reader = team.clone_url_with("github_pat_reader");
    agrees(folder.path(), &["ls-remote", &reader]);
    let url = format!("{}/acme/nothing.git", github.url()).replacen("://", "://x:ghp_world@", 1);
    assert!(ls(&url).contains("not found"));

    let clone = clone_of(&github);
    agrees(clone.path(), &["commit", "--quiet", "--allow-empty", "-m", "fourth"]);
    assert!(refuses(clone.path(), &["push", &reader, "main"]).contains("403"));
    assert_eq!(team.branch("main"), Some(repo.head()));

    team.public();
    agrees(folder.path(), &["ls-remote", &team.clone_url()]);
}

#[test]
fn an_old_name_leads_to_the_new_one() {
    let (github, repo) = github();
    let old = web(&github).clone_url_with("ghp_world");
    github.repository("acme/web").renamed_to("acme/site");
    let folder = tempfile::tempdir().unwrap();
    assert!(agrees(folder.path(), &["ls-remote", &old, "refs/heads/main"]).starts_with(&repo.head()));
}

#[test]
fn git_is_down_when_github_is() {
    let (github, _repo) = github();
    let clone = clone_of(&github);
    github.goes_down();
    assert!(refuses(clone.path(), &["fetch"]).contains("503"));
    github.comes_back();
    agrees(clone.path(), &["fetch"]);
    assert!(github.requests_to("/git-upload-pack").iter().all(|request| request.status.is_some()));
}
