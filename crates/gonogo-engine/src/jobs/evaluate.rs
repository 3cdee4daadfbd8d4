//! A candidate, judged: gathered, decided, recorded with what should be seen.

use super::{
    JobError, aware, check_run, hex_sha256, judge_soon, judging, message, production, seen, shipping, sync, waits,
};
use crate::commands::{CheckRequest, Checked, check};
use crate::evidence::Evidence;
use crate::gather::{GIT, keep};
use crate::serving::{Service, Serving};
use crate::{CodeHost, CodeHostAccess, GivenProduction, Outside, Progress};
use gonogo_api::{Story, Verdict};
use gonogo_checks::Unread;
use gonogo_core::fact::Why;
use gonogo_core::running::Running;
use gonogo_core::waiver::Waiver;
use gonogo_remote::git::tells_of_damage;
use gonogo_remote::github::{is_polling, polling};
use gonogo_store::{Candidate, CandidateId, NewEvaluation, Shown, StoreError, StoryOf, WaiverRow, Wanted};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Instant;

/// Who did not answer is asked again after this, whether or not anything came.
const ASKED_AGAIN: SignedDuration = SignedDuration::from_secs(15);

/// Nobody is told how far it is.
pub(crate) struct Silent;

impl Progress for Silent {
    fn doing(&self, _what: &str) {}
}

pub(super) async fn judge(serving: &Serving, id: CandidateId) -> Result<(), JobError> {
    let Some(candidate) = serving.store.candidate(id).await? else { return Ok(()) };
    if !candidate.is_open && !serving.store.is_to_be_deployed(id).await? {
        return Ok(());
    }
    let Some(service) = serving.service(&candidate.service) else { return Ok(()) };
    let wanted = crate::Wanted {
        head: Some(candidate.head.to_string()),
        branch: Some(candidate.branch.clone()),
        stage: candidate.stage.clone(),
        base: candidate.production.as_ref().and_then(Running::only),
        production: Some(over(serving, &candidate).await?),
        seen_at: serving.store.head_seen_at(&candidate).await?,
        ..production::wanted(serving.mirror_of(service), service)
    };
    let host = CodeHost { github: Arc::clone(&serving.github), repository: service.repository.clone() };
    let request = CheckRequest {
        wanted,
        waivers: waivers_of(serving, &candidate.service, Some(&candidate.branch)).await?,
        outside: Outside { code_host: CodeHostAccess::Known(host), ..serving.outside.clone() },
        clock: serving.clock,
    };
    // Judging a large range keeps a processor busy: not on a thread that serves.
    let runtime = tokio::runtime::Handle::current();
    let begun = Instant::now();
    let is_polling = is_polling();
    let judged = move || runtime.block_on(polling(is_polling, check(&request, &Silent)));
    let checked =
        tokio::task::spawn_blocking(judged).await.map_err(|_| JobError::Broken("the judge ended early".to_owned()))?;
    let checked = match checked {
        Ok(checked) => checked,
        Err(error) => {
            sync::mend_mirror(serving, service, &error.to_string()).await?;
            return Err(error.into());
        }
    };
    // What others answered may hold any words.
    let of_git = checked.recording.facts().iter().filter(|(_, recorded)| recorded.source == GIT);
    let mut whys = of_git.filter_map(|(_, recorded)| recorded.answer.why());
    if let Some(said) = whys.find(|why| tells_of_damage(&why.said)).map(|why| why.said.clone()) {
        sync::mend_mirror(serving, service, &said).await?;
    }
    let verdict = match (checked.outcome.check.verdict, checked.outcome.exit_code) {
        (Verdict::NoGo, 3) => "unknown",
        (verdict, _) => verdict.word(),
    };
    metrics::histogram!("gonogo_evaluation_seconds", "verdict" => verdict).record(begun.elapsed());
    if candidate.is_open {
        aware::tell(serving, &candidate, &checked).await?;
        waits::keep(serving, &candidate, &checked).await?;
    }
    record(serving, service, &candidate, &checked).await?;
    afterwards(serving, id, &checked).await
}

/// Records what is new, with what should be seen and told of it.
async fn record(
    serving: &Serving,
    service: &Service,
    candidate: &Candidate,
    checked: &Checked,
) -> Result<(), JobError> {
    let (id, result) = (candidate.id, &checked.outcome.check);
    let json = serde_json::to_string(result).map_err(|e| JobError::Broken(e.to_string()))?;
    let newest = serving.store.newest_evaluation(id).await?;
    let now = (serving.clock)();
    let at_head = seen::AtHead::of(serving, service, candidate, &checked.outcome);
    let report = check_run::wanted(serving, service, candidate, &checked.outcome, now);
    let shown = shown(at_head.clone(), report, now);
    let news = message::news(serving, service, candidate, &checked.outcome, now);
    // A bound of ours stays: nobody waits for that.
    let is_unread = checked.unread.as_ref().is_some_and(Unread::may_pass);
    let fields_hash = hex_sha256(format!("{:?}", Evidence::of(&checked.recording).all_fields()).as_bytes());
    let is_same = |newest: gonogo_store::Evaluation| {
        newest.result == json && newest.is_unread == is_unread && newest.fields_hash == fields_hash
    };
    if newest.is_some_and(is_same) {
        // Nothing new to record; what was never shown or told is wanted still.
        serving.store.show(id, shown, now).await?;
        if let Some(news) = news {
            serving.store.tell(news).await?;
        }
        return shipping::tell(serving).await;
    }
    let recording = serde_json::to_vec(&checked.recording).map_err(|e| JobError::Broken(e.to_string()))?;
    let new = NewEvaluation {
        candidate: id,
        verdict: result.verdict.word().to_owned(),
        exit_code: checked.outcome.exit_code,
        policy_hash: hex_sha256(checked.recording.policy_text().as_bytes()),
        evaluated_at: now,
        summary: seen::sentence(result, checked.outcome.exit_code),
        result: json,
        recording,
        fields_hash,
        stories: result.stories.iter().map(story).collect(),
        is_unread,
    };
    serving.store.record_evaluation(new, shown, news).await?;
    // Whom the commit's report is of now may be another one.
    let others = serving.store.same_head(id).await?;
    let speaks = at_head.speaks(&others);
    if !at_head.is_own(speaks) {
        judge_soon(serving, speaks.candidate).await?;
    }
    // It may have been the last thing that was not known.
    shipping::tell(serving).await
}

/// The status, and the report of the candidate that it speaks of.
fn shown(at_head: seen::AtHead, report: Option<Wanted>, now: Timestamp) -> Shown {
    Shown::beside(move |others| {
        let report = report.filter(|_| at_head.is_own(at_head.speaks(others)));
        report.into_iter().chain([at_head.status(others, now)]).collect()
    })
}

/// What systems answered is kept for when they do not; who did not answer is
/// asked again soon.
async fn afterwards(serving: &Serving, id: CandidateId, checked: &Checked) -> Result<(), JobError> {
    let facts = checked.recording.facts();
    let is_away = |why: Option<&Why>| why.is_some_and(|why| why.is_away);
    if facts.iter().any(|(_, recorded)| is_away(recorded.instead.as_ref()) || is_away(recorded.answer.why())) {
        let now = (serving.clock)();
        serving.store.enqueue(judging(id, now.saturating_add(ASKED_AGAIN).unwrap_or(now))).await?;
    }
    Ok(keep(&serving.store, &checked.wants, facts.iter()).await?)
}

fn story(story: &Story) -> StoryOf {
    StoryOf { key: story.key.clone(), title: story.title.clone().unwrap_or_default(), ships: story.ships }
}

/// Exactly what the candidate lies over, as it was found. Before a merge it is
/// what runs now, whose policy is in force.
async fn over(serving: &Serving, candidate: &Candidate) -> Result<GivenProduction, StoreError> {
    let counts = |now| if candidate.stage.is_deploy() { candidate.production.clone() } else { now };
    runs(serving, &candidate.service, counts).await
}

/// What runs now, as far as that is known; its policy is in force.
pub(crate) async fn runs_now(serving: &Serving, service: &str) -> Result<GivenProduction, StoreError> {
    runs(serving, service, |now| now).await
}

/// `counts`: what is taken for it, by what runs now and is in sight.
async fn runs(
    serving: &Serving,
    service: &str,
    counts: impl FnOnce(Option<Running>) -> Option<Running>,
) -> Result<GivenProduction, StoreError> {
    let Some(row) = serving.store.production(service).await? else {
        return Ok(production::given(None, "", "", None));
    };
    if let Some(why) = production::is_out_of_sight(&row, serving.rounds.every(), (serving.clock)()) {
        return Ok(GivenProduction::Unknown(why));
    }
    Ok(production::given(counts(row.running).as_ref(), &row.name, &row.why, row.trouble.as_deref()))
}

/// What people of the service let pass.
/// Those of a service that hold in a branch; without one, in all of its branches.
pub(crate) async fn waivers_of(
    serving: &Serving,
    service: &str,
    branch: Option<&str>,
) -> Result<Vec<Waiver>, StoreError> {
    let read = |row: WaiverRow| {
        let covers = row.fingerprint.parse().ok()?;
        Some(Waiver { covers, by: row.by, why: row.why, until: row.until })
    };
    let rows = serving.store.waivers(service).await?.into_iter().filter(|row| !row.is_proposed());
    let rows = rows.filter(|row| branch.map_or(row.branch.is_none(), |branch| row.holds_in(branch)));
    Ok(rows.filter_map(read).collect())
}
