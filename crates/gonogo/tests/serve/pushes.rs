use crate::support::{SECRET, World, path_of};
use gonogo_world::github::RawDelivery;

#[test]
fn a_push_gets_a_status_and_a_page_that_say_why() {
    let world = World::new();
    world.repo.commit("STORY-1 charge in euros");
    world.repo.commit("tidy up");
    let sha = world.push("main");
    let said = format!("No-Go: {} \"tidy up\" names no story", &sha[..7]);
    let status = world.status_of(&sha).is_failure(&said);
    assert_eq!(status.context, "gonogo/deploy (web)");
    // Pending came before, unless the verdict was there sooner.
    let states: Vec<String> = world.web().statuses(&sha).into_iter().map(|status| status.state).collect();
    assert!(
        [vec!["pending", "failure"], vec!["failure"]].contains(&states.iter().map(String::as_str).collect()),
        "{states:?}"
    );

    let path = path_of(&status);
    let (code, page) = world.get(&path);
    assert_eq!(code, 200);
    for words in ["✗ No-Go", "names no story", "story-key-missing", "1 story", "Go up to"] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    let (_, commits) = world.get(&format!("{path}/commits"));
    assert!(commits.contains("STORY-1 charge in euros") && commits.contains("tidy up"), "{commits}");
    let (_, first) = world.get("/");
    assert!(first.contains(&path) && first.contains("names no story"), "{first}");

    // Mended, it turns Go.
    world.repo.git(&["commit", "--amend", "-m", "STORY-2 tidy up"]);
    let mended = world.push("main");
    world.status_of(&mended).is_success("Go");
    world.status_of(&sha).is_failure(&said); // what was said of it stays
    assert!(world.get(&path).1.contains("no longer open"));
}

#[test]
fn a_mirror_that_is_broken_heals() {
    let mut world = World::stopped().polling();
    world.start();
    world.repo.commit("STORY-1 x");
    let first = world.push("main");
    world.status_of(&first).is_success("Go");
    let mirror = std::path::PathBuf::from(world.place("data/mirrors/acme/web.git"));

    // A lock of a git that was killed: at first it may be somebody's.
    let lock = mirror.join("refs/heads/main.lock");
    std::fs::write(&lock, "").unwrap();
    world.repo.commit("STORY-2 x");
    let second = world.push("main");
    let said = "cannot lock ref";
    world.wait(|| world.get("/").1.contains(said).then_some(()), || world.get("/").1);
    let long_ago = std::time::SystemTime::UNIX_EPOCH;
    std::fs::File::options().write(true).open(&lock).unwrap().set_modified(long_ago).unwrap();
    world.status_of(&second).is_success("Go");
    assert!(!lock.exists());

    // Objects that a power cut left empty.
    empties(&mirror.join("objects"));
    world.repo.commit("STORY-3 x");
    let third = world.push("main");
    world.status_of(&third).is_success("Go");
    let beside = std::fs::read_dir(mirror.parent().unwrap()).unwrap();
    let names: Vec<_> = beside.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names, ["web.git"]);
}

fn empties(folder: &std::path::Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            empties(&path);
        } else {
            // git makes them read-only.
            std::fs::remove_file(&path).unwrap();
            std::fs::write(&path, "").unwrap();
        }
    }
}

#[test]
fn production_that_moves_is_another_candidate() {
    let world = World::new();
    let bad = world.repo.commit("tidy up");
    let head = world.repo.commit("STORY-1 x");
    world.push("main");
    world.status_of(&head).is_failure(&format!("No-Go: {} \"tidy up\" names no story", &bad[..7]));
    world.repo.git(&["branch", "-f", "production", &bad]);
    world.push("production");
    world.status_of(&head).is_success("Go");
}

#[test]
fn two_branches_at_one_head_share_a_status_that_stays() {
    let world = World::new();
    let head = world.repo.commit("tidy up");
    let said = format!("No-Go: {} \"tidy up\" names no story", &head[..7]);
    world.push("main");
    let first = path_of(&world.status_of(&head).is_failure(&said));
    world.repo.branch("hotfix/1");
    world.push("hotfix/1");
    let shared = format!("main, of the same head: {said}");
    assert_eq!(path_of(&world.status_of(&head).is_failure(&shared)), first);
    // Looked at again, neither posts over the other.
    let posted = world.web().statuses(&head).len();
    world.repo.checkout("main").branch("hotfix/2").checkout("hotfix/2");
    let other = world.repo.commit("STORY-1 x");
    world.push("hotfix/2");
    world.status_of(&other).is_failure(&said);
    assert_eq!(world.web().statuses(&head).len(), posted);
    // One of them moves on, and the other is still judged.
    world.repo.checkout("main").git(&["commit", "--amend", "-qm", "STORY-2 tidy up"]);
    let mended = world.push("main");
    world.status_of(&mended).is_success("Go");
    assert_ne!(path_of(&world.status_of(&head).is_failure(&said)), first);
}

#[test]
fn branches_that_are_candidates_are_judged_and_others_are_not() {
    let world = World::new();
    world.repo.branch("topic").checkout("topic");
    let topic = world.repo.commit("no key here");
    world.push("topic");
    world.repo.checkout("production").branch("hotfix/1").checkout("hotfix/1");
    let hotfix = world.repo.commit("STORY-1 hotfix");
    world.push("hotfix/1");
    world.status_of(&hotfix).is_success("Go");
    assert!(world.status_of(&topic).now().is_none());

    // A branch that goes is a candidate no more.
    world.web().deletes_branch("hotfix/1");
    world.was_told();
    world.wait(|| (!world.get("/").1.contains("hotfix/1")).then_some(()), || world.get("/").1);
}

#[test]
fn a_lost_hook_is_found_by_polling() {
    let mut world = World::stopped().polling();
    world.start();
    world.repo.commit("STORY-1 x");
    let sha = world.push_silently("main");
    world.status_of(&sha).is_success("Go");
}

#[test]
fn hooks_are_believed_by_their_signature_alone() {
    let world = World::new();
    world.github.hooks().settle();
    world.github.hooks().hold();
    world.repo.commit("STORY-1 x");
    world.web().pushes("main", &world.repo);
    let genuine = RawDelivery::of(&world.github.hooks().of("push").deliveries()[0]);
    let unsigned = RawDelivery { signature: None, ..genuine.clone() };
    let forged = RawDelivery::signed("push", "forged", genuine.body.clone(), "guess");
    let cut = RawDelivery { body: genuine.body[..20].to_vec(), ..genuine.clone() };
    let send = |delivery: &RawDelivery| delivery.send(&world.hook_url());
    for bad in [unsigned, forged, cut] {
        assert_eq!(send(&bad).0, 401);
    }
    // GitHub's ping came, and perhaps that our status was posted.
    let came = || world.get("/deliveries").1.matches(">push</td>").count();
    assert_eq!(came(), 0);
    // Replayed: acknowledged, and known already.
    assert_eq!(send(&genuine), (202, "stored\n".to_owned()));
    assert_eq!(send(&genuine), (202, "known already\n".to_owned()));
    assert_eq!(came(), 1);
    let nonsense = RawDelivery::signed("push", "nonsense", b"{\xff".to_vec(), SECRET);
    assert_eq!(send(&nonsense).0, 202);
    world.wait(
        || world.get("/deliveries").1.contains("could not be read: it is no JSON").then_some(()),
        || world.get("/deliveries").1,
    );
}

#[test]
fn a_body_over_githubs_limit_is_refused() {
    let world = World::new();
    let huge = RawDelivery::signed("push", "huge", vec![b' '; (25 << 20) + 1], SECRET);
    assert_eq!(huge.send(&world.hook_url()).0, 413);
    assert_eq!(world.get("/readyz").0, 200);
}

#[test]
fn what_people_wrote_cannot_break_out_of_a_page() {
    let world = World::new();
    let sha = world.repo.commit("STORY-1 <script>alert(1)</script> & \"more\"");
    world.push("main");
    let status = world.status_of(&sha).is_success("Go");
    let (_, page) = world.get(&format!("{}/commits", path_of(&status)));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !page.contains("<script>"), "{page}");
    assert!(page.contains("content-security-policy: default-src 'none'; script-src 'self';"), "{page}");
}
