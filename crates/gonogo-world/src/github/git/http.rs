//! Git's smart HTTP: who may, and `git http-backend` for the rest.

use std::process::Command;

use super::super::access::{Caller, Level};
use super::super::state::State;
use crate::repo::{git_program, isolate};
use crate::serve::{Answer, Ask, Program, delay_before};

/// A request of git for a repository.
struct Wanted<'a> {
    full_name: String,
    /// Below the repository, such as `info/refs`.
    file: &'a str,
    is_push: bool,
}

impl State {
    /// The program for a request of git that is in order; others are answered
    /// by [`State::git_refusal`].
    pub(in super::super) fn git_program(&mut self, head: &Ask) -> Option<Program> {
        let wanted = wanted(head)?;
        if self.git_refusal(head).is_some() {
            return None;
        }
        let delay = delay_before(&mut self.faults, head)?;
        let caller = self.caller(head).ok()?;
        let repository = self.repository_named(&wanted.full_name)?;
        #[expect(clippy::disallowed_methods, reason = "the world's own git, beside the program's")]
        let mut command = Command::new(git_program());
        isolate(&mut command)
            .arg("http-backend")
            .env("GIT_PROJECT_ROOT", repository.bare.path())
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("PATH_INFO", format!("/{}", wanted.file))
            .env("REMOTE_USER", caller.token().map_or("", |token| token.owner.as_str()));
        let number = self.record.note(head);
        Some(Program { command, number, delay })
    }

    /// A push may have ended.
    pub(in super::super) fn git_ended(&mut self, head: &Ask) {
        let Some(wanted) = wanted(head).filter(|wanted| wanted.is_push && head.method == "POST") else {
            return;
        };
        let Some(id) = self.repository_named(&wanted.full_name).map(|repository| repository.id) else {
            return;
        };
        let caller = self.caller(head).ok();
        let pusher = caller.as_ref().and_then(Caller::token).map_or("robin", |token| token.owner.as_str());
        let pusher = pusher.to_owned();
        self.notice_moves(id, &pusher);
    }

    /// Why git may not, if it is git that asks.
    pub(in super::super) fn git_refusal(&self, head: &Ask) -> Option<Answer> {
        let wanted = wanted(head)?;
        let denied =
            || Answer::html(401, "Invalid username or token.\n").header("WWW-Authenticate", "Basic realm=\"GitHub\"");
        let Ok(caller) = self.caller(head) else {
            return Some(denied());
        };
        let Some(repository) = self.repository_named(&wanted.full_name) else {
            let Some(new) = self.repository_once_named(&wanted.full_name) else {
                let is_stranger = matches!(caller, Caller::Anonymous);
                return Some(if is_stranger { denied() } else { Answer::html(404, "Repository not found.\n") });
            };
            let query = head.target.split_once('?').map_or(String::new(), |(_, query)| format!("?{query}"));
            let target = format!("{}/{}.git/{}{query}", self.web_url, new.full_name(), wanted.file);
            return Some(Answer::html(301, "").header("Location", &target));
        };
        if matches!(caller, Caller::Anonymous) && (repository.is_private || wanted.is_push) {
            return Some(denied());
        }
        if !self.may_see(&caller, repository) {
            return Some(Answer::html(404, "Repository not found.\n"));
        }
        let level = if wanted.is_push { Level::Write } else { Level::Read };
        let is_refused = !caller.may(repository, "contents", level);
        is_refused.then(|| Answer::html(403, "Write access to repository not granted.\n"))
    }
}

fn wanted(head: &Ask) -> Option<Wanted<'_>> {
    let path = head.path.strip_prefix('/')?;
    let service = head.query.iter().find(|(name, _)| name == "service").map(|(_, value)| value.as_str());
    let (repository, file) = ["info/refs", "git-upload-pack", "git-receive-pack"]
        .into_iter()
        .find_map(|file| Some((path.strip_suffix(file)?.strip_suffix('/')?, file)))?;
    let full_name = repository.strip_suffix(".git").unwrap_or(repository);
    let is_push = file == "git-receive-pack" || service == Some("git-receive-pack");
    let is_full = full_name.matches('/').count() == 1;
    is_full.then(|| Wanted { full_name: full_name.to_owned(), file, is_push })
}
