//! What is to be looked at after deploys, and what people said came of it. A
//! deploy is a move of production; each of its stories that asks for it has a
//! line. Answers are only added; the newest counts.

use crate::audit::{Deed, note};
use crate::db::{Tx, execute, fetch};
use crate::outbox::{NewMessage, put};
use crate::production::runs;
use crate::views::changes::{in_turn, service_has_changed};
use crate::{ProductionMove, Store, StoreError, micros, time};
use gonogo_core::person::Actor;
use gonogo_core::post_deploy::{LookState, Seen};
use gonogo_core::running::Running;
use gonogo_core::story::TrackerPerson;
use jiff::Timestamp;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LookId(pub i64);

/// How a story that came is asked what is to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToAsk {
    /// How its field is read, and where, as JSON.
    pub asks: String,
    pub due_at: Timestamp,
}

/// A line of a deploy's checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookRow {
    pub id: LookId,
    pub service: String,
    /// The number of the move.
    pub deploy: i64,
    pub running: Running,
    pub deployed_at: Timestamp,
    pub story: String,
    /// Empty where the tracker did not tell it.
    pub title: String,
    pub asks: String,
    /// As the tracker had it; empty until it is read.
    pub checks: String,
    pub owner: Option<TrackerPerson>,
    /// Who said that they look, in the owner's place.
    pub taken_by: Option<String>,
    pub due_at: Timestamp,
    pub state: LookState,
    /// Why what is to be looked at could not be read when that was tried last.
    pub trouble: Option<String>,
    /// The oldest first.
    pub answers: Vec<LookAnswer>,
}

/// A line that waits for whoever asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookDue {
    pub service: String,
    /// The number of the move.
    pub deploy: i64,
    pub story: String,
    /// Empty where the tracker did not tell it.
    pub title: String,
    pub due_at: Timestamp,
}

impl LookRow {
    /// Whose it is, by their name.
    pub fn whose(&self) -> Option<&str> {
        self.taken_by.as_deref().or(self.owner.as_ref().map(|owner| owner.name.as_str()))
    }
}

/// What a person said came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookAnswer {
    pub seen: Seen,
    pub note: String,
    pub by: String,
    pub at: Timestamp,
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    Kept,
    /// Nobody has to look any more.
    Gone,
    /// Somebody has answered since the row was read: nothing was kept.
    Meanwhile,
}

/// What the tracker said of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookRead {
    Checks {
        title: String,
        checks: String,
        owner: Option<TrackerPerson>,
    },
    NotNeeded {
        title: String,
        checks: String,
    },
    /// The story asks for nothing: there is no such line.
    Nothing,
    /// It is asked again.
    Away(String),
    Unreadable(String),
}

/// Which lines are wanted; what is empty asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LooksWanted {
    pub id: Option<LookId>,
    pub service: String,
    pub story: String,
    pub deploy: Option<i64>,
    pub only: Only,
    /// Older than this one.
    pub before: Option<LookId>,
}

/// Lines by how far they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Only {
    #[default]
    All,
    /// Somebody has to do something about them.
    Unsettled,
    /// The tracker is to be asked.
    Unread,
}

/// What somebody has to do something about, in one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnsettledLooks {
    /// A move of production is not read yet: it may bring more.
    pub is_unread: bool,
    /// What failed first, then the newest.
    pub rows: Vec<LookRow>,
    /// How many there are.
    pub all: usize,
}

/// A line that is late, and whose owner may be reminded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateRow {
    pub id: LookId,
    pub service: String,
    pub deploy: i64,
    pub story: String,
    pub title: String,
    /// By their name.
    pub owner: Option<String>,
    /// Who they are in Slack, where they said that they look and are joined.
    pub member: Option<String>,
    pub due_at: Timestamp,
    /// How often that was done.
    pub reminders: i64,
}

/// An owner is reminded of a line, once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reminded {
    pub id: LookId,
    pub times_before: i64,
}

type Row = (
    i64,
    String,
    i64,
    String,
    i64,
    String,
    String,
    String,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    i64,
    String,
    Option<String>,
);
type AnswerRow = (i64, String, String, String, i64);

/// Looked at anew with the later deploy: what was not settled before is that now.
const OLDER: &str = "update post_deploy set state = 'gone'
     where id < $1 and state in ('unread', 'unreadable', 'open', 'failed')
     and (service, story) in (select service, story from post_deploy
         where id = $1 and state in ('open', 'passed', 'failed'))";

/// Which of them and in which order, for the lines and for their answers.
macro_rules! wanted {
    ($select:literal, $order:literal, $after:literal) => {
        concat!(
            $select,
            "($1 = '' or p.service = $1) and ($2 = '' or p.story = $2) and p.move = coalesce($3, p.move)
             and p.id = coalesce($4, p.id) and ($5 = 0 or p.state = 'unread'
                 or ($5 = 1 and p.state in ('unreadable', 'open', 'failed')))
             and p.id < $6 order by ",
            $order,
            " limit $7",
            $after
        )
    };
}

impl Store {
    /// The newest first.
    pub async fn looks(&self, wanted: LooksWanted, most: u32) -> Result<Vec<LookRow>, StoreError> {
        self.db.read(move |tx| Box::pin(async move { looks(tx, &wanted, Order::Newest, most).await })).await
    }

    /// As it was at one moment.
    pub async fn unsettled_of(&self, service: &str, most: u32) -> Result<UnsettledLooks, StoreError> {
        const UNREAD: &str = "select count(*) from move_unread where service = $1";
        const ALL: &str = "select count(*) from post_deploy
             where service = $1 and state in ('unread', 'unreadable', 'open', 'failed')";
        let wanted = LooksWanted { service: service.to_owned(), only: Only::Unsettled, ..LooksWanted::default() };
        self.db
            .read(move |tx| {
                Box::pin(async move {
                    let (unread,): (i64,) = fetch!(tx, fetch_one, UNREAD, &wanted.service)?;
                    let (all,): (i64,) = fetch!(tx, fetch_one, ALL, &wanted.service)?;
                    let rows = if all == 0 { Vec::new() } else { looks(tx, &wanted, Order::FailedFirst, most).await? };
                    Ok(UnsettledLooks { is_unread: unread > 0, rows, all: usize::try_from(all).unwrap_or(0) })
                })
            })
            .await
    }

    /// Lines that wait for one person, whom the tracker knows by these accounts; the
    /// first that is due first.
    pub async fn looks_due_of(&self, person: i64, accounts: &[String]) -> Result<Vec<LookDue>, StoreError> {
        const TAKEN: &str = "select service, move, story, title, due_at from post_deploy
             where state = 'open' and taken_by = $1";
        const OWNED: &str = "select service, move, story, title, due_at from post_deploy
             where state = 'open' and taken_by is null and owner_id = $1";
        type Row = (String, i64, String, String, i64);
        let accounts = accounts.to_vec();
        let rows: Vec<Row> = self
            .db
            .read(move |tx| {
                Box::pin(async move {
                    let mut rows: Vec<Row> = fetch!(tx, fetch_all, TAKEN, person)?;
                    for account in &accounts {
                        let owned: Vec<Row> = fetch!(tx, fetch_all, OWNED, account)?;
                        rows.extend(owned);
                    }
                    Ok(rows)
                })
            })
            .await?;
        let read = |(service, deploy, story, title, due_at): Row| LookDue {
            service,
            deploy,
            story,
            title,
            due_at: time(due_at),
        };
        let mut due: Vec<LookDue> = rows.into_iter().map(read).collect();
        due.sort_by_key(|line| line.due_at);
        Ok(due)
    }

    /// Lines that nobody has answered in time, and whose owner was not reminded
    /// since, nor so often; by service, the oldest first.
    pub async fn late_looks(
        &self,
        now: Timestamp,
        since: Timestamp,
        most_times: i64,
    ) -> Result<Vec<LateRow>, StoreError> {
        const SELECT: &str = "select p.id, p.service, p.move, p.story, p.title, coalesce(t.name, p.owner), i.subject,
                 p.due_at, p.reminders
             from post_deploy p left join person t on t.id = p.taken_by
             left join identity i on i.person = t.id and i.source = 'slack'
             where p.state = 'open' and p.due_at <= $1 and p.reminders < $3
             and (p.reminded_at is null or p.reminded_at <= $2) order by p.service, p.id limit 1000";
        type Row = (i64, String, i64, String, String, Option<String>, Option<String>, i64, i64);
        let (now, since) = (micros(now), micros(since));
        let rows: Vec<Row> = self
            .db
            .read(|tx| Box::pin(async move { Ok(fetch!(tx, fetch_all, SELECT, now, since, most_times)?) }))
            .await?;
        let read = |(id, service, deploy, story, title, owner, member, due_at, reminders): Row| LateRow {
            id: LookId(id),
            service,
            deploy,
            story,
            title,
            owner,
            member,
            due_at: time(due_at),
            reminders,
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// What reminds of lines is to be said, once: all of them as they were read, or
    /// none.
    pub async fn reminded(
        &self,
        reminded: Vec<Reminded>,
        message: NewMessage,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const UPDATE: &str = "update post_deploy set reminders = reminders + 1, reminded_at = $3
             where id = $1 and reminders = $2 and state = 'open'";
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    for Reminded { id, times_before } in &reminded {
                        if execute!(tx, UPDATE, id.0, *times_before, micros(now))? == 0 {
                            return Err(StoreError::Fenced);
                        }
                    }
                    put(tx, &message).await?;
                    Ok(())
                })
            })
            .await?;
        self.work.came();
        Ok(())
    }

    /// What the tracker said of lines that were not read; of one that somebody has
    /// answered meanwhile nothing is changed.
    pub async fn looks_read(&self, service: &str, read: Vec<(LookId, LookRead)>) -> Result<(), StoreError> {
        let service = service.to_owned();
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    for (id, read) in &read {
                        is_read(tx, *id, read).await?;
                    }
                    service_has_changed(tx, &service).await
                })
            })
            .await
    }

    /// What somebody saw, with what is told of it, after all answers that the row has.
    pub async fn answer_look(
        &self,
        row: &LookRow,
        seen: Seen,
        said: String,
        message: Option<NewMessage>,
        deed: Deed,
    ) -> Result<Answered, StoreError> {
        const ANSWERS: &str = "select count(*) from post_deploy_answer where line = $1";
        const INSERT: &str =
            "insert into post_deploy_answer (line, seen, note, by_person, at) values ($1, $2, $3, $4, $5)";
        let (id, service, before) = (row.id.0, row.service.clone(), row.answers.len());
        let answered = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    let (answers,): (i64,) = fetch!(tx, fetch_one, ANSWERS, id)?;
                    if usize::try_from(answers) != Ok(before) {
                        return Ok(Answered::Meanwhile);
                    }
                    let update = "update post_deploy set state = $2 where id = $1 and state <> 'gone'";
                    if execute!(tx, update, id, seen.word())? == 0 {
                        return Ok(Answered::Gone);
                    }
                    execute!(tx, INSERT, id, seen.word(), &said, &deed.actor, micros(deed.at))?;
                    // Also where it was answered before it was read.
                    execute!(tx, OLDER, id)?;
                    if let Some(message) = &message {
                        put(tx, message).await?;
                    }
                    note(tx, &deed).await?;
                    service_has_changed(tx, &service).await?;
                    Ok(Answered::Kept)
                })
            })
            .await?;
        self.work.came();
        Ok(answered)
    }

    /// Somebody looks, in the owner's place; false where nobody has to any more.
    pub async fn take_look(&self, row: &LookRow, who: &Actor, deed: Deed) -> Result<bool, StoreError> {
        const UPDATE: &str = "update post_deploy set taken_by = $2
             where id = $1 and state in ('unread', 'unreadable', 'open', 'failed')";
        let (id, service, by) = (row.id.0, row.service.clone(), who.id());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    in_turn(tx).await?;
                    if execute!(tx, UPDATE, id, by)? == 0 {
                        return Ok(false);
                    }
                    note(tx, &deed).await?;
                    service_has_changed(tx, &service).await?;
                    Ok(true)
                })
            })
            .await
    }
}

/// A story came with a move, and is to be asked.
pub(crate) async fn to_be_asked(
    tx: &mut Tx<'_>,
    moved: &ProductionMove,
    story: &str,
    title: &str,
    ask: &ToAsk,
) -> Result<(), StoreError> {
    let insert = "insert into post_deploy (service, move, story, title, asks, due_at, state)
         values ($1, $2, $3, coalesce(nullif($4, ''), (select max(title) from candidate_story where key = $3), ''),
             $5, $6, 'unread') on conflict (move, story) do nothing";
    execute!(tx, insert, &moved.service, moved.id, story, title, &ask.asks, micros(ask.due_at))?;
    Ok(())
}

/// A story is not in production any more: nobody has to look.
pub(crate) async fn no_more(tx: &mut Tx<'_>, service: &str, story: &str) -> Result<(), StoreError> {
    let update = "update post_deploy set state = 'gone' where service = $1 and story = $2
         and state in ('unread', 'unreadable', 'open', 'failed')";
    execute!(tx, update, service, story)?;
    Ok(())
}

async fn is_read(tx: &mut Tx<'_>, id: LookId, read: &LookRead) -> Result<(), StoreError> {
    const KNOWN: &str = "update post_deploy set state = $2, checks = $3, owner_id = $4, owner = $5, trouble = null,
             title = coalesce(nullif($6, ''), title)
         where id = $1 and state in ('unread', 'unreadable')";
    const TROUBLE: &str =
        "update post_deploy set state = $2, trouble = $3 where id = $1 and state in ('unread', 'unreadable')";
    match read {
        LookRead::Checks { title, checks, owner } => {
            let (owner_id, owner) = owner.as_ref().map(|owner| (&owner.id, &owner.name)).unzip();
            execute!(tx, KNOWN, id.0, LookState::Open.word(), checks, owner_id, owner, title)?;
            execute!(tx, OLDER, id.0)?;
        }
        LookRead::NotNeeded { title, checks } => {
            let nobody: Option<&String> = None;
            execute!(tx, KNOWN, id.0, LookState::NotNeeded.word(), checks, nobody, nobody, title)?;
        }
        LookRead::Nothing => {
            let delete = "delete from post_deploy where id = $1 and state in ('unread', 'unreadable')
                 and not exists (select 1 from post_deploy_answer where line = $1)";
            execute!(tx, delete, id.0)?;
        }
        LookRead::Away(why) => {
            execute!(tx, TROUBLE, id.0, LookState::Unread.word(), why)?;
        }
        LookRead::Unreadable(why) => {
            execute!(tx, TROUBLE, id.0, LookState::Unreadable.word(), why)?;
        }
    }
    Ok(())
}

/// The order of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Newest,
    FailedFirst,
}

async fn looks(tx: &mut Tx<'_>, wanted: &LooksWanted, order: Order, most: u32) -> Result<Vec<LookRow>, StoreError> {
    macro_rules! lines {
        ($order:literal) => {
            wanted!(
                "select p.id, p.service, p.move, m.running, m.seen_at, p.story, p.title, p.asks, p.checks,
                     p.owner_id, p.owner, t.name, p.due_at, p.state, p.trouble
                 from post_deploy p join production_move m on m.id = p.move
                 left join person t on t.id = p.taken_by where ",
                $order,
                ""
            )
        };
    }
    macro_rules! answers {
        ($order:literal) => {
            wanted!(
                "select a.line, a.seen, a.note, a.by_person, a.at from post_deploy_answer a
                 where a.line in (select p.id from post_deploy p where ",
                $order,
                ") order by a.id"
            )
        };
    }
    let (lines, answers) = match order {
        Order::Newest => (lines!("p.id desc"), answers!("p.id desc")),
        Order::FailedFirst => (
            lines!("case when p.state = 'failed' then 0 else 1 end, p.id desc"),
            answers!("case when p.state = 'failed' then 0 else 1 end, p.id desc"),
        ),
    };
    let LooksWanted { id, service, story, deploy, only, before } = wanted;
    let (id, deploy) = (id.map(|id| id.0), *deploy);
    let only: i64 = match only {
        Only::All => 0,
        Only::Unsettled => 1,
        Only::Unread => 2,
    };
    let (before, most) = (before.map_or(i64::MAX, |before| before.0), i64::from(most));
    let rows: Vec<Row> = fetch!(tx, fetch_all, lines, service, story, deploy, id, only, before, most)?;
    let answers: Vec<AnswerRow> = if rows.is_empty() {
        Vec::new()
    } else {
        fetch!(tx, fetch_all, answers, service, story, deploy, id, only, before, most)?
    };
    let mut by_line: BTreeMap<i64, Vec<LookAnswer>> = BTreeMap::new();
    for (line, seen, note, by, at) in answers {
        let unknown = |()| StoreError::Unreadable(format!("`{seen}` is nothing that somebody saw"));
        let seen = seen.parse().map_err(unknown)?;
        by_line.entry(line).or_default().push(LookAnswer { seen, note, by, at: time(at) });
    }
    let mut read = |row: Row| {
        let answers = by_line.remove(&row.0).unwrap_or_default();
        read(row, answers)
    };
    rows.into_iter().map(&mut read).collect()
}

fn read(row: Row, answers: Vec<LookAnswer>) -> Result<LookRow, StoreError> {
    let (
        id,
        service,
        deploy,
        running,
        seen_at,
        story,
        title,
        asks,
        checks,
        owner_id,
        owner,
        taken_by,
        due_at,
        state,
        trouble,
    ) = row;
    let unknown = |()| StoreError::Unreadable(format!("`{state}` is no state of a post-deploy check"));
    Ok(LookRow {
        id: LookId(id),
        service,
        deploy,
        running: runs(&running)?,
        deployed_at: time(seen_at),
        story,
        title,
        asks,
        checks,
        owner: owner.map(|name| TrackerPerson { id: owner_id.unwrap_or_default(), name }),
        taken_by,
        due_at: time(due_at),
        state: state.parse().map_err(unknown)?,
        trouble,
        answers,
    })
}
