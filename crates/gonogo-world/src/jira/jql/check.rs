//! Whether what a query names exists.

use super::super::state::State;
use super::matching::instant;
use super::parse::{Clause, Term};
use super::subject::Subject;

pub(super) fn clause(clause: &Clause, state: &State, problems: &mut Vec<String>) {
    match clause {
        Clause::All(clauses) | Clause::Any(clauses) => {
            for inner in clauses {
                self::clause(inner, state, problems);
            }
        }
        Clause::Not(inner) => self::clause(inner, state, problems),
        Clause::Term(term) => check_term(term, state, problems),
    }
}

fn check_term(term: &Term, state: &State, problems: &mut Vec<String>) {
    let field = &term.field;
    let Some(subject) = Subject::of(field, state) else {
        problems.push(format!("Field '{field}' does not exist or you do not have permission to view it."));
        return;
    };
    if !subject.takes(term.operator) {
        problems.push(format!("The operator '{}' is not supported by the '{field}' field.", term.operator.name()));
        return;
    }
    problems.extend(term.values.iter().filter_map(|value| problem_with(&subject, field, value, state)));
}

fn problem_with(subject: &Subject, field: &str, value: &str, state: &State) -> Option<String> {
    let same = |name: &String| name.eq_ignore_ascii_case(value);
    let exists = match subject {
        Subject::Issue | Subject::Parent => {
            if state.visible(value).is_some() {
                return None;
            }
            return Some(if looks_like_a_key(value) {
                format!("An issue with key '{value}' does not exist for field '{field}'.")
            } else {
                format!("The issue key '{value}' for field '{field}' is invalid.")
            });
        }
        Subject::Project => state.projects.iter().any(same),
        Subject::Status => is_status(value, state),
        Subject::StatusCategory => {
            ["to do", "in progress", "done", "new", "indeterminate"].contains(&value.to_ascii_lowercase().as_str())
        }
        Subject::Type => state.issue_types.iter().any(same),
        Subject::Created | Subject::Updated => {
            let is_date = instant(value, state.now()).is_some();
            return (!is_date).then(|| {
                format!(
                    "Date value '{value}' for field '{field}' is invalid. \
                     Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', \
                     'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
                )
            });
        }
        _ => true,
    };
    (!exists).then(|| format!("The value '{value}' does not exist for the field '{field}'."))
}

fn is_status(value: &str, state: &State) -> bool {
    state.status_named(value).is_some() || state.statuses.iter().any(|status| status.id.to_string() == value)
}

fn looks_like_a_key(value: &str) -> bool {
    value.rsplit_once('-').is_some_and(|(project, number)| {
        project.starts_with(|first: char| first.is_ascii_alphabetic())
            && project.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            && number.parse::<u64>().is_ok()
    })
}
