//! A person sends the deploy plan of a candidate by e-mail.

use super::people::deed_of;
use crate::evidence::Evidence;
use crate::jobs::{PlanOf, PlanTold};
use crate::plan::Plan;
use crate::serving::{MailRoom, Serving};
use gonogo_api::Check;
use gonogo_core::email::EmailAddress;
use gonogo_core::person::{Act, Forbidden, Person};
use gonogo_core::say;
use gonogo_store::{Candidate, CandidateId, StoreError};
use std::collections::BTreeSet;
use thiserror::Error;

/// Addresses at once.
pub const MOST_TO: usize = 20;

#[derive(Debug, Error)]
pub enum SendPlanError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Forbidden(Forbidden),
    #[error("{0}")]
    Input(String),
    #[error("there is no such candidate")]
    NoCandidate,
    #[error("it was not judged yet, or by another version: there is no plan of it")]
    NotJudged,
}

/// To these, or, where none is named, to whom the configuration has it sent. The same
/// `form` twice is one mail; without one each time is.
pub async fn send_plan(
    serving: &Serving,
    who: &Person,
    id: CandidateId,
    to: &[String],
    form: Option<i64>,
) -> Result<(), SendPlanError> {
    let Some(candidate) = serving.store.candidate(id).await? else { return Err(SendPlanError::NoCandidate) };
    let actor = who.may_at(&candidate.service, Act::SendPlan).map_err(SendPlanError::Forbidden)?;
    let addressees = addressees(serving.mail.as_ref(), to).map_err(SendPlanError::Input)?;
    let (told, judged_at) = told(serving, who, candidate).await?;
    let now = (serving.clock)();
    let asked = form.map_or_else(|| now.as_microsecond().to_string(), |form| format!("{} {form}", actor.id()));
    let mail = |to: &EmailAddress| {
        let key = format!("{} email {to} plan {} {judged_at} {asked}", serving.pages, id.0);
        told.message(to, key, now)
    };
    let mails = addressees.iter().map(mail).collect();
    let listed: Vec<&EmailAddress> = addressees.iter().collect();
    let detail = format!("{} at {} to {}", told.branch, told.head, say::list(&listed, listed.len()));
    let deed = deed_of(&actor, now, "sent a plan by e-mail", &told.service, &detail);
    Ok(serving.store.say(mails, deed).await?)
}

fn addressees(room: Option<&MailRoom>, given: &[String]) -> Result<BTreeSet<EmailAddress>, String> {
    let Some(room) = room else {
        return Err("this server writes to nobody: it has no [mail]".to_owned());
    };
    let given: Vec<&str> = given.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
    let read = given.iter().map(|text| text.parse().map_err(|error| format!("{error}")));
    let mut all: BTreeSet<EmailAddress> = read.collect::<Result<_, String>>()?;
    if all.is_empty() {
        all.extend(room.plan_to.iter().cloned());
    }
    if all.is_empty() {
        return Err("it goes to nobody: name an address".to_owned());
    }
    if all.len() > MOST_TO {
        return Err(format!("it goes to {MOST_TO} addresses at most"));
    }
    match all.iter().find(|to| !room.reaches(to)) {
        None => Ok(all),
        Some(to) => {
            let domains: Vec<&String> = room.domains.iter().collect();
            let domains = if domains.is_empty() { "nowhere".to_owned() } else { say::list(&domains, domains.len()) };
            Err(format!("{to} may not be written to: [mail] lets mail go to {domains}, and to whom it names"))
        }
    }
}

/// The plan as it was judged last, and when that was.
async fn told(serving: &Serving, who: &Person, candidate: Candidate) -> Result<(PlanTold, i64), SendPlanError> {
    let newest = serving.store.evaluation_rows(candidate.id, None, 1).await?.pop();
    let judged = newest.ok_or(SendPlanError::NotJudged)?.judged;
    let result = serving.store.evaluation_result(candidate.id, judged.evaluation).await?;
    let check = result.and_then(|result| serde_json::from_str::<Check>(&result).ok());
    let check = check.ok_or(SendPlanError::NotJudged)?;
    let recording = serving.store.recording(judged.evaluation).await?;
    // A mail that says of nothing that it is wanted would be believed.
    let evidence = recording.and_then(|bytes| Evidence::read(&bytes).ok()).ok_or(SendPlanError::NotJudged)?;
    let plan = Plan::of(&check, Some(&evidence), (serving.clock)());
    let of = PlanOf {
        sentence: judged.summary,
        head: candidate.head.short(),
        by: who.name.clone(),
        page: format!("{}/plan", serving.page_of(candidate.id)),
        service: candidate.service,
        branch: candidate.branch,
    };
    Ok((PlanTold::of(&plan, of), judged.at.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_remote::mail::{Sender, Smtp, Tls};

    #[test]
    fn a_plan_goes_where_the_configuration_lets_it() {
        let smtp = Smtp {
            host: "localhost".to_owned(),
            port: 25,
            tls: Tls::None,
            sender: Sender::read("gonogo@example.com", None).unwrap(),
            hello: "localhost".to_owned(),
            user: None,
            ca_file: None,
        };
        let boss: EmailAddress = "boss@elsewhere.example".parse().unwrap();
        let mut room = MailRoom {
            smtp,
            domains: BTreeSet::from(["example.com".to_owned()]),
            named: BTreeSet::from([boss.clone()]),
            plan_to: vec![boss],
        };
        let to = |room: &MailRoom, given: &[&str]| {
            let given: Vec<String> = given.iter().map(|text| (*text).to_owned()).collect();
            addressees(Some(room), &given).map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(to(&room, &["", " "]).unwrap(), ["boss@elsewhere.example"]);
        assert_eq!(to(&room, &["a@Example.com", "a@example.com"]).unwrap(), ["a@example.com"]);
        assert!(to(&room, &["eve@evil.example"]).unwrap_err().contains("example.com, and to whom it names"));
        assert!(to(&room, &["a@example.com\nBcc: b"]).unwrap_err().contains("no e-mail address"));
        let many: Vec<String> = (0..21).map(|number| format!("a{number}@example.com")).collect();
        assert!(to(&room, &many.iter().map(String::as_str).collect::<Vec<_>>()).unwrap_err().contains("at most"));
        room.plan_to.clear();
        assert!(to(&room, &[]).unwrap_err().contains("nobody"));
        assert!(addressees(None, &[]).unwrap_err().contains("no [mail]"));
    }
}
