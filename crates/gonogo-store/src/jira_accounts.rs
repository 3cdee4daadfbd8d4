//! Accounts in the tracker that people joined to theirs, with what they act there
//! by. That is sealed by a secret that is not here.

use crate::audit::{Deed, note};
use crate::db::{Tx, alone, execute, fetch};
use crate::{Store, StoreError, micros};
use jiff::Timestamp;

/// How identities in the tracker are called.
const SOURCE: &str = "jira";
/// Of two who join the same account at once, one is told that it is taken.
const LOCK: i64 = 0x006a_6972_6100;

/// An account that is joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JiraAccount {
    /// The tracker's own id of it, and what it was called there when it was joined.
    pub subject: String,
    pub name: String,
    /// Whose account it is: the address of the tracker.
    pub tracker: String,
    pub sealed: String,
    /// Another one with each change of what is sealed.
    pub version: i64,
    /// Why it is worth nothing any more.
    pub ended: Option<String>,
}

/// An account to join.
#[derive(Clone, Debug)]
pub struct JoinedJira {
    pub subject: String,
    pub name: String,
    pub tracker: String,
    pub sealed: String,
}

impl Store {
    /// Joins it, or joins the same one anew; false where it is somebody else's, or
    /// the person has another one.
    pub async fn join_jira(&self, person: i64, new: JoinedJira, deed: Deed) -> Result<bool, StoreError> {
        const TAKEN: &str = "select count(*) from identity
             where source = $1 and ((subject = $2 and person <> $3) or (person = $3 and subject <> $2))";
        const KNOW: &str = "insert into identity (source, subject, person, name, joined_at) values ($1, $2, $3, $4, $5)
             on conflict (source, subject) do update set name = excluded.name";
        const KEEP: &str = "insert into jira_account (person, tracker, sealed, version) values ($1, $2, $3, 1)
             on conflict (person) do update set tracker = excluded.tracker, sealed = excluded.sealed,
                 version = jira_account.version + 1, renewing_until = null, ended = null";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    alone(tx, LOCK).await?;
                    let JoinedJira { subject, name, tracker, sealed } = &new;
                    let (taken,): (i64,) = fetch!(tx, fetch_one, TAKEN, SOURCE, subject, person)?;
                    if taken > 0 {
                        return Ok(false);
                    }
                    execute!(tx, KNOW, SOURCE, subject, person, name, micros(deed.at))?;
                    execute!(tx, KEEP, person, tracker, sealed)?;
                    note(tx, &deed).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// The account of a person, if one is joined.
    pub async fn jira_account(&self, person: i64) -> Result<Option<JiraAccount>, StoreError> {
        type Row = (String, String, String, String, i64, Option<String>);
        const SELECT: &str = "select subject, name, tracker, sealed, version, ended from jira_account
             join identity on identity.person = jira_account.person and identity.source = $2
             where jira_account.person = $1";
        let row: Option<Row> =
            self.db.read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, person, SOURCE)?) })).await?;
        let read = |(subject, name, tracker, sealed, version, ended): Row| JiraAccount {
            subject,
            name,
            tracker,
            sealed,
            version,
            ended,
        };
        Ok(row.map(read))
    }

    /// Takes it away again, with what was sealed.
    pub async fn part_jira(&self, person: i64, deed: Deed) -> Result<bool, StoreError> {
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    execute!(tx, "delete from jira_account where person = $1", person)?;
                    let delete = "delete from identity where person = $1 and source = $2";
                    if execute!(tx, delete, person, SOURCE)? == 0 {
                        return Ok(false);
                    }
                    note(tx, &deed).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Whether the caller is the one to renew it, up to `until`; false where another
    /// does, or has by now.
    pub async fn begin_jira_renewal(
        &self,
        person: i64,
        version: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        const UPDATE: &str = "update jira_account set renewing_until = $4
             where person = $1 and version = $2 and ended is null and (renewing_until is null or renewing_until <= $3)";
        let (now, until) = (micros(now), micros(until));
        self.db
            .write(move |tx| Box::pin(async move { Ok(execute!(tx, UPDATE, person, version, now, until)? == 1) }))
            .await
    }

    /// Another may renew it, from what is sealed now where that changed.
    pub async fn end_jira_renewal(&self, person: i64, version: i64, sealed: Option<String>) -> Result<(), StoreError> {
        const UPDATE: &str = "update jira_account set renewing_until = null, sealed = coalesce($3, sealed),
                 version = version + case when $3 is null then 0 else 1 end
             where person = $1 and version = $2";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    execute!(tx, UPDATE, person, version, &sealed)?;
                    Ok(())
                })
            })
            .await
    }

    /// It is worth nothing any more; what was sealed is forgotten. The deed is
    /// written down where that is news.
    pub async fn end_jira_account(&self, person: i64, version: i64, why: String, deed: Deed) -> Result<(), StoreError> {
        const UPDATE: &str =
            "update jira_account set ended = $3, sealed = '', renewing_until = null, version = version + 1
             where person = $1 and version = $2 and ended is null";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    if execute!(tx, UPDATE, person, version, &why)? == 0 { Ok(()) } else { note(tx, &deed).await }
                })
            })
            .await
    }
}

/// What was sealed for a person is worth nothing any more.
pub(crate) async fn forget_jira(tx: &mut Tx<'_>, person: i64, why: &str) -> Result<(), StoreError> {
    const UPDATE: &str = "update jira_account set ended = $2, sealed = '', renewing_until = null, version = version + 1
         where person = $1 and ended is null";
    execute!(tx, UPDATE, person, why)?;
    Ok(())
}
