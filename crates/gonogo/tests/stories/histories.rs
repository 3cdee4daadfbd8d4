//! Shapes of history that the range must be read from.

use crate::support::{Report, check, says, text, texts};
use gonogo_world::Repo;

/// A repository with production at its first commit.
fn in_production() -> Repo {
    let repo = Repo::new();
    repo.commit("first");
    repo.branch("production");
    repo
}

fn report(repo: &Repo) -> Report {
    check(repo).json()
}

#[test]
fn a_merge_ships_with_all_that_it_brings() {
    let repo = in_production();
    repo.branch("topic");
    let ours = repo.commit("STORY-1 ours");
    repo.checkout("topic");
    let theirs = repo.commit("STORY-2 theirs");
    repo.checkout("main");
    let merge = repo.merge("topic", "Merge branch 'topic'");

    let report = check(&repo).policy("stories.projects = ['STORY']").production("production").json();
    report.is("go");
    assert_eq!(report.shas(), [merge.as_str(), &theirs, &ours]);
    assert_eq!(report.commit(&merge)["ships"], true);
    assert_eq!(report.shipping(), ["STORY-1", "STORY-2"]);
}

#[test]
fn an_octopus_merge_ships_all_of_its_branches() {
    let repo = in_production();
    let mut commits = Vec::new();
    for name in ["one", "two", "three"] {
        repo.checkout("main").branch(name).checkout(name);
        commits.push(repo.commit(name));
    }
    repo.checkout("main");
    commits.push(repo.merge_octopus(&["one", "two", "three"], "Merge three"));

    let report = report(&repo);
    report.is("go");
    commits.reverse();
    assert_eq!(report.shas(), commits);
}

#[test]
fn a_squash_merge_names_its_pull_request_and_the_stories_of_its_body() {
    let repo = in_production();
    repo.branch("topic").checkout("topic");
    repo.commit("STORY-1 add euros");
    repo.commit("STORY-2 round them");
    repo.checkout("main");
    let squashed = repo.squash_merge("topic", "Charge in euros (#123)");

    let report = check(&repo).policy("stories.projects = ['STORY']").production("production").json();
    assert_eq!(report.shas(), [squashed.as_str()]);
    assert_eq!(report.commit(&squashed)["pull_request"], 123);
    assert_eq!(report.shipping(), ["STORY-1", "STORY-2"]);
    let shown = check(&repo).production("production").run().stdout;
    says(&shown, &["titles and branches of pull requests were not read"]);
}

#[test]
fn a_second_root_that_was_merged_in_ships_whole() {
    let repo = in_production();
    repo.orphan("imported");
    let root = repo.commit("first of another project");
    let next = repo.commit("second of it");
    repo.checkout("main");
    let merge = repo.merge("imported", "Import another project");

    let report = report(&repo);
    report.is("go");
    assert_eq!(report.shas(), [merge.as_str(), &next, &root]);
}

#[test]
fn a_head_without_history_in_common_blocks() {
    let repo = in_production();
    repo.orphan("elsewhere");
    repo.commit("first of another project");

    let report = check(&repo).head("elsewhere").json();
    report.is("no-go");
    says(text(&report.finding("ancestry-conflict")["message"]), &["shares no history with production"]);
    assert_eq!(texts(&report["missing_from_head"]), [repo.rev("production")]);
}

#[test]
fn a_head_that_production_runs_already_is_an_empty_range_and_go() {
    let repo = in_production();
    let report = report(&repo);
    report.is("go");
    assert_eq!(report.shas(), [""; 0]);
    assert_eq!(report["head"]["sha"], report["production"]["sha"]);
    says(&check(&repo).run().stdout, &["0 commits, 0 stories", "✓ Go"]);
}

#[test]
fn a_head_behind_production_would_roll_it_back_and_blocks() {
    let repo = in_production();
    let newer = repo.commit("second");
    repo.branch_at("production", "main").branch_at("old", "main~1");

    let report = check(&repo).head("old").json();
    report.is("no-go");
    assert_eq!(report.shas(), [""; 0]);
    assert_eq!(texts(&report["missing_from_head"]), [newer.as_str()]);
    says(
        text(&report.finding("ancestry-behind")["message"]),
        &["1 commit behind production", "rolled back", &newer[..7]],
    );
}

#[test]
fn an_annotated_tag_stands_for_its_commit() {
    let repo = in_production();
    let release = repo.annotated_tag("v1", "Release 1");
    let next = repo.commit("second");
    repo.annotated_tag("v2", "Release 2");

    let report = check(&repo).production("v1").head("v2").json();
    report.is("go");
    assert_ne!(report["production"]["sha"], release.as_str());
    assert_eq!(report["production"]["sha"], repo.rev("production").as_str());
    assert_eq!((&report["head"]["sha"], report.shas()), (&next.as_str().into(), vec![next.as_str()]));
}

#[test]
fn replaced_objects_are_read_as_they_were_committed() {
    let repo = in_production();
    let shown = repo.commit("what ships");
    repo.checkout("production");
    let other = repo.commit("what somebody would like to show");
    repo.checkout("main").replace(&shown, &other);

    let report = check(&repo).production(&repo.rev("production~1")).json();
    assert_eq!(report.commit(&shown)["subject"], "what ships");
}

#[test]
fn grafted_parents_are_not_believed() {
    let repo = in_production();
    let hidden = repo.commit("hidden");
    let head = repo.commit("head");
    let graft = format!("{head} {}\n", repo.rev("production"));
    std::fs::write(repo.path().join(".git/info/grafts"), graft).expect("the repository is writable");

    assert_eq!(report(&repo).shas(), [head.as_str(), &hidden]);
}

#[test]
fn a_submodule_that_moves_is_a_change_like_others() {
    let library = Repo::new();
    library.commit("library");
    let repo = in_production();
    let added = repo.submodule(&library, "vendor/library");

    let report = report(&repo);
    report.is("go");
    assert_eq!(report.shas(), [added.as_str()]);
}

#[test]
fn a_repository_with_sha_256_is_read_like_others() {
    let repo = Repo::new_sha256();
    repo.commit("first");
    repo.branch("production");
    let commit = repo.commit("STORY-1 second");
    let revert = repo.revert(&commit);

    let report = check(&repo).policy("stories.projects = ['STORY']").production("production").json();
    assert_eq!(report["head"]["sha"].as_str().map(str::len), Some(64));
    assert_eq!(texts(&report.commit(&revert)["reverts"]), [commit.as_str()]);
    assert_eq!(report.story("STORY-1")["ships"], false);
}

#[test]
fn a_message_that_is_not_utf_8_is_shown_as_far_as_it_goes() {
    let repo = in_production();
    let broken = repo.commit_bytes(b"STORY-1 caf\xe9 \xff");
    let report = check(&repo).policy("stories.projects = ['STORY']").production("production").json();
    assert_eq!(report.commit(&broken)["subject"], "STORY-1 caf\u{fffd} \u{fffd}");
    assert_eq!(report.shipping(), ["STORY-1"]);
}

#[test]
fn a_message_in_another_declared_encoding_is_decoded() {
    let repo = in_production();
    repo.git(&["config", "i18n.commitEncoding", "ISO-8859-1"]);
    let commit = repo.commit_bytes(b"caf\xc3\xa9");
    repo.git(&["config", "i18n.logOutputEncoding", "ISO-8859-1"]);
    let subject = report(&repo).commit(&commit)["subject"].clone();
    // The bytes are what a tool that says Latin-1 wrote: two letters of it.
    assert_eq!(subject, "cafÃ©");
}

#[test]
fn paths_that_are_not_utf_8_stay_apart() {
    let repo = in_production();
    repo.commit_files("conflict", &[(b"a\xfe.txt", "<<<<<<< ours\n"), (b"a\xff.txt", "<<<<<<< ours\n")]);
    let report = report(&repo);
    let places: Vec<&str> =
        report["findings"].as_array().into_iter().flatten().map(|f| text(&f["at"]["path"])).collect();
    assert_eq!(places, [r"a\xfe.txt", r"a\xff.txt"]);
}

#[test]
fn an_empty_commit_and_an_empty_message_are_read() {
    let repo = in_production();
    let empty = repo.commit_all("nothing changes");
    let silent = repo.commit("");
    let last = repo.commit("last");
    let report = report(&repo);
    assert_eq!(report.shas(), [last.as_str(), &silent, &empty]);
    assert_eq!(report.commit(&silent)["subject"], "");
}
