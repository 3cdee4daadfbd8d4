use super::{begins, comes_to, command, fails, release, said, says, status};
use crate::hosts::signal;
use crate::shop::Shop;

#[test]
fn who_is_killed_before_publishing_leaves_a_lock_that_the_same_deploy_takes_over() {
    let shop = Shop::new(2);
    let sha = shop.commits("one");
    shop.sets("hold-updated");
    let running = begins(&command(&shop, "deploy", 7, &sha));
    comes_to(&shop, "updated");
    let busy = fails(&mut command(&shop, "deploy", 8, &sha));
    assert!(busy.contains("web-1 is locked: by deploy 7 of web, since ") && busy.contains(": it runs"), "{busy}");
    signal(&running, "KILL");
    running.wait_with_output().unwrap();
    shop.unsets("hold-updated");
    assert!(shop.is_locked(0) && shop.releases(0) == [release(7)] && shop.serves(0).is_none());
    let another = fails(command(&shop, "deploy", 9, &sha).env("GONOGO_SERVICE", "shop"));
    assert!(
        another.contains("by deploy 7 of web") && another.contains("→ let each service have a deploy_to of its own"),
        "{another}"
    );
    let older = fails(&mut command(&shop, "deploy", 6, &sha));
    assert!(older.contains("a newer one") && older.contains("gonogo capistrano unlock --dir "), "{older}");
    let text = says(&mut command(&shop, "deploy", 7, &sha));
    assert!(text.contains(&format!("web-2: removed the release {}, which was half made", release(7))), "{text}");
    for host in 0..2 {
        assert_eq!(shop.serves(host), Some((release(7), sha.clone())));
        assert!(!shop.is_locked(host));
    }
}

#[test]
fn who_is_killed_after_publishing_is_found_published_and_finished() {
    let shop = Shop::new(1);
    let sha = shop.commits("one");
    shop.sets("hold-restart");
    let running = begins(&command(&shop, "deploy", 7, &sha));
    comes_to(&shop, "restart");
    signal(&running, "KILL");
    running.wait_with_output().unwrap();
    shop.unsets("hold-restart");
    let stands = status(&shop);
    assert!(stands.contains(&format!("web-1: {} serves, which is {sha}", release(7))), "{stands}");
    assert!(stands.contains("locked: service=web deploy=7"), "{stands}");
    // Its processes are gone.
    let text = says(&mut command(&shop, "deploy", 7, &sha));
    assert!(text.contains("not made again"), "{text}");
    assert_eq!(shop.marks("restarted"), [format!("web-1 {sha}")]);
    assert_eq!((shop.releases(0), shop.is_locked(0)), (vec![release(7)], false));
}

/// `cap` alone is killed: whoever started it says what is true.
#[test]
fn cap_that_is_killed_is_followed_by_what_is_true() {
    let shop = Shop::new(1);
    let sha = shop.commits("one");
    shop.sets("hold-updated");
    let running = begins(&command(&shop, "deploy", 7, &sha));
    comes_to(&shop, "updated");
    crate::hosts::kill(&crate::hosts::named(&running, "cap"));
    let output = running.wait_with_output().unwrap();
    let text = said(&output);
    assert!(text.contains("`cap` was killed in updated, and nothing was published"), "{text}");
    assert!(text.contains("removed the release") && shop.releases(0).is_empty() && !shop.is_locked(0), "{text}");
}

/// Whoever started `cap` alone is killed: what is published comes to its end, and what is
/// not does not go on.
#[test]
fn cap_that_is_left_alone_brings_to_its_end_what_is_published_and_nothing_else() {
    let shop = Shop::new(1);
    let sha = shop.commits("one");
    for (place, deploy) in [("updated", 7), ("restart", 8)] {
        shop.sets(&format!("hold-{place}"));
        let running = begins(&command(&shop, "deploy", deploy, &sha));
        comes_to(&shop, place);
        let cap = crate::hosts::named(&running, "cap");
        crate::hosts::kill(&running.id().to_string());
        let busy = fails(&mut command(&shop, "deploy", 9, &sha));
        assert!(busy.contains(": it runs"), "{busy}");
        shop.unsets(&format!("hold-{place}"));
        let runs = || std::fs::read_to_string(format!("/proc/{cap}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
        crate::hosts::wait_for(|| (!runs()).then_some(()), || "cap goes on".to_owned());
        drop(running);
    }
    assert_eq!(shop.serves(0), Some((release(8), sha.clone())), "not 7");
    assert_eq!(shop.marks("restarted").len(), 1);
    says(&mut command(&shop, "deploy", 9, &sha));
    assert_eq!(shop.releases(0), [release(8), release(9)]);
}
