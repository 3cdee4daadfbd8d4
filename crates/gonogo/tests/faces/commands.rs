//! init, doctor, explain, schema.

use crate::support::{check, gonogo, messy, run};
use gonogo_world::{Jira, Repo};
use serde_json::Value;

#[test]
fn init_writes_a_policy_that_is_valid_and_never_over_one() {
    let repo = Repo::new();
    repo.commit_files("WEB-1 first", &[("Gemfile.lock", ""), ("db/migrate/1_a.rb", "")]);
    repo.branch("production");
    repo.commit("WEB-2 second");
    let path = repo.path().display().to_string();
    let ran = gonogo(&["init", "--repo", &path]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let text = std::fs::read_to_string(repo.path().join("gonogo.toml")).expect("it is written");
    for seen in ["projects = [\"WEB\"]", "ref = \"production\"", "Gemfile.lock", "db/migrate (1 schema change)"] {
        assert!(text.contains(seen), "{seen} in {text}");
    }
    repo.commit_all("WEB-3 policy");
    let checked = check(&repo, &["--policy", &repo.path().join("gonogo.toml").display().to_string()]);
    assert_eq!(checked.code, 0, "{}{}", checked.stdout, checked.stderr);

    let again = gonogo(&["init", "--repo", &path]);
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("exists already"), "{}", again.stderr);
    assert_eq!(std::fs::read_to_string(repo.path().join("gonogo.toml")).expect("it is there"), text);
}

#[test]
fn the_policy_schema_takes_what_the_program_takes() {
    let schema: Value = serde_json::from_str(&gonogo(&["schema", "policy"]).stdout).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let is_valid = |toml: &str| {
        let value: toml::Value = toml::from_str(toml).expect("TOML");
        validator.is_valid(&serde_json::to_value(value).expect("JSON"))
    };
    let repo = messy();
    let takes = |toml: &str| {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), toml).expect("written");
        check(&repo, &["--policy", &file.path().display().to_string()]).code != 2
    };
    for (toml, valid) in [
        ("", true),
        ("[checks]\nstory-key = \"warn\"", true),
        (
            "[checks.story-state]\nstates = [\"Done\"]\nlevel = \"warn\"\nbranches = [\"main\"]\npaths = [\"a/**\"]",
            true,
        ),
        ("[[checks.story-fields.confirm]]\nfield = \"Risk\"\nby_state = \"In Review\"", true),
        ("[checks.story-size]\nmax_points = 8\n[[checks.story-size.rules]]\ntype = \"Bug\"\nmax_points = 3", true),
        ("[[checks.reverts.bad]]\nfrom = \"abcdef12\"\nwhy = \"it loses orders\"", true),
        ("[tracker]\nkind = \"jira-cloud\"\nurl = \"https://example.atlassian.net\"", true),
        ("[checks]\nstory-key = \"sometimes\"", false),
        ("[checks]\nstory-kee = \"warn\"", false),
        ("[checks.story-state]\nstaates = []", false),
        ("[service]\nnmae = \"web\"", false),
        ("[tracker]\nkind = \"trello\"\nurl = \"https://x\"", false),
    ] {
        assert_eq!((is_valid(toml), takes(toml)), (valid, valid), "{toml}");
    }
}

#[test]
fn explain_prints_the_section_of_a_code_and_the_page_of_a_check() {
    let code = gonogo(&["explain", "story-wrong-state"]);
    assert_eq!(code.code, 0);
    assert!(code.stdout.starts_with("## story-wrong-state"), "{}", code.stdout);
    assert!(!code.stdout.contains("\n## could-not-check"));
    assert!(gonogo(&["explain", "story-state"]).stdout.starts_with("# story-state"));
    let wrong = gonogo(&["explain", "story-wrong-stat"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("did you mean story-wrong-state?"), "{}", wrong.stderr);
}

#[test]
fn doctor_tells_good_from_bad_line_by_line() {
    let jira = Jira::cloud();
    jira.project("STORY");
    let repo = Repo::new();
    let policy = format!("[tracker]\nkind = \"jira-cloud\"\nurl = \"{}\"\n", jira.url());
    repo.commit_files("first", &[("gonogo.toml", &policy)]);
    repo.branch("production");
    let path = repo.path().display().to_string();
    let doctor = |environment: &[(&str, &str)]| {
        run(env!("CARGO_BIN_EXE_gonogo"), &["doctor", "--repo", &path, "--format", "json"], environment)
    };
    let health = |text: &str, what: &str| {
        let lines: Value = serde_json::from_str(text).expect("JSON");
        let line = lines.as_array().and_then(|l| l.iter().find(|l| l["what"] == what)).cloned();
        line.map(|l| (l["health"].as_str().unwrap_or("").to_owned(), l["said"].to_string(), l["fix"].to_string()))
    };
    let good = [("GONOGO_JIRA_USER", "bot@example.com"), ("GONOGO_JIRA_TOKEN", "jira-token")];
    let ran = doctor(&good);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    for what in ["git", "repository", "production", "policy", "tracker", "credentials", "rights", "clock"] {
        assert_eq!(health(&ran.stdout, what).expect(what).0, "good", "{what}");
    }
    assert!(!ran.stdout.contains("jira-token"));

    jira.clock_ahead_by(3_600);
    let ran = doctor(&good);
    assert_eq!((ran.code, health(&ran.stdout, "clock").expect("clock").0.as_str()), (1, "bad"));

    jira.expects_trouble();
    let ran = doctor(&[]);
    let (state, _, fix) = health(&ran.stdout, "credentials").expect("credentials");
    assert_eq!((ran.code, state.as_str()), (1, "bad"));
    assert!(fix.contains("GONOGO_JIRA_TOKEN"), "{fix}");

    let ran = doctor(&[good[0], ("GONOGO_JIRA_TOKEN", "wrong")]);
    let (state, said, _) = health(&ran.stdout, "tracker").expect("tracker");
    assert_eq!(state, "bad");
    assert!(said.contains("401"), "{said}");
}

#[test]
fn doctor_says_what_a_deploy_does_and_asks_no_balancer() {
    let repo = Repo::new();
    let affinity = "[deploy.affinity.haproxy]\nsockets = ['/nowhere.sock']\nmap = '/a.map'\nkey = 'web'\n";
    let policy = format!("{affinity}[[deploy.steps]]\nname = 'ship'\nrun = ['ship']\n");
    repo.commit_files("first", &[("gonogo.toml", &policy)]);
    repo.branch("production");
    let ran = gonogo(&["doctor", "--repo", &repo.path().display().to_string()]);
    let steps = "affinity-on, ship and affinity-off, by the runner local; to roll back: none";
    let asks = "gonogo balancer affinity --haproxy=/nowhere.sock --map=/a.map --key=web";
    assert!(ran.code == 0 && ran.stdout.contains(steps) && ran.stdout.contains(asks), "{}", ran.stdout);
}

#[test]
fn doctor_ends_at_what_all_else_stands_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = gonogo(&["doctor", "--repo", &folder.path().display().to_string()]);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("is not a git repository"), "{}", ran.stdout);
}
