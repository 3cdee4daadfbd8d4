//! Each format of `gonogo check`.

use crate::rig::rig;
use crate::support::{Ran, check, gonogo, messy, run};
use gonogo_world::Repo;
use serde_json::Value;

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).expect("JSON is printed")
}

#[test]
fn json_fits_its_schema_and_holds_every_key_always() {
    let schema: Value = json(&gonogo(&["schema", "check"]));
    let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
    let repo = messy();
    let unknown = Repo::new();
    unknown.commit("STORY-1 x");
    unknown.annotated_tag("v1", "one");
    unknown.commit("STORY-2 y");
    for (ran, code) in [(check(&repo, &["--format", "json"]), 1), (check(&unknown, &["--format", "json"]), 3)] {
        assert_eq!(ran.code, code, "{}", ran.stderr);
        let value = json(&ran);
        let errors: Vec<String> =
            validator.iter_errors(&value).map(|e| format!("{} at {}", e, e.instance_path())).collect();
        assert_eq!(errors, [""; 0]);
        for key in [
            "schema",
            "service",
            "verdict",
            "production",
            "head",
            "newest_go",
            "commits",
            "missing_from_head",
            "stories",
            "findings",
            "waivers",
            "checks",
        ] {
            assert!(value.get(key).is_some(), "{key}");
        }
        assert_eq!(value["schema"], "gonogo.check/1");
    }
    let mut broken = json(&check(&repo, &["--format", "json"]));
    broken["commits"][0]["ships"] = Value::from("yes");
    assert!(!validator.is_valid(&broken), "the schema tells a wrong type");
}

#[test]
fn of_production_unknown_json_shows_the_range_since_the_newest_tag() {
    let repo = Repo::new();
    repo.commit("STORY-1 x");
    repo.annotated_tag("v1", "one");
    let sha = repo.commit("STORY-2 y");
    let ran = check(&repo, &["--format", "json"]);
    let value = json(&ran);
    assert_eq!((ran.code, &value["verdict"], &value["production"]["sha"]), (3, &Value::from("no-go"), &Value::Null));
    assert_eq!(value["commits"][0]["sha"], sha.as_str());
    assert_eq!(value["commits"].as_array().map(Vec::len), Some(1));
    assert_eq!(value["findings"][0]["code"], "production-unknown");
    let production = value["checks"].as_array().and_then(|c| c.iter().find(|c| c["name"] == "production"));
    assert_eq!(production.map(|c| &c["state"]), Some(&Value::from("could-not-check")));
}

#[test]
fn sarif_is_accepted_by_an_independent_judge() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("gonogo.sarif");
    let ran = check(&messy(), &["--format", "sarif"]);
    std::fs::write(&path, &ran.stdout).expect("written");
    let judge = rig("node_modules/.bin/sarif-multitool");
    let file = path.display().to_string();
    let judged = run(&judge, &["validate", &file], &[]);
    assert_eq!(judged.code, 0, "{}{}", judged.stdout, judged.stderr);
    assert!(!judged.stdout.contains(": error "), "{}", judged.stdout);

    // The judge can say no.
    std::fs::write(&path, ran.stdout.replace("\"message\":", "\"mesage\":")).expect("written");
    let judged = run(&judge, &["validate", &file], &[]);
    assert!(judged.code != 0 || judged.stdout.contains(": error "), "{}", judged.stdout);

    let log = json(&ran);
    let results = log["runs"][0]["results"].as_array().expect("results");
    let marker = results.iter().find(|r| r["ruleId"] == "unfinished-conflict-marker").expect("the marker");
    let place = &marker["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "src/a%20b%2Cc.txt");
    assert_eq!((&place["region"]["startLine"], &marker["level"]), (&Value::from(2), &Value::from("error")));
}

#[test]
fn junit_has_a_case_for_each_finding_and_each_check() {
    let ran = check(&messy(), &["--format", "junit"]);
    let report = quick_junit::Report::deserialize_from_str(&ran.stdout).expect("JUnit");
    let suite = &report.test_suites[0];
    let name = |wanted: &str| suite.test_cases.iter().filter(|c| c.name.as_str().starts_with(wanted)).count();
    assert_eq!((name("story-key-missing"), name("unfinished-wip"), name("ancestry")), (1, 1, 1));
    let failed = suite.test_cases.iter().filter(|c| matches!(c.status, quick_junit::TestCaseStatus::NonSuccess { .. }));
    assert_eq!(failed.count(), 3);
    assert!(!ran.stdout.contains('\u{1b}'));
}

#[test]
fn workflow_commands_cannot_be_written_by_a_commit() {
    let ran = check(&messy(), &["--format", "github"]);
    let commands: Vec<&str> = ran.stdout.lines().filter(|l| l.starts_with("::")).collect();
    assert!(
        commands.iter().all(|c| c.starts_with("::error ") || c.starts_with("::warning ") || c.starts_with("::notice "))
    );
    assert!(
        commands.iter().any(|c| c.contains("file=src/a b%2Cc.txt,line=2,title=unfinished-conflict-marker::")),
        "{commands:?}"
    );
    let wip = commands.iter().find(|c| c.contains("unfinished-wip")).expect("the WIP");
    assert!(wip.contains("x%250A"), "{wip}");
}

#[test]
fn markdown_from_outside_stays_text() {
    let ran = check(&messy(), &["--format", "markdown"]);
    for raw in ["<b>", "@channel", "[x](http", "<tag>", "\u{1b}", "\u{202e}"] {
        assert!(!ran.stdout.contains(raw), "{raw:?} in {}", ran.stdout);
    }
    assert!(ran.stdout.starts_with("### ✗ No-Go: 3 things block"), "{}", ran.stdout);
}

#[test]
fn a_pipe_is_plain_and_100_wide() {
    let ran = check(&messy(), &[]);
    assert!(!ran.stdout.contains('\u{1b}'), "{}", ran.stdout);
    let widest = ran.stdout.lines().map(|l| l.chars().count()).max();
    assert!(widest.is_some_and(|w| w <= 100), "{widest:?} in {}", ran.stdout);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(
        lines[0].contains("over production @ ") && lines[0].contains("(a branch named production)"),
        "{}",
        lines[0]
    );
    let quiet = check(&messy(), &["-q"]);
    assert_eq!(quiet.stdout, "✗ No-Go: 3 things block\n");
}

#[test]
fn what_blocks_comes_first_with_its_code_and_its_cure() {
    let text = check(&messy(), &[]).stdout;
    let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what} in {text}"));
    assert!(at("✗ No-Go") < at("story-key-missing") && at("story-key-missing") < at("Go up to"));
    assert!(
        text.contains("→ name it in the subject, such as STORY-123; or write no-jira\n        or waive "),
        "{text}"
    );
    assert!(!text.contains("says that it has no story"), "notes are for -v: {text}");
    assert!(check(&messy(), &["-v"]).stdout.contains("says that it has no story"));
}

#[test]
fn exit_2_leaves_standard_output_empty() {
    let repo = messy();
    for arguments in [
        vec!["--production", "nowhere"],
        vec!["--policy", "/nowhere"],
        vec!["--waivers", "/nowhere"],
        vec!["--format", "xml"],
    ] {
        let ran = check(&repo, &arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(!ran.stderr.is_empty());
    }
}
