use super::{command, fails, release, says};
use crate::shop::Shop;
use std::fs;

#[test]
fn a_way_back_leads_to_a_release_that_served_and_never_to_another() {
    let shop = Shop::new(1);
    let good = shop.commits("one");
    says(&mut command(&shop, "deploy", 6, &good));
    let nothing = says(&mut command(&shop, "back", 7, &good));
    assert!(nothing.contains("nothing was to be done"), "nothing of 7 was published: {nothing}");
    assert_eq!(shop.marks("restarted").len(), 1);
    let bad = shop.commits("two");
    says(&mut command(&shop, "deploy", 7, &bad));
    // Of the same commit, newer, and never published.
    let odd = shop.shop(0).join("releases/20261201085900");
    fs::create_dir_all(&odd).unwrap();
    fs::write(odd.join("REVISION"), &good).unwrap();
    let mut back = command(&shop, "back", 7, &good);
    back.env("GONOGO_RELEASE", release(17));
    let text = says(&mut back);
    assert!(text.contains(&format!("back to the release {}", release(6))), "{text}");
    assert_eq!(shop.serves(0), Some((release(6), good.clone())));
    assert_eq!(shop.marks("restarted").last().unwrap(), &format!("web-1 {good}"));
    let text = says(&mut back);
    assert!(text.contains("it served everywhere: nothing was to be done"), "{text}");

    // It is gone: made anew.
    let other = shop.commits("three");
    says(&mut command(&shop, "deploy", 8, &other));
    fs::remove_dir_all(shop.shop(0).join("releases").join(release(6))).unwrap();
    shop.sets("no-restart");
    let mut back = command(&shop, "back", 8, &good);
    back.env("GONOGO_RELEASE", release(18));
    let failed = fails(&mut back);
    assert!(failed.contains("after it was published on all hosts"), "{failed}");
    shop.unsets("no-restart");
    // It serves, and what follows was not done: that is no way back that was gone.
    let text = says(&mut back);
    assert!(text.contains("back to the release") || text.contains("deployed anew"), "{text}");
    assert_eq!(shop.serves(0), Some((release(18), good.clone())));
    assert_eq!(shop.marks("restarted").last().unwrap(), &format!("web-1 {good}"));
    assert!(!shop.is_locked(0));
}
