//! Requests to answers: who asks, what for, whether they may, and what GitHub
//! says.

mod answers;
mod apps;
mod call;
mod checks;
mod commits;
mod deliveries;
mod deployments;
mod oauth;
mod protection;
mod pulls;
mod repositories;
mod statuses;
mod users;

use hyper::Method;
use ring::digest;
use serde_json::json;

use super::access::{Caller, Unknown};
use super::exchange::Exchange;
use super::hooks::hex;
use super::limits::Allowance;
use super::state::State;
use crate::serve::{Answer, Ask};
pub(super) use answers::error;
use answers::{Done, Refusal};
use call::Call;

type Answered = Result<Done, Refusal>;

impl State {
    /// The right answer to a request.
    pub(super) fn answer(&mut self, ask: &Ask) -> Answer {
        if let Some(refusal) = self.git_refusal(ask) {
            return refusal;
        }
        if let Some(page) = self.sign_in_page(ask).or_else(|| self.page_for(ask)) {
            return page;
        }
        let request = format!("{} {}", ask.method, ask.path);
        let prefix = if self.is_enterprise { "/api/v3" } else { "" };
        let Some(path) = ask.path.strip_prefix(prefix).filter(|path| path.starts_with('/')).map(str::to_owned) else {
            self.unexpected(format!("{request}: outside of the API, which is below {prefix}"));
            return Answer::html(404, "Not Found");
        };
        let answer = self.consider(ask, &path);
        // Without it nobody can look at them.
        if cfg!(feature = "description") {
            self.exchanges.push(Exchange::new(ask, &path, &answer));
        }
        answer
    }

    fn consider(&mut self, ask: &Ask, path: &str) -> Answer {
        if ask.header("user-agent").is_none_or(str::is_empty) {
            let why =
                "Request forbidden by administrative rules. Please make sure your request has a User-Agent header";
            self.unexpected(format!("{} {path}: no User-Agent", ask.method));
            return Answer::html(403, why);
        }
        let caller = match self.caller(ask) {
            Ok(caller) => caller,
            Err(Unknown(message)) => return self.finish(Err(Refusal::quiet(401, message)), ask, path),
        };
        let is_free = path == "/rate_limit";
        let before = self.spend(&caller, 0);
        if before.remaining() == 0 && !is_free {
            let who = caller.token().and_then(|token| self.known_account(&token.owner)).map_or(0, |account| account.id);
            let message = format!("API rate limit exceeded for user ID {who}.");
            let answer = self.finish(Err(Refusal::quiet(403, message)), ask, path);
            return limited(answer, before);
        }
        let answered = Call::new(ask, path, caller.clone()).and_then(|call| self.route(&call));
        let answer = self.finish(answered, ask, path);
        let answer = if self.limits.is_untagged { answer } else { with_etag(answer, ask) };
        let price = u64::from(!is_free && answer.status != 304);
        let allowance = self.spend(&caller, price);
        limited(self.signed(answer, &caller), allowance)
    }

    fn finish(&mut self, answered: Answered, ask: &Ask, path: &str) -> Answer {
        match answered {
            Ok(done) => done.into_answer(),
            Err(refusal) => {
                if refusal.is_surprise {
                    let request = format!("{} {path}", ask.method);
                    self.unexpected(format!("{request}: {} {}", refusal.status, refusal.message));
                }
                refusal.into_answer()
            }
        }
    }

    fn route(&mut self, call: &Call) -> Answered {
        let segments = call.segments();
        match (call.method(), segments.as_slice()) {
            ("GET", [""]) => Ok(Done::ok(json!({"current_user_url": format!("{}/user", self.api_url())}))),
            ("GET", ["meta"]) => Ok(self.meta(call)),
            ("GET", ["rate_limit"]) => Ok(self.rate_limit(call)),
            (_, ["user", rest @ ..]) => self.user_route(call, rest),
            (_, ["app", "hook", "deliveries", rest @ ..]) => self.app_deliveries(call, rest),
            (_, ["app", rest @ ..]) => self.app_route(call, rest),
            ("GET", ["orgs", org, "teams", team, "memberships", login]) => self.team_member(call, org, team, login),
            ("GET", ["installation", "repositories"]) => self.installation_repositories(call),
            ("DELETE", ["installation", "token"]) => self.revoke_token(call),
            (_, ["repositories", id, rest @ ..]) => self.repository_by_id(call, id, rest),
            (_, ["repos", owner, name, rest @ ..]) => self.repository_by_name(call, owner, name, rest),
            _ => Err(Refusal::no_such_path()),
        }
    }

    fn signed(&self, answer: Answer, caller: &Caller) -> Answer {
        let answer = answer
            .header("X-GitHub-Media-Type", "github.v3; format=json")
            .header("X-GitHub-Request-Id", "0400:1EF2:3C90:7F1A:65A1B2C3")
            .header("Date", &self.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
        let end = caller.token().and_then(|token| token.expires);
        let answer = match end {
            Some(end) => {
                let end = end.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
                answer.header("GitHub-Authentication-Token-Expiration", &end)
            }
            None => answer,
        };
        let is_classic = caller.token().is_some_and(|token| token.kind == super::access::Kind::Classic);
        if is_classic { answer.header("X-OAuth-Scopes", "repo, user") } else { answer }
    }
}

fn limited(answer: Answer, allowance: Allowance) -> Answer {
    answer
        .header("X-RateLimit-Limit", &allowance.limit.to_string())
        .header("X-RateLimit-Remaining", &allowance.remaining().to_string())
        .header("X-RateLimit-Used", &allowance.used.min(allowance.limit).to_string())
        .header("X-RateLimit-Reset", &allowance.reset.to_string())
        .header("X-RateLimit-Resource", "core")
}

/// The answer with its tag, or 304 where the caller has it already.
fn with_etag(mut answer: Answer, ask: &Ask) -> Answer {
    if ask.method != Method::GET || answer.status != 200 {
        return answer;
    }
    let hash = digest::digest(&digest::SHA256, &answer.body);
    let tag = hex(hash.as_ref());
    let same = ask.header("if-none-match").is_some_and(|tags| tags.contains(&format!("\"{tag}\"")));
    if same {
        answer.status = 304;
        answer.body.clear();
        answer.headers.retain(|(name, _)| name != "Content-Type");
    }
    answer.header("ETag", &format!("W/\"{tag}\"")).header("Cache-Control", "private, max-age=60, s-maxage=60")
}
