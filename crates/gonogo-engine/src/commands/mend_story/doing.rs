//! Doing it: written down first, then once in Jira, then what came of it.

use super::act::{Looks, Meaning, What, settle};
use super::{MendError, Offer, Offered, judge_anew, offer};
use crate::commands::jira_account::Acting;
use crate::commands::people::deed_of;
use crate::serving::Serving;
use gonogo_core::person::{Act, Actor, Person};
use gonogo_core::say;
use gonogo_core::story::{FieldValue, TrackerPerson};
use gonogo_remote::jira::{Choice, Entry, NotForYou, Write, chosen};
use gonogo_store::{Deed, NewStoryAct, StoryActBegun, StoryActEnd, StoryActId, StoryActOutcome, StoryActRow};
use jiff::SignedDuration;
use std::sync::Arc;

/// Then nobody does it any more, since no request lasts so long, and what came of it
/// is looked for.
const LOOKED_FOR_AFTER: SignedDuration = SignedDuration::from_secs(35);
/// Of a value, in the audit.
const MOST_SAID: usize = 500;
/// Of what is given for one field.
const MOST_GIVEN: usize = 20_000;

/// What somebody wants done.
#[derive(Clone, Debug)]
pub enum Mend {
    Field {
        /// As the policy calls it.
        name: String,
        /// Nothing for a field that one confirms by one's own name.
        given: Vec<String>,
    },
    Move {
        /// The transition's id.
        way: String,
    },
}

/// Does it once: `once` is a word of who asks.
pub async fn mend(serving: &Arc<Serving>, who: &Person, key: &str, mend: Mend, once: &str) -> Result<(), MendError> {
    let actor = who.may(Act::MendStory).map_err(MendError::Forbidden)?;
    // On its own: a browser that goes away must not lose what came of it.
    let all = (Arc::clone(serving), who.clone(), key.to_owned(), format!("{} {once}", who.id));
    let done = tokio::spawn(async move {
        let (serving, who, key, once) = all;
        done(&serving, &who, &actor, &key, mend, once).await
    });
    done.await.unwrap_or_else(|broken| Err(MendError::Doubtful(format!("it broke off: {broken}"))))
}

async fn done(
    serving: &Arc<Serving>,
    who: &Person,
    actor: &Actor,
    key: &str,
    mend: Mend,
    once: String,
) -> Result<(), MendError> {
    let request = who.token.as_ref().and_then(|token| token.once.as_ref()).map(|once| once.request_hash.clone());
    if let Some(row) = serving.store.story_act_once(&once, (serving.clock)()).await? {
        return asked_before(&row, request.as_deref());
    }
    let offer = offer(serving, who, key).await?;
    let (write, what) = match mend {
        Mend::Field { name, given } => field(&offer, &name, &given).await?,
        Mend::Move { way } => movement(&offer, &way)?,
    };
    let (kind, tracker) = offer.wanted.tracker.clone();
    let issue = offer.wanted.issue.clone();
    let meaning = Meaning { kind, tracker, issue: issue.to_string(), what, request };
    let kept = serde_json::to_string(&meaning).map_err(|error| MendError::Input(error.to_string()))?;
    let new = NewStoryAct { once, person: who.id, story: key.to_owned(), meaning: kept };
    let now = (serving.clock)();
    let look = now.saturating_add(LOOKED_FOR_AFTER).unwrap_or(now);
    let acts = Acts { serving, actor, key, meaning: &meaning, acting: &offer.acting };
    // Written down as a program's request with what comes of it alone.
    let begun = Deed { once: None, ..acts.deed(meaning.began(), "") };
    let id = match serving.store.begin_story_act(new, (crate::jobs::STORY_ACT, look), begun).await? {
        StoryActBegun::New(id) => id,
        StoryActBegun::Known(row) => return asked_before(&row, meaning.request.as_deref()),
    };
    match offer.acting.jira.write(&issue, &write).await {
        Ok(()) => acts.ended(id, StoryActOutcome::Done, "").await,
        Err(NotForYou::Away(said)) => acts.doubtful(id, &said).await,
        Err(error) => {
            acts.ended(id, StoryActOutcome::Refused, &error.to_string()).await?;
            Err(MendError::Jira(error))
        }
    }
}

/// What is to be written into a field that the policy asks for.
async fn field(offer: &Offer, name: &str, given: &[String]) -> Result<(Write, What), MendError> {
    let Some(offered) = offer.fields.iter().find(|one| one.field.name == name) else {
        return Err(MendError::Gone(format!("\"{name}\" is filled in by now, or is no field that is asked for")));
    };
    if let Some(why) = &offered.elsewhere {
        return Err(MendError::Input(format!("\"{name}\" is mended in Jira: {why}")));
    }
    let Offered { field, confirms, .. } = offered;
    let (write, wanted) = if confirms.is_some() {
        let (id, name) = (offer.acting.account.subject.clone(), offer.acting.account.name.clone());
        let write = offer.acting.jira.names_me(field).await.map_err(MendError::Jira)?;
        (write, FieldValue::Person(TrackerPerson { id, name }))
    } else {
        if given.iter().map(|one| one.chars().count()).sum::<usize>() > MOST_GIVEN {
            return Err(MendError::Input(format!("a field takes up to {MOST_GIVEN} characters from here")));
        }
        let input = |said: String| MendError::Input(format!("\"{name}\": {said}"));
        (offer.acting.jira.value(field, given).map_err(input)?, as_told(&field.entry, given))
    };
    Ok((write, What::Field { name: name.to_owned(), id: field.id.clone(), wanted }))
}

/// As Jira will tell what was given.
fn as_told(entry: &Entry, given: &[String]) -> FieldValue {
    let given: Vec<&str> = given.iter().map(|one| one.trim()).filter(|one| !one.is_empty()).collect();
    let named = |choices: &[Choice]| {
        given
            .iter()
            .filter_map(|word| chosen(choices, word))
            .map(|choice| choice.name.clone())
            .collect::<Vec<_>>()
            .join(", ")
    };
    match entry {
        Entry::One(choices) | Entry::Several(choices) => FieldValue::Text(named(choices)),
        Entry::Labels => {
            FieldValue::Text(given.iter().flat_map(|one| one.split_whitespace()).collect::<Vec<_>>().join(", "))
        }
        Entry::Number => given
            .first()
            .and_then(|one| one.replace(',', ".").parse().ok())
            .map_or(FieldValue::Empty, FieldValue::Number),
        _ => FieldValue::Text(given.first().copied().unwrap_or_default().to_owned()),
    }
}

/// Where to it is moved, by a transition that leads to a state that is asked for.
fn movement(offer: &Offer, way: &str) -> Result<(Write, What), MendError> {
    let Some(way) = offer.ways.iter().find(|one| one.id == way) else {
        let said = "the story is in another state by now, or no such transition leads to one that it may ship from";
        return Err(MendError::Gone(said.to_owned()));
    };
    if !way.asks.is_empty() {
        let asks = say::list(&way.asks, way.asks.len());
        return Err(MendError::Input(format!("Jira asks for {asks} with it: make it there")));
    }
    let what = What::Move { state: way.to.id.clone(), named: way.to.name.clone() };
    Ok((Write::Move { way: way.id.clone() }, what))
}

struct Acts<'a> {
    serving: &'a Serving,
    actor: &'a Actor,
    key: &'a str,
    meaning: &'a Meaning,
    acting: &'a Acting,
}

impl Acts<'_> {
    fn deed(&self, action: &'static str, said: &str) -> Deed {
        let what = say::cut(&say::printable(&self.meaning.said()), MOST_SAID);
        let said = if said.is_empty() { String::new() } else { format!(": {said}") };
        let detail = format!("{what}, as {} in Jira{said}", self.acting.account.name);
        deed_of(self.actor, (self.serving.clock)(), action, self.key, &detail)
    }

    async fn ended(&self, id: StoryActId, outcome: StoryActOutcome, said: &str) -> Result<(), MendError> {
        let is_done = outcome == StoryActOutcome::Done;
        let deed = self.deed(self.meaning.ended(outcome), said);
        // What was refused may be sent again under the same key.
        let deed = Deed { once: deed.once.filter(|_| is_done), ..deed };
        let end = StoryActEnd { outcome, said: said.to_owned(), at: (self.serving.clock)() };
        self.serving.store.end_story_act(id, end, deed).await?;
        if is_done {
            judge_anew(self.serving, [self.key, &self.meaning.issue]).await?;
        }
        Ok(())
    }

    /// It may have been written: it is looked for at once, and later again.
    async fn doubtful(&self, id: StoryActId, said: &str) -> Result<(), MendError> {
        if settle(self.serving, id.0, Looks::AtOnce).await?.is_ok() {
            let row = self.serving.store.story_act(id).await?;
            return known(row.and_then(|row| row.ended).map(|end| end.outcome));
        }
        Err(MendError::Doubtful(format!(
            "it is not known yet whether Jira did it ({said}): it is looked for, and the story's page says what was found"
        )))
    }
}

/// What came of one that has the same word, where it is the same one.
fn asked_before(row: &StoryActRow, request: Option<&str>) -> Result<(), MendError> {
    let kept = serde_json::from_str::<Meaning>(&row.meaning).ok();
    if kept.is_some_and(|kept| kept.is_of_another(request)) {
        return Err(MendError::KeyUsed);
    }
    known(row.ended.as_ref().map(|end| end.outcome))
}

/// What came of one that was asked for before.
fn known(outcome: Option<StoryActOutcome>) -> Result<(), MendError> {
    match outcome {
        Some(StoryActOutcome::Done) => Ok(()),
        Some(_) => Err(MendError::Gone("Jira did not do it: look at it anew, and try again".to_owned())),
        None => Err(MendError::Doubtful(
            "it was asked for already, and it is not known yet what came of it: the story's page says so in a minute"
                .to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gonogo_core::policy::TrackerKind;
    use jiff::Timestamp;

    fn row(request: Option<&str>, outcome: Option<StoryActOutcome>) -> StoryActRow {
        let what = What::Move { state: "3".to_owned(), named: "Done".to_owned() };
        let (tracker, issue) = ("https://jira.example".to_owned(), "STORY-1".to_owned());
        let request = request.map(str::to_owned);
        let meaning = Meaning { kind: TrackerKind::JiraCloud, tracker, issue, what, request };
        StoryActRow {
            id: StoryActId(1),
            by_id: 1,
            by: "ada".to_owned(),
            story: "STORY-1".to_owned(),
            meaning: serde_json::to_string(&meaning).unwrap(),
            begun_at: Timestamp::UNIX_EPOCH,
            ended: outcome.map(|outcome| StoryActEnd { outcome, said: String::new(), at: Timestamp::UNIX_EPOCH }),
        }
    }

    #[test]
    fn a_key_is_for_the_same_request_alone() {
        let done = Some(StoryActOutcome::Done);
        assert!(asked_before(&row(Some("h"), done), Some("h")).is_ok());
        for ended in [done, None] {
            assert!(matches!(asked_before(&row(Some("h"), ended), Some("other")), Err(MendError::KeyUsed)));
        }
        assert!(asked_before(&row(None, done), Some("h")).is_ok(), "of a version that kept none");
        assert!(asked_before(&row(None, done), None).is_ok(), "from a page");
    }
}
