//! What still ships when commits are taken back, and taken back again.

use crate::support::{Report, check, says, text, texts};
use gonogo_world::Repo;

fn in_production() -> Repo {
    let repo = Repo::new();
    repo.commit("STORY-90 first");
    repo.branch("production");
    repo
}

fn report(repo: &Repo) -> Report {
    check(repo).production("production").policy("[stories]\nprojects = ['STORY']\n").json()
}

/// A commit with an empty tree change is no revert; this takes back by hand.
fn revert_by_hand(repo: &Repo, shas: &[&str], message: &str) -> String {
    for sha in shas {
        repo.git(&["revert", "--no-commit", sha]);
    }
    repo.commit_all(message)
}

fn write(repo: &Repo, path: &str, text: &str) {
    std::fs::write(repo.path().join(path), text).expect("the work tree can be written");
}

#[track_caller]
fn ships(report: &Report, shas: &[(&str, bool)]) {
    for (sha, expected) in shas {
        assert_eq!(report.commit(sha)["ships"], *expected, "{sha} in {report}");
    }
}

#[test]
fn a_reverted_story_no_longer_ships() {
    let repo = in_production();
    let story = repo.commit("STORY-1 charge in euros");
    let revert = repo.revert(&story);

    let report = report(&repo);
    report.is("go");
    ships(&report, &[(&story, false), (&revert, true)]);
    assert_eq!(texts(&report.commit(&revert)["reverts"]), [story.as_str()]);
    assert_eq!(texts(&report.commit(&revert)["keys"]), ["STORY-1"], "a revert belongs to what it reverts");
    assert_eq!(report.story("STORY-1")["ships"], false);
    assert_eq!(texts(&report.story("STORY-1")["commits"]), [revert.as_str(), &story]);
    let finding = report.finding("story-reverted");
    assert_eq!((&finding["severity"], &finding["subject"]["id"]), (&"warn".into(), &"STORY-1".into()));
    says(text(&finding["message"]), &["STORY-1 only appears to ship", &story[..7], "reverted"]);
}

#[test]
fn a_revert_by_a_short_sha_counts() {
    let repo = in_production();
    let story = repo.commit("STORY-1 charge in euros");
    let revert = revert_by_hand(&repo, &[&story], &format!("Back out\n\nThis reverts commit {}.", &story[..8]));
    let report = report(&repo);
    ships(&report, &[(&story, false), (&revert, true)]);
    assert_eq!(report.found(), ["warn story-reverted"]);
}

#[test]
fn a_revert_of_several_commits_takes_all_of_them_back() {
    let repo = in_production();
    let (one, two, three) = (repo.commit("STORY-1 one"), repo.commit("STORY-2 two"), repo.commit("STORY-3 three"));
    let message = format!("Back out\n\nThis reverts commits {one} and {}.", &two[..10]);
    let revert = revert_by_hand(&repo, &[&two, &one], &message);
    let report = report(&repo);
    ships(&report, &[(&one, false), (&two, false), (&three, true)]);
    assert_eq!(texts(&report.commit(&revert)["keys"]), ["STORY-1", "STORY-2"]);
    assert_eq!(report.shipping(), ["STORY-3"]);
}

#[test]
fn a_revert_of_a_merge_takes_back_all_that_it_brought() {
    let repo = in_production();
    repo.branch("topic").checkout("topic");
    let (one, two) = (repo.commit("STORY-1 one"), repo.commit("STORY-2 two"));
    repo.checkout("main");
    let ours = repo.commit("STORY-3 ours");
    let merge = repo.merge("topic", "Merge branch 'topic'");
    repo.revert_merge(&merge);

    let report = report(&repo);
    ships(&report, &[(&one, false), (&two, false), (&merge, false), (&ours, true)]);
    assert_eq!(report.shipping(), ["STORY-3"]);
}

#[test]
fn a_revert_of_a_merges_first_side_leaves_the_other() {
    let repo = in_production();
    repo.branch("topic").checkout("topic");
    let theirs = repo.commit("STORY-1 theirs");
    repo.checkout("main");
    let ours = repo.commit("STORY-2 ours");
    let merge = repo.merge("topic", "Merge branch 'topic'");
    repo.git(&["revert", "--no-edit", "--mainline", "2", &merge]);

    ships(&report(&repo), &[(&theirs, true), (&ours, false)]);
}

#[test]
fn a_merge_that_comes_back_does_not_bring_back_what_it_had_reverted_itself() {
    let repo = in_production();
    repo.branch("topic").checkout("topic");
    let (gone, kept) = (repo.commit("STORY-1 one"), repo.commit("STORY-2 two"));
    repo.revert(&gone);
    repo.checkout("main");
    let merge = repo.merge("topic", "Merge branch 'topic'");
    let revert = repo.revert_merge(&merge);
    ships(&report(&repo), &[(&gone, false), (&kept, false)]);
    repo.revert(&revert);
    ships(&report(&repo), &[(&gone, false), (&kept, true)]);
}

#[test]
fn a_revert_of_a_revert_ships_again_and_whole() {
    let repo = in_production();
    let story = repo.commit("STORY-1 charge in euros");
    let revert = repo.revert(&story);
    let again = repo.revert(&revert);

    let report = report(&repo);
    ships(&report, &[(&story, true), (&revert, false), (&again, true)]);
    assert_eq!(report.shipping(), ["STORY-1"]);
    assert_eq!(report.found(), [""; 0], "nothing of it is missing");
}

#[test]
fn a_third_revert_takes_it_back_for_good() {
    let repo = in_production();
    let story = repo.commit("STORY-1 charge in euros");
    let revert = repo.revert(&story);
    let again = repo.revert(&revert);
    repo.revert(&again);
    let report = report(&repo);
    ships(&report, &[(&story, false)]);
    assert_eq!(report.found(), ["warn story-reverted"]);
}

#[test]
fn a_story_that_is_reverted_in_part_ships_in_part() {
    let repo = in_production();
    let gone = repo.commit("STORY-1 one");
    let kept = repo.commit("STORY-1 two");
    repo.revert(&gone);
    let report = report(&repo);
    ships(&report, &[(&gone, false), (&kept, true)]);
    let finding = report.finding("story-partly-reverted");
    assert_eq!(finding["severity"], "note");
    says(text(&finding["message"]), &["ships in part", &gone[..7]]);
}

#[test]
fn a_story_that_comes_back_in_another_commit_ships() {
    let repo = in_production();
    let first = repo.commit("STORY-1 charge in euros");
    repo.revert(&first);
    let second = repo.commit("STORY-1 charge in euros, whole");
    let report = report(&repo);
    ships(&report, &[(&first, false), (&second, true)]);
    assert_eq!(report.shipping(), ["STORY-1"]);
}

#[test]
fn a_revert_of_what_production_runs_takes_its_story_back() {
    let repo = in_production();
    let running = repo.commit("STORY-1 charge in euros");
    repo.branch_at("production", "main");
    let revert = repo.revert(&running);

    let report = report(&repo);
    assert_eq!(texts(&report.commit(&revert)["reverts"]), [running.as_str()]);
    assert_eq!(texts(&report.commit(&revert)["keys"]), ["STORY-1"]);
    assert_eq!(report.story("STORY-1")["ships"], false);
    says(
        text(&report.finding("story-reverted")["message"]),
        &["STORY-1 is taken back: production has it, this deploy reverts it"],
    );
}

#[test]
fn a_revert_of_a_revert_that_production_runs_ships_the_story_again() {
    let repo = in_production();
    let story = repo.commit("STORY-1 charge in euros");
    let revert = repo.revert(&story);
    repo.branch_at("production", "main");
    let again = repo.revert(&revert);

    let report = report(&repo);
    assert_eq!(texts(&report.commit(&again)["keys"]), ["STORY-1"]);
    assert_eq!(report.shipping(), ["STORY-1"]);
    assert_eq!(report.found(), [""; 0]);
}

#[test]
fn a_revert_of_what_production_runs_that_is_itself_reverted_changes_nothing() {
    let repo = in_production();
    let running = repo.commit("STORY-1 charge in euros");
    repo.branch_at("production", "main");
    let revert = repo.revert(&running);
    repo.revert(&revert);

    let report = report(&repo);
    report.is("go");
    assert_eq!(report.story("STORY-1")["ships"], false, "production had it all the time");
    assert_eq!(report.found(), [""; 0]);
}

#[test]
fn a_revert_by_a_pull_requests_number_counts() {
    let repo = in_production();
    let story = repo.commit("STORY-1 charge in euros (#12)");
    let message = "Revert \"STORY-1 charge in euros\" (#13)\n\nReverts acme/web#12";
    let revert = revert_by_hand(&repo, &[&story], message);
    let report = report(&repo);
    ships(&report, &[(&story, false), (&revert, true)]);
    assert_eq!(texts(&report.commit(&revert)["reverts"]), [story.as_str()]);
}

#[test]
fn a_revert_that_was_rebased_with_what_it_reverts_still_counts() {
    let repo = in_production();
    repo.branch("topic").checkout("topic");
    let story = repo.commit("STORY-1 charge in euros");
    repo.revert(&story);
    repo.checkout("main");
    repo.commit("STORY-2 meanwhile");
    repo.checkout("topic");
    repo.rebase("main");
    // Here the old commits still lie about; a fresh clone has never seen them.
    let rebased = repo.rev("topic~1");
    let production = repo.rev("production");
    for repo in [&repo, &repo.clone_full()] {
        let report = check(repo).head("topic").production(&production).policy("stories.projects = ['STORY']").json();
        ships(&report, &[(&rebased, false)]);
        assert_eq!(report.shipping(), ["STORY-2"]);
    }
}

#[test]
fn a_revert_that_was_picked_with_what_it_reverts_still_counts() {
    let repo = in_production();
    let story = repo.commit("STORY-1 charge in euros");
    let revert = repo.revert(&story);
    repo.branch_at("release", "production").checkout("release");
    repo.commit("STORY-2 in the release alone");
    let picked = repo.cherry_pick_x(&story);
    repo.cherry_pick_x(&revert);

    let report = check(&repo).head("release").production("production").policy("stories.projects = ['STORY']").json();
    ships(&report, &[(&picked, false)]);
    assert_eq!(report.shipping(), ["STORY-2"]);
}

#[test]
fn a_range_known_to_be_bad_blocks_until_what_mends_it_ships_too() {
    let repo = in_production();
    let bad = repo.commit("STORY-1 the fault");
    let policy = |until: &str| {
        format!(
            "[stories]\nprojects = ['STORY']\n[checks.reverts]\nlevel = 'block'\nbad = [{{ from = '{}', {until}why = 'loses orders' }}]\n",
            &bad[..9]
        )
    };
    let blocked = check(&repo).production("production").policy(&policy("")).json();
    blocked.is("no-go");
    says(text(&blocked.finding("range-known-bad")["message"]), &["is known to be bad: loses orders"]);
    let mended = repo.commit("STORY-1 the cure");
    let until = format!("until = '{mended}', ");
    check(&repo).production("production").policy(&policy(&until)).json().is("go");
    check(&repo).production("production").head(&bad).policy(&policy(&until)).json().is("no-go");
    repo.revert(&bad);
    check(&repo).production("production").policy(&policy("")).json().is("go");
}

#[test]
fn a_message_that_says_it_reverts_and_does_not_takes_nothing_back() {
    let repo = in_production();
    let story = repo.commit("STORY-1 charge in euros");
    let file = repo.git(&["diff-tree", "-r", "--no-commit-id", "--name-only", &story]);
    let before = std::fs::read_to_string(repo.path().join(file.trim())).expect("the story's file");
    write(&repo, file.trim(), &format!("{before}and more\n"));
    let claim = repo.commit_all(&format!("Revert \"STORY-1 charge in euros\"\n\nThis reverts commit {story}."));

    let report = report(&repo);
    ships(&report, &[(&story, true), (&claim, true)]);
    assert_eq!(report.shipping(), ["STORY-1"]);
    assert_eq!(texts(&report.commit(&claim)["reverts"]), [""; 0]);
    let finding = report.finding("revert-incomplete");
    assert_eq!((&finding["severity"], text(&finding["subject"]["id"])), (&"warn".into(), claim.as_str()));
    says(text(&finding["message"]), &["says that it reverts", &story[..7], file.trim(), "counts as shipping"]);
}

#[test]
fn an_empty_commit_that_says_it_reverts_takes_nothing_back() {
    let repo = in_production();
    let story = repo.commit("STORY-1 charge in euros");
    let message = format!("Revert \"STORY-1 charge in euros\"\n\nThis reverts commit {story}.");
    repo.git(&["commit", "--allow-empty", "--quiet", "-m", &message]);
    let report = report(&repo);
    ships(&report, &[(&story, true)]);
    assert_eq!(report.found(), ["warn revert-incomplete"]);
}

#[test]
fn what_a_revert_changes_beside_needs_a_story_of_its_own() {
    let repo = in_production();
    let story = repo.commit("STORY-1 charge in euros");
    let revert = |more: &str| {
        repo.git(&["revert", "--no-commit", &story]);
        write(&repo, "beside.txt", "something new\n");
        repo.commit_all(&format!("Revert \"STORY-1 charge in euros\"\n\nThis reverts commit {story}.{more}"))
    };
    let silent = revert("");
    let found = report(&repo);
    found.is("no-go");
    ships(&found, &[(&story, false), (&silent, true)]);
    says(text(&found.finding("story-key-missing")["message"]), &["changes beside.txt beside what it reverts"]);
    repo.git(&["reset", "--quiet", "--hard", &story]);
    revert("\n\nStory: STORY-2");
    let found = report(&repo);
    found.is("go");
    assert_eq!(found.shipping(), ["STORY-2"]);
}

#[test]
fn a_revert_of_an_empty_commit_excuses_nothing() {
    let repo = in_production();
    repo.git(&["commit", "--allow-empty", "--quiet", "-m", "STORY-1 rebuild"]);
    let empty = repo.head();
    write(&repo, "new.txt", "something new\n");
    repo.commit_all(&format!("Back out\n\nThis reverts commit {empty}."));
    assert_eq!(report(&repo).found(), ["block story-key-missing"]);
}

#[test]
fn a_revert_that_had_to_be_settled_by_hand_counts_when_nothing_of_the_story_is_left() {
    let lines = |middle: &str| format!("first\n{middle}last\n");
    let settled = |text: &str| {
        let repo = in_production();
        write(&repo, "list.txt", &lines("old\n"));
        repo.commit_all("STORY-2 a list");
        write(&repo, "list.txt", &lines("euros\n"));
        let story = repo.commit_all("STORY-1 charge in euros");
        write(&repo, "list.txt", &lines("euros\nnext to it\n"));
        repo.commit_all("STORY-3 next to it");
        assert!(!repo.git_agrees(&["revert", "--no-commit", &story]), "it conflicts");
        write(&repo, "list.txt", text);
        repo.commit_all(&format!("Revert \"STORY-1 charge in euros\"\n\nThis reverts commit {story}."));
        report(&repo)
    };
    let whole = settled(&lines("old\nnext to it\n"));
    assert_eq!(whole.shipping(), ["STORY-2", "STORY-3"]);
    assert_eq!(whole.found(), ["warn story-reverted"]);
    let half = settled(&lines("old\neuros\nnext to it\n"));
    assert_eq!(half.shipping(), ["STORY-1", "STORY-2", "STORY-3"]);
    assert_eq!(half.found(), ["warn revert-incomplete"]);
}

#[test]
fn a_revert_by_number_of_what_production_runs_takes_its_story_back() {
    let repo = in_production();
    let running = repo.commit("STORY-1 charge in euros (#12)");
    repo.branch_at("production", "main");
    let message = "Revert \"STORY-1 charge in euros\" (#13)\n\nReverts acme/web#12";
    let revert = revert_by_hand(&repo, &[&running], message);
    let found = report(&repo);
    assert_eq!(texts(&found.commit(&revert)["reverts"]), [running.as_str()]);
    says(text(&found.finding("story-reverted")["message"]), &["STORY-1 is taken back"]);

    repo.git(&["reset", "--quiet", "--hard", &running]);
    write(&repo, "new.txt", "something new\n");
    repo.commit_all(message);
    let found = report(&repo);
    assert_eq!(found.shipping(), ["STORY-1"], "it reverts nothing: its own words count");
    assert_eq!(found.found(), ["warn revert-incomplete"]);
}

#[test]
fn a_side_that_is_none_of_a_merges_parents_is_not_undone_to() {
    let repo = in_production();
    repo.branch("topic").checkout("topic");
    repo.commit("STORY-1 theirs");
    repo.checkout("main");
    let merge = repo.merge("topic", "Merge branch 'topic'");
    repo.branch_at("production", "main").branch("elsewhere").checkout("elsewhere");
    write(&repo, "hidden.txt", "something new\n");
    let hidden = repo.commit_all("no story");
    repo.checkout("main");
    repo.git(&["checkout", "--quiet", &hidden, "--", "hidden.txt"]);
    let message = format!("Back out\n\nThis reverts commit {merge}, reversing\nchanges made to {hidden}.");
    repo.commit_all(&message);
    let found = report(&repo);
    found.is("no-go");
    assert_eq!(found.found(), ["block story-key-missing", "warn revert-incomplete"]);
}

/// A commit on top of production that adds `evil.txt` and names no story.
fn with_tweak() -> (Repo, String) {
    let repo = in_production();
    let tweak = repo.commit_files("tweak", &[("evil.txt", "evil\n")]);
    (repo, tweak)
}

fn claims(sha: &str) -> String {
    format!("Tidy\n\nThis reverts commit {sha}.")
}

#[test]
fn what_a_commit_has_not_behind_it_it_cannot_revert() {
    let (repo, tweak) = with_tweak();
    repo.branch_at("side", "production").checkout("side");
    repo.git(&["commit", "--allow-empty", "--quiet", "-m", &claims(&tweak)]);
    let claim = repo.head();
    repo.checkout("main");
    repo.merge("side", "Merge branch 'side'");
    let found = report(&repo);
    ships(&found, &[(&tweak, true), (&claim, true)]);
    assert_eq!(found.found(), ["block story-key-missing", "block story-key-missing"]);

    // Nor what only lies about in the repository.
    let repo = in_production();
    repo.branch("dead").checkout("dead");
    repo.commit_files("x", &[("evil.txt", "evil\n")]);
    let removal = repo.remove("y", &["evil.txt"]);
    repo.checkout("main");
    repo.commit_files(&claims(&removal), &[("evil.txt", "evil\n")]);
    assert_eq!(report(&repo).found(), ["block story-key-missing"]);
}

#[test]
fn a_revert_that_leaves_it_under_a_new_name_is_none() {
    let lines = |extra: &str| format!("{}{extra}{}", "line\nother\n".repeat(20), "end\n".repeat(9));
    let repo = in_production();
    repo.commit_files("STORY-2 a file", &[("f", lines(""))]);
    let tweak = repo.commit_files("tweak", &[("f", lines("evil\n"))]);
    repo.git(&["mv", "f", "g"]);
    repo.commit_all("STORY-2 rename");
    write(&repo, "more.txt", "x\n");
    repo.commit_all(&format!("STORY-2 {}", claims(&tweak)));
    let found = report(&repo);
    ships(&found, &[(&tweak, true)]);
    assert_eq!(found.found(), ["block story-key-missing", "warn revert-incomplete"]);
    // git's own revert follows the rename.
    repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    repo.revert(&tweak);
    let found = report(&repo);
    found.is("go");
    ships(&found, &[(&tweak, false)]);
}

#[test]
fn what_is_added_while_a_conflict_is_settled_needs_a_story() {
    let repo = in_production();
    write(&repo, "f", "one\ntwo\nthree\n");
    repo.commit_all("STORY-2 f");
    write(&repo, "f", "one\ntwo\nnew\nthree\n");
    let tweak = repo.commit_all("tweak");
    write(&repo, "f", "one\n2\nnew, changed\nthree\n");
    repo.commit_all("STORY-2 edit");
    write(&repo, "f", "one\nevil\n2\nthree\n");
    repo.commit_all(&claims(&tweak));
    let found = report(&repo);
    ships(&found, &[(&tweak, false)]);
    says(text(&found.finding("story-key-missing")["message"]), &["changes f beside what it reverts"]);
}

#[test]
fn a_revert_of_what_is_gone_already_is_none() {
    let (repo, tweak) = with_tweak();
    let removal = repo.remove("remove", &["evil.txt"]);
    repo.git(&["commit", "--allow-empty", "--quiet", "-m", &claims(&tweak)]);
    repo.revert(&removal);
    let found = report(&repo);
    ships(&found, &[(&tweak, true)]);
    found.is("no-go");
}

#[test]
fn one_of_several_that_is_gone_already_spoils_the_revert() {
    let (repo, tweak) = with_tweak();
    let other = repo.commit("STORY-2 other");
    let removal = repo.remove("STORY-2 remove", &["evil.txt"]);
    let message = format!("STORY-2 out\n\nThis reverts commits {other} and {tweak}.");
    revert_by_hand(&repo, &[&other], &message);
    repo.revert(&removal);
    let found = report(&repo);
    ships(&found, &[(&tweak, true)]);
    found.finding("story-key-missing");
}

#[test]
fn where_branches_disagree_it_counts_as_shipping() {
    let (repo, tweak) = with_tweak();
    let revert = repo.revert(&tweak);
    repo.branch("x").branch("y").checkout("x");
    repo.revert(&revert);
    repo.checkout("y");
    let again = repo.revert(&revert);
    repo.revert(&again);
    repo.checkout("main");
    repo.merge("x", "Merge branch 'x'");
    repo.merge("y", "Merge branch 'y'");
    assert!(repo.path().join("evil.txt").exists());
    let found = report(&repo);
    ships(&found, &[(&tweak, true)]);
    found.is("no-go");
}

#[test]
fn what_production_only_says_it_took_back_again_is_no_copy() {
    let repo = in_production();
    repo.branch("side").checkout("side");
    repo.commit("STORY-3 side");
    repo.checkout("production");
    let evil = repo.commit_files("STORY-5 evil", &[("evil.txt", "evil\n")]);
    let revert = repo.revert(&evil);
    repo.commit(&format!("STORY-6 n\n\nThis reverts commit {revert}."));
    repo.checkout("main");
    repo.git(&["merge", "--quiet", "production"]);
    repo.merge("side", "Merge branch 'side'");
    let tweak = repo.commit_files("tweak", &[("evil.txt", "evil\n")]);
    let found = report(&repo);
    ships(&found, &[(&tweak, true)]);
    found.finding("story-key-missing");
}

#[test]
fn a_squash_that_tells_of_reverts_within_it_reverts_nothing() {
    let repo = in_production();
    repo.branch("topic").checkout("topic");
    let first = repo.commit_files("STORY-1 try", &[("a.txt", "euros\n")]);
    let revert = repo.revert(&first);
    repo.commit_files("STORY-1 again", &[("a.txt", "euros\nand cents\n")]);
    repo.checkout("main");
    let body = repo.git(&["log", "--format=* %s%n%n%b", "topic", "--not", "main"]);
    let squash = repo.squash_merge("topic", &format!("STORY-1 charge in euros (#7)\n\n{body}"));
    let found = report(&repo);
    found.is("go");
    ships(&found, &[(&squash, true)]);
    assert_eq!(texts(&found.commit(&squash)["reverts"]), [""; 0], "{revert} is no part of main");
}

#[test]
fn one_commit_that_is_named_twice_is_undone_once() {
    let repo = in_production();
    let story = repo.commit("STORY-1 charge in euros (#12)");
    let message =
        format!("Revert \"STORY-1 charge in euros\" (#13)\n\nReverts acme/web#12\n\nThis reverts commit {story}.");
    let revert = revert_by_hand(&repo, &[&story], &message);
    let found = report(&repo);
    ships(&found, &[(&story, false), (&revert, true)]);
    assert_eq!(found.found(), ["warn story-reverted"]);
}

#[test]
fn what_a_merge_keeps_of_a_story_that_its_side_reverted_ships() {
    let repo = in_production();
    let story = repo.commit_files("STORY-1 charge in euros", &[("price.txt", "euros\n")]);
    repo.branch("side").checkout("side");
    let revert = repo.revert(&story);
    repo.checkout("main");
    repo.commit("STORY-2 next");
    repo.git(&["merge", "-q", "-s", "ours", "-m", "Merge side", "side"]);

    let report = report(&repo);
    ships(&report, &[(&story, true), (&revert, true)]);
    assert_eq!(report.shipping(), ["STORY-1", "STORY-2"]);
}

#[test]
fn what_is_left_of_a_reverted_story_when_a_conflict_is_settled_ships() {
    let repo = in_production();
    let story = repo.commit_files("STORY-1 charge in euros", &[("price.txt", "euros\n")]);
    repo.branch("side").checkout("side");
    repo.revert(&story);
    repo.checkout("main");
    repo.commit_files("STORY-2 round", &[("price.txt", "euros\nrounded\n")]);
    assert!(!repo.git_agrees(&["merge", "-q", "side"]), "one side changed what the other took away");
    write(&repo, "price.txt", "euros\nrounded\n");
    repo.commit_all("Merge side");

    let report = report(&repo);
    ships(&report, &[(&story, true)]);
    assert_eq!(report.shipping(), ["STORY-1", "STORY-2"]);
}
