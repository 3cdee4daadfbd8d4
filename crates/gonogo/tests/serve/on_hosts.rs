//! Deploys onto hosts, each with a real sshd: in batches, with failing hosts, and with
//! a runner, a server and connections that are killed in the middle.

use crate::api::Api;
use crate::deploys::Deploying;
use crate::hosts::Hosts;
use crate::pages::nothing_is_wrong_at;
use crate::support::World;
use serde_json::json;

/// What a step on the hosts has, beside its command; `$M` is the marks' folder.
pub(crate) fn onto(hosts: &Hosts, run: &str, more: &str) -> Deploying {
    let config = hosts.config();
    let keys = format!("[local_runner]\nssh_config = '{}'\n", config.display());
    let step = format!(
        "[[deploy.steps]]\nname = 'ship'\non = 'web'\nrun = ['''{run}''']\nshell = true\nenv.M = '$MARKS'\n{more}"
    );
    Deploying::with_keys(World::stopped(), &keys, &[], &format!("{}{step}", hosts.group()))
}

const MARKS: &str = "echo $GONOGO_HOST >> $M/begun; echo on $GONOGO_HOST: $GONOGO_SHA";

#[test]
fn hosts_have_their_turn_in_batches_each_through_its_phases() {
    let hosts = Hosts::new(3);
    let phase = |name: &str, at: &str| {
        format!("{name} = {{ run = ['sh', '-c', 'echo {name} {{host}} >> $M/order'], at = '{at}' }}\n")
    };
    let more = format!(
        "batches = ['1', '100%']\n{}{}{}",
        phase("drain", "runner"),
        phase("health", "host"),
        phase("undrain", "runner")
    );
    let on = onto(&hosts, "echo run $GONOGO_HOST >> $M/order; echo on $GONOGO_HOST: $GONOGO_SHA", &more);
    let (sha, candidate) = on.is_go_with("STORY-1 x'; rm -rf /tmp/nothing; '$(touch x)");
    let api = Api::with(&on.world, &["read", "deploy"]);
    let id: i64 = candidate.rsplit('/').next().unwrap().parse().unwrap();
    let plan = api.get(&format!("/candidates/{id}/dry-run"));
    assert_eq!(plan["steps"][0]["batches"], json!([["web-1"], ["web-2", "web-3"]]), "{plan}");
    let (said, code) = on.world.asks(&api.token, &["deploy", "web", "main", "--dry-run"]);
    assert!(
        code == Some(0) && said.contains("batch 2 of 2: web-2 and web-3") && said.contains("nothing was done"),
        "{code:?} {said}"
    );
    assert_eq!(on.read("order"), None);
    let would = format!("{candidate}/dry-run");
    assert!(on.world.get(&would).1.contains("not known yet"));
    nothing_is_wrong_at(&on.world, [would.as_str()]);

    let deploy = on.presses_deploy(&candidate);
    let page = on.says(&deploy, "✓ Deployed");
    let order = on.read("order").unwrap();
    let lines: Vec<&str> = order.lines().collect();
    assert_eq!(lines[..4], ["drain web-1", "run web-1", "health web-1", "undrain web-1"]);
    assert_eq!(lines.len(), 12, "each once: {order}");
    for host in ["web-2", "web-3"] {
        let own: Vec<&str> =
            lines.iter().filter(|line| line.ends_with(host)).map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(own, ["drain", "run", "health", "undrain"], "{order}");
    }
    assert!(page.contains("3 of 3 hosts done") && page.contains(&format!("on web-3: {sha}")), "{page}");
    let told = api.get("/services/web/deploys")["items"][0].clone();
    assert_eq!(
        (&told["rollouts"][0]["hosts"][2]["batch"], &told["rollouts"][0]["hosts"][2]["state"]),
        (&json!(2), &json!("done")),
        "{told}"
    );
    let plan = api.get(&format!("/candidates/{id}/dry-run"));
    assert!(plan["steps"][0]["expected_seconds"].is_u64(), "it was learned: {plan}");
}

#[test]
fn host_7_of_12_fails_and_halts_it_before_the_next_batch_and_a_person_goes_on_without_it() {
    let hosts = Hosts::new(12);
    let fails = format!("{MARKS}; if [ $GONOGO_HOST = web-7 ]; then echo no room left on device; exit 3; fi");
    let on = onto(&hosts, &fails, "batches = ['1', '5']\n");
    let first = on.world.repo.rev("production");
    let (sha, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    let page = on.says(&deploy, "‖ Halted");
    assert!(page.contains("ship on web-7 (1 of 1) failed; 10 of 12 hosts are done, 1 failed"), "{page}");
    assert!(page.contains("ended with exit status 3") && page.contains("no room left on device"), "{page}");
    assert!(
        page.contains("How does it go on with <a href=\"#step-1-on-7-run-1\">web-7</a>?")
            && page.contains("<b id=\"step-1-on-7-run-1\">"),
        "{page}"
    );
    let begun = |on: &Deploying| on.read("begun").unwrap().lines().count();
    assert_eq!(begun(&on), 11, "no further batch");
    let api = Api::with(&on.world, &["read", "deploy"]);
    let (said, _) = on.world.asks(&api.token, &["deploys", "web"]);
    assert!(
        said.contains("web-7   batch 3 of 4  failed, since ") && said.contains(": ended with exit status 3"),
        "{said}"
    );
    assert!(said.contains("web-12  batch 4 of 4  waits for its turn"), "{said}");
    nothing_is_wrong_at(&on.world, [deploy.as_str()]);

    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/steps/step-1-on-7-run-1/leave-out"), &[]).0, 303);
    let page = on.says(&deploy, "✓ Deployed");
    assert!(page.contains("without web-7: see what runs there"), "{page}");
    assert_eq!(begun(&on), 12);
    // What runs on it is not known: both are.
    let service = on.says("/services/web", "Several commits run");
    assert!(service.contains(&sha[..7]) && service.contains(&first[..7]), "{service}");
}

#[test]
fn too_many_failed_hosts_roll_back_those_that_were_touched() {
    let hosts = Hosts::new(4);
    let fails = format!("{MARKS}; [ $GONOGO_HOST = web-1 ]");
    let back = "[[deploy.roll_back]]\nname = 'back'\non = 'web'\nrun = ['sh', '-c', 'echo {host} {sha} >> $M/back']\nenv.M = '$MARKS'\n";
    let on = onto(&hosts, &fails, &format!("max_failed = 1\non_failure = 'roll-back'\n{back}"));
    let first = on.world.repo.rev("production");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    on.says(&deploy, "↩ Rolled back");
    assert_eq!(on.read("begun").unwrap(), "web-1\nweb-2\nweb-3\n", "one may fail, two may not");
    let expected = (1..=3).map(|at| format!("web-{at} {first}\n")).collect::<Vec<_>>().concat();
    assert_eq!(on.read("back").unwrap(), expected, "nothing was brought to web-4");
}

#[test]
fn a_server_a_runner_and_connections_that_are_killed_lose_no_line_and_begin_nothing_twice() {
    let hosts = Hosts::new(3);
    let counts = "echo $GONOGO_HOST >> $M/begun; i=0; while [ $i -lt 40 ]; do echo line $i; i=$((i+1)); sleep 0.05; done; until test -e $M/go; do sleep 0.05; done; echo last";
    let mut on = onto(&hosts, counts, "batches = ['2', '1']\n");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    let begun = |on: &Deploying, lines: usize| {
        on.world.wait(|| on.read("begun").filter(|text| text.lines().count() == lines), || on.world.log())
    };
    begun(&on, 2);
    hosts.hosts[0].breaks_connections();
    on.kills_runner();
    on.says(&deploy, "line 3");
    on.world.kill();
    hosts.hosts[1].breaks_connections();
    on.world.start();
    on.says(&deploy, "line 20");
    on.kills_runner();
    on.lets("go");
    begun(&on, 3);
    on.world.kill();
    on.world.start();
    let page = on.says(&deploy, "✓ Deployed");
    let mut lines: Vec<String> = on.read("begun").unwrap().lines().map(str::to_owned).collect();
    lines[..2].sort();
    assert_eq!(lines, ["web-1", "web-2", "web-3"], "each once, and web-3 after both: {page}");
    let expected = (0..40).map(|line| format!("line {line}\n")).collect::<Vec<_>>().concat() + "last\n";
    for host in 1..=3 {
        assert_eq!(on.world.streamed(&format!("{deploy}/steps/step-1-on-{host}-run-1/log.txt")), expected);
    }
    let api = Api::with(&on.world, &["read"]);
    let told = api.get("/services/web/deploys")["items"][0].clone();
    assert_eq!(told["steps"].as_array().unwrap().len(), 3, "no attempt more: {told}");
}

/// What a command makes there others may read, as if nobody but them had begun it.
#[test]
#[allow(clippy::disallowed_methods, reason = "asks a shell beside the program")]
fn a_command_on_a_host_has_the_umask_of_whoever_signs_in() {
    let hosts = Hosts::new(1);
    let on = onto(&hosts, "umask > $M/umask", "");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    on.says(&deploy, "✓ Deployed");
    // sshd has ours.
    let ours = std::process::Command::new("sh").args(["-c", "umask"]).output().expect("sh runs").stdout;
    assert_eq!(on.read("umask").unwrap().as_bytes(), ours);
}

#[test]
fn a_halt_stops_before_the_next_batch_and_a_host_that_is_gone_says_so() {
    let mut hosts = Hosts::new(3);
    let waits = format!("{MARKS}; until test -e $M/go; do sleep 0.05; done");
    let on = onto(&hosts, &waits, "");
    let (_, candidate) = on.is_go_with("STORY-1 x");
    let deploy = on.presses_deploy(&candidate);
    on.wait_for_mark("begun");
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/signals/halt"), &[]).0, 303);
    hosts.hosts[1].goes_away();
    on.lets("go");
    on.says(&deploy, "‖ Halted");
    assert_eq!(on.read("begun").unwrap(), "web-1\n");
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/signals/resume"), &[]).0, 303);
    let page = on.says(&deploy, "ship on web-2 (1 of 1) failed");
    assert!(
        page.contains("could not be begun: web-2 (127.0.0.1 port") && page.contains("Connection refused"),
        "{page}"
    );
    assert!(page.contains("see that the host is up"), "{page}");
    hosts.hosts[1].comes_up();
    assert_eq!(on.world.submit(&deploy, &format!("{deploy}/steps/step-1-on-2-run-1/run-again"), &[]).0, 303);
    on.says(&deploy, "✓ Deployed");
    assert_eq!(on.read("begun").unwrap(), "web-1\nweb-2\nweb-3\n");
}
