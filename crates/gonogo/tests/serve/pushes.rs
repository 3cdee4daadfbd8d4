use crate::support::{SECRET, World};
use gonogo_world::github::Hook;

#[test]
fn a_push_gets_a_status_and_a_page_that_say_why() {
    let mut world = World::new();
    world.repo.commit("STORY-1 charge in euros");
    world.repo.commit("tidy up");
    let sha = world.push("main");
    let said = format!("No-Go: {} \"tidy up\" names no story", &sha[..7]);
    let status = world.shows(&sha, "failure", &said);
    assert_eq!(status.context, "gonogo/deploy (web)");
    // Pending came before, unless the verdict was there sooner.
    let states: Vec<String> =
        world.github.statuses("acme/web").into_iter().filter(|s| s.sha == sha).map(|s| s.state).collect();
    assert!(
        [vec!["pending", "failure"], vec!["failure"]].contains(&states.iter().map(String::as_str).collect()),
        "{states:?}"
    );

    let path = status.target_url.strip_prefix("https://gonogo.example.com").unwrap().to_owned();
    let (code, page) = world.get(&path);
    assert_eq!(code, 200);
    for words in ["✗ No-Go", "names no story", "story-key-missing", "STORY-1", "charge in euros", "Go up to"] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    let (_, first) = world.get("/");
    assert!(first.contains(&path) && first.contains("names no story"), "{first}");

    // Mended, it turns Go.
    world.repo.git(&["commit", "--amend", "-m", "STORY-2 tidy up"]);
    let mended = world.push("main");
    world.shows(&mended, "success", "Go");
    world.shows(&sha, "failure", &said); // what was said of it stays
    assert!(world.get(&path).1.contains("no longer open"));
}

#[test]
fn production_that_moves_is_another_candidate() {
    let mut world = World::new();
    let bad = world.repo.commit("tidy up");
    let head = world.repo.commit("STORY-1 x");
    world.push("main");
    world.shows(&head, "failure", &format!("No-Go: {} \"tidy up\" names no story", &bad[..7]));
    world.repo.git(&["branch", "-f", "production", &bad]);
    world.push("production");
    world.shows(&head, "success", "Go");
}

#[test]
fn branches_that_are_candidates_are_judged_and_others_are_not() {
    let mut world = World::new();
    world.repo.branch("topic").checkout("topic");
    let topic = world.repo.commit("no key here");
    world.push("topic");
    world.repo.checkout("production").branch("hotfix/1").checkout("hotfix/1");
    let hotfix = world.repo.commit("STORY-1 hotfix");
    world.push("hotfix/1");
    world.shows(&hotfix, "success", "Go");
    assert_eq!(world.github.status_of("acme/web", &topic), None);

    // A branch that goes is a candidate no more.
    world.repo.git(&["push", "--quiet", "origin", ":hotfix/1"]);
    let gone = world.hook("hotfix/1", &"0".repeat(40));
    world.send(&gone);
    world.wait(|| (!world.get("/").1.contains("hotfix/1")).then_some(()), || world.get("/").1);
}

#[test]
fn a_lost_hook_is_found_by_polling() {
    let mut world = World::stopped().polling();
    world.start();
    world.repo.commit("STORY-1 x");
    let sha = world.push_silently("main");
    world.shows(&sha, "success", "Go");
}

#[test]
fn hooks_are_believed_by_their_signature_alone() {
    let mut world = World::new();
    let sha = world.repo.commit("STORY-1 x");
    let hook = world.hook("main", &sha);
    let unsigned = Hook { signature: None, ..hook.clone() };
    let forged = Hook::push("acme/web", "main", &sha, "forged", "guess");
    let cut = Hook { body: hook.body[..20].to_vec(), ..hook.clone() };
    for bad in [unsigned, forged, cut] {
        assert_eq!(world.send(&bad).0, 401);
    }
    assert!(world.get("/deliveries").1.contains("Nothing came yet"));
    // Replayed: acknowledged, and known already.
    assert_eq!(world.send(&hook), (202, "stored\n".to_owned()));
    assert_eq!(world.send(&hook), (202, "known already\n".to_owned()));
    let nonsense = Hook::signed("push", "nonsense", b"{\xff".to_vec(), SECRET);
    assert_eq!(world.send(&nonsense).0, 202);
    world.wait(
        || world.get("/deliveries").1.contains("could not be read: it is no JSON").then_some(()),
        || world.get("/deliveries").1,
    );
}

#[test]
fn a_body_over_githubs_limit_is_refused() {
    let world = World::new();
    let huge = Hook::signed("push", "huge", vec![b' '; (25 << 20) + 1], SECRET);
    assert_eq!(world.send(&huge).0, 413);
    assert_eq!(world.get("/readyz").0, 200);
}

#[test]
fn what_people_wrote_cannot_break_out_of_a_page() {
    let mut world = World::new();
    let sha = world.repo.commit("STORY-1 <script>alert(1)</script> & \"more\"");
    world.push("main");
    let status = world.shows(&sha, "success", "Go");
    let (_, page) = world.get(status.target_url.strip_prefix("https://gonogo.example.com").unwrap());
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !page.contains("<script"), "{page}");
    assert!(page.contains("content-security-policy: default-src 'none'"), "{page}");
}
