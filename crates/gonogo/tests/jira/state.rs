//! story-state and story-exists.

use crate::support::Team;
use serde_json::json;

const STATES: &str = "[checks.story-state]\nstates = [\"Ready to Deploy\", \"Done\"]\nsubtask_states = [\"Done\"]";

#[test]
fn a_story_in_review_blocks_until_it_is_moved() {
    for team in Team::both() {
        let team = team.policy(STATES);
        team.jira.story("STORY-12").titled("Charge in euros").in_state("In Review").assigned_to("maria");
        team.repo.commit("STORY-12 charge in euros");

        let checked = team.check();
        checked.exits(1);
        let (subject, message) = checked.one("story-wrong-state");
        assert_eq!(subject, "STORY-12");
        assert_eq!(message, "STORY-12 is In Review, may ship from Ready to Deploy and Done");
        let story = checked.story("STORY-12");
        assert_eq!(story["title"], "Charge in euros");
        assert_eq!(story["assignee"], "Maria");
        assert_eq!((&story["tracker"], &story["ships"]), (&json!("known"), &json!(true)));
        assert!(story["url"].as_str().is_some_and(|u| u.ends_with("/browse/STORY-12")), "{story}");

        team.jira.story("STORY-12").moves_to("Ready to Deploy");
        team.check().is_go();
    }
}

#[test]
fn states_count_by_id_too() {
    let team = Team::cloud().policy("[checks.story-state]\nstates = [\"10003\"]");
    team.jira.story("STORY-1").in_state("Ready to Deploy");
    team.repo.commit("STORY-1 x");
    team.check().is_go();
}

#[test]
fn a_sub_task_has_states_of_its_own_and_shows_its_parent() {
    for team in Team::both() {
        let team = team.policy(STATES);
        team.jira.story("STORY-12").in_state("In Review");
        team.jira.subtask("STORY-15").of("STORY-12").in_state("Ready to Deploy");
        team.repo.commit("STORY-15 part");
        let checked = team.check();
        let (_, message) = checked.exits(1).one("story-wrong-state");
        assert_eq!(message, "STORY-15 is Ready to Deploy, may ship from Done; sub-task of STORY-12 (In Review)");
        assert_eq!(checked.story("STORY-15")["parent"], "STORY-12");
        team.jira.subtask("STORY-15").moves_to("Done");
        team.check().is_go();
    }
}

#[test]
fn a_rule_for_a_type_or_a_project_goes_before() {
    let rules = "[checks.story-state]\nstates = [\"Done\"]\n[[checks.story-state.rules]]\ntype = \"Bug\"\nstates = [\"In Review\"]\n[[checks.story-state.rules]]\nproject = \"WEB\"\nstates = [\"To Do\"]";
    let team = Team::cloud().policy(rules);
    team.jira.bug("STORY-1").in_state("In Review");
    team.jira.story("WEB-2").in_state("To Do");
    team.jira.story("STORY-3").in_state("Done");
    for message in ["STORY-1 a", "WEB-2 b", "STORY-3 c"] {
        team.repo.commit(message);
    }
    team.check().is_go();
}

#[test]
fn a_key_that_the_tracker_does_not_have_blocks_and_so_does_one_that_the_token_may_not_see() {
    for team in Team::both() {
        team.jira.story("STORY-1").hidden();
        team.jira.project("STORY");
        team.repo.commit("STORY-1 hidden, STORY-99 unknown");
        let checked = team.check();
        checked.exits(1);
        let found: Vec<String> = checked.found("story-not-found").into_iter().map(|(id, _)| id).collect();
        assert_eq!(found, ["STORY-1", "STORY-99"]);
        assert_eq!(checked.story("STORY-99")["tracker"], "absent");
    }
}

#[test]
fn a_moved_story_is_a_note_with_its_new_key() {
    for team in Team::both() {
        let team = team.policy("[checks.story-state]\nstates = [\"Done\"]");
        team.jira.project("WEB");
        for key in ["STORY-1", "STORY-2", "STORY-3"] {
            team.jira.story(key).in_state("Done");
        }
        team.jira.story("STORY-1").moved_to("WEB-7");
        team.jira.story("STORY-2").moved_to("WEB-8");
        team.repo.commit("STORY-1 STORY-2 STORY-3 and WEB-8 too");
        let checked = team.check();
        checked.is_go();
        let moved = checked.found("story-moved");
        assert_eq!(moved[0].1, "STORY-1 was moved and is WEB-7 now");
        assert_eq!(moved[1].1, "STORY-2 was moved and is WEB-8 now");
    }
}

#[test]
fn without_a_tracker_its_checks_are_off_in_one_line() {
    let team = Team::cloud();
    team.repo.commit("STORY-1 x");
    let team = team.without_tracker();
    let checked = team.check();
    checked.is_go();
    for check in ["story-exists", "story-state", "story-missing", "story-fields"] {
        assert_eq!(checked.state_of(check), "off");
    }
    assert_eq!(team.jira.requests().len(), 0);
}
