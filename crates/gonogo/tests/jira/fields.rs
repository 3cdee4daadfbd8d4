//! story-fields: filled in, with sense, and confirmed by another.

use crate::support::Team;
use gonogo_world::jira::FieldKind;

const REQUIRED: &str = "[checks.story-fields]\nrequired = [\"Risk\", \"Post-deploy checks\"]";

fn teams(policy: &str) -> Vec<Team> {
    Team::both()
        .into_iter()
        .map(|team| {
            let team = team.policy(policy);
            team.jira.custom_field("Risk", FieldKind::RichText);
            team.jira.custom_field("Post-deploy checks", FieldKind::Text);
            team.jira.story("STORY-1").assigned_to("maria");
            team.repo.commit("STORY-1 x");
            team
        })
        .collect()
}

#[test]
fn a_field_must_be_filled_in_and_say_something() {
    for team in teams(REQUIRED) {
        let checked = team.check();
        checked.exits(1);
        let messages: Vec<String> = checked.found("story-field-missing").into_iter().map(|(_, m)| m).collect();
        assert_eq!(messages, ["STORY-1 \"Post-deploy checks\" is empty", "STORY-1 \"Risk\" is empty"]);

        team.jira.story("STORY-1").with_field("Risk", "TBD").with_field("Post-deploy checks", " n/A ");
        let hollow = team.check().exits(1).found("story-field-hollow");
        assert_eq!(hollow[1].1, "STORY-1 \"Risk\" says only \"TBD\"");
        assert_eq!(hollow.len(), 2);

        team.jira.story("STORY-1").with_field("Risk", "low").with_field("Post-deploy checks", "see an order");
        team.check().is_go();
    }
}

#[test]
fn an_id_works_as_a_name_does() {
    let team = Team::cloud();
    let id = team.jira.custom_field("Risk", FieldKind::Text);
    let team = team.policy(&format!("[checks.story-fields]\nrequired = [\"{id}\"]"));
    team.jira.story("STORY-1").with_field("Risk", "low: text");
    team.repo.commit("STORY-1 x");
    team.check().is_go();
    assert!(team.jira.requests_to("/field").is_empty(), "an id needs no look at the list of fields");
}

#[test]
fn a_field_that_is_not_there_or_there_twice_could_not_be_checked() {
    let team = Team::cloud().policy("[checks.story-fields]\nrequired = [\"Risk\"]");
    team.jira.story("STORY-1");
    team.repo.commit("STORY-1 x");
    let checked = team.check();
    assert!(checked.exits(3).one("could-not-check").1.contains("no field \"Risk\""));

    let team = Team::cloud().policy("[checks.story-fields]\nrequired = [\"Risk\"]");
    let (one, other) = team.jira.two_fields_named("Risk");
    team.jira.story("STORY-1");
    team.repo.commit("STORY-1 x");
    let checked = team.check();
    assert!(checked.exits(3).one("could-not-check").1.contains("2 fields named"));
    let fix = checked.json["findings"][0]["fix"].as_str().unwrap_or("").to_owned();
    assert!(fix.contains(&one) && fix.contains(&other), "{fix}");
}

#[test]
fn a_rule_by_type_and_state_goes_before() {
    let rules = "[checks.story-fields]\nrequired = [\"Risk\"]\n[[checks.story-fields.rules]]\ntype = \"Bug\"\nrequired = []\n[[checks.story-fields.rules]]\nstate = \"In Progress\"\nrequired = []";
    let team = Team::cloud().policy(rules);
    team.jira.custom_field("Risk", FieldKind::Text);
    team.jira.bug("STORY-1");
    team.jira.story("STORY-2").in_state("In Progress");
    team.jira.story("STORY-3").in_state("Done");
    team.repo.commit("STORY-1 STORY-2 STORY-3");
    let checked = team.check();
    assert_eq!(checked.exits(1).one("story-field-missing").0, "STORY-3");
}

#[test]
fn somebody_else_confirms_by_a_field_after_the_text_last_changed() {
    let policy = "[[checks.story-fields.confirm]]\nfield = \"Risk\"\nby_field = \"Risk reviewer\"";
    for team in teams(policy) {
        team.jira.custom_field("Risk reviewer", FieldKind::User);
        let story = || team.jira.story("STORY-1");
        story().sets_field_by("Risk", "low: text", "maria");
        assert!(team.check().exits(1).one("story-field-unconfirmed").1.contains("\"Risk reviewer\" is empty"));

        story().sets_field_by("Risk reviewer", "maria", "maria");
        assert!(team.check().exits(1).one("story-field-unconfirmed").1.contains("its own assignee, Maria"));

        story().sets_field_by("Risk reviewer", "tom", "tom");
        team.check().is_go();

        story().sets_field_by("Risk", "high: all of billing", "maria");
        assert!(team.check().exits(1).one("story-field-unconfirmed").1.contains("after it was confirmed"));
    }
}

#[test]
fn somebody_else_confirms_by_moving_it_on() {
    let policy = "[[checks.story-fields.confirm]]\nfield = \"Risk\"\nby_state = \"In Review\"";
    for team in teams(policy) {
        let story = || team.jira.story("STORY-1");
        story().sets_field_by("Risk", "low: text", "maria").moves_to_by("In Review", "maria");
        story().moves_to_by("Done", "maria");
        assert!(team.check().exits(1).one("story-field-unconfirmed").1.contains("nobody but the assignee"));

        story().moves_to_by("In Review", "maria").moves_to_by("Done", "tom");
        team.check().is_go();

        story().sets_field_by("Risk", "high: billing", "maria");
        assert!(team.check().exits(1).one("story-field-unconfirmed").1.contains("after it was confirmed"));
    }
}

#[test]
fn a_mistyped_field_to_confirm_is_not_taken_for_nothing_to_confirm() {
    let team = Team::cloud().policy("[[checks.story-fields.confirm]]\nfield = \"Risck\"\nby_state = \"In Review\"");
    team.jira.custom_field("Risk", FieldKind::Text);
    team.jira.story("STORY-1").with_field("Risk", "low: text");
    team.repo.commit("STORY-1 x");
    assert!(team.check().exits(3).one("could-not-check").1.contains("Risck"));
}
