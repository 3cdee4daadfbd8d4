//! What a guard says, for people.

use crate::guard::{Advice, BaselineKind, Doubt, Guard, Judgement, LeftOut, Measure, Reading, Remark, number};

/// What was seen, against what, and since when; one line.
pub fn reading(guard: &Guard, reading: &Reading) -> String {
    let what = match reading.judgement {
        Judgement::Fine => "fine".to_owned(),
        Judgement::Worse => "worse".to_owned(),
        Judgement::NoData => match reading.no_data_since {
            Some(since) => return format!("{}: no data since {since}", guard.name),
            None => return format!("{}: no data", guard.name),
        },
        Judgement::CannotTell(Doubt::TooSoon) => "cannot tell: too little time has passed".to_owned(),
        Judgement::CannotTell(Doubt::Baseline) => {
            "cannot tell: what is usual varies too much, or is known for too short a time".to_owned()
        }
        Judgement::CannotTell(Doubt::LooksWorse) => "cannot tell: it looks worse, and is not proven".to_owned(),
    };
    let shown = |value: f64| match guard.measures {
        Measure::Count | Measure::Value => number(value),
        Measure::Rate => format!("{}%", number(value * 100.0)),
    };
    let unit = if guard.measures == Measure::Count { " a bucket" } else { "" };
    let mut said = format!("{}: {what}", guard.name);
    if let (Some(observed), Some(expected)) = (reading.observed, reading.expected) {
        said = format!("{said}; {}{unit} against {}", shown(observed), shown(expected));
        let nearest = reading.versus.iter().min_by(|a, b| a.evidence.total_cmp(&b.evidence));
        if let Some(versus) = nearest {
            said = format!("{said} {}", baseline(versus.baseline));
        }
        if let Some(since) = reading.since {
            said = format!("{said}, since {since}");
        }
    }
    let evidence = if reading.evidence > 1e6 { "over 1000000".to_owned() } else { number(reading.evidence) };
    format!("{said} (evidence {evidence}, proof is {})", number(reading.needed))
}

pub fn baseline(kind: BaselineKind) -> &'static str {
    match kind {
        BaselineKind::Before => "before",
        BaselineKind::LastWeek => "last week",
        BaselineKind::Deploys => "in earlier deploys",
        BaselineKind::Rest => "on the other hosts",
    }
}

pub fn remark(remark: &Remark) -> String {
    match remark {
        Remark::Without { baseline: kind, because } => {
            let why = match because {
                LeftOut::TooFewPoints => "there are too few points",
                LeftOut::TooFewDeploys => "there are fewer than three deploys",
                LeftOut::Coarser => "the server keeps old points further apart",
                LeftOut::NoLevel => "its middle is not over zero",
            };
            format!("not compared with what was {}: {why}", baseline(*kind))
        }
        Remark::Dropped { no_numbers, negative } => {
            format!("left out: {no_numbers} points that are no numbers, {negative} counts under zero")
        }
        Remark::MoreThanAll { buckets } => {
            format!("left out: {}, with more events than what they are of", super::count(*buckets, "bucket"))
        }
        Remark::Spacing { seconds } => {
            format!("its points are {seconds} s apart: set `resolution_seconds = {seconds}`")
        }
    }
}

/// What a guard does, or would have done.
pub fn advice(advice: Advice) -> &'static str {
    match advice {
        Advice::GoOn => "go on",
        Advice::Hold | Advice::HoldAndSay => "hold",
        Advice::Halt => "halt",
        Advice::Ask => "ask a person",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn what_moved_by_how_much_and_since_when_is_one_line() {
        let text = "[deploy.metrics]\ngraphite = 'https://g.example.com'\n[[deploy.guards]]\nname = 'errors'\nfrom = 'graphite'\nmeasures = 'count'\nquery = 'q'";
        let policy = crate::policy::Policy::parse(crate::policy::Source::new("gonogo.toml", text)).unwrap();
        let guard = &policy.sections.deploy.guards[0];
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        let mut worse = Reading {
            guard: "errors".to_owned(),
            at,
            judgement: Judgement::Worse,
            evidence: 312.4,
            needed: 100.0,
            observed: Some(25.0),
            expected: Some(5.02),
            since: Some(at),
            no_data_since: None,
            versus: Vec::new(),
            remarks: Vec::new(),
        };
        assert_eq!(
            reading(guard, &worse),
            "errors: worse; 25 a bucket against 5.02, since 2023-11-14T22:13:20Z (evidence 312, proof is 100)"
        );
        worse.judgement = Judgement::NoData;
        worse.no_data_since = Some(at);
        assert_eq!(reading(guard, &worse), "errors: no data since 2023-11-14T22:13:20Z");
    }
}
