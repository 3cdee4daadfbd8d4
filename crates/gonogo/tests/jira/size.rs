//! story-size: points, lines, days.

use crate::support::Team;

#[test]
fn points_over_the_limit_warn_by_default_and_by_type() {
    for team in Team::both() {
        let team = team
            .policy("[checks.story-size]\nmax_points = 8\n[[checks.story-size.rules]]\ntype = \"Bug\"\nmax_points = 3");
        team.jira.story("STORY-1").with_points(13.0);
        team.jira.story("STORY-2").with_points(8.0);
        team.jira.bug("STORY-3").with_points(5.0);
        team.jira.story("STORY-4");
        team.repo.commit("STORY-1 STORY-2 STORY-3 STORY-4");
        let checked = team.check();
        checked.is_go();
        let found: Vec<String> = checked.found("story-too-many-points").into_iter().map(|(_, m)| m).collect();
        assert_eq!(found, ["STORY-1 has 13 points, over 8", "STORY-3 has 5 points, over 3"]);
        assert_eq!(checked.one("story-not-estimated").0, "STORY-4");
    }
}

#[test]
fn a_points_field_of_ones_own_counts_and_a_wrong_one_could_not_be_checked() {
    let team =
        Team::cloud().policy("[checks.story-size]\nlevel = \"block\"\nmax_points = 2\npoints_field = \"Effort\"");
    team.jira.story("STORY-1").with_field("Effort", 3);
    team.repo.commit("STORY-1 x");
    team.check().exits(1).one("story-too-many-points");
    let team = Team::cloud().policy("[checks.story-size]\nlevel = \"block\"\nmax_points = 2\npoints_field = \"Efort\"");
    team.jira.story("STORY-1");
    team.repo.commit("STORY-1 x");
    team.check().exits(3).one("could-not-check");
}

#[test]
fn changed_lines_need_no_tracker_but_points_do() {
    let team = Team::cloud().without_tracker().policy("[checks.story-size]\nmax_lines = 10");
    let long = "line\n".repeat(11);
    team.repo.commit_files("STORY-1 long", &[("long.txt", long.as_str())]);
    team.repo.commit_files("STORY-2 short", &[("short.txt", "line\n")]);
    let checked = team.check();
    assert_eq!(checked.is_go().one("story-too-many-lines").1, "STORY-1 changes 11 lines, over 10");

    let team = team.policy("max_points = 3");
    assert_eq!(team.check().state_of("story-size"), "could-not-check");
    assert!(team.check().found("could-not-check").iter().any(|(_, m)| m.contains("[tracker]")));
}

#[test]
fn days_in_progress_are_those_of_the_history() {
    for team in Team::both() {
        let team = team.policy("[checks.story-size]\nmax_days = 3");
        let story = |key: &str| team.jira.story(key).at("2024-02-01T12:00:00Z").moves_to("In Progress").key();
        story("STORY-1");
        story("STORY-2");
        team.jira.story("STORY-1").at("2024-02-06T12:00:00Z").moves_to("Done");
        team.jira.story("STORY-2").at("2024-02-03T12:00:00Z").moves_to("Done");
        team.repo.commit("STORY-1 STORY-2");
        let checked = team.check();
        checked.is_go();
        assert_eq!(checked.one("story-too-many-days").1, "STORY-1 was in progress for 5.0 days, over 3");
    }
}

#[test]
fn a_history_that_is_not_told_whole_is_no_proof() {
    let team = Team::cloud().policy("[checks.story-size]\nlevel = \"block\"\nmax_days = 300000");
    team.jira.changelog_limit(1);
    team.jira.story("STORY-1").moves_to("In Progress").moves_to("Done").moves_to("In Progress");
    team.repo.commit("STORY-1 x");
    team.check().exits(3).one("could-not-check");
}
