//! What runs in production: who says so is asked, and what they say is held
//! against the repository. What nobody says now is what was known last, for a
//! while; then it is unknown.

mod astray;
mod endpoint;
mod tags;

pub(super) use astray::astray;

use super::{JobError, blocking};
use crate::locate::{GivenProduction, LocateError, Says, Wanted, locate, who_says};
use crate::serving::{Service, Serving};
use gonogo_core::case::Production;
use gonogo_core::fact::Why;
use gonogo_core::policy::ProductionSource;
use gonogo_core::running::Running;
use gonogo_core::say;
use gonogo_remote::git::{Git, GitError};
use gonogo_store::{ProductionRow, ProductionSeen, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What somebody says runs, under which name, and why that counts.
struct Word {
    running: Running,
    name: String,
    why: String,
}

pub(super) async fn find(serving: &Serving, service: &Service, git: &Arc<Git>) -> Result<ProductionSeen, JobError> {
    let (word, max_age) = match source(serving, service, git).await? {
        Source::Here(word) => (word, SignedDuration::ZERO),
        Source::Elsewhere(ProductionSource::Url(endpoint), why) => {
            (endpoint::ask(serving, git, &endpoint, &why).await?, endpoint.max_age)
        }
        Source::Elsewhere(ProductionSource::Tag(tag), why) => tags::ask(serving, service, git, &tag, &why).await?,
        Source::Elsewhere(ProductionSource::Told | ProductionSource::Ref(_), why) => {
            (told(serving, service, git, &why).await?, SignedDuration::ZERO)
        }
    };
    let last = serving.store.production(&service.name).await?;
    Ok(decide(&service.name, word, last, max_age, (serving.clock)()))
}

/// What a service's revision is called that runs: by its tag, where production is
/// known by one, else by its commit.
pub(super) async fn called(serving: &Serving, service: &str) -> Result<String, JobError> {
    let row = serving.store.production(service).await?;
    let Some((running, name)) = row.and_then(|row| Some((row.running?, row.name))) else { return Ok(String::new()) };
    let (Some(service), Some(only)) = (serving.service(service), running.only()) else { return Ok(running.short()) };
    let mirror = serving.mirror_of(service);
    let tag = format!("refs/tags/{name}");
    let is_tag =
        blocking(move || Ok(Git::of_mirror(&mirror)?.resolve(&tag).is_ok_and(|found| found.sha == only))).await?;
    Ok(if is_tag { name } else { only.short() })
}

/// Who says what runs.
enum Source {
    /// The repository itself.
    Here(Result<Word, Why>),
    /// Somebody who has to be asked, and who names them.
    Elsewhere(ProductionSource, String),
}

/// Whether a service's production is what it is told to be.
pub(crate) async fn is_told(serving: &Serving, service: &Service) -> Result<bool, JobError> {
    let mirror = serving.mirror_of(service);
    let git = Arc::new(blocking(move || Ok(Git::of_mirror(&mirror)?)).await?);
    let source = source(serving, service, &git).await?;
    Ok(matches!(source, Source::Elsewhere(ProductionSource::Told | ProductionSource::Tag(_), _)))
}

async fn source(serving: &Serving, service: &Service, git: &Arc<Git>) -> Result<Source, JobError> {
    match &service.production {
        None | Some(ProductionSource::Ref(_)) => {}
        Some(source) => return Ok(Source::Elsewhere(source.clone(), "from the server's configuration".to_owned())),
    }
    let ran_last = serving.store.production_moves(&service.name, None, 1).await?.pop();
    let ran_last = ran_last.map(|moved| moved.running.shas()[0]);
    let wanted = Wanted { ran_last, ..wanted(serving.mirror_of(service), service) };
    let git = Arc::clone(git);
    blocking(move || here(&git, &wanted)).await
}

/// What the server says of where a service's things are; the head is the
/// default branch's.
pub(crate) fn wanted(repo: PathBuf, service: &Service) -> Wanted {
    let production = match &service.production {
        Some(ProductionSource::Ref(name)) => {
            GivenProduction::named(vec![name.clone()], "from the server's configuration")
        }
        _ => None,
    };
    let (service, path) = (Some(service.name.clone()), service.path.clone());
    Wanted { repo, is_mirror: true, service, path, production, ..Wanted::default() }
}

/// The same with what was found to run when that was looked at last, if it was.
pub(crate) fn wanted_as_known(repo: PathBuf, service: &Service, row: Option<&ProductionRow>) -> Wanted {
    let known = row.map(|row| given(row.running.as_ref(), &row.name, &row.why, row.trouble.as_deref()));
    let wanted = wanted(repo, service);
    Wanted { production: known.or(wanted.production), ..wanted }
}

fn here(git: &Git, wanted: &Wanted) -> Result<Source, JobError> {
    if let Says::Policy { source, file } = who_says(git, wanted, &git.branches()?)? {
        match source {
            ProductionSource::Ref(_) => {}
            ProductionSource::Url(_) => {
                // Whoever may push could have us ask any address of our network.
                let said = format!("{file} names an address, and the server asks none but its own configuration's");
                let fix = "write it as `production` of the [[service]] in the server's configuration";
                return Ok(Source::Here(Err(Why::new(said, fix))));
            }
            source => return Ok(Source::Elsewhere(source, format!("from {file}"))),
        }
    }
    Ok(Source::Here(match locate(git, wanted) {
        Ok(located) => match located.case.production {
            Production::Known { name, sha, why } => Ok(Word { running: sha.into(), name, why }),
            Production::Unknown { why, .. } => Err(why),
        },
        Err(error @ (LocateError::Production(_) | LocateError::Git(GitError::NoSuchRef { .. }))) => {
            Err(why_of(&error.to_string()))
        }
        Err(error) => return Err(error.into()),
    }))
}

async fn told(serving: &Serving, service: &Service, git: &Arc<Git>, why: &str) -> Result<Result<Word, Why>, JobError> {
    let Some(told) = serving.store.production_told(&service.name).await? else {
        let said = format!("nobody has told yet what runs of {}", service.name);
        let fix = "say so on the service's page, or have the deploy tool say so";
        return Ok(Err(Why::new(said, fix)));
    };
    let found = commits(git, told.running.clone()).await?;
    let why = format!("as {} told at {}, {why}", told.by, say::minute(told.at));
    Ok(found.map(|running| Word { running, name: told.running.join(" "), why }))
}

/// The commits that these ids begin, each the only one.
async fn commits(git: &Arc<Git>, ids: Vec<String>) -> Result<Result<Running, Why>, JobError> {
    let git = Arc::clone(git);
    blocking(move || {
        let found: Result<Vec<_>, _> = ids.iter().map(|id| git.commit_of_id(id)).collect();
        Ok(match found {
            Ok(shas) => Running::of(shas).ok_or_else(|| Why::new("nothing is said to run", "say what runs")),
            Err(error) => Err(why_of(&error.to_string())),
        })
    })
    .await
}

/// An error's sentence, and the hint on its second line.
fn why_of(error: &str) -> Why {
    let (said, fix) = error.split_once("\n  → ").unwrap_or((error, "say what runs another way, then check again"));
    Why::new(said, fix)
}

/// What is believed to run, of what was said and what was known last.
fn decide(
    service: &str,
    word: Result<Word, Why>,
    last: Option<ProductionRow>,
    max_age: SignedDuration,
    now: Timestamp,
) -> ProductionSeen {
    let seen = |running, name, why, trouble| ProductionSeen {
        service: service.to_owned(),
        running,
        name,
        why,
        trouble,
        astray: None,
    };
    let why = match word {
        Ok(word) => return seen(Some(word.running), word.name, word.why, None),
        Err(why) => why,
    };
    let trouble = Some(format!("{}\n  → {}", why.said, why.fix));
    let is_young = |row: &ProductionRow| row.known_at.is_some_and(|known_at| now.duration_since(known_at) < max_age);
    match last.filter(is_young) {
        Some(row) => seen(row.running, row.name, row.why, trouble),
        None => seen(None, String::new(), String::new(), trouble),
    }
}

/// Nobody has looked for so long, or for three times as long as one looks again,
/// as where the repository cannot be fetched: it is not known any more what runs.
const LOOKED_WITHIN: SignedDuration = SignedDuration::from_mins(15);

/// Why what was known last counts no more. What is looked at and asked for in
/// vain has an age of its own, which a look holds against it.
pub(super) fn is_out_of_sight(row: &ProductionRow, poll: Duration, now: Timestamp) -> Option<Why> {
    let known_at = row.known_at?;
    let within = SignedDuration::try_from(poll * 3).map_or(LOOKED_WITHIN, |looks| looks.max(LOOKED_WITHIN));
    (now.duration_since(row.looked_at.unwrap_or(known_at)) > within).then(|| {
        let said = format!("what runs was known last at {}, and could not be looked at since", say::minute(known_at));
        Why::new(said, "see the service's page for what is wrong with its repository")
    })
}

/// Whether it is known which stories a service runs now.
pub(super) async fn is_known(serving: &Serving, service: &str) -> Result<bool, StoreError> {
    let Some(row) = serving.store.production(service).await? else { return Ok(false) };
    let is_seen = row.running.is_some() && row.trouble.is_none();
    if !is_seen || is_out_of_sight(&row, serving.rounds.every(), (serving.clock)()).is_some() {
        return Ok(false);
    }
    Ok(serving.store.unread_moves(service).await?.is_empty())
}

/// Why it is not known now what runs, and what mends that; `None` where it is.
pub fn not_known(serving: &Serving, row: &ProductionRow) -> Option<String> {
    let out_of_sight = || {
        let why = is_out_of_sight(row, serving.rounds.every(), (serving.clock)())?;
        Some(format!("{}\n  → {}", why.said, why.fix))
    };
    row.trouble.clone().or_else(out_of_sight)
}

/// What a candidate is judged over.
pub(super) fn given(running: Option<&Running>, name: &str, why: &str, trouble: Option<&str>) -> GivenProduction {
    let Some(running) = running.cloned() else {
        return GivenProduction::Unknown(why_of(trouble.unwrap_or("nothing says where production is")));
    };
    let stale = if trouble.is_some() { ", as it was known last" } else { "" };
    GivenProduction::Runs { running, name: name.to_owned(), why: format!("{why}{stale}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
    }

    fn runs(digit: &str) -> Running {
        digit.repeat(40).parse().unwrap()
    }

    fn last(known_at: i64) -> ProductionRow {
        ProductionRow {
            running: Some(runs("a")),
            name: "live".to_owned(),
            why: "so".to_owned(),
            known_at: Some(at(known_at)),
            looked_at: Some(at(known_at)),
            trouble: None,
            astray: None,
        }
    }

    #[test]
    fn what_was_known_last_counts_for_a_while_and_no_longer() {
        let away = || Err(Why::new("no answer", "mend it"));
        let seen = |last, minute| decide("web", away(), last, SignedDuration::from_mins(15), at(minute));
        let stale = seen(Some(last(10)), 24);
        assert_eq!((stale.running, stale.name.as_str()), (Some(runs("a")), "live"));
        assert_eq!(stale.trouble.as_deref(), Some("no answer\n  → mend it"));
        assert_eq!(seen(Some(last(10)), 25).running, None);
        assert_eq!(seen(None, 0).running, None);
        // A clock that went back makes nothing older.
        assert!(seen(Some(last(10)), 5).running.is_some());
        let word = Word { running: runs("b"), name: "live".to_owned(), why: "so".to_owned() };
        let now = decide("web", Ok(word), Some(last(10)), SignedDuration::ZERO, at(99));
        assert_eq!((now.running, now.trouble), (Some(runs("b")), None));
    }

    #[test]
    fn what_nobody_looked_at_for_long_is_not_known() {
        let minute = Duration::from_mins(1);
        let is_known = |row: &ProductionRow, now| is_out_of_sight(row, minute, at(now)).is_none();
        assert!(is_known(&last(10), 25) && !is_known(&last(10), 26));
        // Looked at in vain it counts as long as its source says, while it is looked at.
        let looked = ProductionRow { trouble: Some("no answer".to_owned()), looked_at: Some(at(90)), ..last(10) };
        assert!(is_known(&looked, 99) && !is_known(&looked, 106));
        assert!(!is_known(&ProductionRow { looked_at: None, ..looked }, 99), "of before such looks were kept");
        assert!(is_out_of_sight(&last(10), 10 * minute, at(40)).is_none(), "it is looked at seldom");
        assert!(is_known(&ProductionRow { known_at: None, running: None, ..last(10) }, 99));
    }

    #[test]
    fn a_candidate_over_nothing_says_why() {
        let GivenProduction::Unknown(why) = given(None, "", "", Some("no answer\n  → mend it")) else {
            panic!("it is unknown")
        };
        assert_eq!((why.said.as_str(), why.fix.as_str()), ("no answer", "mend it"));
    }
}
