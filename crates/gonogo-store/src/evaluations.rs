//! Evaluations: recorded once, never changed. With one goes what the outside
//! should see of it, in the same transaction.

use crate::candidates::CandidateId;
use crate::db::{execute, fetch};
use crate::messages::{News, tell};
use crate::same_head::{Shown, hold, looked, show};
use crate::views::changes::{candidate_has_changed, in_turn};
use crate::{Store, StoreError, micros, time};
use jiff::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EvaluationId(pub i64);

/// What was found, to be recorded.
#[derive(Clone, Debug)]
pub struct NewEvaluation {
    pub candidate: CandidateId,
    pub verdict: String,
    pub exit_code: u8,
    pub policy_hash: String,
    pub evaluated_at: Timestamp,
    /// One line: the verdict and its first reason.
    pub summary: String,
    /// `gonogo.check/1`
    pub result: String,
    pub recording: Vec<u8>,
    /// Of what the fields of its stories say, which pages show from the recording.
    pub fields_hash: String,
    pub stories: Vec<StoryOf>,
    /// Whether there may be stories that nobody could tell.
    pub is_unread: bool,
}

/// A story of what was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoryOf {
    pub key: String,
    /// Empty where the tracker did not tell it.
    pub title: String,
    pub ships: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    pub id: EvaluationId,
    pub candidate: CandidateId,
    pub verdict: String,
    pub exit_code: u8,
    pub evaluated_at: Timestamp,
    pub result: String,
    /// Of what the fields of its stories say; empty where it was recorded before that was kept.
    pub fields_hash: String,
    /// Whether there may be stories that nobody could tell.
    pub is_unread: bool,
}

type Row = (i64, i64, String, i64, i64, String, i64, String);

impl Store {
    /// Records it. What should be seen is wanted, and told, only while the
    /// candidate is still open: a late result is not shown over a newer one's.
    pub async fn record_evaluation(
        &self,
        new: NewEvaluation,
        shown: impl Into<Shown>,
        news: Option<News>,
    ) -> Result<EvaluationId, StoreError> {
        let shown = shown.into();
        let id = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    hold(tx, new.candidate).await?;
                    let insert = "insert into evaluation
                         (candidate, verdict, exit_code, policy_hash, evaluated_at, summary, result, recording, is_unread,
                             fields_hash)
                         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id";
                    let (id,): (i64,) = fetch!(
                        tx,
                        fetch_one,
                        insert,
                        new.candidate.0,
                        &new.verdict,
                        i64::from(new.exit_code),
                        &new.policy_hash,
                        micros(new.evaluated_at),
                        &new.summary,
                        &new.result,
                        &new.recording,
                        i64::from(new.is_unread),
                        &new.fields_hash
                    )?;
                    execute!(tx, "delete from candidate_story where candidate = $1", new.candidate.0)?;
                    for story in &new.stories {
                        let insert =
                            "insert into candidate_story (candidate, key, title, ships) values ($1, $2, $3, $4)
                             on conflict do nothing";
                        execute!(tx, insert, new.candidate.0, &story.key, &story.title, i64::from(story.ships))?;
                    }
                    looked(tx, new.candidate, new.evaluated_at).await?;
                    show(tx, new.candidate, shown).await?;
                    if let Some(news) = &news {
                        tell(tx, news).await?;
                    }
                    candidate_has_changed(tx, new.candidate).await?;
                    Ok(EvaluationId(id))
                })
            })
            .await?;
        self.work.came();
        Ok(id)
    }

    pub async fn newest_evaluation(&self, candidate: CandidateId) -> Result<Option<Evaluation>, StoreError> {
        let mut newest = self.evaluations(candidate, 1).await?;
        Ok(newest.pop())
    }

    /// The newest one of a time; `None` where there was none yet.
    pub async fn evaluation_as_of(
        &self,
        candidate: CandidateId,
        at: Timestamp,
    ) -> Result<Option<Evaluation>, StoreError> {
        let select =
            "select id, candidate, verdict, exit_code, evaluated_at, result, is_unread, fields_hash from evaluation
             where candidate = $1 and evaluated_at <= $2 order by id desc limit 1";
        let row: Option<Row> = self
            .db
            .read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, select, candidate.0, micros(at))?) }))
            .await?;
        Ok(row.map(read))
    }

    /// The newest ones, newest first.
    pub async fn evaluations(&self, candidate: CandidateId, most: u32) -> Result<Vec<Evaluation>, StoreError> {
        let select =
            "select id, candidate, verdict, exit_code, evaluated_at, result, is_unread, fields_hash from evaluation
             where candidate = $1 order by id desc limit $2";
        let rows: Vec<Row> = self
            .db
            .read(|tx| {
                Box::pin(async move {
                    let most = i64::from(most);
                    Ok(fetch!(tx, fetch_all, select, candidate.0, most)?)
                })
            })
            .await?;
        Ok(rows.into_iter().map(read).collect())
    }
}

fn read((id, candidate, verdict, exit_code, at, result, is_unread, fields_hash): Row) -> Evaluation {
    Evaluation {
        id: EvaluationId(id),
        candidate: CandidateId(candidate),
        verdict,
        exit_code: u8::try_from(exit_code).unwrap_or(u8::MAX),
        evaluated_at: time(at),
        result,
        fields_hash,
        is_unread: is_unread != 0,
    }
}
