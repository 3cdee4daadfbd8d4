//! One verdict from the same facts, now, again, and elsewhere.

use crate::support::{Check, Program, Run, check, gonogo, says, text};
use gonogo_world::Repo;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A candidate with a bit of everything: a block, a warning, notes, a revert, a
/// copy, a merge, a hotfix that is missing.
fn eventful() -> Repo {
    let repo = Repo::new();
    repo.commit("STORY-1 first");
    repo.commit("STORY-2 second");
    repo.branch("production").branch("topic").checkout("topic");
    repo.commit("STORY-3 on a topic");
    repo.checkout("main");
    let gone = repo.commit("STORY-4 reverted");
    repo.revert(&gone);
    let copied = repo.commit("STORY-5 copied");
    repo.merge("topic", "Merge branch 'topic'");
    repo.commit("WIP no-jira");
    repo.commit("no key");
    repo.checkout("production");
    repo.cherry_pick(&copied);
    repo.commit("STORY-6 hotfix");
    repo.checkout("main");
    repo
}

/// A recording in a folder of its own.
struct Recorded {
    folder: TempDir,
}

impl Recorded {
    fn of(run: &dyn Fn(&Path) -> Run) -> (Self, Run) {
        let folder = tempfile::tempdir().expect("the temporary folder is writable");
        let recorded = Self { folder };
        let run = run(&recorded.file());
        (recorded, run)
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("recording.json")
    }

    /// `gonogo replay`, where there is no git and no repository.
    fn replay(&self, args: &[&str]) -> Run {
        self.program(args).env("PATH", "").run()
    }

    fn program(&self, args: &[&str]) -> Program {
        args.iter().fold(gonogo(&["replay"]).arg(self.file()), |program, arg| program.arg(*arg))
    }

    fn edit(&self, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.file()).expect("the recording is there");
        assert!(text.contains(from), "{from} is not in the recording");
        std::fs::write(self.file(), text.replace(from, to)).expect("the folder is writable");
    }
}

/// Records once; the format is chosen when it is replayed.
#[track_caller]
fn replays_to_the_byte(repo: &Repo, with: impl Fn(Check) -> Check) {
    let (recorded, first) =
        Recorded::of(&|file| with(check(repo)).arg("--format=json").arg("--record").arg(file).run());
    for args in [&["--format=json"] as &[&str], &["-v"]] {
        let (run, again) = (with(check(repo)).args(args).run(), recorded.replay(args));
        assert_eq!(again.stderr, "");
        assert_eq!((again.code, &again.stdout), (run.code, &run.stdout), "{args:?}");
        if args[0] == "--format=json" {
            assert_eq!(run.stdout, first.stdout, "two runs, one answer");
        }
    }
}

#[test]
fn a_recorded_verdict_replays_to_the_same_bytes_without_git() {
    replays_to_the_byte(&eventful(), |check| check);
}

#[test]
fn a_verdict_without_production_replays_too() {
    let repo = eventful();
    repo.tag("v1").commit("STORY-7 next");
    repo.git(&["branch", "-D", "production"]);
    replays_to_the_byte(&repo, |check| check);
}

#[test]
fn a_verdict_over_several_commits_of_production_replays_too() {
    let repo = Repo::new();
    repo.commit_files("first", &[("gonogo.toml", "stories.projects = ['STORY']\n[checks]\nstory-key = 'warn'\n")]);
    repo.branch("old");
    let odd = repo.commit_files("tidy up", &[("gonogo.toml", "stories.projects = ['STORY']\n")]);
    repo.branch("new");
    let head = repo.commit("WIP STORY-1 x");
    let of = |names: &[&str]| names.iter().fold(check(&repo), |check, name| check.production(name)).json();
    // Each is judged by its own policy, and what is found over either counts.
    let over_old = ["block unfinished-wip", "warn story-key-missing", "warn policy-changed"];
    assert_eq!(of(&["old"]).found(), over_old);
    assert_eq!(of(&["new"]).found(), ["block unfinished-wip"]);
    let both = of(&["new", "old"]);
    assert_eq!(both.found(), over_old);
    assert_eq!((both.shas(), both["production"]["shas"].as_array().unwrap().len()), (vec![&*head, &*odd], 2));
    replays_to_the_byte(&repo, |check| check.production("new").production("old"));
}

#[test]
fn a_verdict_about_a_cut_range_replays_too() {
    let clone = eventful().clone_shallow(2);
    replays_to_the_byte(&clone, |check| check.production("origin/production"));
}

#[test]
fn a_verdict_about_missing_objects_replays_too() {
    let clone = eventful().clone_blobless();
    replays_to_the_byte(&clone, |check| check);
}

#[test]
fn a_verdict_under_policy_and_waivers_replays_too() {
    let repo = eventful();
    let policy = "[stories]\nprojects = ['STORY']\n[checks]\nunfinished = 'warn'\n";
    let report = check(&repo).policy(policy).json();
    let waivers = format!(
        "{}{}",
        waiver(&report.finding("story-key-missing")["fingerprint"], "2999-12-31"),
        waiver(&report.finding("ancestry-lost")["fingerprint"], "2020-01-01")
    );
    replays_to_the_byte(&repo, |check| check.policy(policy).waivers(&waivers));
}

#[test]
fn a_verdict_under_an_invalid_policy_replays_too() {
    let repo = eventful();
    repo.checkout("production").commit_files("STORY-8 policy", &[("gonogo.toml", "[stories]\nprojects = 7\n")]);
    repo.checkout("main");
    replays_to_the_byte(&repo, |check| check);
}

#[test]
fn a_recording_whose_result_differs_says_what() {
    let (recorded, _) = Recorded::of(&|file| check(&eventful()).arg("--record").arg(file).run());
    recorded.edit("\"verdict\":\"no-go\"", "\"verdict\":\"go\"");
    let run = recorded.replay(&["-q"]);
    says(&run.stderr, &["another result than the one recorded", "- verdict Go", "+ verdict NoGo"]);
    assert_eq!(run.code, 1);
}

#[test]
fn a_recording_of_another_version_says_so() {
    let (recorded, _) = Recorded::of(&|file| check(&eventful()).arg("--record").arg(file).run());
    let ours = format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION"));
    recorded.edit(&ours, "\"version\":\"0.0.7\"");
    says(&recorded.replay(&[]).stderr, &["recorded by gonogo 0.0.7"]);
}

#[test]
fn what_is_no_recording_is_refused() {
    let (recorded, _) = Recorded::of(&|file| check(&eventful()).arg("--record").arg(file).run());
    recorded.edit("gonogo.recording/1", "gonogo.recording/99");
    says(recorded.replay(&[]).is_refused(), &["gonogo.recording/99", "with the version that wrote it"]);
    std::fs::write(recorded.file(), "{\"half").expect("the folder is writable");
    says(recorded.replay(&[]).is_refused(), &["recording.json", "no recording of gonogo"]);
    std::fs::remove_file(recorded.file()).expect("the file is there");
    says(recorded.replay(&[]).is_refused(), &["recording.json could not be read"]);
}

#[test]
fn what_blocks_comes_first_and_then_by_story() {
    let repo = eventful();
    for story in ["STORY-11 b", "STORY-7 a"] {
        let gone = repo.commit(story);
        repo.revert(&gone);
    }
    let policy = "[stories]\nprojects = ['STORY']\n[checks]\nreverts = 'block'\nstory-key = 'warn'\n";
    let report = check(&repo).policy(policy).json();
    let severities = ["block", "block", "block", "block", "block", "warn", "note"];
    let listed: Vec<&str> = report["findings"].as_array().into_iter().flatten().map(|f| text(&f["severity"])).collect();
    assert_eq!(listed, severities, "{report}");
    let subjects: Vec<&str> = (0..3).map(|at| text(&report["findings"][at]["subject"]["id"])).collect();
    assert_eq!(subjects, ["STORY-4", "STORY-7", "STORY-11"]);
    let shown = check(&repo).policy(policy).args(&["-v"]).run().stdout;
    let places: Vec<usize> = ["No-Go", "STORY-4", "STORY-7", "STORY-11", "story-key-missing", "story-key-no-key-word"]
        .map(|word| shown.find(word).unwrap_or_else(|| panic!("{word} is not in:\n{shown}")))
        .to_vec();
    assert!(places.is_sorted(), "{shown}");
}

#[test]
fn what_blocks_goes_before_what_could_not_be_checked() {
    let origin = Repo::new();
    origin.commit("first");
    origin.branch("production");
    origin.commit("no key");
    let clone = origin.clone_blobless();
    let policy = "[stories]\nprojects = ['STORY']\n";
    let report = check(&clone).production("production").policy(policy).json();
    report.is("no-go").finding("could-not-check");
}

#[test]
fn what_could_not_be_checked_only_warns_at_the_level_of_its_check() {
    let origin = Repo::new();
    origin.commit("first");
    origin.branch("production");
    origin.commit("second");
    let clone = origin.clone_blobless();
    let policy = "[checks]\nunfinished = 'warn'\n";
    let report = check(&clone).production("production").policy(policy).json();
    assert_eq!(report.is("go").finding("could-not-check")["severity"], "warn");
    assert_eq!(report.check("unfinished")["state"], "could-not-check");
    says(&check(&clone).production("production").policy(policy).run().stdout, &["Go", "could not be checked"]);
}

pub(crate) fn waiver(fingerprint: &serde_json::Value, until: &str) -> String {
    format!("[[waiver]]\nfingerprint = {fingerprint}\nby = 'kim'\nwhy = 'agreed with support'\nuntil = {until}\n")
}
