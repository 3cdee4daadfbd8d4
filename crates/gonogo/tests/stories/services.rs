//! A repository that holds several services, each in a folder of its own.

use crate::support::{Report, check, says, text};
use gonogo_world::Repo;

/// Production has a first version of `web` and `api`.
fn both() -> Repo {
    let repo = Repo::new();
    repo.commit_files("first", &[("web/a", "1\n"), ("api/a", "1\n"), ("web-admin/a", "1\n")]);
    repo.branch("production");
    repo
}

fn of(repo: &Repo, path: &str) -> Report {
    let policy = format!("stories.projects = ['STORY']\n[service]\nname = '{path}'\npath = '{path}'\n");
    check(repo).head("main").production("production").policy(&policy).json()
}

#[test]
fn a_service_has_the_commits_below_its_folder_alone() {
    let repo = both();
    let web = repo.commit_files("STORY-1 x", &[("web/a", "2\n")]);
    let api = repo.commit_files("tidy up", &[("api/a", "2\n"), ("web-admin/a", "2\n")]);
    let both = repo.commit_files("STORY-2 y", &[("web/b", "1\n"), ("api/b", "1\n")]);
    let report = of(&repo, "web");
    assert_eq!(report.is("go").shas(), [&*both, &*web]);
    assert_eq!((report.shipping(), &report["path"]), (vec!["STORY-1", "STORY-2"], &serde_json::json!("web")));
    let report = of(&repo, "api");
    assert_eq!(report.is("no-go").shas(), [&*both, &*api]);
    assert_eq!(report.finding("story-key-missing")["subject"]["id"], *api);
}

#[test]
fn a_merge_concerns_the_services_whose_files_it_brings() {
    let repo = both();
    repo.branch("story").checkout("story");
    let work = repo.commit_files("STORY-1 x", &[("api/a", "2\n")]);
    repo.checkout("main");
    let other = repo.commit_files("STORY-2 y", &[("web/a", "2\n")]);
    let merge = repo.merge("story", "Merge STORY-1");
    assert_eq!(of(&repo, "api").shas(), [&*merge, &*work]);
    assert_eq!(of(&repo, "web").shas(), [&*other]);
}

#[test]
fn what_changes_nothing_below_the_folder_is_go_and_says_why() {
    let repo = both();
    repo.commit_files("WIP tidy up", &[("api/a", "<<<<<<< x\n")]);
    let report = of(&repo, "web");
    assert_eq!(report.is("go").found(), [""; 0]);
    for name in ["ancestry", "story-key", "unfinished"] {
        assert_eq!(report.check(name)["why"], "nothing below web changes");
    }
    // A change that was taken back is one all the same.
    repo.commit_files("STORY-1 x", &[("web/a", "2\n")]);
    repo.commit_files("tidy up", &[("web/a", "1\n")]);
    of(&repo, "web").is("no-go").finding("story-key-missing");
}

#[test]
fn a_hotfix_of_another_service_is_not_lost_by_this_one() {
    let repo = both();
    repo.checkout("production");
    repo.commit_files("STORY-9 hotfix", &[("api/a", "mended\n")]);
    repo.checkout("main");
    repo.commit_files("STORY-1 x", &[("web/a", "2\n"), ("api/b", "1\n")]);
    of(&repo, "web").is("go");
    let finding = of(&repo, "api");
    let finding = finding.is("no-go").finding("ancestry-lost");
    says(text(&finding["message"]), &["would lose what production has in api/a"]);
}

#[test]
fn a_merge_that_keeps_its_own_side_loses_what_is_below_the_folder() {
    let repo = both();
    repo.checkout("production");
    repo.commit_files("STORY-9 hotfix", &[("web/a", "mended\n")]);
    repo.checkout("main");
    repo.commit_files("STORY-1 x", &[("api/a", "2\n")]);
    repo.git(&["merge", "-s", "ours", "-m", "Merge production", "production"]);
    let merge = repo.head();
    let report = of(&repo, "web");
    let finding = report.is("no-go").finding("ancestry-lost");
    assert_eq!(finding["subject"]["id"], merge);
    says(text(&finding["message"]), &["left out what", "of production has in web/a, and head would lose it"]);
    of(&repo, "api").is("go");
}

#[test]
fn the_newest_go_of_a_service_counts_its_own_commits() {
    let repo = both();
    let good = repo.commit_files("STORY-1 x", &[("web/a", "2\n")]);
    let other = repo.commit_files("tidy up", &[("api/a", "2\n")]);
    repo.commit_files("tidy up here", &[("web/b", "1\n")]);
    let report = of(&repo, "web");
    assert_eq!(report.is("no-go")["newest_go"]["sha"], *other, "{good}");
    assert_eq!(report["newest_go"]["commits"], 1);
}

#[test]
fn a_folder_that_is_none_is_a_mistake() {
    let ran = check(&both()).policy("service.path = '../web'\n").run();
    assert_eq!(ran.code, 2);
    says(&ran.stderr, &["`../web` is no folder of the repository"]);
}
