use super::*;
use crate::deploy::{
    ActKey, Choice, Direction, End, Entry, Failure, HaltedBy, Hold, Next, Outcome, Plan, Reply, Signal, Variables,
    has_begun, moments, next,
};
use crate::guard::Sample;
use crate::policy::{Policy, Source};
use jiff::Timestamp;

const SHIP: &str = "[[deploy.steps]]\nname = 'ship'\nrun = ['ship']\n";

fn step(more: &str) -> String {
    format!("[[deploy.steps]]\nname = 'x'\n{more}\n")
}

fn plan(text: &str) -> Plan {
    let policy = Policy::parse(Source::new("gonogo.toml", text)).unwrap_or_else(|error| panic!("{text}: {error}"));
    let variables = Variables {
        service: "web".to_owned(),
        branch: "a/b {sha}".to_owned(),
        deploy: 7,
        head: "b".repeat(40).parse().unwrap(),
        production: "a".repeat(40).parse().unwrap(),
        only_by_hand: None,
    };
    Plan::of(&policy.sections.deploy, &variables)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn key(text: &str) -> ActKey {
    text.parse().unwrap()
}

fn begun(text: &str, second: i64) -> (Entry, Timestamp) {
    (Entry::Intended { key: key(text) }, at(second))
}

fn settled(text: &str, outcome: Outcome, second: i64) -> (Entry, Timestamp) {
    (Entry::Settled { key: key(text), outcome }, at(second))
}

fn replied(text: &str, reply: Reply, second: i64) -> (Entry, Timestamp) {
    (Entry::Replied { key: key(text), by: "lee".to_owned(), reply }, at(second))
}

fn asked(signal: Signal, second: i64) -> (Entry, Timestamp) {
    (Entry::Asked { signal, by: "ada".to_owned() }, at(second))
}

fn next_of(plan: &Plan, journal: &[(Entry, Timestamp)]) -> Next {
    let entries: Vec<Entry> = journal.iter().map(|(entry, _)| entry.clone()).collect();
    next(plan, &entries)
}

fn not_begun(why: &str) -> Own {
    Own::Over(Outcome::NotStarted { why: why.to_owned() })
}

fn failed(failure: Failure) -> Own {
    Own::Over(Outcome::Failed { failure })
}

#[test]
fn a_step_is_one_kind_and_has_the_keys_of_that() {
    let refused = |more: &str| match Policy::parse(Source::new("gonogo.toml", step(more))) {
        Ok(_) => panic!("{more} is taken"),
        Err(error) => error.to_string(),
    };
    for (more, expected) in [
        ("", "other kinds of step have `capistrano`, `http`, `wait`, `pause_seconds` or `approval` instead"),
        ("run = ['a']\npause_seconds = 1", "`run` and `pause_seconds` are two kinds of step"),
        ("pause_seconds = 0", "`pause_seconds` is from 1 to 86400"),
        (
            "pause_seconds = 5\nshell = true",
            "`shell` is of steps that `run` a command, and this one has `pause_seconds`",
        ),
        ("pause_seconds = 5\ntries = 2\nrepeatable = true", "`repeatable` and `tries` are of `run` and `http`"),
        ("pause_seconds = 5\nlimit_minutes = 2", "`pause_seconds` says how long it takes at most"),
        ("approval = { hours = 0 }", "`approval.hours` is from 1 to 168"),
        ("approval = { people = [] }", "`approval.people` names nobody"),
        ("approval = {}\non_failure = 'continue'", "nobody would heed a no"),
        ("http = { url = 'ftp://a' }", "`url` begins with https:// or http://"),
        ("http = { url = 'https://{branch}/a' }", "names its host in plain words"),
        ("http = { url = 'https://{secret:HOST}/a' }", "names its host in plain words"),
        ("http = { url = 'https://u:p@a/' }", "names its host in plain words"),
        ("http = { url = 'https://a/{shaa}' }", "`{shaa}` is not known"),
        ("http = { url = 'https://a', method = 'post' }", "`method` is one of GET"),
        ("http = { url = 'https://a', body = 'a', json = {} }", "it has `body` and `json`"),
        ("http = { url = 'https://a', json = { a = ['{secret:A-B}'] } }", "a secret is written {secret:NAME}"),
        (
            "http = { url = 'https://a', headers = { Authorization = '{secret:GONOGO_TOKEN}' } }",
            "`GONOGO_TOKEN` is ours",
        ),
        ("http = { url = 'https://a', headers = { 'a b' = 'x' } }", "`a b`, which is no name of a header"),
        ("http = { url = 'https://a', expect = [99] }", "99, which is no status"),
        ("http = { url = 'https://a' }\ntries = 2", "only what is `repeatable = true`"),
        ("http = { url = 'https://a' }\nlimit_minutes = 2", "`http.timeout_seconds` says how long it takes"),
        ("http = { url = 'https://a' }\non = 'web'", "`on` is of steps that `run` a command"),
        ("wait = {}", "say what for: one of `url`, `build` and `metric`"),
        ("wait = { url = 'https://a', build = 'b' }", "`url` and `build` are two conditions"),
        ("wait = { build = 'b', below = 1 }", "`below` is of a wait for `metric`, and this one is for `build`"),
        ("wait = { build = 'gonogo/web' }", "`gonogo/web` is ours"),
        ("wait = { url = 'https://a', pointer = '/a' }", "`pointer` and `equals` belong together"),
        ("wait = { url = 'https://a', contains = '{secret:A}' }", "a secret stands in `url` and `headers` alone"),
        ("wait = { url = 'https://a' }\nrepeatable = true", "`wait` may always be done again"),
        ("wait = { metric = 'q', below = 1 }", "`from` says which server"),
        ("wait = { metric = 'q', from = 'graphite' }", "`below` or `above` says what it is to be"),
        ("wait = { metric = 'q', from = 'graphite', below = 1, above = 1 }", "nothing is above `above`"),
        ("wait = { metric = 'q', from = 'graphite', below = nan }", "write a number"),
        ("wait = { metric = 'q', from = 'graphite', below = 1 }", "write `graphite` into [deploy.metrics]"),
    ] {
        let said = refused(more);
        assert!(said.contains(expected), "{more}: {said}");
    }
}

#[test]
fn a_request_goes_to_the_runner_as_a_command_of_ours_with_its_secrets_by_name() {
    let call = "repeatable = true\ntries = 2\n[deploy.steps.http]\nurl = 'https://ci.example.com/{branch}/{sha}'\n\
                headers = { Authorization = 'Bearer {secret:TOKEN}' }\njson = { ref = '{sha}', key = '{secret:KEY} {secret:TOKEN}' }\n\
                expect = [201]";
    let plan_of = plan(&format!("{SHIP}{}", step(call)));
    let step = &plan_of.forward[1];
    let sha = "b".repeat(40);
    assert_eq!(
        step.shown(),
        format!("POST https://ci.example.com/a/b {{sha}}/{sha}"),
        "a branch's name is no variable"
    );
    assert_eq!(
        step.argv,
        [
            "gonogo",
            "http",
            "call",
            "--method=POST",
            "--url=https://ci.example.com/{branch}/{sha}",
            "--header=Authorization: Bearer {secret:TOKEN}",
            "--json={\"key\":\"{secret:KEY} {secret:TOKEN}\",\"ref\":\"{sha}\"}",
            "--expect=201",
            "--timeout-seconds=30",
            "--once=step-2",
        ]
    );
    assert_eq!(
        (step.secrets.clone(), step.tries, step.limit_seconds),
        (vec!["KEY".to_owned(), "TOKEN".to_owned()], 2, 60)
    );
    assert_eq!(step.env["GONOGO_BRANCH"], "a/b {sha}");
    let once = plan(&self::step("http = { url = 'https://a/' }"));
    assert!(!once.forward[0].argv.iter().any(|word| word.starts_with("--once")), "it must not come twice");
    let wait =
        plan(&self::step("limit_minutes = 2\nwait = { url = 'http://a/{sha}', pointer = '/ok', equals = 'true' }"));
    assert_eq!(
        wait.forward[0].argv.join(" "),
        "gonogo http wait --url=http://a/{sha} --status=200 --pointer=/ok --equals=true --every-seconds=5 --within-seconds=120"
    );
    assert_eq!(wait.forward[0].shown(), format!("wait until http://a/{sha} answers 200, with `true` at /ok"));
}

#[test]
fn what_stands_in_a_text_is_put_in_once() {
    let value = |name: &str| (name != "GONE").then(|| format!("<{name}{{sha}}>"));
    let expanded = |text: &str| Template(text).expanded(value);
    assert_eq!(
        expanded("{ \"a\": {sha}{secret:T} {x}{").unwrap(),
        "{ \"a\": <GONOGO_SHA{sha}><T{sha}> {x}{",
        "what a value holds is no variable"
    );
    assert_eq!(expanded("{secret:GONE}").unwrap_err(), "the variable GONE is not set");
}

#[test]
fn plans_of_earlier_versions_have_commands_alone_and_are_written_as_ever() {
    let plan_of = plan(SHIP);
    let written = serde_json::to_value(&plan_of).unwrap();
    assert!(written["forward"][0].get("does").is_none(), "{written}");
    let read: Plan = serde_json::from_value(written).unwrap();
    assert_eq!((&read, &read.forward[0].does), (&plan_of, &Does::Run));
    let all = plan(&format!(
        "{SHIP}[[deploy.steps]]\nname = 'p'\npause_seconds = 5\n[[deploy.steps]]\nname = 'a'\napproval = {{}}\n\
         [[deploy.steps]]\nname = 'b'\nwait = {{ build = 'smoke' }}\n[[deploy.steps]]\nname = 'm'\n\
         wait = {{ metric = 'q', from = 'graphite', below = 0.5 }}\n[deploy.metrics]\ngraphite = 'https://g'\n"
    ));
    let again: Plan = serde_json::from_str(&serde_json::to_string(&all).unwrap()).unwrap();
    assert_eq!(again, all);
    let shown: Vec<String> = all.forward.iter().map(Step::shown).collect();
    assert_eq!(
        shown,
        [
            "ship",
            "pause for 5 s",
            "ask a developer: Shall it go on?",
            "wait until the build smoke has passed on bbbbbbb",
            "wait until q of graphite is below 0.5",
        ]
    );
}

#[test]
fn a_pause_ends_at_a_time_that_the_journal_tells_and_earlier_by_a_word() {
    let plan = plan(&format!("{}{SHIP}", step("pause_seconds = 60")));
    let mut journal = vec![begun("step-1-1", 100)];
    let own = |journal: &[(Entry, Timestamp)], second| own(&plan, journal, &key("step-1-1"), None, at(second));
    assert_eq!(own(&journal, 159), Some(Own::Open { until: at(160) }));
    assert_eq!(own(&journal, 160), Some(Own::Over(Outcome::Done)));
    assert_eq!(own(&journal, 5), Some(Own::Open { until: at(160) }), "a clock that goes back ends nothing");
    assert_eq!(own(&[], 500), None, "it was not begun");
    journal.push(replied("step-1-1", Reply::GoOn, 110));
    assert_eq!(own(&journal, 111), Some(Own::Over(Outcome::Done)));
    journal.push(settled("step-1-1", Outcome::Done, 111));
    assert_eq!(next_of(&plan, &journal), Next::Act(key("step-2-1").act()));
    let entries: Vec<Entry> = journal.iter().map(|(entry, _)| entry.clone()).collect();
    assert!(!has_begun(&plan, &entries) && moments(&plan, &journal).is_empty(), "nothing was changed by it");
    assert_eq!(super::own(&plan, &[begun("step-2-1", 1)], &key("step-2-1"), None, at(9)), None, "a runner does it");
}

#[test]
fn a_wait_that_a_person_counts_as_done_is_no_beginning() {
    let plan = plan(&format!("{}{SHIP}", step("wait = { build = 'smoke' }")));
    let counts = |act: &str| Entry::Decided { key: key(act), by: "ada".to_owned(), choice: Choice::CountAsDone };
    let waited = [begun("step-1-1", 0).0, counts("step-1-1")];
    assert!(!has_begun(&plan, &waited));
    assert!(has_begun(&plan, &[counts("step-2-1")]), "what a person did by hand is one");
}

#[test]
fn a_word_after_its_time_or_after_somebody_stopped_it_is_too_late() {
    let plan = plan(&format!("{}{SHIP}", step("approval = { hours = 1 }")));
    let own = |journal: &[(Entry, Timestamp)]| own(&plan, journal, &key("step-1-1"), None, at(4000));
    let asking = begun("step-1-1", 0);
    let late = [asking.clone(), replied("step-1-1", Reply::Yes, 3600)];
    let said = "nobody said yes within 1 h".to_owned();
    assert_eq!(own(&late), Some(failed(Failure::NotMet { said })));
    assert_eq!(own(&[asking.clone(), replied("step-1-1", Reply::Yes, 3599)]), Some(Own::Over(Outcome::Done)));
    let halted = [asking, asked(Signal::Halt, 5), replied("step-1-1", Reply::Yes, 6)];
    assert_eq!(own(&halted), Some(not_begun("ada halted it")));
}

#[test]
fn who_halts_or_ends_it_waits_for_nothing_and_it_is_waited_for_anew_after_that() {
    let back = "[[deploy.roll_back]]\nname = 'back'\nrun = ['back']\n";
    let plan = plan(&format!("{SHIP}{}{back}", step("pause_seconds = 60")));
    let shipped = [begun("step-1-1", 0), settled("step-1-1", Outcome::Done, 1), begun("step-2-1", 2)].to_vec();
    let with = |signal| [shipped.clone(), vec![asked(signal, 3)]].concat();
    let own = |journal: &[(Entry, Timestamp)]| own(&plan, journal, &key("step-2-1"), None, at(4));
    let mut halted = with(Signal::Halt);
    assert_eq!(own(&halted), Some(not_begun("ada halted it")));
    assert_eq!(own(&with(Signal::RollBack)), Some(not_begun("the deploy goes back")));
    assert_eq!(own(&with(Signal::Abandon)), Some(not_begun("the deploy ends as it is")));
    for attempt in 1..=5 {
        let act = format!("step-2-{attempt}");
        let why = "ada halted it".to_owned();
        halted.push(settled(&act, Outcome::NotStarted { why }, 5));
        assert_eq!(next_of(&plan, &halted), Next::Hold(Hold::Halted(HaltedBy::Person("ada".to_owned()))));
        halted.push(asked(Signal::Resume, 6));
        let again = key(&format!("step-2-{}", attempt + 1));
        assert_eq!(next_of(&plan, &halted), Next::Act(again.act()), "however often");
        halted.extend([(Entry::Intended { key: again }, at(7)), asked(Signal::Halt, 8)]);
    }
    let mut back = with(Signal::RollBack);
    assert_eq!(next_of(&plan, &back), Next::Follow(vec![key("step-2-1")]));
    back.push(settled("step-2-1", Outcome::NotStarted { why: "it goes back".to_owned() }, 5));
    assert_eq!(next_of(&plan, &back), Next::Act(key("back-1-1").act()));
}

#[test]
fn where_only_waits_came_before_there_is_nothing_to_go_back_from() {
    let back = "[[deploy.roll_back]]\nname = 'back'\nrun = ['back']\n";
    let plan = plan(&format!("{}{SHIP}{back}", step("approval = {}\non_failure = 'roll-back'")));
    let asking = begun("step-1-1", 0);
    let no = failed_by("lee");
    let refused = [asking.clone(), settled("step-1-1", no.clone(), 1)];
    assert_eq!(next_of(&plan, &refused), Next::Hold(Hold::Halted(HaltedBy::Step(key("step-1-1")))));
    let interrupted = settled("step-1-1", Outcome::NotStarted { why: "the deploy ends".to_owned() }, 2);
    let back = [asking.clone(), asked(Signal::RollBack, 1), interrupted];
    assert_eq!(next_of(&plan, &back), Next::Finish(End::Cancelled));
    let shipped = [asking, settled("step-1-1", Outcome::Done, 1), begun("step-2-1", 2), settled("step-2-1", no, 3)];
    assert_eq!(next_of(&plan, &shipped), Next::Hold(Hold::Halted(HaltedBy::Step(key("step-2-1")))));
    let back = [shipped.to_vec(), vec![asked(Signal::RollBack, 4)]].concat();
    assert_eq!(next_of(&plan, &back), Next::Act(key("back-1-1").act()));
}

fn failed_by(who: &str) -> Outcome {
    Outcome::Failed { failure: Failure::Refused { by: who.to_owned(), why: "no".to_owned() } }
}

#[test]
fn a_no_halts_it_and_so_does_nobodys_yes() {
    let plan = plan(&format!("{}{SHIP}", step("approval = { hours = 1, question = 'Canary well?' }")));
    let asking = vec![begun("step-1-1", 0)];
    let own = |journal: &[(Entry, Timestamp)], second| own(&plan, journal, &key("step-1-1"), None, at(second));
    assert_eq!(own(&asking, 10), Some(Own::Open { until: at(3600) }));
    let said = "nobody said yes within 1 h".to_owned();
    assert_eq!(own(&asking, 3600), Some(failed(Failure::NotMet { said })));
    let yes = [asking.clone(), vec![replied("step-1-1", Reply::Yes, 5)]].concat();
    assert_eq!(own(&yes, 4000), Some(Own::Over(Outcome::Done)), "it was said in time");
    let why = "errors rise".to_owned();
    let no = [asking, vec![replied("step-1-1", Reply::No { why: why.clone() }, 5)]].concat();
    let refused = Failure::Refused { by: "lee".to_owned(), why };
    assert_eq!(own(&no, 6), Some(failed(refused.clone())));
    assert_eq!(refused.to_string(), "lee said no: errors rise");
    let mut over = [no, vec![settled("step-1-1", Outcome::Failed { failure: refused }, 7)]].concat();
    assert_eq!(next_of(&plan, &over), Next::Hold(Hold::Halted(HaltedBy::Step(key("step-1-1")))));
    over.push((Entry::Decided { key: key("step-1-1"), by: "ada".to_owned(), choice: Choice::RunAgain }, at(8)));
    assert_eq!(next_of(&plan, &over), Next::Act(key("step-1-2").act()), "they are asked again");
}

#[test]
fn a_condition_is_met_fails_or_is_given_up_with_what_was_seen_last() {
    let plan = plan(&format!("{}{SHIP}", step("limit_minutes = 1\nwait = { build = 'smoke', app = 'ci' }")));
    let journal = vec![begun("step-1-1", 0)];
    let own = |seen: Option<Sight>, second| own(&plan, &journal, &key("step-1-1"), seen.as_ref(), at(second));
    let not_yet = || Some(Sight::NotYet("it runs".to_owned()));
    assert_eq!(own(None, 1), Some(Own::Open { until: at(60) }));
    assert_eq!(own(not_yet(), 59), Some(Own::Open { until: at(60) }));
    assert_eq!(own(Some(Sight::Met("passed".to_owned())), 59), Some(Own::Over(Outcome::Done)));
    let never = Sight::Never("smoke has failed".to_owned());
    assert_eq!(own(Some(never), 2), Some(failed(Failure::NotMet { said: "smoke has failed".to_owned() })));
    let said = "it did not come about within 60 s; seen last: it runs".to_owned();
    assert_eq!(own(not_yet(), 60), Some(failed(Failure::NotMet { said })));
    let said = "it did not come about within 60 s; nothing was seen of it".to_owned();
    assert_eq!(own(None, 60), Some(failed(Failure::NotMet { said })));
}

#[test]
fn a_metric_counts_from_the_beginning_of_the_step_on_and_what_is_not_known_does_not() {
    let wait = MetricWait {
        query: "q".to_owned(),
        from: crate::guard::MetricsKind::Graphite,
        below: Some(5.0),
        above: None,
        for_seconds: 30,
        resolution_seconds: 10,
        every_seconds: 10,
    };
    let samples = |values: &[Option<f64>], from: i64| -> Vec<Sample> {
        let each = values.iter().zip(0..);
        each.map(|(value, n)| Sample { at: at(from + 10 * n), value: *value }).collect()
    };
    let is_met = |samples: &[Sample], now: i64| matches!(wait.sight(samples, at(0), at(now)), Sight::Met(_));
    let one = Some(1.0);
    assert!(is_met(&samples(&[one, one, one], 0), 30));
    assert!(!is_met(&samples(&[one, one, one], 0), 29), "a bucket counts once it is over");
    assert!(is_met(&samples(&[one, one, one, None, None], 0), 50), "the newest ones are late");
    assert!(is_met(&samples(&[Some(9.0), None, one, one, one], 0), 50), "it came to be");
    for (values, from, now, why) in [
        (vec![one, one], 0, 20, "not for long enough"),
        (vec![one, one, one, one], -20, 20, "before the step began"),
        (vec![one, None, one, one], 0, 40, "a gap"),
        (vec![one, one, Some(5.0)], 0, 30, "it is at the bound"),
        (vec![one, one, Some(f64::NAN)], 0, 30, "it is no number"),
        (vec![one, one, one], 0, 500, "nothing newer came"),
        (vec![], 0, 30, "nothing came"),
        (vec![None, None, None], 0, 30, "nothing is known"),
    ] {
        assert!(!is_met(&samples(&values, from), now), "{why}");
    }
    let Sight::NotYet(said) = wait.sight(&samples(&[one, one], 0), at(0), at(20)) else { panic!("it is not met") };
    assert!(said.starts_with("1 at 08:00:10") && said.ends_with("and below 5 for 20 s"), "{said}");
}

#[test]
fn what_only_reads_is_done_again_where_nobody_can_tell_how_it_ended_and_a_request_is_not() {
    let cannot_tell = || Outcome::CannotTell { why: crate::fact::Why::new("its host was restarted", "see") };
    let waits = plan(&step("wait = { url = 'http://a/' }"));
    let mut journal = Vec::new();
    for attempt in 1..=2 {
        let act = format!("step-1-{attempt}");
        journal.extend([begun(&act, 0), settled(&act, cannot_tell(), 1)]);
        assert_eq!(next_of(&waits, &journal), Next::Act(key(&format!("step-1-{}", attempt + 1)).act()));
    }
    journal.extend([begun("step-1-3", 0), settled("step-1-3", cannot_tell(), 1)]);
    assert!(matches!(next_of(&waits, &journal), Next::Hold(Hold::CannotTell(..))), "not for ever");
    let calls = plan(&step("http = { url = 'http://a/' }\nrepeatable = true\ntries = 3"));
    let journal = [begun("step-1-1", 0), settled("step-1-1", cannot_tell(), 1)];
    assert!(matches!(next_of(&calls, &journal), Next::Hold(Hold::CannotTell(..))));
    assert_eq!(calls.steps(Direction::Forward).len(), 1);
}

#[test]
fn a_build_is_met_where_all_of_its_name_have_passed_on_the_commit() {
    use crate::build::{Build, BuildState};
    let wait = |app: Option<&str>| BuildWait {
        build: "smoke".to_owned(),
        app: app.map(str::to_owned),
        sha: "b".repeat(40).parse().unwrap(),
        every_seconds: 10,
    };
    let build = |name: &str, by: &str, state: BuildState| Build {
        name: name.to_owned(),
        by: by.to_owned(),
        app: None,
        state,
        said: String::new(),
        url: None,
        since: None,
        ended: None,
    };
    let passed = || build("smoke", "ci", BuildState::Passed);
    let not_yet = |said: &str| Sight::NotYet(said.to_owned());
    let never = |said: &str| Sight::Never(said.to_owned());
    assert_eq!(wait(None).sight(&[]), not_yet("smoke was not posted on bbbbbbb"));
    assert_eq!(
        wait(None).sight(&[build("smoke2", "ci", BuildState::Failed("failure".to_owned()))]),
        not_yet("smoke was not posted on bbbbbbb")
    );
    assert_eq!(wait(Some("CI")).sight(&[passed()]), Sight::Met("smoke by ci has passed".to_owned()));
    assert_eq!(wait(Some("bot")).sight(&[passed()]), not_yet("smoke was posted by ci, not by bot"));
    let other = |state| wait(None).sight(&[passed(), build("smoke", "bot", state)]);
    assert_eq!(other(BuildState::Running), not_yet("smoke by bot runs"));
    assert_eq!(other(BuildState::Failed("failure".to_owned())), never("smoke by bot has failed (failure)"));
    assert_eq!(other(BuildState::Skipped), never("smoke by bot was skipped"), "it has said nothing");
    assert_eq!(other(BuildState::Neutral), never("smoke by bot says neither yes nor no"));
    assert_eq!(other(BuildState::Passed), Sight::Met("smoke by ci has passed".to_owned()));
}
