use super::decide::{self, WayBack};
use super::link::Answer;
use super::lock::{Holder, Machine, Stands, stands};
use super::look::Look;
use super::{CapistranoError, Wanted};
use jiff::Timestamp;
use proptest::prelude::*;

fn a() -> String {
    "a".repeat(40)
}

fn look(said: &str) -> Look {
    let answer = Answer { said: Some(format!("{said}\nend")), trouble: None, kind: None };
    Look::of("web-1", &answer).unwrap()
}

#[test]
fn what_a_host_says_is_read_and_what_broke_off_is_not() {
    let (good, other) = (a(), "b".repeat(40));
    let text = format!(
        "Welcome!\ncurrent 2 {good}\nrelease 1 {other} seen old web 6\nrelease 2 {good} never new \nrelease 3 - never new web 7\nlock x=1\nmissing /a b"
    );
    let read = look(&text);
    assert!(read.serves("2", &good) && !read.serves("2", &other) && !read.serves("1", &other));
    let by: Vec<Option<&str>> = read.releases.iter().map(|release| release.by.as_deref()).collect();
    assert_eq!(by, [Some("web 6"), None, Some("web 7")]);
    assert!(read.releases[0].was_published && !read.releases[1].was_published && read.releases[2].sha.is_none());
    assert_eq!((read.lock.as_deref(), read.missing), (Some("x=1"), vec!["/a b".to_owned()]));
    let broke = Answer { said: Some(text), trouble: None, kind: None };
    assert!(matches!(Look::of("web-1", &broke), Err(CapistranoError::Unreached { .. })), "its end is not there");
    let fault = Answer { said: Some("fault no room\nend".to_owned()), trouble: None, kind: None };
    assert!(matches!(Look::of("web-1", &fault), Err(CapistranoError::Fault { .. })));
}

#[test]
fn a_way_back_leads_to_what_was_seen_to_serve_on_all_hosts() {
    let good = a();
    let bad = "b".repeat(40);
    let host = |text: &str| look(&text.replace("GOOD", &good).replace("BAD", &bad));
    let on =
        |texts: &[&str]| decide::way_back(&texts.iter().map(|text| host(text)).collect::<Vec<_>>(), &good, "web 7");
    let both = "current 3 BAD\nrelease 1 GOOD seen old \nrelease 2 GOOD seen old \nrelease 3 BAD seen new web 7";
    assert_eq!(on(&[both]), WayBack::To("2".to_owned()), "the newest of them");
    let one = "current 3 BAD\nrelease 1 GOOD seen old \nrelease 2 GOOD never old \nrelease 3 BAD seen new web 7";
    assert_eq!(on(&[one]), WayBack::To("1".to_owned()), "one that was never published is none");
    assert_eq!(on(&[both, one]), WayBack::To("1".to_owned()));
    assert_eq!(on(&[both, "current 3 BAD\nrelease 3 BAD seen new "]), WayBack::Anew);
    let is_back = "current 2 GOOD\nrelease 2 GOOD seen old ";
    assert_eq!(on(&[is_back]), WayBack::Nothing);
    assert_eq!(on(&[is_back, both]), WayBack::To("2".to_owned()));
    assert_eq!(
        on(&[&format!("{is_back}\nback web 7")]),
        WayBack::To("2".to_owned()),
        "it was begun, and what follows is not known"
    );
    assert_eq!(on(&[&format!("{is_back}\nback web 6")]), WayBack::Nothing);
    assert_eq!(on(&["current 2 -\nrelease 2 - seen old "]), WayBack::Anew);
}

#[test]
fn what_was_half_made_goes_and_what_others_make_just_now_does_not() {
    let good = a();
    let text = format!(
        "current 5 {good}\nrelease 1 {good} never old web 6\nrelease 2 - never new \nrelease 3 - never old \n\
         release 4 {good} never old \nrelease 5 {good} never old web 7\nrelease 6 {good} seen old web 6\nrelease 7 - never new web 7"
    );
    assert_eq!(decide::half_made(&look(&text), None), ["1", "3", "7"]);
    assert_eq!(decide::half_made(&look(&text), Some("7")), ["1", "3"]);
}

#[test]
fn what_serves_somewhere_is_not_made_once_more_beneath_it() {
    let good = a();
    let serves = look(&format!("current 7 {good}\nrelease 7 {good} seen new web 7"));
    let is_there = look(&format!("current 6 {good}\nrelease 7 {good} never new web 7"));
    let is_not = look(&format!("current 6 {good}\nrelease 7 - never new web 7"));
    assert!(decide::is_made(&[serves.clone(), is_there.clone()], "7", &good));
    assert!(!decide::is_made(std::slice::from_ref(&is_there), "7", &good), "what came after its REVISION is not known");
    assert!(!decide::is_made(&[serves.clone(), is_not], "7", &good));
    assert!(decide::foreign(&[serves.clone(), is_there], "7", "web 7").is_none());
    assert!(decide::foreign(&[serves], "7", "web 8").is_some());
}

#[test]
fn a_lock_is_taken_over_from_whoever_is_proven_gone_alone() {
    let wanted = |deploy| Wanted { service: "web".to_owned(), deploy, sha: a(), release: "1".to_owned() };
    let ours = Holder::ours(&wanted(7), Timestamp::UNIX_EPOCH, std::process::id());
    let judge = |holder: &Holder, lives: bool| stands(&holder.to_string(), &ours, "UNLOCK", |_, _| lives);
    let holds = |stands: Stands, words: &str| match stands {
        Stands::Holds(said, fix) => assert!(format!("{said} {fix}").contains(words), "{said} {fix}"),
        Stands::Over => panic!("it is not over: {words}"),
    };
    assert_eq!(judge(&ours, false), Stands::Over);
    holds(judge(&ours, true), "deploy 7 of web, since 1970-01-01T00:00:00Z");
    let older = Holder { deploy: 6, ..ours.clone() };
    assert_eq!(judge(&older, false), Stands::Over);
    holds(judge(&Holder { deploy: 8, ..ours.clone() }, false), "a newer one");
    holds(judge(&Holder { service: "shop".to_owned(), ..ours.clone() }, false), "a deploy_to of its own");
    let machine = ours.machine.clone();
    let on = |machine: Machine| Holder { machine, ..older.clone() };
    assert_eq!(judge(&on(Machine { boot: "x".to_owned(), ..machine.clone() }), true), Stands::Over, "it was restarted");
    holds(judge(&on(Machine { name: "x".to_owned(), ..machine.clone() }), false), "cannot be told from here");
    holds(judge(&on(Machine { space: "x".to_owned(), ..machine }), false), "UNLOCK");
    holds(stands("somebody", &ours, "UNLOCK", |_, _| false), "UNLOCK");
}

proptest! {
    #[test]
    fn whatever_a_host_says_is_read(said in "(?s)((current|release|lock|back|held|lost|removed|missing|fault|end)? ?[ -~\\n]{0,20}\n){0,8}") {
        let answer = Answer { said: Some(said), trouble: None, kind: None };
        if let Ok(look) = Look::of("web-1", &answer) {
            decide::half_made(&look, None);
            decide::way_back(&[look], &a(), "web 7");
        }
    }

    #[test]
    fn whatever_stands_in_a_lock_is_nobodys_to_take_unless_we_wrote_it(held in "[ -~]{0,80}") {
        let wanted = Wanted { service: "web".to_owned(), deploy: 7, sha: a(), release: "1".to_owned() };
        let ours = Holder::ours(&wanted, Timestamp::UNIX_EPOCH, std::process::id());
        prop_assert!(matches!(stands(&held, &ours, "UNLOCK", |_, _| false), Stands::Holds(..)));
    }
}
