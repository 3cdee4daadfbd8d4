//! What guards' newest readings mean for a deploy. Pure.

use super::watching::{Looked, Saw};
use gonogo_core::deploy::{Entry, GuardWord, Mark, Plan, marks, overruled};
use gonogo_core::guard::{Advice, Judgement, advise};
use gonogo_core::say;
use jiff::{SignedDuration, Timestamp};

/// Hosts that are named.
const MOST_HOSTS: usize = 5;

#[derive(Debug, PartialEq)]
pub(in crate::jobs::deploys) enum Said {
    /// Nothing that would stop it.
    GoesOn,
    /// Nothing begins meanwhile, and why.
    Holds(String),
    /// What is to be written down: it is halted.
    Halts(Entry),
}

/// By all guards that no person overruled; `is_over` once the watch is.
pub(in crate::jobs::deploys) fn said(
    plan: &Plan,
    journal: &[(Entry, Timestamp)],
    looked: &Looked,
    is_over: bool,
) -> Said {
    let Some(watched) = &plan.watched else { return Said::GoesOn };
    let overruled = overruled(journal);
    let mut said = Said::GoesOn;
    for saw in looked.guards.iter().filter(|saw| !overruled.contains(saw.guard.name.as_str())) {
        let word = match advise(saw.guard.mode, &watched.watch, &saw.reading, is_over) {
            Advice::GoOn => continue,
            Advice::Hold | Advice::HoldAndSay => {
                if said == Said::GoesOn {
                    said = Said::Holds(format!("nothing begins meanwhile: {}", sentence(saw)));
                }
                continue;
            }
            Advice::Ask => GuardWord::CannotTell,
            Advice::Halt if saw.reading.judgement == Judgement::Worse => GuardWord::Worse,
            Advice::Halt => GuardWord::NoData,
        };
        let began = if word == GuardWord::Worse { where_it_began(plan, journal, saw) } else { None };
        let words = [Some(sentence(saw)), began].into_iter().flatten().collect::<Vec<_>>().join("; ");
        let entry = Entry::Guarded { guard: saw.guard.name.clone(), word, said: words };
        // What is proven is said before what is not known.
        if word == GuardWord::Worse {
            return Said::Halts(entry);
        }
        if !matches!(said, Said::Halts(_)) {
            said = Said::Halts(entry);
        }
    }
    said
}

fn sentence(saw: &Saw) -> String {
    let trouble = saw.trouble.as_ref().map(|why| format!("; {}; {}", why.said, why.fix)).unwrap_or_default();
    format!("{}{trouble}", say::guard::reading(&saw.guard, &saw.reading))
}

/// After which step, or batch of hosts, it got worse.
fn where_it_began(plan: &Plan, journal: &[(Entry, Timestamp)], saw: &Saw) -> Option<String> {
    let bucket = SignedDuration::from_secs(saw.guard.resolution_seconds.into());
    let by = saw.reading.since? + bucket;
    let Mark { at, label, hosts } = marks(plan, journal).into_iter().rev().find(|mark| mark.at <= by)?;
    let on = if hosts.is_empty() { String::new() } else { format!(" on {}", say::list(&hosts, MOST_HOSTS)) };
    Some(format!("{label}{on} began at {}", say::second(at)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_core::deploy::Variables;
    use gonogo_core::guard::{Doubt, Reading};
    use gonogo_core::policy::{Policy, Source};

    fn plan() -> Plan {
        let guard = |name: &str| {
            format!("[[deploy.guards]]\nname = '{name}'\nfrom = 'graphite'\nmeasures = 'count'\nquery = 'q'\n")
        };
        let text = format!(
            "[deploy.metrics]\ngraphite = 'https://g.example.com'\n{}{}[[deploy.steps]]\nname = 'ship'\nrun = ['ship']",
            guard("errors"),
            guard("slow")
        );
        let section = Policy::parse(Source::new("gonogo.toml", text)).unwrap().sections.deploy;
        let variables = Variables {
            service: "web".to_owned(),
            branch: "main".to_owned(),
            deploy: 1,
            head: "b".repeat(40).parse().unwrap(),
            production: "a".repeat(40).parse().unwrap(),
            only_by_hand: None,
        };
        Plan::of(&section, &variables)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// What the two guards saw at this second.
    fn looked(second: i64, judgements: [Judgement; 2]) -> Looked {
        let guards = plan().watched.unwrap().guards.into_iter().zip(judgements);
        let saw = |(guard, judgement): (gonogo_core::guard::Guard, Judgement)| {
            let no_data_since = (judgement == Judgement::NoData).then(|| at(0));
            let reading = Reading {
                guard: guard.name.clone(),
                at: at(second),
                judgement,
                evidence: 200.0,
                needed: 200.0,
                observed: Some(9.0),
                expected: Some(3.0),
                since: Some(at(60)),
                no_data_since,
                versus: Vec::new(),
                remarks: Vec::new(),
            };
            Saw::of(guard, reading)
        };
        Looked { at: at(second), guards: guards.map(saw).collect() }
    }

    fn begun() -> Vec<(Entry, Timestamp)> {
        vec![(Entry::Intended { key: "step-1-1".parse().unwrap() }, at(61))]
    }

    #[test]
    fn what_is_proven_comes_before_what_is_not_known_and_says_where_it_began() {
        let said = |second, judgements, is_over| said(&plan(), &begun(), &looked(second, judgements), is_over);
        let halts = |said: Said| match said {
            Said::Halts(Entry::Guarded { guard, word, said }) => (guard, word, said),
            other => panic!("{other:?}"),
        };
        let (guard, word, words) = halts(said(400, [Judgement::NoData, Judgement::Worse], false));
        assert_eq!((guard.as_str(), word), ("slow", GuardWord::Worse));
        assert!(words.contains("9 a bucket against 3") && words.ends_with("ship began at 00:01:01 UTC"), "{words}");
        let (guard, word, _) = halts(said(400, [Judgement::NoData, Judgement::Fine], false));
        assert_eq!((guard.as_str(), word), ("errors", GuardWord::NoData), "six minutes without");
        let Said::Holds(why) = said(100, [Judgement::Fine, Judgement::NoData], false) else { panic!("it goes on") };
        assert!(why.contains("slow: no data since 1970-01-01T00:00:00Z"), "{why}");
        let doubt = Judgement::CannotTell(Doubt::LooksWorse);
        assert_eq!(said(400, [doubt, Judgement::Fine], false), Said::GoesOn);
        assert_eq!(halts(said(400, [doubt, Judgement::Fine], true)).1, GuardWord::CannotTell);
    }

    #[test]
    fn who_let_it_go_on_has_overruled_that_guard_and_no_other() {
        let mut journal = begun();
        let word = GuardWord::Worse;
        journal.push((Entry::Guarded { guard: "errors".to_owned(), word, said: String::new() }, at(70)));
        let signal = gonogo_core::deploy::Signal::Resume;
        journal.push((Entry::Asked { signal, by: "ada".to_owned() }, at(80)));
        let said = |judgements| said(&plan(), &journal, &looked(90, judgements), false);
        assert_eq!(said([Judgement::Worse, Judgement::Fine]), Said::GoesOn);
        let other = said([Judgement::Worse, Judgement::Worse]);
        assert!(matches!(other, Said::Halts(Entry::Guarded { guard, .. }) if guard == "slow"));
    }
}
