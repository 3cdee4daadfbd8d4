//! Guards at a deploy: a real Graphite is read while traffic goes on, and a deploy is
//! halted, rolled back or let go on by what they say.

use crate::api::Api;
use crate::deploys::Deploying;
use crate::graphite::Graphite;
use crate::hosts::Hosts;
use crate::pages::nothing_is_wrong_at;
use crate::support::World;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Whole seconds up to now.
#[allow(clippy::disallowed_methods, reason = "metrics servers go by the real clock")]
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is after 1970");
    i64::try_from(since.as_secs()).expect("it is not that late")
}

/// Requests and errors of each second, for as long as it is kept.
struct Traffic {
    graphite: Arc<Graphite>,
    ends: Arc<AtomicBool>,
    runs: Option<JoinHandle<()>>,
}

/// What usually fails of 500 requests, a second each.
const USUAL: [f64; 7] = [5.0, 8.0, 4.0, 6.0, 5.0, 7.0, 3.0];

fn errors(second: i64, factor: f64) -> f64 {
    USUAL[usize::try_from(second.rem_euclid(7)).expect("it is small")] * factor
}

impl Traffic {
    /// Twelve minutes of it have passed. Eight times as much fails while `bad` is there.
    fn begin(bad: PathBuf) -> Self {
        let graphite = Arc::new(Graphite::start(1));
        let start = now();
        let past = |value: fn(i64) -> f64| (start - 720..start).map(|at| (at, value(at))).collect::<Vec<_>>();
        graphite.feed("web.requests", &past(|_| 500.0));
        graphite.feed("web.errors", &past(|at| errors(at, 1.0)));
        let ends = Arc::new(AtomicBool::new(false));
        let (feeds, ended) = (Arc::clone(&graphite), Arc::clone(&ends));
        let runs = std::thread::spawn(move || {
            let mut next = start;
            while !ended.load(Ordering::Relaxed) {
                let until = now();
                let factor = if bad.exists() { 8.0 } else { 1.0 };
                let seconds = |value: &dyn Fn(i64) -> f64| (next..until).map(|at| (at, value(at))).collect::<Vec<_>>();
                feeds.send("web.requests", &seconds(&|_| 500.0));
                feeds.send("web.errors", &seconds(&|at| errors(at, factor)));
                next = until;
                // What is sent is of seconds that passed.
                std::thread::sleep(Duration::from_millis(200));
            }
        });
        Self { graphite, ends, runs: Some(runs) }
    }

    fn keys(&self) -> String {
        format!("[metrics]\ngraphite = 'http://127.0.0.1:{}/'\n", self.graphite.port)
    }

    /// A guard of errors, and how it watches.
    fn guard(&self, query: &str, watch: &str) -> String {
        format!(
            "[deploy.metrics]\ngraphite = 'http://127.0.0.1:{}'\n[deploy.watch]\nbefore_minutes = 10\nafter_minutes = 0\n{watch}\n\
             [[deploy.guards]]\nname = 'errors'\nfrom = 'graphite'\nmeasures = 'rate'\nquery = '{query}'\nof = 'web.requests'\n\
             resolution_seconds = 1\nsettle_seconds = 1\n",
            self.graphite.port
        )
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(runs) = self.runs.take() {
            runs.join().ok();
        }
    }
}

#[test]
fn errors_that_rise_halt_it_before_the_next_batch_and_a_person_says_how_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let traffic = Traffic::begin(folder.path().join("bad"));
    let hosts = Hosts::new(3);
    let keys = format!("{}[local_runner]\nssh_config = '{}'\n", traffic.keys(), hosts.config().display());
    let step = format!(
        "[[deploy.steps]]\nname = 'ship'\non = 'web'\nshell = true\nenv.M = '$MARKS'\n\
         run = ['''echo $GONOGO_HOST >> $M/begun; if [ $GONOGO_HOST = web-2 ]; then touch {}; fi''']\n",
        folder.path().join("bad").display()
    );
    let watch = "batch_seconds = 6";
    let policy = format!("{}{step}{}", hosts.group(), traffic.guard("web.errors", watch));
    let mut on = Deploying::with_keys(World::stopped(), &keys, &[], &policy);
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let would = on.world.get(&format!("{candidate}/dry-run")).1;
    assert!(would.contains("Watched by errors."), "{would}");
    let deploy = on.presses_deploy(&candidate);
    on.says(&deploy, "then the next batch begins");
    assert_eq!(on.read("begun").unwrap(), "web-1\n", "the first one is watched");
    on.world.kill();
    on.world.start();
    let page = on.says(&deploy, "‖ Halted");
    assert_eq!(on.read("begun").unwrap(), "web-1\nweb-2\n");
    assert!(page.contains("errors: worse") && page.contains("ship 2/3 on web-2 began at"), "{page}");
    let api = Api::with(&on.world, &["read", "deploy"]);
    let told = api.get("/services/web/deploys")["items"][0].clone();
    assert_eq!((&told["guards"][0]["judgement"], &told["state"]), (&"worse".into(), &"halted".into()), "{told}");
    let (status, svg) = on.world.get(&format!("{deploy}/guards/errors.svg"));
    assert_eq!(status, 200);
    for part in ["class=\"band\"", "class=\"line\"", "class=\"halt\"", "ship 1/3", "ship 2/3"] {
        assert!(svg.contains(part), "{part}: {svg}");
    }
    assert_eq!(on.world.get(&format!("{deploy}/guards/none.svg")).0, 404);
    assert!(on.world.get("/audit").1.contains("halted a deploy"));
    nothing_is_wrong_at(&on.world, [deploy.as_str()]);
    // They know that it is not the deploy.
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/signals/resume"), &[]).0, 303);
    let page = on.says(&deploy, "✓ Deployed");
    assert_eq!(on.read("begun").unwrap(), "web-1\nweb-2\nweb-3\n", "{page}");
    assert!(page.contains("guards watched it to the end"), "{page}");
}

#[test]
fn guards_watch_while_it_pauses_and_end_that_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad");
    let traffic = Traffic::begin(bad.clone());
    let keys = format!("{}[local_runner]\n", traffic.keys());
    let more = "[[deploy.steps]]\nname = 'bake'\npause_seconds = 3600\n\
                [[deploy.steps]]\nname = 'last'\nrun = ['touch', '$MARKS/last']\n";
    let ship = format!("touch {}", bad.display());
    let policy = format!("{more}{}", traffic.guard("web.errors", ""));
    let on = Deploying::with_keys(World::stopped(), &keys, &[("ship", &ship)], &policy);
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    on.says(&deploy, "bake (2 of 3) pauses until");
    let page = on.says(&deploy, "‖ Halted");
    assert!(page.contains("errors: worse") && page.contains("ended early: errors: worse"), "{page}");
    assert!(page.contains("; ship began at"), "what changed something is named: {page}");
    assert_eq!(on.read("last"), None);
    // They know that it is not the deploy: it pauses anew.
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/signals/resume"), &[]).0, 303);
    on.says(&deploy, "bake (2 of 3, attempt 2) pauses until");
}

#[test]
fn it_is_rolled_back_by_itself_where_the_policy_says_so_and_it_changes_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad");
    let traffic = Traffic::begin(bad.clone());
    let keys = format!("{}[local_runner]\n", traffic.keys());
    let ship = format!("touch {}; until test -e $M/go; do sleep 0.05; done", bad.display());
    let back = format!(
        "[[deploy.roll_back]]\nname = 'back'\nshell = true\nrun = ['rm -f {}; echo $GONOGO_SHA >> $M/back']\nenv.M = '$MARKS'\n",
        bad.display()
    );
    let policy = format!("{back}{}", traffic.guard("web.errors", "on_worse = 'roll-back'"));
    let on = Deploying::with_keys(World::stopped(), &keys, &[("ship", &ship), ("more", "echo x > $M/more")], &policy);
    let first = on.world.repo.rev("production");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    on.says(&deploy, "; ship began at");
    on.lets("go");
    on.says(&deploy, "↩ Rolled back");
    assert_eq!((on.read("back").unwrap().trim(), on.read("more")), (first.as_str(), None));

    std::fs::remove_file(on.mark("back")).unwrap();
    on.world.repo.commit_files("STORY-1 z", &[("db/migrate/1_a.rb", "a")]);
    let (_, candidate) = on.is_go_with("STORY-1 y");
    let would = on.world.get(&format!("{candidate}/dry-run")).1;
    assert!(would.contains("Only a person rolls it back: it brings db/migrate/1_a.rb"), "{would}");
    let deploy = on.presses_deploy(&candidate);
    on.says(&deploy, "‖ Halted");
    assert_eq!(on.read("back"), None, "nobody said so");
}

#[test]
fn what_nobody_could_watch_does_not_begin() {
    let traffic = Traffic::begin(PathBuf::from("/nonexistent"));
    let keys = format!("{}[local_runner]\n", traffic.keys());
    let on = Deploying::with_keys(
        World::stopped(),
        &keys,
        &[("ship", "echo x > $M/shipped")],
        &traffic.guard("web.erors", ""),
    );
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    let page = on.says(&deploy, "✗ Refused");
    assert!(page.contains("the guard errors: graphite has no points of the last 10 min"), "{page}");
    let (said, code) = on.world.runs(&["doctor", "--server"]);
    let is_said = said.contains("web: ship, by the runner local") && said.contains("graphite has no points");
    assert!(code == Some(1) && is_said, "{code:?} {said}");
    assert_eq!(on.read("shipped"), None);
}

#[test]
fn a_policy_does_not_say_where_our_token_goes() {
    let guard = "[deploy.metrics]\ngraphite = 'http://127.0.0.1:9'\n[[deploy.guards]]\nname = 'errors'\nfrom = 'graphite'\n\
                 measures = 'count'\nquery = 'q'\n";
    let keys = "[metrics]\ngraphite = 'http://127.0.0.1:8'\n[local_runner]\n";
    let on = Deploying::with_keys(World::stopped(), keys, &[("ship", "echo x > $M/shipped")], guard);
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let (status, answer) = on.world.submit(&candidate, &format!("{candidate}/deploys"), &[]);
    assert!(
        status == 422
            && answer.contains("errors of web reads http://127.0.0.1:9, and this server reads http://127.0.0.1:8"),
        "{status} {answer}"
    );
    assert_eq!(on.read("shipped"), None);
}
