//! A large company beside the tour's two services: what makes pages long and
//! lists full.

use jiff::SignedDuration;

use super::{DONE, READY, Random, Service, Story, policy};

/// Areas with their Jira projects; each has a service of each kind.
const AREAS: [(&str, &str); 8] = [
    ("orders", "ORD"),
    ("search", "FIND"),
    ("stock", "STK"),
    ("prices", "PRC"),
    ("mail", "MAIL"),
    ("returns", "RET"),
    ("reviews", "REV"),
    ("partners", "PART"),
];
const KINDS: [&str; 6] = ["api", "worker", "admin", "reports", "gateway", "jobs"];
const VERBS: [&str; 6] = ["Show", "Export", "Sort", "Check", "Import", "Archive"];
const THINGS: [&str; 7] = ["orders", "refunds", "addresses", "prices", "receipts", "labels", "forecasts"];
const HOW: [&str; 5] = ["by country", "for partners", "once a day", "in two languages", "without a reload"];

/// Stories that a service shipped in a year: four a week.
const SHIPPED: usize = 208;
const STEP: SignedDuration = SignedDuration::from_hours(42);

pub(super) fn services(random: &mut Random, jira: &str) -> Vec<Service> {
    let mut services = Vec::new();
    for (area, project) in AREAS {
        let mut number = 0;
        for kind in KINDS {
            let mut story = |random: &mut Random, status| {
                number += 1;
                let title = format!("{} {} {}", random.pick(&VERBS), random.pick(&THINGS), random.pick(&HOW));
                Story::new(random, project, number, &title, status)
            };
            let shipped = (0..SHIPPED).map(|_| story(random, DONE)).collect();
            let waiting = random.pick(&[0, 1, 1, 2, 3, 5]);
            let waits = (0..waiting).map(|_| {
                let status = random.pick(&[READY, READY, READY, READY, READY, "In Review"]);
                let mut story = story(random, status);
                story.risk = story.risk.filter(|_| random.pick(&[true, true, true, true, true, false]));
                story
            });
            let waits = waits.collect();
            let name = format!("{area}-{kind}");
            services.push(Service {
                name,
                policy: policy(jira, project),
                shipped,
                waits,
                work: Vec::new(),
                step: STEP,
            });
        }
    }
    services
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_fifty_services_with_a_year_of_history() {
        let services = services(&mut Random::new(1), "http://127.0.0.1:1");
        assert_eq!(services.len() + 2, 50);
        let year = STEP.as_hours() * i64::try_from(SHIPPED).unwrap();
        assert!((360 * 24..370 * 24).contains(&year), "{year} hours");
    }
}
