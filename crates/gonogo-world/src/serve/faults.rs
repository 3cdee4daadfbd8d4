//! What goes wrong on demand, with any stand-in.

#![expect(clippy::return_self_not_must_use, reason = "each word takes effect at once; a sentence may end with any")]

use std::time::{Duration, Instant};

use super::http::{Answer, Ask, Reply, Say};

/// Longer than any test waits.
const FOR_EVER: Duration = Duration::from_hours(1);

#[derive(Debug, Clone)]
pub(crate) struct Fault {
    number: usize,
    delay: Duration,
    effect: Option<Effect>,
    headers: Vec<(String, String)>,
    /// Only for requests whose path contains this.
    on: Option<String>,
    /// Only for requests by this method.
    by: Option<&'static str>,
    /// How many requests it still lets pass before it begins.
    spared: usize,
    /// How often it still happens; for ever if none.
    left: Option<usize>,
}

#[derive(Debug, Clone)]
enum Effect {
    Status(u16),
    Garbage,
    Redirect,
    OddJson,
    Truncate,
    Reset,
    Endless,
    RateLimit(RateLimit),
}

#[derive(Debug, Clone)]
struct RateLimit {
    allowed: usize,
    used: usize,
    pause: Duration,
    since: Option<Instant>,
}

/// Something that holds faults behind its lock.
pub(crate) trait Faulty: Sync {
    fn change_faults(&self, change: &mut dyn FnMut(&mut Vec<Fault>));
}

/// How a stand-in words what goes wrong.
pub(crate) trait Manners {
    /// An error in its shape.
    fn error(&self, status: u16, message: &str) -> Answer;
    /// Where people log in.
    fn login_page(&self) -> String;
    /// JSON of a shape that is no answer to anything.
    fn odd_json(&self) -> &'static str;
}

/// A fault to be described; each word takes effect at once.
#[derive(Clone, Copy)]
pub struct Faults<'a> {
    holder: &'a dyn Faulty,
    number: usize,
}

impl std::fmt::Debug for Faults<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Faults").field("number", &self.number).finish_non_exhaustive()
    }
}

impl<'a> Faults<'a> {
    pub(crate) fn new(holder: &'a dyn Faulty) -> Self {
        let mut number = 0;
        holder.change_faults(&mut |faults| {
            number = faults.last().map_or(0, |fault| fault.number + 1);
            faults.push(Fault {
                number,
                delay: Duration::ZERO,
                effect: None,
                headers: Vec::new(),
                on: None,
                by: None,
                spared: 0,
                left: None,
            });
        });
        Self { holder, number }
    }

    /// Only requests whose path contains this.
    pub fn on(self, part_of_path: &str) -> Self {
        self.with(|fault| fault.on = Some(part_of_path.to_owned()))
    }

    /// Only requests by this method, such as `POST`.
    pub fn by(self, method: &'static str) -> Self {
        self.with(|fault| fault.by = Some(method))
    }

    /// Only this often; without it, for ever.
    pub fn times(self, times: usize) -> Self {
        self.with(|fault| fault.left = Some(times))
    }

    /// Lets this many requests pass first.
    pub fn after(self, requests: usize) -> Self {
        self.with(|fault| fault.spared = requests)
    }

    /// Answers late.
    pub fn delay(self, delay: Duration) -> Self {
        self.with(|fault| fault.delay = delay)
    }

    /// Takes the request and never answers.
    pub fn hang(self) -> Self {
        self.delay(FOR_EVER)
    }

    /// Answers with this status, and an error in the stand-in's shape.
    pub fn status(self, status: u16) -> Self {
        self.effect(Effect::Status(status))
    }

    /// Adds `Retry-After` in seconds.
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header("Retry-After", &seconds.to_string())
    }

    /// Adds a header to the answer.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.with(|fault| fault.headers.push((name.to_owned(), value.to_owned())))
    }

    /// Breaks off in the middle of the right answer's body.
    pub fn truncate(self) -> Self {
        self.effect(Effect::Truncate)
    }

    /// Resets the connection instead of answering.
    pub fn reset(self) -> Self {
        self.effect(Effect::Reset)
    }

    /// Answers 200 with the page of a login form.
    pub fn garbage(self) -> Self {
        self.effect(Effect::Garbage)
    }

    /// Answers 302 to a login page.
    pub fn redirect_to_login(self) -> Self {
        self.effect(Effect::Redirect)
    }

    /// Answers 200 with JSON of another shape.
    pub fn wrong_json(self) -> Self {
        self.effect(Effect::OddJson)
    }

    /// Answers 200 with a body that does not end: 256 MiB at least.
    pub fn endless_body(self) -> Self {
        self.effect(Effect::Endless)
    }

    /// After this many requests answers 429 for so many seconds, and so on.
    pub fn rate_limit(self, requests: usize, pause_seconds: u64) -> Self {
        self.effect(Effect::RateLimit(RateLimit {
            allowed: requests,
            used: 0,
            pause: Duration::from_secs(pause_seconds),
            since: None,
        }))
    }

    fn effect(self, effect: Effect) -> Self {
        self.with(|fault| fault.effect = Some(effect))
    }

    fn with(self, change: impl FnOnce(&mut Fault)) -> Self {
        let mut change = Some(change);
        self.holder.change_faults(&mut |faults| {
            let fault = faults.iter_mut().find(|fault| fault.number == self.number);
            let fault = fault.expect("the test has not healed this fault");
            change.take().expect("the holder changes its faults once")(fault);
        });
        self
    }
}

impl Fault {
    /// Whether it is about this request, and not over.
    fn applies_to(&self, ask: &Ask) -> bool {
        let is_there = self.on.as_ref().is_none_or(|part| ask.path.contains(part));
        is_there && self.by.is_none_or(|method| ask.method == method) && self.left != Some(0)
    }

    /// Whether it would answer this request now.
    fn answers(&self, ask: &Ask) -> bool {
        let is_certain = !matches!(self.effect, None | Some(Effect::RateLimit(_)));
        is_certain && self.spared == 0 && self.applies_to(ask)
    }

    /// Whether it happens to this request; counts it if so.
    fn happens_to(&mut self, ask: &Ask) -> bool {
        if !self.applies_to(ask) {
            return false;
        }
        if self.spared > 0 {
            self.spared -= 1;
            return false;
        }
        if let Some(Effect::RateLimit(limit)) = &mut self.effect {
            return limit.is_exceeded();
        }
        self.left = self.left.map(|left| left - 1);
        true
    }

    fn answer(&self, manners: &dyn Manners) -> Option<Answer> {
        let mut answer = match self.effect.as_ref()? {
            Effect::Truncate | Effect::Reset => return None,
            Effect::Status(status) => manners.error(*status, &format!("The stand-in was told to say {status}.")),
            Effect::RateLimit(limit) => {
                manners.error(429, "Rate limit exceeded.").header("Retry-After", &limit.pause.as_secs().to_string())
            }
            Effect::Garbage => Answer::html(200, LOGIN_PAGE),
            Effect::Redirect => Answer::html(302, "").header("Location", &manners.login_page()),
            Effect::OddJson => Answer::raw_json(200, manners.odd_json()),
            Effect::Endless => Answer::raw_json(200, "{\"issues\":["),
        };
        answer.headers.extend(self.headers.iter().cloned());
        Some(answer)
    }
}

const LOGIN_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Log in</title></head>\n\
    <body><form action=\"/login\"><input name=\"user\"></form></body></html>\n";

impl RateLimit {
    fn is_exceeded(&mut self) -> bool {
        if self.since.is_some_and(|since| since.elapsed() >= self.pause) {
            self.since = None;
            self.used = 0;
        }
        self.used += 1;
        if self.used > self.allowed {
            self.since.get_or_insert_with(Instant::now);
        }
        self.since.is_some()
    }
}

/// How late a program is to answer this request; none if a fault answers
/// instead of it.
pub(crate) fn delay_before(faults: &mut [Fault], ask: &Ask) -> Option<Duration> {
    if faults.iter().any(|fault| fault.answers(ask)) {
        return None;
    }
    Some(faults.iter_mut().filter_map(|fault| fault.happens_to(ask).then_some(fault.delay)).sum())
}

/// The reply to a request: the right one, made rude by the faults that happen
/// to it. Delays add up; the first other effect wins.
pub(crate) fn with_faults<S: Manners>(
    state: &mut S,
    faults: fn(&mut S) -> &mut Vec<Fault>,
    ask: &Ask,
    right: impl FnOnce(&mut S) -> Answer,
) -> Reply {
    let happening: Vec<Fault> =
        faults(state).iter_mut().filter_map(|fault| fault.happens_to(ask).then(|| fault.clone())).collect();
    let delay = happening.iter().map(|fault| fault.delay).sum();
    let fault = happening.iter().find(|fault| fault.effect.is_some());
    let Some(fault) = fault else {
        let say = Say::Whole(right(state));
        return Reply { delay, say };
    };
    let say = match (&fault.effect, fault.answer(state)) {
        (Some(Effect::Endless), Some(answer)) => Say::Endless(answer),
        (_, Some(answer)) => Say::Whole(answer),
        (Some(Effect::Reset), None) => Say::Reset,
        (_, None) => Say::CutOff(right(state)),
    };
    Reply { delay, say }
}
