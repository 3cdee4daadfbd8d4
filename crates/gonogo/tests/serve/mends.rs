//! Filling in a story's fields, and moving it, under one's own name in Jira.

use crate::api::Api;
use crate::support::{PASSWORD, World, path_of};
use gonogo_world::Jira;
use gonogo_world::jira::FieldKind;
use serde_json::json;
use std::time::Duration;

/// A Jira with a story that lacks its risk and is in review, and a server with a
/// candidate that waits for it; who is signed in has joined maria's account.
struct Team {
    jira: Jira,
    world: World,
    /// The candidate's commit and page.
    sha: String,
    page: String,
}

const KINDS: [&str; 2] = ["jira-cloud", "jira-data-center"];

fn jira_of(kind: &str) -> Jira {
    let jira = if kind == "jira-cloud" { Jira::cloud() } else { Jira::data_center() };
    jira.custom_field("Risk", FieldKind::RichText);
    jira
}

impl Team {
    fn of(jira: Jira, kind: &str, checks: &str) -> Self {
        Self::with_stories(jira, kind, checks, &["STORY-12"])
    }

    fn with_stories(jira: Jira, kind: &str, checks: &str, stories: &[&str]) -> Self {
        for story in stories {
            jira.story(story).titled("Charge in euros").in_state("In Review").assigned_to("ivo");
        }
        let mut world = World::stopped().joining_jira(&jira, kind, "");
        if kind == "jira-data-center" {
            world = world.with_variable("GONOGO_JIRA_TOKEN", "jira-pat");
        }
        world.policy(&format!("tracker.kind = '{kind}'\ntracker.url = '{}'\n{checks}", jira.url()));
        world.start();
        for story in stories {
            world.repo.commit(&format!("{story} charge in euros"));
        }
        let sha = world.push("main");
        let failed = || world.status_of(&sha).now().filter(|status| status.state == "failure");
        let status = world.wait(failed, || format!("{:?}", world.status_of(&sha).now()));
        let page = path_of(&status);
        assert_eq!(world.joins_jira(&jira, "maria").0, 303);
        Self { jira, world, sha, page }
    }

    fn wanting_risk(kind: &str) -> Self {
        Self::of(jira_of(kind), kind, "checks.story-fields.required = ['Risk']\n")
    }

    fn mend_page(&self) -> String {
        self.world.get("/stories/STORY-12/mend").1
    }

    fn fills(&self, field: &str, values: &[&str]) -> (u16, String) {
        self.fills_once(field, values, "a")
    }

    /// A form that has this word of its own.
    fn fills_once(&self, field: &str, values: &[&str], once: &str) -> (u16, String) {
        let fields = [("field", field), ("once", once)];
        let fields = fields.into_iter().chain(values.iter().map(|value| ("value", *value)));
        let fields = fields.collect::<Vec<_>>();
        self.world.submit("/account", "/stories/STORY-12/mend/field", &fields)
    }

    fn moves(&self, way: &str) -> (u16, String) {
        self.world.submit("/account", "/stories/STORY-12/mend/state", &[("way", way), ("once", "m")])
    }

    fn writes(&self) -> usize {
        let is_write = |request: &gonogo_world::Request| {
            request.method == "PUT" || request.path.ends_with("transitions") && request.method == "POST"
        };
        self.jira.requests().iter().filter(|request| is_write(request)).count()
    }

    fn audit(&self) -> String {
        self.world.get("/audit?what=STORY-12").1
    }

    fn waits_for_the_story_to_say(&self, words: &str) {
        let page = || self.world.get("/stories/STORY-12").1;
        self.world.wait(|| page().contains(words).then_some(()), page);
    }
}

/// The id behind a choice or a transition of a page.
fn value_of(page: &str, words: &str) -> String {
    let before = page.split(words).next().unwrap_or_else(|| panic!("no {words} in {page}"));
    let value = before.rsplit("value=\"").next().and_then(|rest| rest.split('"').next());
    value.unwrap_or_else(|| panic!("no value before {words}: {page}")).to_owned()
}

#[test]
fn a_missing_field_is_filled_in_by_the_person_and_its_candidate_turns_go() {
    for kind in KINDS {
        let team = Team::wanting_risk(kind);
        let (_, candidate) = team.world.get(&team.page);
        assert!(candidate.contains("href=\"/stories/STORY-12/mend\""), "{candidate}");
        assert!(team.world.get("/stories/STORY-12").1.contains("Mend it here"));
        let page = team.mend_page();
        assert!(page.contains("done by <b>Maria</b>") && page.contains("<textarea name=\"value\""), "{page}");
        let (status, answer) = team.fills("Risk", &["High: all\r\ninvoices"]);
        assert_eq!(status, 303, "{answer}");
        assert!(team.jira.story("STORY-12").field("Risk").contains("invoices"));
        team.world.status_of(&team.sha).is_success("Go");
        let put = team.jira.requests().into_iter().find(|request| request.method == "PUT").expect("it was written");
        assert!(put.header("authorization").is_some_and(|token| token.starts_with("Bearer jira-access-")), "as maria");
        let audit = team.audit();
        for words in ["began to fill in a field", "filled in a field", "as Maria in Jira"] {
            assert!(audit.contains(words), "{words} is not in {audit}");
        }
        team.waits_for_the_story_to_say("Done in Jira from here");
        // The form that is sent twice is done once.
        assert_eq!(team.fills("Risk", &["High: all\r\ninvoices"]).0, 303);
        assert_eq!(team.writes(), 1);
        let (status, answer) = team.fills_once("Risk", &["Low"], "b");
        assert!(status == 409 && answer.contains("nothing is found of STORY-12 any more"), "{answer}");
    }
}

#[test]
fn a_story_is_moved_to_a_state_that_may_ship_and_to_no_other() {
    for kind in KINDS {
        let team = Team::of(jira_of(kind), kind, "checks.story-state.states = ['Ready to Deploy']\n");
        let page = team.mend_page();
        assert!(page.contains("It is In Review") && page.contains("To Ready to Deploy"), "{page}");
        assert!(!page.contains("To Closed"), "{page}");
        // A transition to another state is none that is asked for.
        assert_eq!(team.moves("10004").0, 409);
        assert_eq!((team.writes(), team.jira.story("STORY-12").status().as_str()), (0, "In Review"));
        let way = value_of(&page, "\">To Ready to Deploy");
        let (status, answer) = team.moves(&way);
        assert_eq!(status, 303, "{answer}");
        assert_eq!(team.jira.story("STORY-12").status(), "Ready to Deploy");
        team.world.status_of(&team.sha).is_success("Go");
        assert!(team.audit().contains("moved a story"));
    }
}

#[test]
fn a_transition_that_asks_for_more_and_one_that_is_not_there_lead_to_jira() {
    let jira = jira_of("jira-cloud");
    jira.asks_on_the_way("Ready to Deploy", "Risk");
    let team = Team::of(jira, "jira-cloud", "checks.story-state.states = ['Ready to Deploy']\n");
    let page = team.mend_page();
    assert!(page.contains("Jira asks for Risk with it"), "{page}");
    assert_eq!(team.moves("10003").0, 422);
    team.jira.leads_nowhere_near("Ready to Deploy");
    let page = team.mend_page();
    assert!(page.contains("From there no transition that you may make leads to Ready to Deploy"), "{page}");
    assert!(page.contains(&format!("href=\"{}/browse/STORY-12\"", team.jira.url())), "{page}");
    assert_eq!(team.writes(), 0);
}

#[test]
fn each_kind_of_field_has_its_own_form_and_words_of_others_do_no_harm() {
    let jira = Jira::cloud();
    let odd = "<script>alert(1)</script>";
    jira.options("Level", FieldKind::Select, &["Low", odd]);
    jira.options("Areas", FieldKind::MultiSelect, &["web", "api", "mail"]);
    jira.custom_field("Points", FieldKind::Number);
    jira.custom_field("Until", FieldKind::Date);
    jira.custom_field("Note", FieldKind::Text);
    jira.custom_field("Owner", FieldKind::User);
    jira.custom_field("Hidden", FieldKind::Text);
    let required = "['Level', 'Areas', 'Points', 'Until', 'Note', 'Owner', 'Hidden', 'labels']";
    let team = Team::of(jira, "jira-cloud", &format!("checks.story-fields.required = {required}\n"));
    team.jira.off_the_edit_screen("Hidden");
    let page = team.mend_page();
    for words in
        ["type=\"number\"", "type=\"date\"", "type=\"checkbox\"", "<select name=\"value\"", "a person is chosen there"]
    {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    assert!(page.contains("it is not on the screen by which you edit") && !page.contains(odd), "{page}");
    for (field, given, kept) in [
        ("Level", vec![value_of(&page, "\">&lt;script")], odd),
        ("Areas", vec![value_of(&page, "\"> api"), value_of(&page, "\"> web")], "api web"),
        ("Points", vec!["3,5".to_owned()], "3.5"),
        ("Until", vec!["2026-12-31".to_owned()], "2026-12-31"),
        ("Note", vec!["plain".to_owned()], "plain"),
    ] {
        let given: Vec<&str> = given.iter().map(String::as_str).collect();
        let (status, answer) = team.fills_once(field, &given, field);
        assert_eq!(status, 303, "{field}: {answer}");
        assert_eq!(team.jira.story("STORY-12").field(field), kept, "{field}");
    }
    let (status, answer) = team.fills_once("labels", &["later soon"], "labels");
    assert_eq!(status, 303, "{answer}");
    // What is no value is told beside the form, with what was written.
    let (status, answer) = team.fills_once("Owner", &["maria"], "o");
    assert!(status == 422 && answer.contains("a person is chosen there"), "{answer}");
    assert_eq!(team.fills_once("Hidden", &["x"], "h").0, 422);
}

#[test]
fn what_jira_says_no_to_is_told_beside_the_form_and_what_was_typed_stays() {
    let team = Team::wanting_risk("jira-cloud");
    team.jira.refuses_field("Risk", "Risk has to name a customer");
    let typed = "High <b>all</b> invoices";
    let (status, answer) = team.fills("Risk", &[typed]);
    assert_eq!(status, 502, "{answer}");
    for words in [
        "Jira does not take it (Jira says: Risk has to name a customer)",
        "High &lt;b&gt;all&lt;/b&gt; invoices</textarea>",
    ] {
        assert!(answer.contains(words), "{words} is not in {answer}");
    }
    assert!(team.audit().contains("did not fill in a field"));
    for (status, words) in [
        (403, "Jira does not let you"),
        (404, "shows you no such issue"),
        (409, "somebody else changes it"),
        (429, "left alone for a while"),
    ] {
        team.jira.heals().faults().by("PUT").status(status);
        let (_, answer) = team.fills_once("Risk", &[typed], &status.to_string());
        assert!(answer.contains(words) && answer.contains("invoices</textarea>"), "{status}: {answer}");
    }
    assert_eq!(team.jira.story("STORY-12").field("Risk"), "");
    assert_eq!(team.fills("Risk", &[" "]).0, 422);
}

#[test]
fn only_what_a_policy_asks_for_is_written() {
    let team = Team::wanting_risk("jira-cloud");
    let risk = team.jira.requests_to("/field").len();
    assert!(risk > 0);
    for field in ["summary", "customfield_10026", "Story Points", ""] {
        let (status, answer) = team.fills_once(field, &["1"], field);
        assert!(status == 409 && answer.contains("is no field that is asked for"), "{field}: {answer}");
    }
    assert_eq!(team.moves("10003").0, 409, "its state is not asked for");
    let unsigned = team.world.post("/stories/STORY-12/mend/field", &[("form", "x"), ("field", "Risk"), ("value", "y")]);
    assert_eq!(unsigned.0, 403);
    assert_eq!(team.world.get("/stories/STORY-99/mend").0, 200);
    assert_eq!(team.writes(), 0);
}

#[test]
fn a_branchs_policy_sends_nobodys_token_elsewhere() {
    let (jira, other) = (jira_of("jira-cloud"), jira_of("jira-cloud"));
    let team = Team::of(jira, "jira-cloud", "checks.story-fields.required = ['Risk']\n");
    let policy = format!(
        "stories.projects = ['STORY']\nproduction.ref = 'production'\ntracker.kind = 'jira-cloud'\ntracker.url = '{}'\nchecks.story-fields.required = ['Risk']\n",
        other.url()
    );
    team.world.repo.commit_files("STORY-12 my own tracker", &[("gonogo.toml", policy.as_str())]);
    let sha = team.world.push("main");
    let judged = || team.world.status_of(&sha).now().filter(|status| status.state != "pending");
    team.world.wait(judged, || format!("{:?}", team.world.status_of(&sha).now()));
    assert_eq!(team.fills("Risk", &["High"]).0, 303, "the policy of production is in force still");
    // By now it is production's.
    team.world.repo.git(&["branch", "-f", "production", "main"]);
    team.world.push("production");
    team.world.repo.commit("STORY-12 more");
    team.world.push("main");
    let page = || team.world.get("/stories/STORY-12").1;
    team.world.wait(|| page().contains("which is not the server").then_some(()), page);
    let (status, answer) = team.fills_once("Risk", &["Low"], "b");
    assert!(status == 409 && answer.contains("nothing is found"), "{answer}");
    assert_eq!(other.requests().len(), 0);
}

#[test]
fn who_has_not_joined_is_led_to_the_place_and_to_joining() {
    let mut team = Team::wanting_risk("jira-cloud");
    team.world.adds("bob", "viewer");
    team.world.signs_in("bob", PASSWORD);
    let page = team.mend_page();
    let link = format!("href=\"{}/browse/STORY-12\"", team.jira.url());
    assert!(page.contains("Join your Jira account") && page.contains(&link) && page.contains("“Risk”"), "{page}");
    assert_eq!(team.fills("Risk", &["High"]).0, 409);
    // Having joined, one is where one wanted to be.
    team.jira.signs_in("bob");
    let word = team.world.form_word("/account");
    let back = team.world.goes_to_be_asked(&format!("/account/jira?form={word}&next=/stories/STORY-12/mend"), "accept");
    let (_, answer) = team.world.get(&back);
    assert!(answer.contains("location: /stories/STORY-12/mend"), "{answer}");
    assert!(team.mend_page().contains("done by <b>Bob</b>"));
    team.jira.user("bob").only_reads();
    let page = team.mend_page();
    assert!(page.contains("it is not on the screen by which you edit this issue"), "{page}");
    assert_eq!((team.fills("Risk", &["High"]).0, team.writes()), (422, 0));
}

#[test]
fn a_token_is_renewed_before_it_is_over_and_one_that_is_refused_ends_the_join() {
    for kind in KINDS {
        let jira = jira_of(kind);
        jira.access_lasts(30);
        let team = Team::of(jira, kind, "checks.story-fields.required = ['Risk']\n");
        for _ in 0..3 {
            assert!(team.mend_page().contains("done by <b>Maria</b>"));
        }
        // Over before its time: it is renewed once it is not taken.
        team.jira.access_lasts(3_600);
        assert!(team.mend_page().contains("done by <b>Maria</b>"));
        team.jira.access_ends();
        assert!(team.mend_page().contains("done by <b>Maria</b>"));
        assert_eq!(team.world.files_with("jira-refresh-"), [""; 0]);
        team.jira.user("maria").revokes_the_app();
        let page = team.mend_page();
        assert!(page.contains("Join your Jira account anew") && page.contains("renewing it was refused"), "{page}");
        assert!(team.world.get("/account").1.contains("From here you cannot act in Jira any more"));
        assert_eq!(team.fills("Risk", &["High"]).0, 409);
        assert!(team.world.get("/audit").1.contains("may act in jira no more"));
    }
}

#[test]
fn many_pages_at_once_renew_a_token_once() {
    let jira = jira_of("jira-cloud");
    jira.access_lasts(30);
    let team = Team::of(jira, "jira-cloud", "checks.story-fields.required = ['Risk']\n");
    team.jira.access_lasts(3_600).forget_requests();
    std::thread::scope(|scope| {
        let pages: Vec<_> = (0..6).map(|_| scope.spawn(|| team.mend_page())).collect();
        for page in pages {
            assert!(page.join().unwrap().contains("done by <b>Maria</b>"));
        }
    });
    assert_eq!(team.jira.requests_to("/oauth/token").iter().filter(|request| request.method == "POST").count(), 1);
}

#[test]
fn a_server_that_is_killed_while_jira_writes_finds_out_what_came_of_it() {
    let mut team = Team::wanting_risk("jira-cloud");
    // Jira writes it, and its answer gets lost.
    team.jira.faults().by("PUT").delay(Duration::from_secs(3));
    let word = team.world.form_word("/account");
    std::thread::scope(|scope| {
        let fields = [("form", word.as_str()), ("field", "Risk"), ("once", "k"), ("value", "High: invoices")];
        let (world, jira) = (&team.world, &team.jira);
        let sent = scope.spawn(move || world.post("/stories/STORY-12/mend/field", &fields));
        world.wait(|| (!jira.story("STORY-12").field("Risk").is_empty()).then_some(()), || "not written".to_owned());
        world.is_killed();
        // Nobody was answered.
        drop(sent.join());
    });
    team.world.kill();
    team.jira.heals();
    team.world.start();
    let (_, story) = team.world.get("/stories/STORY-12");
    assert!(story.contains("it is not known yet: it is looked for"), "{story}");
    // The same form again does nothing.
    let (status, answer) = team.fills_once("Risk", &["High: invoices"], "k");
    assert!(status == 409 && answer.contains("not known yet what came of it"), "{answer}");
    for _ in 0..400 {
        if team.audit().contains("filled in a field") {
            break;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(team.writes(), 1);
    let audit = team.audit();
    assert!(
        audit.contains("began to fill in a field") && audit.contains("found in Jira, after it was not known"),
        "{audit}"
    );
    team.world.status_of(&team.sha).is_success("Go");
}

#[test]
fn an_answer_that_gets_lost_is_looked_for_at_once() {
    let team = Team::wanting_risk("jira-cloud");
    team.jira.faults().by("PUT").truncate();
    let (status, answer) = team.fills("Risk", &["High: invoices"]);
    assert_eq!(status, 303, "{answer}");
    assert_eq!(team.writes(), 1);
    assert!(team.audit().contains("found in Jira, after it was not known"));
}

#[test]
fn a_field_that_somebody_has_to_confirm_is_confirmed_by_ones_own_name() {
    for kind in KINDS {
        let jira = jira_of(kind);
        jira.custom_field("Read by", FieldKind::User);
        jira.story("STORY-12").with_field("Risk", "High: all invoices");
        let checks = "[[checks.story-fields.confirm]]\nfield = 'Risk'\nby_field = 'Read by'\n";
        let team = Team::of(jira, kind, checks);
        let page = team.mend_page();
        assert!(page.contains("I have read it: confirm") && page.contains("you have read “Risk”"), "{page}");
        let (status, answer) = team.fills("Read by", &[]);
        assert_eq!(status, 303, "{answer}");
        assert_eq!(team.jira.story("STORY-12").field("Read by"), "maria");
        team.world.status_of(&team.sha).is_success("Go");
    }
}

#[test]
fn nobody_confirms_their_own_story() {
    let jira = jira_of("jira-cloud");
    jira.custom_field("Read by", FieldKind::User);
    jira.story("STORY-12").with_field("Risk", "High: all invoices");
    let team = Team::of(jira, "jira-cloud", "[[checks.story-fields.confirm]]\nfield = 'Risk'\nby_field = 'Read by'\n");
    team.jira.story("STORY-12").assigned_to("maria");
    let page = team.mend_page();
    assert!(page.contains("you are the assignee, and somebody else has to confirm it"), "{page}");
    assert_eq!((team.fills("Read by", &[]).0, team.writes()), (422, 0));
}

#[test]
fn what_was_filled_in_meanwhile_is_not_written_over() {
    let team = Team::wanting_risk("jira-cloud");
    team.jira.story("STORY-12").sets_field_by("Risk", "Low: nothing to see", "ivo");
    assert!(team.mend_page().contains("Nothing is missing in Jira any more"));
    let (status, answer) = team.fills("Risk", &["High"]);
    assert!(status == 409 && answer.contains("is filled in by now"), "{answer}");
    assert!(answer.contains("You had written: High"), "{answer}");
    assert_eq!(team.jira.story("STORY-12").field("Risk"), "Low: nothing to see");
}

#[test]
fn a_program_does_the_same_in_its_persons_name() {
    let team = Team::wanting_risk("jira-cloud");
    let api = Api::with(&team.world, &["read", "stories"]);
    let mends = api.get("/stories/STORY-12/mends");
    assert_eq!((&mends["acting_as"], &mends["fields"][0]["kind"]), (&json!("Maria"), &json!("text")), "{mends}");
    let refused = api.post("/stories/STORY-12/fields", &json!({"field": "summary", "values": ["x"]}));
    assert!(refused.status == 409 && refused.body["type"] == "/api#conflict", "{}", refused.body);
    for _ in 0..2 {
        let fill = json!({"field": "Risk", "values": ["High: invoices"]});
        let done = api.post_once("k-1", "/stories/STORY-12/fields", &fill);
        assert_eq!(done.status, 204, "{}", done.body);
    }
    assert_eq!(team.writes(), 1);
    team.world.status_of(&team.sha).is_success("Go");
    assert!(team.audit().contains("by the token ci"));
    assert_eq!(api.send("GET", "/stories/STORY-12/mends", &[], "").status, 404);
}

#[test]
fn a_token_of_who_has_not_joined_and_one_without_the_scope_do_nothing() {
    let mut team = Team::wanting_risk("jira-cloud");
    let refused = Api::with(&team.world, &["read"]).send("GET", "/stories/STORY-12/mends", &[], "");
    assert!(
        refused.status == 403 && refused.body["detail"].to_string().contains("the scope stories"),
        "{}",
        refused.body
    );
    team.world.adds("bob", "developer");
    team.world.signs_in("bob", PASSWORD);
    let api = Api::with(&team.world, &["stories"]);
    for (path, body) in
        [("fields", json!({"field": "Risk", "values": ["x"]})), ("moves", json!({"transition": "10003"}))]
    {
        let refused = api.post(&format!("/stories/STORY-12/{path}"), &body);
        assert!(refused.status == 409 && refused.body["type"] == "/api#not-joined", "{}", refused.body);
    }
    assert_eq!(api.send("GET", "/stories/STORY-12/mends", &[], "").status, 409);
    assert_eq!(team.writes(), 0);
}
