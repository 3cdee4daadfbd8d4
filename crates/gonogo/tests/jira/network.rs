//! Certificates and proxies, as every later client has them.

use crate::support::Team;
use gonogo_world::{Jira, Proxy};

fn with_story(team: Team) -> Team {
    team.jira.story("STORY-1").in_state("Done");
    team.repo.commit("STORY-1 x");
    team
}

#[test]
fn a_private_authority_is_trusted_when_it_is_named() {
    let team = with_story(Team::cloud_on(Jira::cloud().tls()));
    let checked = team.check();
    checked.exits(3);
    let finding = &checked.json["findings"][0];
    assert!(finding["message"].as_str().is_some_and(|m| m.contains("certificate is not trusted")), "{finding}");
    assert!(finding["fix"].as_str().is_some_and(|m| m.contains("GONOGO_CA_FILE")), "{finding}");

    let ca = team.jira.ca_file().display().to_string();
    let team = team.env("GONOGO_CA_FILE", &ca);
    team.check().is_go();
}

#[test]
fn a_ca_file_that_is_none_is_told() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "no certificate").expect("written");
    let path = file.path().display().to_string();
    let team = with_story(Team::cloud()).env("GONOGO_CA_FILE", &path);
    let checked = team.check();
    assert!(checked.exits(3).found("could-not-check")[0].1.contains("GONOGO_CA_FILE"));
}

#[test]
fn proxies_of_the_environment_are_used_and_left_alone_where_told() {
    let proxy = Proxy::start();
    let team = with_story(Team::cloud_on(Jira::cloud().tls()));
    let ca = team.jira.ca_file().display().to_string();
    let team = team.env("GONOGO_CA_FILE", &ca).env("HTTPS_PROXY", &proxy.url());
    team.check().is_go();
    let passed = proxy.passed();
    assert!(!passed.is_empty() && passed.iter().all(|p| p.method == "CONNECT"), "{passed:?}");

    let team = team.env("NO_PROXY", "127.0.0.1");
    team.check().is_go();
    assert_eq!(proxy.passed().len(), passed.len());
}

#[test]
fn nobody_listens() {
    let team = with_story(Team::cloud()).env("HTTP_PROXY", "http://127.0.0.1:9");
    let checked = team.check();
    checked.exits(3);
    assert!(checked.found("could-not-check")[0].1.contains("no connection"), "{:#}", checked.json["findings"]);
}
