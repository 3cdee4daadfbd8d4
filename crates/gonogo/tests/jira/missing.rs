//! story-missing: ready, ours, and not in the deploy.

use crate::support::Team;

const READY: &str = "[checks.story-missing]\nready = \"Ready to Deploy\"";

#[test]
fn a_ready_story_with_a_branch_or_a_commit_elsewhere_is_missing() {
    for team in Team::both() {
        let team = team.policy(READY);
        team.jira.project("WEB");
        for key in ["STORY-1", "STORY-2", "STORY-3", "STORY-4"] {
            team.jira.story(key).in_state("Ready to Deploy");
        }
        team.repo.commit("STORY-1 ships");
        team.repo.branch("feature/STORY-2-late");
        team.repo.branch("other").checkout("other");
        team.repo.commit("STORY-3 not merged");
        team.repo.checkout("main");
        let checked = team.check();
        checked.exits(1);
        let found = checked.found("story-missing");
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0].0, "STORY-2");
        assert!(found[0].1.contains("branch feature/STORY-2-late"), "{}", found[0].1);
        assert!(
            found[1].1.starts_with("STORY-3 is Ready to Deploy and not in this deploy (seen in commit"),
            "{}",
            found[1].1
        );
    }
}

#[test]
fn a_story_that_has_shipped_and_is_still_ready_is_a_note() {
    let team = Team::cloud().policy(READY);
    team.jira.project("WEB");
    team.jira.story("STORY-7").in_state("Ready to Deploy");
    team.repo.branch("feature/STORY-7-done");
    let sha = team.repo.commit("STORY-7 shipped before");
    team.repo.branch_at("production", "main");
    team.repo.git(&["branch", "-f", "feature/STORY-7-done", &sha]);
    team.repo.commit("no-jira something new");
    let checked = team.check();
    checked.is_go();
    assert!(checked.one("story-shipped-still-ready").1.contains(&sha[..7]));
}

#[test]
fn what_a_query_finds_is_missing_without_any_trace_here() {
    for team in Team::both() {
        let team = team.policy("[checks.story-missing]\nready_query = \"project = STORY AND status = Done\"");
        team.jira.story("STORY-1").in_state("Done");
        team.jira.story("STORY-2").in_state("Done");
        team.jira.story("STORY-3").in_state("To Do");
        team.repo.commit("STORY-1 ships");
        let checked = team.check();
        assert_eq!(checked.exits(1).one("story-missing").0, "STORY-2");
    }
}

#[test]
fn a_moved_story_that_ships_under_its_old_key_is_not_missing() {
    let team = Team::cloud().policy("[checks.story-missing]\nready_query = \"status = Done\"");
    team.jira.project("WEB");
    team.jira.story("STORY-1").in_state("Done").moved_to("WEB-7");
    team.repo.commit("STORY-1 ships");
    team.check().is_go();
}

#[test]
fn a_mention_is_no_trace() {
    let team = Team::cloud().policy(READY);
    team.jira.project("WEB");
    team.jira.story("STORY-1").in_state("Ready to Deploy");
    team.repo.branch("other").checkout("other");
    team.jira.story("STORY-2").in_state("Done");
    team.repo.commit("STORY-2 mend it\n\nA regression from STORY-1 was seen.");
    team.repo.checkout("main");
    team.repo.commit("STORY-2 x");
    team.check().is_go();
}

#[test]
fn a_query_that_jira_refuses_could_not_be_checked() {
    for team in Team::both() {
        let team = team.policy("[checks.story-missing]\nready_query = \"bogus === 1\"");
        team.jira.expects_trouble();
        team.repo.commit("no-jira x");
        assert!(team.check().exits(3).one("could-not-check").1.contains("400"));
    }
}

#[test]
fn a_ready_state_or_a_project_that_jira_does_not_know_could_not_be_checked() {
    for team in Team::both() {
        let team = team.policy("[checks.story-missing]\nready = \"Redy to Deploy\"");
        team.jira.expects_trouble().project("WEB");
        team.jira.story("STORY-1").in_state("Ready to Deploy");
        team.repo.branch("feature/STORY-1-late");
        team.repo.commit("no-jira x");
        let found = team.check().exits(3).one("could-not-check").1;
        assert!(found.contains("400") && found.contains("Redy to Deploy"), "{found}");
    }
    for team in Team::both() {
        // The token does not see WEB.
        let team = team.policy(READY);
        team.jira.story("STORY-1").in_state("Done");
        team.repo.commit("no-jira x");
        let found = team.check().exits(3).one("could-not-check").1;
        assert!(found.contains("400") && found.contains("WEB"), "{found}");
    }
}

#[test]
fn many_pages_are_read_to_the_end() {
    for team in Team::both() {
        let team = team.policy("[checks.story-missing]\nready_query = \"status = Done ORDER BY key\"");
        team.jira.page_limit(10);
        for number in 1..=45 {
            team.jira.story(&format!("STORY-{number}")).in_state("Done");
        }
        team.repo.commit("no-jira x");
        assert_eq!(team.check().exits(1).found("story-missing").len(), 45);
    }
}
