//! What it came to: what serves on each host counts, and how `cap` ended beside it.

use super::Mind;
use super::error::{CapistranoError, fix_of};
use super::follow::{Aim, Course};
use super::look::Look;
use gonogo_core::say;

/// What is true on the hosts counts, and how `cap` ended beside it.
pub(super) fn verdict(
    course: &Course,
    aim: &Aim<'_>,
    after: &[Result<Look, CapistranoError>],
    repository: &str,
    mind: &Mind<'_>,
) -> Result<(), CapistranoError> {
    let looks: Vec<Look> = after.iter().flatten().cloned().collect();
    removed(&looks, mind);
    let serves = |look: &Look| look.serves(&aim.release, &aim.wanted.sha);
    let (number, all) = (looks.iter().filter(|look| serves(look)).count(), after.len());
    let is_well = course.is_well();
    if is_well && number == all {
        for look in &looks {
            tells(mind, &look.host, &look.said());
        }
        return Ok(());
    }
    let mut hosts = Vec::new();
    for one in after {
        match one {
            Ok(look) => {
                hosts.push(format!("{}: {}", look.host, look.said()));
                if let Some(by) = &look.lost {
                    hosts.push(format!("{}: its lock was somebody else's at the end ({by})", look.host));
                }
            }
            Err(error) => hosts.push(error.to_string()),
        }
    }
    let on = if number == all { "all hosts".to_owned() } else { format!("{number} of {all} hosts") };
    let phase = if course.phase.is_empty() { "its beginning" } else { course.phase.as_str() };
    let how = match &course.ended {
        Some((true, _)) => "`cap` ended well".to_owned(),
        Some((false, _)) if course.is_stopped => format!("it was stopped after {phase}"),
        Some((false, _)) => format!("it failed in {phase}"),
        None if course.is_stopped => format!("it was told to stop, and was ended in {phase}"),
        None => format!("`cap` was killed in {phase}"),
    };
    let said = match (number, is_well) {
        (0, true) => format!("{how}, and the release {} serves nowhere", aim.release),
        (0, false) => format!("{how}, and nothing was published"),
        (_, true) => format!("{how}, and the release {} serves on {on} alone", aim.release),
        (_, false) => {
            format!("{how}, after it was published on {on}: what follows that, such as a restart, may not be done")
        }
    };
    let failure = course.ended.as_ref().map(|(_, failure)| failure.as_str()).unwrap_or_default();
    let missing: Vec<String> = looks
        .iter()
        .filter(|_| course.phase == "starting")
        .flat_map(|look| look.missing.iter().map(|file| format!("{}:{file}", look.host)))
        .collect();
    Err(CapistranoError::Failed { said, hosts, fix: fix_of(failure, &missing, &aim.wanted.sha, repository) })
}

pub(super) fn removed(looks: &[Look], mind: &Mind<'_>) {
    for look in looks {
        for release in &look.removed {
            tells(mind, &look.host, &format!("removed the release {release}, which was half made"));
        }
    }
}

pub(super) fn tells(mind: &Mind<'_>, host: &str, said: &str) {
    (mind.says)(&format!("{host}: {}", say::printable(said)));
}
