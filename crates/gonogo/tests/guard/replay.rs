//! Over files.

use super::support::{counts, csv, json, replay, write};

const POLICY: &str = "[deploy.metrics]\ngraphite = 'https://graphite.example.com'\n\
    [[deploy.guards]]\nname = 'errors'\nfrom = 'graphite'\nmeasures = 'count'\nquery = 'errors'\n";
/// A whole minute.
const START: i64 = 1_700_000_040;

#[test]
fn it_says_what_a_guard_would_have_done_at_each_deploy_and_draws_it() {
    let folder = tempfile::tempdir().unwrap();
    let policy = write(folder.path(), "gonogo.toml", POLICY).display().to_string();
    let (first, second) = (START, START + 4 * 3600);
    let points = csv(&counts(first - 3600, second + 3600, second + 300));
    let series = format!("errors={}", write(folder.path(), "errors.csv", &points).display());
    let deploys = write(folder.path(), "deploys", &format!("{first},{}\n{second},{}\n", first + 300, second + 300));
    let (deploys, pictures) = (deploys.display().to_string(), folder.path().join("pictures").display().to_string());
    let all = ["--policy", &policy, "--series", &series, "--deploys", &deploys];

    let ran = replay(&[&all[..], &["--pictures", &pictures]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(
        lines[0].starts_with("✓ deploy of 2023-11-14T22:14:00Z: go on at 2023-11-14T22:29:00Z: errors: fine"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("✗ deploy of 2023-11-15T02:14:00Z: halt at 2023-11-15T02:19:"), "{}", ran.stdout);
    assert!(ran.stdout.contains("not compared with what was last week: there are too few points"), "{}", ran.stdout);
    let svg = std::fs::read_to_string(format!("{pictures}/errors-20231115T021400Z.svg")).unwrap();
    assert_eq!((svg.matches("class=\"step\"").count(), svg.matches("class=\"halt\"").count()), (2, 1));

    let said = json(&all);
    let deploy = &said["guards"][0]["deploys"][1];
    assert_eq!((&deploy["advice"], &deploy["reading"]["judgement"]), (&"halt".into(), &"worse".into()));
    assert!(deploy["reading"]["evidence"].as_f64().unwrap() >= 100.0);
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_what_mends_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| write(folder.path(), name, text).display().to_string();
    let policy = path("gonogo.toml", POLICY);
    let good = format!("errors={}", path("good.csv", "1,2\n"));
    let bad = format!("errors={}", path("bad.csv", "1,2\n2,x\n"));
    let empty = path("empty.toml", "");
    for (arguments, expected) in [
        (vec!["--policy", &policy, "--series", &bad, "--deploy", "100"], "bad.csv:2: `x` is no number"),
        (vec!["--policy", &policy, "--series", &good, "--deploy", "soon"], "`soon` is no time"),
        (vec!["--policy", &policy, "--series", &good, "--deploy", "9", "--deploy", "9"], "begin at the same time"),
        (vec!["--policy", &policy, "--series", "errors.of=x", "--deploy", "9"], "nothing reads `errors.of`"),
        (vec!["--policy", &policy, "--guard", "error", "--series", &good, "--deploy", "9"], "did you mean errors?"),
        (vec!["--policy", &empty, "--series", &good, "--deploy", "9"], "has no [[deploy.guards]]"),
        (vec!["--policy", &policy, "--deploy", "9"], "--series"),
        (vec!["--policy", &policy, "--from", "9", "--until", "8", "--deploy", "9"], "is not before --until"),
    ] {
        let ran = replay(&arguments);
        assert!(ran.code == 2 && ran.stderr.contains(expected), "{arguments:?}: {} {}", ran.code, ran.stderr);
    }
}

#[test]
fn a_server_that_cannot_be_read_is_no_good_news() {
    let folder = tempfile::tempdir().unwrap();
    let text = POLICY.replace("https://graphite.example.com", "http://127.0.0.1:9");
    let policy = write(folder.path(), "gonogo.toml", &text).display().to_string();
    let ran = replay(&["--policy", &policy, "--from", "1000", "--until", "9000", "--deploy", "5000"]);
    assert_eq!(ran.code, 3, "{}", ran.stdout);
    assert!(
        ran.stderr.contains("Graphite (127.0.0.1): no connection") && ran.stderr.contains("[deploy.metrics]"),
        "{}",
        ran.stderr
    );
}
