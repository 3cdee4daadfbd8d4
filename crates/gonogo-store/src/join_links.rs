//! Links by which people show that an account in another system is theirs. Codes
//! are here as hashes alone.

use crate::audit::Deed;
use crate::db::{execute, fetch};
use crate::{Store, StoreError, micros};
use jiff::Timestamp;

/// So many of a person's may wait to be opened at once.
const MOST_WAITING: i64 = 5;

/// A link to be opened.
#[derive(Clone, Debug)]
pub struct JoinLink {
    pub code_hash: String,
    pub person: i64,
    pub source: &'static str,
    /// Whose account it is sent to, by that system's id.
    pub subject: String,
    pub until: Timestamp,
}

/// A link for the owner of an account that is nobody's here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinOffer {
    pub code_hash: String,
    pub source: &'static str,
    /// Whose account it is sent to, by that system's id, and as they are called there.
    pub subject: String,
    pub name: String,
    pub until: Timestamp,
}

impl Store {
    /// False where too many of the person's wait already.
    pub async fn begin_join(&self, link: JoinLink, deed: Deed) -> Result<bool, StoreError> {
        let insert =
            "insert into join_link (code_hash, person, source, subject, expires_at) values ($1, $2, $3, $4, $5)";
        let now = micros(deed.at);
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    execute!(tx, "delete from join_link where expires_at <= $1", now)?;
                    let count = "select count(*) from join_link where person = $1";
                    let (waiting,): (i64,) = fetch!(tx, fetch_one, count, link.person)?;
                    if waiting >= MOST_WAITING {
                        return Ok(false);
                    }
                    let JoinLink { code_hash, person, source, subject, until } = &link;
                    execute!(tx, insert, code_hash, person, *source, subject, micros(*until))?;
                    crate::audit::note(tx, &deed).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Whose account such a link was sent to, if the person asked for it; it is
    /// good no more.
    pub async fn end_join(
        &self,
        code_hash: String,
        person: i64,
        source: &'static str,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let delete = "delete from join_link where code_hash = $1 and person = $2 and source = $3 and expires_at > $4
             returning subject";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let found: Option<(String,)> =
                        fetch!(tx, fetch_optional, delete, &code_hash, person, source, micros(now))?;
                    Ok(found.map(|(subject,)| subject))
                })
            })
            .await
    }

    /// Keeps an offer; false where too many wait for that account already.
    pub async fn offer_join(&self, offer: JoinOffer, now: Timestamp) -> Result<bool, StoreError> {
        let insert =
            "insert into join_offer (code_hash, source, subject, name, expires_at) values ($1, $2, $3, $4, $5)";
        let now = micros(now);
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    execute!(tx, "delete from join_offer where expires_at <= $1", now)?;
                    let JoinOffer { code_hash, source, subject, name, until } = &offer;
                    let count = "select count(*) from join_offer where source = $1 and subject = $2";
                    let (waiting,): (i64,) = fetch!(tx, fetch_one, count, *source, subject)?;
                    if waiting >= MOST_WAITING {
                        return Ok(false);
                    }
                    execute!(tx, insert, code_hash, *source, subject, name, micros(*until))?;
                    Ok(true)
                })
            })
            .await
    }

    /// Whose account an offer that still stands is for, and how they are called there.
    pub async fn join_offered(
        &self,
        code_hash: String,
        source: &'static str,
        now: Timestamp,
    ) -> Result<Option<(String, String)>, StoreError> {
        const SELECT: &str =
            "select subject, name from join_offer where code_hash = $1 and source = $2 and expires_at > $3";
        self.db
            .read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_optional, SELECT, code_hash, source, micros(now))?) }))
            .await
    }

    /// The same, and none of that account's offers stands any more.
    pub async fn take_offer(
        &self,
        code_hash: String,
        source: &'static str,
        now: Timestamp,
    ) -> Result<Option<(String, String)>, StoreError> {
        let delete = "delete from join_offer where code_hash = $1 and source = $2 and expires_at > $3
             returning subject, name";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let found: Option<(String, String)> =
                        fetch!(tx, fetch_optional, delete, &code_hash, source, micros(now))?;
                    if let Some((subject, _)) = &found {
                        execute!(tx, "delete from join_offer where source = $1 and subject = $2", source, subject)?;
                    }
                    Ok(found)
                })
            })
            .await
    }
}
