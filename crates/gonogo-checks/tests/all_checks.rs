//! Four promises that hold for all checks at once (and for each that will be
//! added, as long as the world below makes it ask): what is unknown is never
//! Go, order does not matter, judging twice is judging once, and a replay asks
//! nothing new.

use gonogo_checks::facts::{Facts, Recorded};
use gonogo_checks::policy::TypedPolicy;
use gonogo_checks::questions::{Answer, Ask, NamedCommit};
use gonogo_checks::{CHECKS, CheckState, Judge, Judged, Judgement};
use gonogo_core::build::{Build, BuildState, RequiredBuild};
use gonogo_core::case::{Case, Head, PolicyInForce, PolicyOrigin, Production, Stage};
use gonogo_core::changeset::{
    Changeset, Commit, Dropped, LineCount, MergeBack, MergeDiff, Person, Prefix, Prefixes, Sighting, Undoing,
};
use gonogo_core::fact::{Fact, System, Why};
use gonogo_core::finding::{COULD_NOT_CHECK, Severity};
use gonogo_core::ids::Sha;
use gonogo_core::person::Role;
use gonogo_core::policy::{SignedBy, Signer, Source};
use gonogo_core::pull::{PullRequest, PullState};
use gonogo_core::story::{Aware, FieldValue, History, Issue, IssueType, Ready, Status, TrackerPerson};
use gonogo_core::verdict::Verdict;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Every check on, with all its options, so that each asks all that it can.
fn policy(level: &str) -> TypedPolicy {
    let text = format!(
        r#"
        [tracker]
        kind = "jira-cloud"
        url = "https://example.atlassian.net"
        [checks]
        ancestry = "{level}"
        story-key = "{level}"
        story-exists = "{level}"
        unfinished = "{level}"
        reverts = "{level}"
        [checks.story-state]
        level = "{level}"
        states = ["Done"]
        [checks.story-missing]
        level = "{level}"
        ready = "Done"
        [checks.story-fields]
        level = "{level}"
        required = ["Risk"]
        [[checks.story-fields.confirm]]
        field = "Risk"
        by_field = "Reviewer"
        [checks.story-size]
        level = "{level}"
        max_points = 8
        max_lines = 500
        max_days = 9
        [checks.builds]
        level = "{level}"
        required = ["suite"]
        by_branch_rules = true
        [checks.awareness]
        level = "{level}"
        [checks.sign-offs]
        level = "{level}"
        [plan]
        sign_offs = ["admin"]
        [checks.post-deploy]
        level = "{level}"
        field = "Risk"
        [checks.freeze]
        level = "{level}"
        [[deploy.windows]]
        from = "00:00"
        until = "00:00"
        [[awareness]]
        team = "support"
        channel = "C1"
        labels = ["customer-visible"]
        "#
    );
    TypedPolicy::parse(Source::new("policy", text)).expect("the policy is valid")
}

fn sha(digit: u8) -> Sha {
    Sha::from_hex(&[digit; 40]).expect("a full id")
}

fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().expect("a time")
}

fn pull(state: PullState) -> PullRequest {
    PullRequest {
        number: 4,
        title: "STORY-2 Tidy up".to_owned(),
        body: String::new(),
        author: "maria".to_owned(),
        branch: "topic".to_owned(),
        head: sha(b'c'),
        into: "main".to_owned(),
        state,
    }
}

/// The same before a merge.
fn before_merge() -> Case {
    Case { stage: Stage::Merge { pull_request: 4, into: "main".to_owned() }, ..case() }
}

fn case() -> Case {
    let production = Production::Known { name: "production".to_owned(), sha: sha(b'a'), why: "a test".to_owned() };
    let head = Head { name: "main".to_owned(), branch: Some("main".to_owned()), sha: sha(b'f') };
    let policy = PolicyInForce {
        origin: PolicyOrigin::Given,
        name: "policy".to_owned(),
        text: String::new(),
        candidate: None,
        unread: None,
    };
    let (service, stage) = ("web".to_owned(), Stage::Deploy);
    Case {
        service,
        path: None,
        stage,
        production,
        head,
        policy,
        knows_pull_requests: true,
        knows_who_was_told: true,
        seen_at: None,
    }
}

/// The same of a service that is the folder in which all is.
fn in_a_folder() -> Case {
    Case { path: Some("a".to_owned().try_into().expect("a folder")), ..case() }
}

fn commit(id: u8, parent: u8, message: &str) -> Commit {
    Commit {
        sha: sha(id),
        parents: vec![sha(parent)],
        author: Arc::new(Person { name: "Maria".to_owned(), email: "maria@example.com".to_owned() }),
        committed_at: Some(now()),
        message: message.into(),
        files: vec!["a".into()],
    }
}

fn issue(key: &str) -> Issue {
    let person = |id: &str| TrackerPerson { id: id.to_owned(), name: id.to_owned() };
    let fields = [
        ("Risk", FieldValue::Text("low: only the footer".to_owned())),
        ("Reviewer", FieldValue::Person(person("tom"))),
        ("Story Points", FieldValue::Number(3.0)),
        ("Story point estimate", FieldValue::NoSuchField),
    ];
    Issue {
        key: key.parse().expect("a key"),
        title: "A story".to_owned(),
        kind: IssueType { id: "1".to_owned(), name: "Story".to_owned(), subtask: false },
        status: Status { id: "2".to_owned(), name: "Done".to_owned() },
        is_done: false,
        reporter: None,
        assignee: Some(person("maria")),
        parent: None,
        labels: vec!["customer-visible".to_owned()],
        created_at: Some(now()),
        url: String::new(),
        fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        field_ids: BTreeMap::new(),
        history: Some(History { changes: Vec::new(), cut: false }),
    }
}

/// A world in which everything is fine.
fn answer(ask: &Ask) -> Answer {
    match ask {
        Ask::Range(_) => Answer::Range(Fact::Known(Arc::new(Changeset {
            commits: vec![
                Commit { parents: vec![sha(b'f'), sha(b'a')], ..commit(b'7', b'f', "Merge production") },
                commit(b'f', b'e', "STORY-1 charge in euros"),
                commit(
                    b'e',
                    b'd',
                    "Revert \"STORY-9 x\"\n\nThis reverts commit 1234567890.\nReverts acme/web#5\n\nStory: STORY-2",
                ),
                commit(b'd', b'c', "STORY-2 search"),
                commit(b'c', b'3', "tidy up (#4)"),
                commit(b'3', b'2', &format!("Revert \"STORY-2 y\"\n\nThis reverts commit {}.", sha(b'2'))),
                commit(b'2', b'a', "STORY-2 y"),
            ],
            missing: vec![commit(b'b', b'a', "a hotfix")],
            suspect_merges: Vec::new(),
        }))),
        Ask::Below(_) => Answer::Below(Fact::Known(Arc::new(b"7fedc32b".map(sha).into()))),
        Ask::Copies(_) => Answer::Copies(Fact::Known(Arc::default())),
        Ask::Named(_) => {
            // A revert in production is reverted: its story ships again.
            let named = |id, message: &str, reverts| NamedCommit { sha: sha(id), message: message.to_owned(), reverts };
            let inner = named(b'8', "STORY-9 x", Vec::new());
            Answer::Named(Fact::Known(named(b'9', "Revert \"STORY-9 x\"", vec![inner])))
        }
        Ask::NumberedCommit(_) => {
            let named = NamedCommit { sha: sha(b'6'), message: "STORY-9 x (#5)".to_owned(), reverts: Vec::new() };
            Answer::NumberedCommit(Fact::Known(named))
        }
        Ask::UndoingOf(_) => Answer::UndoingOf(Fact::Known(Undoing::default())),
        Ask::KeptBy(_) => Answer::KeptBy(Fact::Known(false)),
        Ask::BuildsOf(_) => {
            let (name, by) = ("suite".to_owned(), "ci".to_owned());
            let passed = Build {
                name,
                by,
                app: None,
                state: BuildState::Passed,
                said: String::new(),
                url: None,
                since: Some(now()),
                ended: None,
            };
            Answer::BuildsOf(Fact::Known(vec![passed]))
        }
        Ask::RequiredBuilds(_) => {
            Answer::RequiredBuilds(Fact::Known(vec![RequiredBuild { name: "suite".to_owned(), app: None }]))
        }
        Ask::UsualBuilds(_) => Answer::UsualBuilds(Fact::Absent),
        Ask::PrefixesOf(_) => Answer::PrefixesOf(Fact::Known(Prefixes {
            read: 3,
            found: vec![Prefix { project: "STORY".to_owned(), commits: 3, numbers: 3 }],
        })),
        Ask::MergeOf(_) => Answer::MergeOf(Fact::Known(MergeBack::NothingLost)),
        Ask::MergeDiffOf(_) => Answer::MergeDiffOf(Fact::Known(MergeDiff {
            own: Vec::new(),
            dropped: vec![Dropped { parent: sha(b'a'), paths: vec!["a".to_owned()] }],
        })),
        Ask::MergedAgain(_) => Answer::MergedAgain(Fact::Known(MergeBack::NothingLost)),
        Ask::PolicyAt(_) => Answer::PolicyAt(Fact::Absent),
        Ask::ChangedPaths(_) => Answer::ChangedPaths(Fact::Known(Vec::new())),
        Ask::ConflictMarkers(_) => Answer::ConflictMarkers(Fact::Known(Vec::new())),
        Ask::PatchOf(q) => Answer::PatchOf(Fact::Known(q.sha.to_string())),
        Ask::LinesOf(_) => Answer::LinesOf(Fact::Known(LineCount { added: 3, removed: 1 })),
        Ask::PullsOf(_) => Answer::PullsOf(Fact::Known(vec![pull(PullState::Merged)])),
        Ask::PullNumbered(_) => Answer::PullNumbered(Fact::Known(pull(PullState::Open))),
        Ask::IssueOf(q) => Answer::IssueOf(Fact::Known(Arc::new(issue(&q.key.to_string())))),
        Ask::AwareOf(_) => Answer::AwareOf(Fact::Known(Aware { told_at: Some(now()), ..Aware::default() })),
        Ask::UnsettledOf(_) => Answer::UnsettledOf(Fact::Known(Arc::default())),
        Ask::SignedOff(_) => Answer::SignedOff(Fact::Known([("admin".to_owned(), ada())].into())),
        Ask::ReadyStories(_) => Answer::ReadyStories(Fact::Known(Ready { issues: vec![issue("STORY-8")] })),
        Ask::SightingsOf(_) => {
            Answer::SightingsOf(Fact::Known(vec![Sighting::InProduction(sha(b'8'), "STORY-8 x".to_owned())]))
        }
    }
}

fn ada() -> SignedBy {
    let (name, called) = ("ada".to_owned(), ["ada".to_owned()].into());
    SignedBy::Signer(Signer { name, called, role: Some(Role::Admin) })
}

fn unknown(ask: &Ask) -> Answer {
    ask.unknown(Why::new("it is away", "wait"))
}

fn recorded(answer: Answer) -> Recorded {
    Recorded { answer, source: "test".to_owned(), at: now(), instead: None }
}

/// Judges until nothing is missing; `spoil` says whose answer is unknown.
fn judge(policy: &TypedPolicy, spoil: impl Fn(&Ask) -> bool) -> (Facts, Judgement, BTreeSet<Ask>) {
    judge_case(&case(), policy, spoil)
}

fn judge_case(case: &Case, policy: &TypedPolicy, spoil: impl Fn(&Ask) -> bool) -> (Facts, Judgement, BTreeSet<Ask>) {
    judge_in(|ask| if spoil(ask) { unknown(ask) } else { answer(ask) }, case, policy)
}

/// Judges in a world of these answers.
fn judge_in(answer: impl Fn(&Ask) -> Answer, case: &Case, policy: &TypedPolicy) -> (Facts, Judgement, BTreeSet<Ask>) {
    let judge = Judge::new(case, policy, None, &[], now());
    let (mut facts, mut asked) = (Facts::default(), BTreeSet::new());
    for _ in 0..12 {
        match judge.judge(&facts) {
            Judged::Done(judgement) => return (facts, *judgement, asked),
            Judged::Missing { asks, for_newest_go } => {
                for ask in asks {
                    let answer = answer(&ask);
                    if !for_newest_go {
                        asked.insert(ask.clone());
                    }
                    facts.insert(ask, recorded(answer));
                }
            }
        }
    }
    panic!("no verdict after twelve rounds");
}

fn text(judgement: &Judgement) -> String {
    format!("{judgement:#?}")
}

#[test]
fn the_world_of_these_tests_is_go_and_every_check_takes_part_in_it() {
    let (_, judgement, asked) = judge(&policy("block"), |_| false);
    assert_eq!(judgement.verdict, Verdict::Go, "{:#?}", judgement.findings);
    for entry in CHECKS {
        let outcome = judgement.checks.iter().find(|c| c.name == entry.name).expect("each check has a line");
        assert_ne!(outcome.state, CheckState::Off, "{} is off: {}", entry.name, outcome.why);
    }
    let kinds: BTreeSet<String> =
        asked.iter().map(|ask| format!("{ask:?}").split('(').next().unwrap_or("").to_owned()).collect();
    let all = [
        "AwareOf",
        "BuildsOf",
        "RequiredBuilds",
        "ConflictMarkers",
        "Copies",
        "IssueOf",
        "KeptBy",
        "LinesOf",
        "MergeDiffOf",
        "MergeOf",
        "MergedAgain",
        "Named",
        "NumberedCommit",
        "PrefixesOf",
        "PullsOf",
        "Range",
        "ReadyStories",
        "SightingsOf",
        "SignedOff",
        "UndoingOf",
        "UnsettledOf",
    ];
    assert_eq!(
        kinds,
        all.map(str::to_owned).into(),
        "every question is asked here but those that only a finding leads to"
    );
}

#[test]
fn before_a_merge_those_checks_alone_are_asked_that_say_so() {
    let (_, judgement, asked) = judge_case(&before_merge(), &policy("block"), |_| false);
    assert_eq!(judgement.verdict, Verdict::Go, "{:#?}", judgement.findings);
    for entry in CHECKS {
        let outcome = judgement.checks.iter().find(|c| c.name == entry.name).expect("each check has a line");
        assert_eq!(outcome.state != CheckState::Off, entry.before_merge, "{}", entry.name);
    }
    assert!(asked.iter().any(|ask| matches!(ask, Ask::PullNumbered(_))), "{asked:?}");
    assert!(!asked.iter().any(|ask| matches!(ask, Ask::PullsOf(_) | Ask::MergeOf(_) | Ask::BuildsOf(_))), "{asked:?}");
}

#[test]
fn any_unknown_answer_that_a_blocking_check_asked_for_is_never_go() {
    let policy = policy("block");
    for (case, ask) in [case(), before_merge(), in_a_folder()].iter().flat_map(|case| {
        let (_, _, asked) = judge_case(case, &policy, |_| false);
        asked.into_iter().map(move |ask| (case.clone(), ask))
    }) {
        let (_, judgement, _) = judge_case(&case, &policy, |other| *other == ask);
        assert_eq!(judgement.verdict, Verdict::NoGo, "{ask:?} unknown");
        let unknown = judgement.findings.iter().filter(|f| f.code == COULD_NOT_CHECK);
        assert!(unknown.clone().any(|f| f.severity == Severity::Block), "{ask:?} unknown");
        assert!(unknown.clone().all(|f| f.message.contains("it is away") && f.fix == "wait"), "{ask:?} says why");
    }
}

#[test]
fn an_answer_of_before_counts_up_to_its_age_and_never_silently() {
    let (policy, case) = (policy("block"), case());
    let (fresh, _, asked) = judge(&policy, |_| false);
    let max_age = policy.sections.tracker.as_ref().expect("the policy has a tracker").max_age();
    let aged = |old: &Ask, age: SignedDuration| {
        let mut facts = Facts::at(now(), max_age);
        for (ask, recorded) in fresh.iter() {
            let mut recorded = recorded.clone();
            if ask == old {
                recorded.at = now() - age;
                recorded.instead = Some(Why { is_away: true, ..Why::new("it is away", "wait").of(System::Tracker) });
            }
            facts.insert(ask.clone(), recorded);
        }
        // What was asked of an answer that is one no more may be more.
        for _ in 0..4 {
            match Judge::new(&case, &policy, None, &[], now()).judge(&facts) {
                Judged::Done(judgement) => return *judgement,
                Judged::Missing { asks, .. } => {
                    for ask in asks {
                        let answer = recorded(answer(&ask));
                        facts.insert(ask, answer);
                    }
                }
            }
        }
        panic!("no verdict after four rounds");
    };
    let of_tracker: Vec<&Ask> =
        asked.iter().filter(|ask| matches!(ask, Ask::IssueOf(_) | Ask::ReadyStories(_))).collect();
    assert!(of_tracker.len() > 1, "{asked:?}");
    for ask in of_tracker {
        let young = aged(ask, max_age);
        assert_eq!(young.verdict, Verdict::Go, "{ask:?}");
        assert!(young.findings.iter().any(|f| f.code == "tracker-away" && f.severity == Severity::Warn), "{ask:?}");
        let old = aged(ask, max_age + SignedDuration::from_secs(1));
        assert_eq!(old.verdict, Verdict::NoGo, "{ask:?}");
        assert!(old.findings.iter().any(|f| f.code == COULD_NOT_CHECK && f.fix == "wait"), "{ask:?}");
    }
}

#[test]
fn at_warn_an_unknown_answer_is_a_warning() {
    let policy = policy("warn");
    let (_, _, asked) = judge(&policy, |_| false);
    for ask in &asked {
        let (_, judgement, _) = judge(&policy, |other| other == ask);
        assert_eq!(judgement.verdict, Verdict::Go, "{ask:?} unknown");
        let is_told = |f: &gonogo_core::finding::Finding| f.code == COULD_NOT_CHECK && f.severity == Severity::Warn;
        assert!(judgement.findings.iter().any(is_told), "{ask:?} unknown");
    }
}

#[test]
fn a_revert_that_turns_out_to_be_none_may_have_its_story_from_a_pull_request() {
    let revert = format!("Revert \"x\"\n\nThis reverts commit {}.", sha(b'b'));
    let answer = |ask: &Ask| match ask {
        Ask::Range(_) => {
            let commits = vec![commit(b'f', b'a', &revert)];
            Answer::Range(Fact::Known(Arc::new(Changeset { commits, missing: Vec::new(), suspect_merges: Vec::new() })))
        }
        Ask::UndoingOf(_) => Answer::UndoingOf(Fact::Known(Undoing { is_foreign: true, ..Undoing::default() })),
        other => answer(other),
    };
    let (policy, case) = (policy("block"), case());
    let (facts, judgement, _) = judge_in(answer, &case, &policy);
    assert_eq!(judgement.verdict, Verdict::Go, "{:#?}", judgement.findings);
    let Judged::Done(again) = Judge::new(&case, &policy, None, &[], now()).judge(&facts) else {
        panic!("a replay asks for more")
    };
    assert_eq!(text(&judgement), text(&again));
}

#[test]
fn judging_twice_is_judging_once_and_a_replay_asks_nothing_new() {
    let (policy, case) = (policy("block"), case());
    let (facts, first, _) = judge(&policy, |_| false);
    let again = Judge::new(&case, &policy, None, &[], now());
    for _ in 0..2 {
        let Judged::Done(second) = again.judge(&facts) else { panic!("a replay asks for more") };
        assert_eq!(text(&first), text(&second));
    }
    let written: Vec<(Ask, Recorded)> = facts.iter().map(|(a, r)| (a.clone(), r.clone())).collect();
    let json = serde_json::to_string(&written).expect("facts can be written");
    let read: Vec<(Ask, Recorded)> = serde_json::from_str(&json).expect("facts can be read");
    let mut from_file = Facts::default();
    for (ask, recorded) in read {
        from_file.insert(ask, recorded);
    }
    let Judged::Done(third) = Judge::new(&case, &policy, None, &[], now()).judge(&from_file) else {
        panic!("a recording lacks something")
    };
    assert_eq!(text(&first), text(&third));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Answers come in any order, and some are unknown: the bytes are the same.
    #[test]
    fn the_order_of_answers_does_not_matter(seed in any::<u64>(), away in any::<u16>()) {
        let policy = policy("block");
        let spoil = |ask: &Ask| (format!("{ask:?}").len() as u64 ^ u64::from(away)).is_multiple_of(5);
        let (facts, first, _) = judge(&policy, spoil);
        let mut shuffled: Vec<(Ask, Recorded)> = facts.iter().map(|(a, r)| (a.clone(), r.clone())).collect();
        let mut state = seed;
        for at in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(at, usize::try_from(state >> 33).unwrap_or(0) % (at + 1));
        }
        let mut others = Facts::default();
        for (ask, recorded) in shuffled {
            others.insert(ask, recorded);
        }
        let case = case();
        let Judged::Done(second) = Judge::new(&case, &policy, None, &[], now()).judge(&others) else {
            panic!("more is asked for");
        };
        prop_assert_eq!(text(&first), text(&second));
    }
}
