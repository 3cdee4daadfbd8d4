//! Findings that a person let pass, and waivers that do not hold.

use crate::support::{Report, check, says, text};
use crate::verdict::waiver;
use gonogo_world::Repo;
use jiff::{SignedDuration, Timestamp};

/// Main lacks a hotfix of production.
fn hotfixed() -> Repo {
    let repo = Repo::new();
    repo.commit("first");
    repo.branch("production").checkout("production");
    repo.commit("a hotfix");
    repo.checkout("main");
    repo.commit("next");
    repo
}

fn in_hours(hours: i64) -> String {
    #[expect(clippy::disallowed_methods, reason = "the program reads the same clock")]
    let now = Timestamp::now();
    (now + SignedDuration::from_hours(hours)).to_string()
}

#[track_caller]
fn state(report: &Report) -> &str {
    text(&report["waivers"][0]["state"])
}

#[test]
fn a_waived_finding_passes_and_stays_in_sight() {
    let repo = hotfixed();
    let fingerprint = check(&repo).json().is("no-go").finding("ancestry-lost")["fingerprint"].clone();
    says(&check(&repo).run().stdout, &["or waive", text(&fingerprint)]);

    let waivers = waiver(&fingerprint, "2999-12-31T18:00:00Z");
    let report = check(&repo).waivers(&waivers).json();
    report.is("go");
    let expected = serde_json::json!({"by": "kim", "why": "agreed with support", "until": "2999-12-31T18:00:00Z"});
    assert_eq!(report.finding("ancestry-lost")["waiver"], expected);
    assert_eq!(report.finding("ancestry-lost")["severity"], "block");
    assert_eq!(state(&report), "applied");
    says(&check(&repo).waivers(&waivers).run().stdout, &["Go", "1 waived", "by kim", "agreed with support"]);
}

#[test]
fn a_waiver_outlives_heads_while_the_finding_is_the_same() {
    let repo = hotfixed();
    let waivers = waiver(&check(&repo).json().finding("ancestry-lost")["fingerprint"], "2999-12-31");
    repo.commit("further on");
    assert_eq!(state(check(&repo).waivers(&waivers).json().is("go")), "applied");
}

#[test]
fn an_expired_waiver_lets_nothing_pass() {
    let repo = hotfixed();
    let waivers = waiver(&check(&repo).json().finding("ancestry-lost")["fingerprint"], "2020-01-01");
    let report = check(&repo).waivers(&waivers).json();
    assert_eq!(state(report.is("no-go")), "expired");
    assert_eq!(report.finding("ancestry-lost")["waiver"], serde_json::Value::Null);
    says(&check(&repo).waivers(&waivers).run().stdout, &["has expired"]);
}

#[test]
fn a_waiver_is_void_when_the_substance_changes() {
    let repo = hotfixed();
    let waivers = waiver(&check(&repo).json().finding("ancestry-lost")["fingerprint"], "2999-12-31");
    repo.checkout("production");
    repo.commit("another hotfix");
    repo.checkout("main");
    assert_eq!(state(check(&repo).waivers(&waivers).json().is("no-go")), "void");
    says(&check(&repo).waivers(&waivers).run().stdout, &["is void"]);
}

#[test]
fn a_waiver_that_nothing_needs_is_shown() {
    let repo = hotfixed();
    let waivers = waiver(&check(&repo).json().finding("ancestry-lost")["fingerprint"], "2999-12-31");
    repo.merge("production", "Merge production back");
    assert_eq!(state(check(&repo).waivers(&waivers).json().is("go")), "unneeded");
    says(&check(&repo).waivers(&waivers).run().stdout, &["is not needed"]);
}

#[test]
fn a_storys_waiver_outlives_a_rebase_but_no_new_commit() {
    let repo = Repo::new();
    repo.commit("STORY-90 first");
    repo.branch("production").branch("topic").checkout("topic");
    let story = repo.commit("STORY-1 euros");
    repo.commit("STORY-1 more euros");
    repo.revert(&story);
    let policy = "[stories]\nprojects = ['STORY']\n[checks]\nreverts = 'block'\n";
    let told = |waivers: &str| check(&repo).production("production").policy(policy).waivers(waivers).json();
    repo.revert("topic~1");
    let waivers = waiver(&told("").is("no-go").finding("story-reverted")["fingerprint"], "2999-12-31");
    told(&waivers).is("go");

    repo.checkout("main");
    repo.commit("STORY-2 meanwhile");
    repo.checkout("topic");
    repo.rebase("main");
    assert_eq!(state(told(&waivers).is("go")), "applied");

    let another = repo.commit("STORY-1 yet more");
    repo.revert(&another);
    assert_eq!(state(told(&waivers).is("no-go")), "void");
}

#[test]
fn what_could_not_be_checked_is_waived_for_a_day_at_most() {
    let origin = Repo::new();
    origin.commit("first");
    origin.branch("production");
    origin.commit("second");
    let clone = origin.clone_blobless();
    let told = |waivers: &str| check(&clone).production("production").waivers(waivers).json();
    let fingerprint = told("").is("could-not-check").finding("could-not-check")["fingerprint"].clone();

    assert_eq!(state(told(&waiver(&fingerprint, &in_hours(23))).is("go")), "applied");
    let longer = waiver(&fingerprint, &in_hours(25));
    assert_eq!(state(told(&longer).is("could-not-check")), "void");
    let shown = check(&clone).production("production").waivers(&longer).run().stdout;
    says(&shown, &["may not be waived for so long"]);
    // Of another finding nobody can tell whether it is there.
    let other = waiver(&"0123456789ab-0123456789abcdef0123".into(), "2999-12-31");
    let shown = check(&clone).production("production").waivers(&other).run().stdout;
    says(&shown, &["lets nothing pass now: what it is about is gone, or could not be checked"]);
}

#[test]
fn a_waiver_of_not_knowing_holds_for_this_pair_of_commits_alone() {
    let origin = Repo::new();
    origin.commit("first");
    origin.branch("production");
    origin.commit("second");
    origin.branch("next").checkout("next");
    origin.commit("third");
    let clone = origin.clone_blobless();
    let told = |head: &str, waivers: &str| check(&clone).production("production").head(head).waivers(waivers).json();
    let fingerprint = told("main", "").finding("could-not-check")["fingerprint"].clone();
    let waivers = waiver(&fingerprint, &in_hours(2));
    told("main", &waivers).is("go");
    assert_eq!(state(told("next", &waivers).is("could-not-check")), "void");
}

#[test]
fn that_production_is_unknown_cannot_be_waived() {
    let repo = Repo::new();
    repo.commit("first");
    let fingerprint = check(&repo).json().finding("production-unknown")["fingerprint"].clone();
    let report = check(&repo).waivers(&waiver(&fingerprint, &in_hours(1))).json();
    assert_eq!(state(report.is("could-not-check")), "void");
    assert!(!check(&repo).run().stdout.contains("waive"));
}

#[test]
fn a_wrong_waiver_is_refused_with_its_place() {
    let repo = hotfixed();
    let fingerprint = check(&repo).json().finding("ancestry-lost")["fingerprint"].clone();
    let refused = |text: &str| check(&repo).waivers(text).run().is_refused().to_owned();
    says(&refused(&waiver(&fingerprint, "'soon'")), &["waivers.toml:5:9", "`soon` is not a time", "^"]);
    says(&refused(&waiver(&"4f1c9a".into(), "2999-12-31")), &["is not a fingerprint", "^"]);
    says(&refused(&waiver(&fingerprint, "2999-12-31").replace("'kim'", "' '")), &["empty `by`"]);
    says(&refused("[[waiver]]\nbi = 'kim'\n"), &["unknown field `bi`", "did you mean `by`?"]);
}
