//! One act on a host. A thread of its own follows it: what it says is kept in a file
//! here, which goes on from its length however often the connection breaks or who
//! follows is killed.

use super::connection::{Connection, Frame};
use super::trouble::Trouble;
use super::{FOLDER, Place, Ssh};
use crate::starter::follow::{Seen, stands};
use crate::starter::{Over, Standing, Start, StarterError, escaped, lines, plain};
use secrecy::{ExposeSecret, SecretString};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// A start takes a second at most: after so long it is called off.
const STARTS_WITHIN: Duration = Duration::from_secs(30);

/// What is wanted on a host.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub ssh: Ssh,
    pub place: Place,
    /// A folder here, of this act alone.
    pub folder: PathBuf,
    pub key: String,
    pub limit: Duration,
    pub grace: Duration,
    /// After so long without an answer it cannot be told what became of it.
    pub lost_after: Duration,
}

/// An act that is followed until this is dropped; it goes on by itself then.
#[derive(Debug)]
pub struct HostAct {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    wanted: Wanted,
    standing: Mutex<Standing>,
    is_left: AtomicBool,
    /// Somebody sees to it that it is ended, or has done so.
    is_ended: AtomicBool,
    /// Why it is not to begin any more, where nothing was sent yet.
    called_off: Mutex<Option<String>>,
}

impl Wanted {
    /// What it says, from its beginning on.
    pub fn output(&self) -> PathBuf {
        self.folder.join("out")
    }

    /// Whether the host may have heard of it.
    pub fn was_sent(&self) -> bool {
        self.sent().exists()
    }

    fn sent(&self) -> PathBuf {
        self.folder.join("sent")
    }

    /// Begins it there, unless it was begun before, and follows it.
    pub fn begin(self, start: &Start) -> Result<HostAct, StarterError> {
        let wrong = |path: &Path| {
            let path = path.to_owned();
            move |error: std::io::Error| StarterError::Folder { path, said: error.to_string() }
        };
        plain(&self.key)?;
        let words: String = start.argv.iter().map(|word| escaped(word) + "\n").collect();
        if start.argv.iter().any(|word| word.contains('\0')) {
            return Err(StarterError::Nul("an argument".to_owned()));
        }
        let env = lines(&start.env)?;
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(wrong(&self.folder))?;
        let output = self.output();
        OpenOptions::new().create(true).append(true).mode(0o600).open(&output).map_err(wrong(&output))?;
        let question = SecretString::from(format!(
            "run\n{}\n{}\n{}\n{}\n{}\n0\n{}\n{}\n{words}{}",
            start.service,
            start.fence,
            self.key,
            start.limit.as_secs(),
            start.grace.as_secs(),
            escaped(start.dir.as_deref().unwrap_or_default()),
            start.argv.len(),
            env.expose_secret()
        ));
        Ok(self.followed(Some(question)))
    }

    /// Follows one that was sent before.
    pub fn attach(self) -> HostAct {
        self.followed(None)
    }

    fn followed(self, question: Option<SecretString>) -> HostAct {
        let standing = Mutex::new(Standing::Starting);
        let (is_left, is_ended) = (AtomicBool::new(false), AtomicBool::new(false));
        let called_off = Mutex::default();
        let shared = Arc::new(Shared { wanted: self, standing, is_left, is_ended, called_off });
        let following = Arc::clone(&shared);
        std::thread::spawn(move || following.follow(question));
        HostAct { shared }
    }
}

impl HostAct {
    /// As it was seen last; all that it had said by then is in its file.
    pub fn look(&self) -> Standing {
        self.shared.standing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where the host has not heard of it yet, it will not.
    pub fn call_off(&self, why: &str) {
        *self.shared.called_off.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.to_owned());
    }

    /// Has it ended by who watches over it there. The first to ask is who ended it.
    pub fn end(&self, by: &str) {
        if self.shared.is_ended.swap(true, Ordering::AcqRel) {
            return;
        }
        let by: String = by.chars().filter(|c| !c.is_control()).collect();
        let shared = Arc::clone(&self.shared);
        std::thread::spawn(move || {
            let question = format!("end\n{}\n{}\n", shared.wanted.key, escaped(&by));
            if shared.asks(question).is_err() {
                // Whoever wants it says so again.
                shared.is_ended.store(false, Ordering::Release);
            }
        });
    }
}

impl Drop for HostAct {
    fn drop(&mut self) {
        self.shared.is_left.store(true, Ordering::Release);
    }
}

/// Why following broke off before the end.
enum Broke {
    Trouble(Trouble),
    /// What is to be kept here cannot be.
    Kept(std::io::Error),
    /// It was called off before the host heard of it.
    CalledOff(String),
}

impl From<Trouble> for Broke {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<std::io::Error> for Broke {
    fn from(error: std::io::Error) -> Self {
        Self::Kept(error)
    }
}

impl Shared {
    /// Until it is over, cannot be told, or nobody wants to know any more.
    fn follow(&self, mut question: Option<SecretString>) {
        let place = &self.wanted.place;
        let (mut heard_at, mut pause) = (Instant::now(), FIRST_PAUSE);
        loop {
            let before = heard_at;
            let broke = match self.once(&mut question, &mut heard_at) {
                Ok(()) => return,
                Err(broke) => broke,
            };
            if self.is_left.load(Ordering::Acquire) {
                return;
            }
            let over = match broke {
                Broke::Trouble(trouble) if !self.wanted.was_sent() => {
                    Some(Over::Unreached { said: trouble.said(place), fix: trouble.fix(place) })
                }
                Broke::Trouble(trouble) => {
                    let is_lost = trouble.stays() || heard_at.elapsed() > self.wanted.lost_after;
                    is_lost.then(|| self.lost(&trouble, heard_at))
                }
                Broke::Kept(error) if !self.wanted.was_sent() => {
                    let why = format!("{} cannot be written to: {error}", self.wanted.folder.display());
                    Some(Over::NotStarted { why })
                }
                Broke::CalledOff(why) => Some(Over::NotStarted { why }),
                // It goes on there, and is followed again once there is room.
                Broke::Kept(error) => {
                    tracing::warn!(%error, key = self.wanted.key, "what it says cannot be kept");
                    heard_at = Instant::now();
                    None
                }
            };
            if let Some(over) = over {
                return self.stands(Standing::Over(over));
            }
            pause = if heard_at > before { FIRST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
            std::thread::sleep(pause);
        }
    }

    /// One connection. It comes back where the act is over, or is not wanted any more.
    fn once(&self, question: &mut Option<SecretString>, heard_at: &mut Instant) -> Result<(), Broke> {
        let Wanted { ssh, place, key, .. } = &self.wanted;
        let mut connection = Connection::to(ssh, place)?;
        let mut out = OpenOptions::new().append(true).create(true).mode(0o600).open(self.wanted.output())?;
        let mut from = out.metadata()?.len();
        let begins = question.is_some();
        if begins {
            // From here on it may begin.
            let called_off = self.called_off.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(why) = called_off.as_ref().filter(|_| !self.wanted.was_sent()) {
                return Err(Broke::CalledOff(why.clone()));
            }
            self.write_sent()?;
        }
        let follow = || SecretString::from(format!("follow\n{key}\n{from}\n"));
        connection.ask(&question.take().unwrap_or_else(follow))?;
        let mut starting: Option<Instant> = None;
        loop {
            let frame = connection.next()?;
            if self.is_left.load(Ordering::Acquire) {
                return Ok(());
            }
            *heard_at = Instant::now();
            match frame {
                Frame::Said(at, bytes) if at == from => {
                    out.write_all(&bytes)?;
                    from += bytes.len() as u64;
                }
                Frame::Said(..) => return Err(Trouble::Gone("it said something out of its turn".to_owned()).into()),
                Frame::Came(came) => {
                    if let Some(said) = came.strip_prefix("fault ") {
                        let trouble = Trouble::Unfit(said.to_owned());
                        let (said, fix) = (trouble.said(place), trouble.fix(place));
                        self.stands(Standing::Over(Over::Unreached { said, fix }));
                        return Ok(());
                    }
                }
                Frame::Fault(said) => return Err(Trouble::Unfit(said).into()),
                Frame::Stands(seen, is_there) => {
                    if let Some(over) = self.saw(&seen) {
                        self.stands(over);
                        return Ok(());
                    }
                    // Its start got lost on the way, or stopped half-way.
                    let since = *starting.get_or_insert_with(Instant::now);
                    let is_lost = seen.start.is_none() && (!is_there && !begins || since.elapsed() > STARTS_WITHIN);
                    if is_lost {
                        self.asks(format!("void\n{key}\n"))?;
                    }
                }
                Frame::Install | Frame::Ready | Frame::Broken | Frame::Ok => {}
            }
        }
    }

    /// Where it is over: so.
    fn saw(&self, seen: &Seen) -> Option<Standing> {
        let Wanted { place, key, limit, grace, .. } = &self.wanted;
        let run = format!("{}:~/{FOLDER}/runs/{key}", place.name);
        let standing = stands(seen, &run, *limit + *grace);
        if matches!(standing, Standing::Over(_)) {
            return Some(standing);
        }
        self.stands(standing);
        None
    }

    fn stands(&self, standing: Standing) {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = standing;
    }

    /// It may run there, and nobody can be asked.
    fn lost(&self, trouble: &Trouble, heard_at: Instant) -> Over {
        let place = &self.wanted.place;
        let since = if trouble.stays() {
            String::new()
        } else {
            format!(" (it was heard of last {} s ago)", heard_at.elapsed().as_secs())
        };
        let said = format!("{}{since}, and it may run there", trouble.said(place));
        let fix = format!(
            "{}; see what of it was done (what it said is in {}:~/{FOLDER}/runs/{}/out), \
             then say whether it is to be run again or counts as done",
            trouble.fix(place),
            place.name,
            self.wanted.key
        );
        Over::CannotTell { said, fix }
    }

    /// Asks something that is answered at once.
    fn asks(&self, question: String) -> Result<(), Trouble> {
        let mut connection = Connection::to(&self.wanted.ssh, &self.wanted.place)?;
        connection.ask(&SecretString::from(question))?;
        match connection.next()? {
            Frame::Ok => Ok(()),
            other => Err(Trouble::Unfit(format!("it answered {other:?}"))),
        }
    }

    /// Written before the host hears of it, and there after a loss of power too.
    fn write_sent(&self) -> std::io::Result<()> {
        let sent = self.wanted.sent();
        if !sent.exists() {
            File::create(&sent)?.sync_all()?;
            File::open(&self.wanted.folder)?.sync_all()?;
            if let Some(above) = self.wanted.folder.parent() {
                fs::File::open(above)?.sync_all()?;
            }
        }
        Ok(())
    }
}
