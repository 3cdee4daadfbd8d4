//! Whether an issue matches.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::super::fields::Field;
use super::super::scenario::text_of;
use super::super::state::{Issue, State, real_now};
use super::parse::{Clause, Operator, Term};
use super::subject::Subject;

pub(super) fn clause(clause: &Clause, issue: &Issue, state: &State) -> bool {
    match clause {
        Clause::All(clauses) => clauses.iter().all(|inner| self::clause(inner, issue, state)),
        Clause::Any(clauses) => clauses.iter().any(|inner| self::clause(inner, issue, state)),
        Clause::Not(inner) => !self::clause(inner, issue, state),
        Clause::Term(term) => match Subject::of(&term.field, state) {
            // Two fields of one name: either will do.
            Some(Subject::Custom(fields)) => fields.iter().any(|field| matches_custom(term, field, issue, state)),
            Some(subject) => matches(term, &subject, issue, state),
            None => false,
        },
    }
}

fn matches(term: &Term, subject: &Subject, issue: &Issue, state: &State) -> bool {
    let one = |text: &str| vec![text.to_owned()];
    let has: Vec<String> = match subject {
        Subject::Created => return in_time(term, issue.created, state),
        Subject::Updated => {
            // Of minutes the real ones count: a test's own go by with each change.
            let is_minutes = term.values.first().is_some_and(|value| value.starts_with('-') && value.ends_with('m'));
            return if is_minutes {
                compared(term, issue.touched, real_now())
            } else {
                in_time(term, issue.updated, state)
            };
        }
        Subject::Issue => one(&issue.id.to_string()),
        Subject::Parent => issue.parent.iter().map(u64::to_string).collect(),
        Subject::Project => one(issue.project()),
        Subject::Status | Subject::StatusCategory => one(&issue.status),
        Subject::Type => one(&issue.kind),
        Subject::Labels => issue.labels.clone(),
        Subject::Assignee => issue.assignee.iter().cloned().collect(),
        Subject::Summary => one(&issue.title),
        Subject::Description => texts(&issue.description),
        Subject::Custom(_) => Vec::new(),
    };
    let means = |has: &str, wanted: &str| match subject {
        Subject::Issue | Subject::Parent => state.visible(wanted).is_some_and(|issue| issue.id.to_string() == has),
        Subject::Assignee => state.person(has).answers_to(wanted),
        Subject::Status => state
            .status_named(has)
            .is_some_and(|status| status.name.eq_ignore_ascii_case(wanted) || status.id.to_string() == wanted),
        Subject::StatusCategory => state.status_named(has).is_some_and(|status| status.category.answers_to(wanted)),
        Subject::Labels => has == wanted,
        _ => has.eq_ignore_ascii_case(wanted),
    };
    compare(term, &has, means)
}

fn matches_custom(term: &Term, field: &Field, issue: &Issue, state: &State) -> bool {
    let value = field.number.and_then(|number| issue.custom.get(&number));
    let has = value.map(texts).unwrap_or_default();
    compare(term, &has, |has, wanted| {
        let both = (has.parse::<f64>(), wanted.parse::<f64>());
        if let (Ok(has), Ok(wanted)) = both {
            return has.total_cmp(&wanted).is_eq();
        }
        has.eq_ignore_ascii_case(wanted) || state.person(has).answers_to(wanted)
    })
}

fn compare(term: &Term, has: &[String], means: impl Fn(&str, &str) -> bool) -> bool {
    let hits =
        |test: &dyn Fn(&str, &str) -> bool| has.iter().any(|has| term.values.iter().any(|wanted| test(has, wanted)));
    let number = |test: fn(f64, f64) -> bool| {
        hits(&|has, wanted| match (has.parse(), wanted.parse()) {
            (Ok(has), Ok(wanted)) => test(has, wanted),
            _ => false,
        })
    };
    match term.operator {
        Operator::IsEmpty => has.is_empty(),
        Operator::IsNotEmpty => !has.is_empty(),
        Operator::Equals | Operator::In => hits(&means),
        // Jira leaves out what is empty.
        Operator::Differs | Operator::NotIn => !has.is_empty() && !hits(&means),
        Operator::Contains => hits(&contains_words),
        Operator::Lacks => !has.is_empty() && !hits(&contains_words),
        Operator::Below => number(|has, wanted| has < wanted),
        Operator::AtMost => number(|has, wanted| has <= wanted),
        Operator::Above => number(|has, wanted| has > wanted),
        Operator::AtLeast => number(|has, wanted| has >= wanted),
    }
}

/// Every word of the query is a word of the text; `*` stands for any end.
fn contains_words(text: &str, wanted: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        text.to_lowercase()
            .split(|letter: char| !letter.is_alphanumeric() && letter != '*')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let has = words(text);
    words(wanted).iter().all(|wanted| {
        has.iter().any(|word| match wanted.strip_suffix('*') {
            Some(beginning) => word.starts_with(beginning),
            None => word == wanted,
        })
    })
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().map(text_of).collect(),
        other => vec![text_of(other)],
    }
}

fn in_time(term: &Term, at: Timestamp, state: &State) -> bool {
    compared(term, at, state.now())
}

fn compared(term: &Term, at: Timestamp, now: Timestamp) -> bool {
    let wanted = term.values.first();
    let wanted = wanted.and_then(|value| instant(value, now));
    match (term.operator, wanted) {
        (Operator::IsNotEmpty, _) => true,
        (Operator::Equals, Some(wanted)) => at == wanted,
        (Operator::Differs, Some(wanted)) => at != wanted,
        (Operator::Below, Some(wanted)) => at < wanted,
        (Operator::AtMost, Some(wanted)) => at <= wanted,
        (Operator::Above, Some(wanted)) => at > wanted,
        (Operator::AtLeast, Some(wanted)) => at >= wanted,
        _ => false,
    }
}

/// A day, a minute of a day, or a period before now such as `-7d`.
pub(super) fn instant(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.replace('/', "-");
    if let Some(period) = text.strip_prefix('-') {
        let unit = period.chars().last()?;
        let count: i64 = period.strip_suffix(unit)?.parse().ok()?;
        let minutes = match unit {
            'm' => 1,
            'h' => 60,
            'd' => 24 * 60,
            'w' => 7 * 24 * 60,
            _ => return None,
        };
        return Some(now - SignedDuration::from_mins(count * minutes));
    }
    let moment = DateTime::strptime("%Y-%m-%d %H:%M", &text)
        .or_else(|_| Date::strptime("%Y-%m-%d", &text).map(|day| day.at(0, 0, 0, 0)))
        .ok()?;
    TimeZone::UTC.to_timestamp(moment).ok()
}
