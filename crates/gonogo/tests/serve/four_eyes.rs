//! Nobody approves alone what they wrote.

use crate::api::Api;
use crate::deploys::Deploying;
use crate::support::PASSWORD;

const SHIP: (&str, &str) = ("ship", "echo x >> $M/shipped");

fn approve(on: &Deploying, deploy: &str) -> (u16, String) {
    let word = on.world.form_word("/account");
    on.world.post(&format!("{deploy}/approval"), &[("form", &word)])
}

#[test]
fn who_wrote_a_commit_or_a_part_of_it_does_not_approve_it() {
    let mails = "[deploy]\n[deploy.approval]\nmails = { 'lee@private.example' = 'lee' }\n";
    let mut on = Deploying::with(&[SHIP], mails);
    for name in ["lee", "mia@example.com", "tom"] {
        on.world.adds(name, "developer");
    }
    let message = "STORY-1 x\n\nCo-authored-by: Lee <lee@private.example>\nCo-authored-by: Mia <MIA@example.com>\n\
         Co-authored-by: A stranger <stranger@example.org>";
    let (_, candidate) = on.is_go_with(message);
    let deploy = on.presses_deploy(&candidate);
    on.says(&deploy, "… Waits for approval");
    for name in ["lee", "mia@example.com"] {
        on.world.signs_in(name, PASSWORD);
        let page = on.world.get(&deploy).1;
        assert!(page.contains("nobody approves alone what they wrote") && !page.contains(">Approve<"), "{page}");
        let (status, answer) = approve(&on, &deploy);
        assert!(status == 403 && answer.contains("nobody approves alone what they wrote"), "{status} {answer}");
        assert!(!on.world.get("/").1.contains("waits for approval"), "nor are they asked");
    }
    on.world.signs_in("tom", PASSWORD);
    let page = on.world.get(&deploy).1;
    assert!(page.contains("A stranger &lt;stranger@example.org&gt;") && page.contains("is not known"), "{page}");
    assert_eq!(on.read("shipped"), None);
    assert_eq!(approve(&on, &deploy).0, 303);
    on.says(&deploy, "approved by tom");
    on.says(&deploy, "✓ Deployed");
    on.world.signs_in_again();
    let audit = on.world.get("/audit").1;
    assert!(audit.contains("stranger@example.org"), "who was not known stands there: {audit}");
}

#[test]
fn where_the_policy_lets_them_authors_approve_as_anybody() {
    let policy = "[deploy]\n[deploy.approval]\nnot_by_author = false\nby_another = false\n";
    let mut on = Deploying::with(&[SHIP], policy);
    on.world.adds("mia@example.com", "developer");
    let (_, candidate) = on.is_go_with("STORY-1 x\n\nCo-authored-by: Mia <mia@example.com>");
    on.world.signs_in("mia@example.com", PASSWORD);
    let deploy = on.presses_deploy(&candidate);
    assert!(!on.world.get(&deploy).1.contains("is not known"), "nobody asks who wrote it");
    assert_eq!(approve(&on, &deploy).0, 303);
    on.says(&deploy, "✓ Deployed");
    let api = Api::with(&on.world, &["read"]);
    assert_eq!(api.get("/deploys/1")["approved_by"], "mia@example.com");
}
