//! Which stories a commit names, and which of them it makes ship.

use crate::support::{Report, check, says, text, texts};
use gonogo_world::Repo;

const NONE: [&str; 0] = [];

/// One commit with this message over production, under a policy that knows STORY and WEB.
struct Told {
    report: Report,
    sha: String,
}

fn tell(message: &str) -> Told {
    tell_under(message, "projects = ['STORY', 'WEB']")
}

fn tell_under(message: &str, stories: &str) -> Told {
    let repo = Repo::new();
    repo.commit("first");
    repo.branch("production");
    let sha = repo.commit(message);
    let report = check(&repo).production("production").policy(&format!("[stories]\n{stories}\n")).json();
    Told { report, sha }
}

impl Told {
    #[track_caller]
    fn ships(&self, keys: &[&str]) -> &Self {
        assert_eq!(texts(&self.report.commit(&self.sha)["keys"]), keys, "{}", self.report);
        assert_eq!(self.report.shipping(), keys);
        self
    }

    #[track_caller]
    fn mentions(&self, keys: &[&str]) -> &Self {
        assert_eq!(texts(&self.report.commit(&self.sha)["mentions"]), keys, "{}", self.report);
        self
    }
}

#[test]
fn keys_of_the_subject_ship_all_of_them() {
    tell("[STORY-1] and (WEB-2), #STORY-3: euros").ships(&["STORY-1", "STORY-3", "WEB-2"]).mentions(&NONE);
}

#[test]
fn words_that_look_like_keys_are_none() {
    let told = tell("UTF-8, SHA-256, CVE-2024-1, XSTORY-5, STORY-3x, STORY_9, story-1, STORY-007, x-STORY-8-y");
    told.ships(&NONE).mentions(&NONE);
    told.report.is("no-go").finding("story-key-missing");
}

#[test]
fn a_key_in_prose_is_only_mentioned() {
    let told = tell("STORY-1 charge in euros\n\nA regression from STORY-7, see\n* WEB-8 too.\n\nThanks.");
    told.ships(&["STORY-1"]).mentions(&["STORY-7", "WEB-8"]);
    told.report.is("go");
}

#[test]
fn a_key_in_prose_ships_when_the_commit_has_no_other() {
    tell("Charge in euros\n\nFor STORY-7.\n").ships(&["STORY-7"]).mentions(&NONE);
}

#[test]
fn keys_in_trailers_ship() {
    tell("Charge in euros\n\nSee WEB-9 for why.\n\nStory: STORY-1,\n  STORY-2\nSigned-off-by: R <r@example.com>\n")
        .ships(&["STORY-1", "STORY-2"])
        .mentions(&["WEB-9"]);
}

#[test]
fn the_squashed_subjects_of_a_squash_commit_ship() {
    tell("Charge in euros (#12)\n\n* STORY-1 one\n\n* two\n\n* WEB-3 three\n\nThis is about STORY-4.\n")
        .ships(&["STORY-1", "WEB-3"])
        .mentions(&["STORY-4"]);
}

#[test]
fn a_policy_widens_and_narrows_where_keys_ship() {
    let message = "STORY-1 euros\n\nPart of WEB-2.\n\nStory: STORY-3";
    let projects = "projects = ['STORY', 'WEB']";
    tell_under(message, &format!("{projects}\nships_in = ['subject', 'body']")).ships(&["STORY-1", "WEB-2"]);
    tell_under(message, &format!("{projects}\nships_in = ['trailer']"))
        .ships(&["STORY-3"])
        .mentions(&["STORY-1", "WEB-2"]);
}

#[test]
fn a_merges_branch_names_its_story() {
    let repo = Repo::new();
    repo.commit("first");
    repo.branch("production").branch("feature/STORY-9-euros").checkout("feature/STORY-9-euros");
    repo.commit("no-jira tidy");
    repo.checkout("main");
    let merge = repo.merge("feature/STORY-9-euros", "Merge branch 'feature/STORY-9-euros'");
    let report = check(&repo).production("production").policy("stories.projects = ['STORY']").json();
    assert_eq!(texts(&report.commit(&merge)["keys"]), ["STORY-9"]);
    assert_eq!(report.shipping(), ["STORY-9"]);
}

#[test]
fn a_commit_that_names_no_story_blocks_and_says_what_to_write() {
    let told = tell("Charge in euros");
    let finding = told.report.is("no-go").finding("story-key-missing");
    assert_eq!((&finding["severity"], &finding["subject"]["kind"]), (&"block".into(), &"commit".into()));
    assert_eq!(finding["subject"]["id"], told.sha.as_str());
    says(text(&finding["message"]), &[&told.sha[..7], "Charge in euros", "names no story"]);
    says(text(&finding["fix"]), &["STORY-123", "WEB-123", "no-jira"]);
}

#[test]
fn a_key_of_a_project_that_the_policy_does_not_know_gets_a_hint() {
    let told = tell("SHOP-4 charge in euros");
    says(text(&told.report.finding("story-key-missing")["fix"]), &["SHOP", "[stories] projects"]);
}

#[test]
fn a_commit_that_says_it_has_no_story_is_listed_for_eyes() {
    for word in ["no-jira", "No_Jira", "NOJIRA"] {
        let told = tell(&format!("Tidy up\n\n{word}"));
        told.report.is("go");
        assert_eq!(told.report.commit(&told.sha)["no_key"], true);
        assert_eq!(told.report.finding("story-key-no-key-word")["severity"], "note");
    }
    assert_eq!(tell("STORY-1 x").report["commits"][0]["no_key"], false);
}

#[test]
fn merges_and_reverts_need_no_key_of_their_own() {
    let repo = Repo::new();
    repo.commit("first");
    repo.branch("production").branch("topic").checkout("topic");
    let story = repo.commit("STORY-1 one");
    repo.checkout("main");
    repo.merge("topic", "Merge topic");
    repo.revert(&story);
    let report = check(&repo).production("production").policy("stories.projects = ['STORY']").json();
    assert_eq!(report.is("go").found(), ["warn story-reverted"]);
}

#[test]
fn a_revert_of_an_unknown_commit_reads_as_a_plain_one() {
    let revert = format!("Revert \"STORY-1 charge in euros\"\n\nThis reverts commit {}.", "1".repeat(40));
    assert_eq!(tell(&revert).report.story("STORY-1")["ships"], true);
    let revert = format!("Revert \"tidy\"\n\nThis reverts commit {}.", "1".repeat(40));
    tell(&revert).report.is("no-go").finding("story-key-missing");
}

#[test]
fn ignored_messages_and_bots_need_no_key() {
    let repo = Repo::new();
    repo.commit("first");
    repo.branch("production");
    repo.commit("Bump version to 3");
    repo.commit_as("renovate[bot] <bot@example.com>", "Update serde");
    let stories =
        "[stories]\nprojects = ['STORY']\nignore_commits = ['^Bump version']\nignore_authors = ['renovate*']\n";
    let report = check(&repo).production("production").policy(stories).json();
    assert_eq!(report.is("go").found(), ["note story-key-missing"]);
}

#[test]
fn what_is_older_than_the_rules_gives_notes() {
    let repo = Repo::new();
    repo.commit("first");
    repo.branch("production");
    repo.commit("before the rules");
    let since = repo.commit("the last without rules");
    let blocking = repo.commit("after the rules");
    let stories = format!("[stories]\nprojects = ['STORY']\nsince = '{}'\n", &since[..10]);
    let report = check(&repo).production("production").policy(&stories).json();
    assert_eq!(report.found(), ["block story-key-missing", "note story-key-missing", "note story-key-missing"]);
    assert_eq!(report["findings"][0]["subject"]["id"], blocking.as_str());
}

#[test]
fn projects_are_guessed_from_the_history_and_then_only_warn() {
    let repo = Repo::new();
    for n in 1..=3 {
        repo.commit(&format!("STORY-{n} euros, in UTF-8 and SHA-{n}"));
    }
    repo.branch("production");
    repo.commit("STORY-4 next");
    let keyless = repo.commit("no key here");

    let report = check(&repo).json();
    report.is("go");
    let finding = report.finding("story-key-missing");
    assert_eq!((&finding["severity"], &finding["subject"]["id"]), (&"warn".into(), &keyless.as_str().into()));
    assert_eq!(report.check("story-key")["level"], "warn");
    assert_eq!(report.shipping(), ["STORY-4"]);
    says(&check(&repo).run().stdout, &["project keys guessed from the history: STORY"]);
    // A policy that asks for it blocks under a guess too.
    check(&repo).policy("[checks]\nstory-key = 'block'\n").json().is("no-go");
}

#[test]
fn without_projects_and_without_keys_the_check_is_off() {
    let repo = Repo::new();
    repo.commit("first");
    repo.branch("production");
    repo.commit("ABC-1 the only one");
    let report = check(&repo).json();
    report.is("go");
    assert_eq!(report.check("story-key")["state"], "off");
    says(text(&report.check("story-key")["why"]), &["no [stories] projects", "no key-like words"]);
    says(&check(&repo).run().stdout, &["off: ", "story-key (no [stories] projects"]);
}

#[test]
fn co_authors_are_people_too() {
    let told = tell("STORY-1 euros\n\nCo-authored-by: Kim Example <kim@example.com>\n");
    assert_eq!(texts(&told.report.commit(&told.sha)["co_authors"]), ["Kim Example"]);
    assert_eq!(told.report.commit(&told.sha)["author"], "Robin Tester");
    assert_eq!(told.report.commit(&told.sha)["committed_at"], "2024-01-01T09:02:00Z");
}

#[test]
fn a_check_that_is_not_for_this_branch_or_these_paths_is_off() {
    let repo = Repo::new();
    repo.commit("first");
    repo.branch("production");
    repo.commit_files("no key", &[("docs/readme.md", "hello\n")]);
    let told = |narrowed: &str| {
        let policy = format!("[stories]\nprojects = ['STORY']\n[checks.story-key]\n{narrowed}\n");
        check(&repo).production("production").policy(&policy).json()
    };
    told("branches = ['release/*']").is("go");
    told("branches = ['main']").is("no-go");
    told("paths = ['src/**']").is("go");
    told("paths = ['docs/**']").is("no-go");
}
