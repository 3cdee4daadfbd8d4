//! A person signs a deploy off, as the policy wants it, or takes that back.

use super::acknowledge::Speaker;
use super::people::deed_of;
use crate::evidence::Evidence;
use crate::jobs::judge_soon;
use crate::serving::Serving;
use crate::signer::signed_by;
use gonogo_core::person::{Act, Actor, Forbidden, Person};
use gonogo_core::policy::{MayGive, SignOff};
use gonogo_store::{Candidate, CandidateId, SignOffId, SignOffRow, StoreError};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum SignOffError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Forbidden(Forbidden),
    /// The policy names others.
    #[error("the sign-off {name} is given by {by}")]
    NotNamed { name: String, by: String },
    /// What was on the page is not so any more.
    #[error("{0}")]
    Gone(String),
}

/// Signs exactly this head over exactly what runs off, under one of the names
/// that the policy has.
pub async fn sign_off(
    serving: &Serving,
    who: &Person,
    candidate: CandidateId,
    name: &str,
) -> Result<SignOffId, SignOffError> {
    let candidate = open(serving, candidate).await?;
    let wanted = wanted(serving, &candidate).await?.into_iter().find(|one| one.name == name);
    let none = || SignOffError::Gone(format!("the policy in force asks for no sign-off {name}"));
    let wanted = wanted.ok_or_else(none)?;
    let speaker = Speaker::of(serving, who).await?;
    let actor = may_give(&speaker, &candidate.service, &wanted)?;
    let detail = format!("{name}, of {} @ {}", candidate.branch, candidate.head.short());
    let deed = deed_of(&actor, (serving.clock)(), "signed off", &candidate.service, &detail);
    let all = standing(serving, &candidate, &[wanted]).await?;
    let instead_of = all.into_iter().find(|one| one.row.name == name && !one.counts).map(|one| one.row.id);
    match serving.store.sign_off(&candidate, name, &actor, instead_of, deed).await? {
        Some(id) => {
            judge_its_head(serving, &candidate).await?;
            Ok(id)
        }
        None => match find(serving, &candidate, |row| row.name == name).await? {
            // The same form came twice.
            Some(row) if row.by_id == who.id => Ok(row.id),
            _ => Err(SignOffError::Gone(format!("the sign-off {name} stands already"))),
        },
    }
}

/// It does not stand any more: who gave it may say so, and release managers.
pub async fn take_back(
    serving: &Serving,
    who: &Person,
    candidate: CandidateId,
    id: SignOffId,
) -> Result<(), SignOffError> {
    let candidate = open(serving, candidate).await?;
    let gone = || SignOffError::Gone("there is no such sign-off of this candidate any more".to_owned());
    let row = find(serving, &candidate, |row| row.id == id).await?.ok_or_else(gone)?;
    let act = if row.by_id == who.id { Act::TakeBackOwn } else { Act::Waive };
    let actor = who.may_at(&candidate.service, act).map_err(SignOffError::Forbidden)?;
    let detail = format!("{} by {}, of {} @ {}", row.name, row.by, candidate.branch, candidate.head.short());
    let deed = deed_of(&actor, (serving.clock)(), "took a sign-off back", &candidate.service, &detail);
    if !serving.store.take_sign_off_back(&candidate, id, &actor, deed).await? {
        return Err(gone());
    }
    Ok(judge_its_head(serving, &candidate).await?)
}

/// Who gives a sign-off by the policy, if this is one of them.
pub fn may_give(speaker: &Speaker<'_>, service: &str, wanted: &SignOff) -> Result<Actor, SignOffError> {
    let MayGive { role, people } = &wanted.by;
    if people.as_ref().is_some_and(|people| !speaker.is_one_of(people)) {
        return Err(SignOffError::NotNamed { name: wanted.name.clone(), by: wanted.by.to_string() });
    }
    speaker.who().may_sign_off(service, *role).map_err(SignOffError::Forbidden)
}

/// A sign-off that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub row: SignOffRow,
    /// Whether who gave it may still.
    pub counts: bool,
}

/// Those of a candidate; `wanted` is what the policies that judged ask for. Of one
/// that is not open any more all count: they did.
pub async fn standing(
    serving: &Serving,
    candidate: &Candidate,
    wanted: &[SignOff],
) -> Result<Vec<Standing>, StoreError> {
    let issuer = serving.oidc.as_ref().map(|set| set.provider.issuer());
    let mut all = Vec::new();
    for row in serving.store.sign_offs(candidate).await? {
        let counts = match wanted.iter().find(|one| one.name == row.name).filter(|_| candidate.is_open) {
            Some(one) => one.by.lets(&signed_by(&serving.store, issuer, &candidate.service, &row).await?),
            None => true,
        };
        all.push(Standing { row, counts });
    }
    Ok(all)
}

/// What the policies that judged a candidate ask for.
async fn wanted(serving: &Serving, candidate: &Candidate) -> Result<Vec<SignOff>, SignOffError> {
    let unread = || SignOffError::Gone("it is being judged: look again in a moment".to_owned());
    let newest = serving.store.newest_evaluation(candidate.id).await?.ok_or_else(unread)?;
    let recording = serving.store.recording(newest.id).await?;
    let evidence = recording.and_then(|bytes| Evidence::read(&bytes).ok()).ok_or_else(unread)?;
    Ok(evidence.sign_offs().to_vec())
}

async fn find(
    serving: &Serving,
    candidate: &Candidate,
    is_it: impl Fn(&SignOffRow) -> bool,
) -> Result<Option<SignOffRow>, StoreError> {
    Ok(serving.store.sign_offs(candidate).await?.into_iter().find(is_it))
}

async fn open(serving: &Serving, id: CandidateId) -> Result<Candidate, SignOffError> {
    let candidate = serving.store.candidate(id).await?.filter(|one| one.is_open && one.stage.is_deploy());
    candidate
        .ok_or_else(|| SignOffError::Gone("this candidate is not open any more: look for the newer one".to_owned()))
}

/// On every branch that has it.
async fn judge_its_head(serving: &Serving, candidate: &Candidate) -> Result<(), StoreError> {
    let open = serving.store.open_candidates(&candidate.service).await?;
    for one in open.iter().filter(|one| one.head == candidate.head && one.stage.is_deploy()) {
        judge_soon(serving, one.id).await?;
    }
    Ok(())
}
