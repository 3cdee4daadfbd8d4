use crate::support::World;
use gonogo_world::github::RawDelivery;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// How often a page names something.
fn times(page: &str, word: &str) -> usize {
    page.matches(&format!(">{word}<")).count()
}

#[test]
fn a_backup_taken_while_pushes_come_in_holds_all_that_was_acknowledged_before() {
    let mut world = World::new();
    let sha = world.repo.commit("tidy up");
    world.push("main");
    let no_go = format!("No-Go: {} \"tidy up\" names no story", &sha[..7]);
    world.status_of(&sha).is_failure(&no_go);
    let push = RawDelivery::of(&world.github.hooks().of("push").deliveries()[0]);
    let address = world.hook_url();
    let send = |id: &str| RawDelivery { guid: id.to_owned(), ..push.clone() }.send(&address).0;
    let (stop, acknowledged) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let file = world.place("gonogo.backup");
    let before = std::thread::scope(|scope| {
        scope.spawn(|| {
            // As many as one page shows.
            for number in 0..80 {
                let id = format!("during-{number}");
                assert_eq!(send(&id), 202);
                acknowledged.lock().unwrap().push(id);
                if stop.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        world.wait(|| (acknowledged.lock().unwrap().len() >= 20).then_some(()), || "no push came in".to_owned());
        let before = acknowledged.lock().unwrap().clone();
        let (said, code) = world.runs(&["backup", &file]);
        stop.store(true, Ordering::Relaxed);
        assert_eq!(code, Some(0), "{said}");
        before
    });
    assert_eq!(send("after"), 202);
    world.kill();

    let (said, code) = world.runs(&["restore", "--replace", &file]);
    assert!(code == Some(0) && said.contains("data.db.replaced-1"), "{said}");
    let (said, code) = world.checks_store();
    assert_eq!(code, Some(0), "before any server ran on it: {said}");
    world.start();
    assert_eq!(world.get("/deliveries").0, 303, "who was signed in then is not by the backup");
    world.signs_in_again();
    let (_, page) = world.get("/deliveries");
    for id in &before {
        assert_eq!(times(&page, id), 1, "{id} is not in {page}");
    }
    assert_eq!(times(&page, "after"), 0);
    assert_eq!(world.checks_store().1, Some(0));
    // It goes on from there.
    let next = world.repo.commit("STORY-1 x");
    world.push("main");
    world.status_of(&next).is_failure(&no_go);
}

#[test]
fn what_stands_in_the_way_of_a_restore_is_said_and_nothing_is_moved() {
    let mut world = World::new();
    let file = world.place("gonogo.backup");
    assert_eq!(world.runs(&["backup", &file]).1, Some(0));
    world.refuses(&["backup", &file], "gonogo.backup is there already\n  → name a file that is not there yet");
    world.refuses(&["restore", "--replace", &file], "another gonogo serves");
    assert_eq!(world.get("/healthz").0, 200);
    world.kill();
    let files = world.files();
    world.refuses(&["restore", &file], "data.db already\n  → tell --replace");
    world.refuses(&["restore", "--replace", "none"], "none is no backup that can be restored: there is no such file");
    let other = ["restore", "--replace", "gonogo-server.toml"];
    world.refuses(&other, "is no backup that can be restored: file is not a database\n  → take another");
    assert_eq!(world.files(), files);
}

#[test]
fn postgres_is_backed_up_by_its_own_tools() {
    let world = World::stopped().on_postgres("backup");
    world.writes_configuration();
    let pg_dump = "→ pg_dump --format=custom --file=gonogo.dump --host=";
    world.refuses(&["backup", "gonogo.dump"], pg_dump);
    world.refuses(&["restore", "gonogo.dump"], "→ pg_restore");
}
