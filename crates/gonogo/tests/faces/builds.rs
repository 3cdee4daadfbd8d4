//! `gonogo check` asks GitHub for builds, of the repository that `origin` is.

use crate::support::run;
use gonogo_world::{GitHub, Repo};

const POLICY: &str =
    "stories.projects = ['STORY']\nproduction.ref = 'production'\n[checks.builds]\nrequired = ['suite']\n";

#[test]
fn a_check_reads_the_builds_of_origins_repository() {
    let repo = Repo::new();
    repo.commit_files("no-jira first", &[("gonogo.toml", POLICY)]);
    repo.branch("production");
    let sha = repo.commit("STORY-1 x");
    let github = GitHub::enterprise();
    github.repository("acme/web").made_from(&repo);
    github.user("robin").with_token("ghp_cli");
    let api = github.api_url().trim_end_matches('/').to_owned();
    let host = api.trim_end_matches("/api/v3").to_owned();
    let path = repo.path().display().to_string();
    let check = |token: Option<&str>| {
        let arguments = ["check", "--repo", &path, "--production", "production"];
        let mut environment = vec![("GONOGO_GITHUB_API_URL", api.as_str())];
        environment.extend(token.map(|token| ("GONOGO_GITHUB_TOKEN", token)));
        let ran = run(env!("CARGO_BIN_EXE_gonogo"), &arguments, &environment);
        (ran.code, ran.stdout)
    };

    let (code, said) = check(None);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("no code host is at hand"), "{said}");
    let (code, said) = check(Some("ghp_cli"));
    assert_eq!(code, 3, "which repository it is, nobody says: {said}");
    assert!(said.contains("GONOGO_GITHUB_REPOSITORY"), "{said}");

    repo.git(&["remote", "add", "origin", &format!("{host}/acme/web.git")]);
    github.repository("acme/web").posts_status(&sha, "suite", "failure", "2 of 90 failed");
    let (code, said) = check(Some("ghp_cli"));
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("ended in failure: 2 of 90 failed"), "{said}");
    github.repository("acme/web").posts_status(&sha, "suite", "success", "");
    assert_eq!(check(Some("ghp_cli")).0, 0);
    // The doctor asks the same.
    let doctor = |token: &str| {
        let environment = [("GONOGO_GITHUB_API_URL", api.as_str()), ("GONOGO_GITHUB_TOKEN", token)];
        run(env!("CARGO_BIN_EXE_gonogo"), &["doctor", "--repo", &path], &environment).stdout
    };
    let said = doctor("ghp_cli");
    assert!(said.contains("✓ code host    acme/web at GitHub, 0 builds of"), "{said}");
    let said = doctor("ghp_wrong");
    assert!(said.contains("✗ code host    GitHub: it does not take our credentials"), "{said}");
    // Elsewhere our token is not sent.
    repo.git(&["remote", "set-url", "origin", "https://git.example.com/acme/web.git"]);
    assert_eq!(check(Some("ghp_cli")).0, 3);
}
