//! A Jira that is away, slow, strict or broken: what is not known is never Go.

use crate::support::Team;
use gonogo_world::Jira;
use gonogo_world::jira::FieldKind;
use std::time::{Duration, Instant};

fn team() -> Team {
    let team = Team::cloud().policy("[checks.story-state]\nstates = [\"Done\"]");
    team.jira.story("STORY-1").in_state("Done");
    team.repo.commit("STORY-1 x");
    team
}

/// The check could not be done, within the time, for this reason and with this cure.
#[track_caller]
fn could_not_check(team: &Team, said: &str, fix: &str) {
    team.jira.expects_trouble();
    let started = Instant::now();
    let checked = team.check();
    checked.exits(3);
    assert!(started.elapsed() < Duration::from_secs(8), "took {:?}", started.elapsed());
    let findings = checked.json["findings"].as_array().cloned().unwrap_or_default();
    let finding = findings.iter().find(|f| f["code"] == "could-not-check").expect("a could-not-check");
    let (message, mend) = (finding["message"].as_str().unwrap_or(""), finding["fix"].as_str().unwrap_or(""));
    assert!(message.contains(said), "{message}");
    assert!(mend.contains(fix), "{mend}");
    assert_eq!(checked.state_of("story-state"), "could-not-check");
    assert_eq!(checked.story("STORY-1")["tracker"], "unknown");
    assert!(!format!("{}{}", checked.json, checked.stderr).contains("jira-token"), "the token shows");
}

#[test]
fn answers_that_say_no_are_final_and_say_what_to_do() {
    for (status, said, fix) in [
        (400, "it answered 400", "gonogo.toml"),
        (401, "it answered 401", "renew the token"),
        (403, "it answered 403", "browse the projects"),
        (404, "it answered 404", "[tracker] url"),
    ] {
        let team = team();
        team.jira.faults().status(status);
        could_not_check(&team, said, fix);
        assert_eq!(team.jira.requests().len(), 1, "{status} is not tried again");
    }
}

#[test]
fn a_wrong_token_is_told_with_the_variables() {
    let team = team().env("GONOGO_JIRA_TOKEN", "old-jira-tok");
    could_not_check(&team, "it answered 401", "GONOGO_JIRA_TOKEN");
}

#[test]
fn a_token_that_may_not_see_anything_makes_stories_absent_not_go() {
    let team = team();
    team.jira.without_browse_permission();
    team.check().exits(1).one("story-not-found");
}

#[test]
fn pages_truncation_and_nonsense_are_unknown_at_once() {
    let team = team();
    team.jira.faults().garbage();
    could_not_check(&team, "a web page instead of JSON", "renew the token");
    for fault in ["truncate", "redirect", "wrong", "endless"] {
        let team = self::team();
        let faults = team.jira.faults();
        let said = match fault {
            "truncate" => {
                faults.truncate();
                "broke off"
            }
            "redirect" => {
                faults.redirect_to_login();
                "redirects to"
            }
            "wrong" => {
                faults.wrong_json();
                "cannot be read"
            }
            _ => {
                faults.endless_body();
                "over 32 MB"
            }
        };
        could_not_check(&team, said, "");
        assert_eq!(team.jira.requests().len(), 1, "{fault} is not tried again");
    }
}

#[test]
fn server_errors_and_resets_are_tried_again_twice() {
    for reset in [false, true] {
        let team = team();
        let faults = team.jira.faults().times(2);
        if reset {
            faults.reset()
        } else {
            faults.status(500)
        };
        team.check().is_go();
        assert_eq!(team.jira.requests().len(), 3);

        let team = self::team();
        let faults = team.jira.faults();
        if reset {
            faults.reset()
        } else {
            faults.status(502)
        };
        could_not_check(&team, if reset { "broke off" } else { "it answered 502" }, "");
        assert_eq!(team.jira.requests().len(), 3);
    }
}

#[test]
fn a_limit_is_waited_for_as_told() {
    for status in [429, 503] {
        let team = team();
        team.jira.faults().times(1).status(status).retry_after(1);
        let started = Instant::now();
        team.check().is_go();
        assert!(started.elapsed() >= Duration::from_secs(1));
        assert_eq!(team.jira.requests().len(), 2);
    }
}

#[test]
fn who_says_not_to_wait_is_not_asked_without_end() {
    let team = team();
    team.jira.faults().status(503).retry_after(0);
    could_not_check(&team, "it answered 503", "");
    assert_eq!(team.jira.requests().len(), 3);
}

#[test]
fn a_wait_longer_than_a_run_is_not_begun() {
    let team = team();
    team.jira.faults().status(429).retry_after(120);
    could_not_check(&team, "asks to wait 120 s", "check again later");
}

#[test]
fn a_wait_without_end_is_an_answer_like_another() {
    for status in [429, 503] {
        let team = team();
        team.jira.faults().status(status).retry_after(u64::MAX);
        could_not_check(&team, "asks to wait 900 s", "check again");
    }
}

#[test]
fn one_bad_chunk_leaves_the_others_judged() {
    let team = Team::cloud().policy("[checks.story-state]\nstates = [\"Done\"]");
    for number in 1..=150 {
        team.jira.story(&format!("STORY-{number}")).in_state("In Review");
    }
    let keys: Vec<String> = (1..=150).map(|n| format!("STORY-{n}")).collect();
    team.repo.commit(&keys.join(" "));
    team.jira.expects_trouble();
    team.jira.faults().on("bulkfetch").times(1).status(403);
    let checked = team.check();
    checked.exits(1);
    let wrong = checked.found("story-wrong-state").len();
    assert!(wrong == 50 || wrong == 100, "{wrong} judged");
}

#[test]
fn a_tracker_without_credentials_is_unknown_and_not_asked() {
    for (kind, missing) in [("GONOGO_JIRA_TOKEN", "no GONOGO_JIRA_TOKEN"), ("GONOGO_JIRA_USER", "no GONOGO_JIRA_USER")]
    {
        let team = team().env(kind, "");
        let checked = team.check();
        checked.exits(3);
        let (_, message) = checked.found("could-not-check").remove(0);
        assert!(message.contains(missing), "{message}");
        assert_eq!(team.jira.requests().len(), 0);
    }
}

#[test]
fn the_token_can_be_in_a_file() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "jira-token\n").expect("written");
    let path = file.path().display().to_string();
    let team = team().env("GONOGO_JIRA_TOKEN", "").env("GONOGO_JIRA_TOKEN_FILE", &path);
    team.check().is_go();
    std::fs::remove_file(file.path()).expect("removed");
    let checked = team.check();
    checked.exits(3);
    assert!(checked.found("could-not-check")[0].1.contains("GONOGO_JIRA_TOKEN_FILE"));
}

#[test]
fn many_stories_take_three_requests_one_after_the_other() {
    let team = Team::cloud().policy(
        "[checks.story-state]\nstates = [\"Done\"]\n[checks.story-missing]\nready = \"Ready to Deploy\"\n[checks.story-fields]\nrequired = [\"Risk\"]",
    );
    team.jira.project("WEB");
    team.jira.custom_field("Risk", gonogo_world::jira::FieldKind::RichText);
    for number in 1..=500 {
        let key = format!("STORY-{number}");
        team.jira.story(&key).in_state("Done").with_field("Risk", "low: a text only");
        if number % 50 == 0 {
            team.repo.commit(&(number - 49..=number).map(|n| format!("STORY-{n}")).collect::<Vec<_>>().join(" "));
        }
    }
    for number in 501..=600 {
        team.jira.story(&format!("STORY-{number}")).in_state("Ready to Deploy");
    }
    team.jira.faults().delay(Duration::from_millis(300));
    team.check().is_go();
    assert!(team.jira.depth() <= 3, "{} one after the other", team.jira.depth());
    let paths: Vec<String> = team.jira.requests().into_iter().map(|r| r.path).collect();
    for path in &paths {
        assert!(
            ["/rest/api/3/field", "/rest/api/3/issue/bulkfetch", "/rest/api/3/search/jql"].contains(&path.as_str()),
            "{path}"
        );
    }
    assert_eq!(paths.iter().filter(|p| p.ends_with("/field")).count(), 1);
}

#[test]
fn a_data_center_behind_a_proxy_that_forbids_post_is_asked_by_get() {
    let team = Team::data_center_on(Jira::data_center().at("/jira"));
    let team = team.policy("[[checks.story-fields.confirm]]\nfield = \"Risk\"\nby_state = \"In Review\"");
    team.jira.custom_field("Risk", FieldKind::Text);
    for key in ["STORY-1", "STORY-2", "STORY-3"] {
        let story = team.jira.story(key).assigned_to("maria").with_field("Risk", "low: text").in_state("In Review");
        story.moves_to_by("Done", "lee");
    }
    team.repo.commit("STORY-1 STORY-2 STORY-3 STORY-99 x");
    team.jira.page_limit(1).faults().on("/search").by("POST").status(405);

    let checked = team.check();
    assert_eq!(checked.exits(1).one("story-not-found").0, "STORY-99");
    assert_eq!(checked.found("story-field-unconfirmed"), [], "the history came along");
    let asked = team.jira.requests_to("/search");
    let posts = asked.iter().filter(|request| request.method == "POST").count();
    assert_eq!((posts, asked.len()), (1, 5), "a page each, one for the missing key, and POST is tried once");
}

#[test]
fn one_issue_that_cannot_be_read_leaves_the_others_judged() {
    for team in [Team::cloud(), Team::data_center_on(Jira::data_center())] {
        let team = team.policy("[checks.story-state]\nstates = [\"Done\"]");
        team.jira.story("STORY-1").in_state("Done");
        team.jira.story("STORY-2").in_state("In Review");
        team.jira.story("STORY-3").in_state("Done").told_without_status();
        team.repo.commit("STORY-1 STORY-2 STORY-3 x");
        let checked = team.check();
        assert_eq!(checked.exits(1).one("story-wrong-state").0, "STORY-2");
        let unknown: Vec<String> = checked.found("could-not-check").into_iter().map(|(id, _)| id).collect();
        assert!(unknown.iter().all(|id| id == "STORY-3") && !unknown.is_empty(), "{unknown:?}");
    }
}
