//! `doctor --server`: whether a server can do what it is configured for. It
//! changes nothing outside, and may run beside the server.

use super::deploys::deploys_here;
use super::jira_app::jira_app;
use super::mail::mail;
use super::oidc::oidc;
use super::slack_channels::slack_channels;
use super::{Health, Line, bad, bad_as, clock, good, note, policy, production, tracker_lines};
use crate::gather::{Outside, TrustedTracker, may_ask};
use crate::jobs::{self, SYNC};
use crate::locate::{Located, locate};
use crate::serving::{Service, Serving};
use gonogo_core::policy::{Awareness, Tracker as TrackerPolicy, TrackerKind};
use gonogo_core::say;
use gonogo_remote::git;
use gonogo_remote::github::{GitHubError, Hook, HookDelivery, Rights, Standing};
use gonogo_remote::jira::CredentialsError;
use gonogo_remote::slack::is_channel_id;
use gonogo_store::ProductionRow;
use jiff::{SignedDuration, Timestamp};

/// A token that ends sooner is said.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);
/// Services that are named in one line.
const MOST_NAMED: usize = 20;
/// The events that lead to something.
const HOOKS: [&str; 4] = ["push", "status", "check_run", "check_suite"];
/// Those that do where pull requests are judged.
const HOOKS_OF_PULLS: [&str; 2] = ["pull_request", "merge_group"];

/// What policies name, to be looked at outside.
#[derive(Debug, Default)]
struct Named {
    trackers: Vec<TrackerPolicy>,
    teams: Vec<Awareness>,
    /// Services whose policy is not at hand.
    without: Vec<String>,
}

/// What the server's environment says of hooks.
#[derive(Clone, Copy, Debug)]
pub struct HooksTaken {
    pub github: bool,
    pub jira: bool,
}

/// `not_ready` is why the server's store cannot be looked at before its next start;
/// that of `serving` is empty then.
pub async fn doctor_server(serving: &Serving, taken: HooksTaken, not_ready: Option<String>) -> Vec<Line> {
    let mut lines = vec![match git::version() {
        Ok(version) => good("git", version),
        Err(error) => bad_as("git", &error.to_string()),
    }];
    match not_ready {
        Some(said) => lines.push(note("store", format!("{said}; the server sees to that at its start"))),
        None => lines.extend(store(serving).await),
    }
    lines.push(hooks_taken("GitHub", "GONOGO_GITHUB_WEBHOOK_SECRET", taken.github));
    if serving.services.is_empty() {
        lines.push(bad("services", "none is configured", "write a [[service]] into the server's configuration"));
    }
    let mut named = Named::default();
    let mut has_told_token = false;
    for service in &serving.services {
        lines.extend(github(serving, service, taken, &mut has_told_token).await);
        lines.extend(repository(serving, service, &mut named).await);
    }
    if let Some(delivery) = last_of_app(serving).await {
        lines.push(delivery);
    }
    lines.extend(not_looked_at(&named.without));
    lines.extend(slack(serving).await);
    lines.extend(slack_channels(serving, &named.teams).await);
    lines.extend(mail(serving, &named.teams).await);
    lines.extend(oidc(serving).await);
    lines.extend(jira_app(serving).await);
    if named.trackers.is_empty() {
        named.trackers.extend(servers_own(&serving.outside));
    }
    if !named.trackers.is_empty() {
        lines.push(hooks_taken("Jira", "GONOGO_JIRA_WEBHOOK_SECRET", taken.jira));
    }
    for tracker in named.trackers {
        let says = serving.story_deployed.as_ref();
        let comments_early = serving.services.iter().any(|service| service.told_early.jira_comment);
        lines.extend(tracker_lines(&tracker, &serving.outside, serving.clock, says, comments_early).await);
    }
    lines
}

async fn store(serving: &Serving) -> Vec<Line> {
    let findings = match serving.store.check((serving.clock)()).await {
        Ok(findings) => findings,
        Err(error) => return vec![bad_as("store", &error.to_string())],
    };
    let fix = |what: &str| match what {
        "database" | "audit" => "restore the newest backup (gonogo restore)",
        "work" => "the server's log says why, by kind and key",
        "messages" => "/messages has each with what to do: say it again there, or drop it",
        _ => "mend what it says; it is tried again by itself",
    };
    let wrong = findings.into_iter().filter_map(|finding| {
        let said = finding.wrong?;
        Some(bad("store", format!("{}: {said}", finding.what), fix(finding.what)))
    });
    let mut lines: Vec<Line> = wrong.collect();
    if lines.is_empty() {
        lines.push(good("store", "whole; nothing was given up, and nothing waits in vain to be shown or said"));
    }
    lines
}

fn hooks_taken(of: &str, variable: &str, are_taken: bool) -> Line {
    if are_taken {
        good("hooks", format!("{of}'s are taken, by the secret of {variable}"))
    } else {
        note("hooks", format!("{of}'s are refused: no {variable}; changes are found by polling"))
    }
}

/// What the code host says of us, for one service.
async fn github(serving: &Serving, service: &Service, taken: HooksTaken, has_told_token: &mut bool) -> Vec<Line> {
    let now = (serving.clock)();
    let standing = match serving.github.standing(&service.repository, now).await {
        Ok(standing) => standing,
        Err(error) => return vec![of_github("github", service, &error)],
    };
    let mut lines = vec![named(service, &standing.repository.to_string())];
    if !std::mem::replace(has_told_token, true) {
        lines.push(token(&standing, now));
        lines.push(match standing.server_time {
            Some(theirs) => clock("GitHub's", now, theirs),
            None => note("clock", "GitHub does not tell its time"),
        });
    }
    lines.push(rights(service, &standing.rights));
    if taken.github {
        lines.push(match &standing.rights {
            Rights::Installation { events, .. } => events_line(service, "the App", events),
            Rights::Scopes(_) | Rights::NotTold => webhook(serving, service, now).await,
        });
    }
    lines
}

fn named(service: &Service, now: &str) -> Line {
    if now.eq_ignore_ascii_case(&service.repository.to_string()) {
        return good("github", format!("{}: {now} answers", service.name));
    }
    let said = format!("{}: {} is called {now} now: it is followed", service.name, service.repository);
    Line { fix: Some("write the new name into the configuration".to_owned()), ..note("github", said) }
}

fn of_github(what: &'static str, service: &Service, error: &GitHubError) -> Line {
    let why = error.why();
    bad(what, format!("{}: {}", service.name, why.said), why.fix)
}

fn token(standing: &Standing, now: Timestamp) -> Line {
    let Some(end) = standing.token_ends else { return good("token", "GitHub names no end of it") };
    let left = end.duration_since(now);
    let days = left.as_hours() / 24;
    if left > SOON {
        return good("token", format!("ends in {days} days"));
    }
    bad(
        "token",
        format!("ends in {days} days, at {end}"),
        "make a new one, and write it into GONOGO_GITHUB_TOKEN_FILE: no restart is needed",
    )
}

fn rights(service: &Service, rights: &Rights) -> Line {
    let missing: Vec<&str> = match rights {
        Rights::NotTold => {
            return note(
                "rights",
                format!("{}: a fine-grained token's are not told; what fails says so", service.name),
            );
        }
        Rights::Scopes(scopes) => {
            let has = |scope: &str| scopes.iter().any(|known| known == scope || known == "repo");
            let of_pulls = ("public_repo", "repo (or public_repo)");
            let wanted =
                [("repo:status", "repo:status")].into_iter().chain(service.judges_pull_requests.then_some(of_pulls));
            wanted.filter_map(|(scope, said)| (!has(scope)).then_some(said)).collect()
        }
        Rights::Installation { permissions, .. } => {
            let has =
                |name: &str, level: &str| permissions.get(name).is_some_and(|held| held == level || held == "write");
            let of_pulls = ("pull_requests", "read", "Pull requests: read");
            [("contents", "read", "Contents: read"), ("statuses", "write", "Commit statuses: write")]
                .into_iter()
                .chain(service.judges_pull_requests.then_some(of_pulls))
                .filter_map(|(name, level, said)| (!has(name, level)).then_some(said))
                .collect()
        }
    };
    if missing.is_empty() {
        return good("rights", format!("{}: enough to fetch and to post statuses", service.name));
    }
    let said = format!("{}: {} lacking", service.name, missing.join(", "));
    bad("rights", said, "add it at GitHub; docs/serve.md has what each feature needs")
}

fn events_line(service: &Service, whose: &str, events: &[String]) -> Line {
    let has_all = events.iter().any(|event| event == "*");
    let of_pulls = HOOKS_OF_PULLS.into_iter().filter(|_| service.judges_pull_requests);
    let wanted = HOOKS.into_iter().chain(of_pulls);
    let missing: Vec<&str> = wanted.filter(|event| !has_all && !events.iter().any(|known| known == event)).collect();
    if missing.is_empty() {
        return good("webhook", format!("{}: {whose} tells of all that is looked at", service.name));
    }
    let said = format!("{}: {whose} does not tell of {}", service.name, missing.join(", "));
    bad("webhook", said, "add these events; until then polling finds them")
}

async fn webhook(serving: &Serving, service: &Service, now: Timestamp) -> Line {
    const WHAT: &str = "webhook";
    let address = format!("{}/hooks/github", serving.pages);
    let hooks = match serving.github.hooks(&service.repository, now).await {
        Ok(hooks) => hooks,
        Err(GitHubError::Forbidden { .. } | GitHubError::NotFound { .. }) => {
            let said = format!(
                "{}: the token may not list webhooks (Webhooks: read), so they are not looked at",
                service.name
            );
            return note(WHAT, said);
        }
        Err(error) => return of_github(WHAT, service, &error),
    };
    let Some(hook) = hooks.iter().find(|hook| hook.url == address) else {
        let fix = format!("add one to {address}, or see that [server] url is what GitHub calls");
        return bad(WHAT, format!("{}: GitHub has none to {address}", service.name), fix);
    };
    if !hook.is_active {
        return bad(WHAT, format!("{}: it is switched off", service.name), "switch it on in the repository's settings");
    }
    if hook.is_form {
        let said = format!("{}: it sends forms, which are not read", service.name);
        return bad(WHAT, said, "set the content type to application/json in the webhook's settings");
    }
    let events = events_line(service, "the webhook", &hook.events);
    if events.health == Health::Bad {
        return events;
    }
    last_of(serving, service, hook, now).await
}

async fn last_of(serving: &Serving, service: &Service, hook: &Hook, now: Timestamp) -> Line {
    match serving.github.last_delivery(&service.repository, hook, now).await {
        Err(error) => of_github("webhook", service, &error),
        Ok(last) => delivery(&service.name, last.as_ref()),
    }
}

async fn last_of_app(serving: &Serving) -> Option<Line> {
    match serving.github.last_app_delivery((serving.clock)()).await {
        Err(error) => Some(bad("webhook", format!("the App: {}", error.why().said), error.why().fix)),
        Ok(last) => last.map(|last| delivery("the App", Some(&last))),
    }
}

fn delivery(of: &str, last: Option<&HookDelivery>) -> Line {
    let Some(last) = last else {
        return note("webhook", format!("{of}: there, and nothing was delivered in the days that GitHub remembers"));
    };
    let at = last.at.map(|at| format!(" at {at}")).unwrap_or_default();
    if last.is_taken {
        return good("webhook", format!("{of}: the last delivery ({}{at}) was taken", last.event));
    }
    let fix = if last.outcome.contains("401") {
        "the secrets differ: write GitHub's into GONOGO_GITHUB_WEBHOOK_SECRET"
    } else {
        "see that GitHub reaches [server] url: firewall, proxy, certificate"
    };
    bad("webhook", format!("{of}: the last delivery ({}{at}) failed: {}", last.event, last.outcome), fix)
}

/// What our copy of the repository says; the server fetches it.
async fn repository(serving: &Serving, service: &Service, named: &mut Named) -> Vec<Line> {
    const WHAT: &str = "repository";
    let of = |line: Line| Line { said: format!("{}: {}", service.name, line.said), ..line };
    let troubles = serving.store.troubles(SYNC).await.unwrap_or_default(); // a store that is away was said
    let trouble = troubles.iter().find(|trouble| trouble.key == service.repository.to_string());
    let mut lines: Vec<Line> = trouble.map(|trouble| of(bad_as(WHAT, &trouble.error))).into_iter().collect();
    let mirror = serving.mirror_of(service);
    if !mirror.is_dir() {
        if lines.is_empty() {
            lines.push(of(note(WHAT, "not fetched yet; the server does that")));
        }
        named.without.push(service.name.clone());
        return lines;
    }
    let row = serving.store.production(&service.name).await.unwrap_or_default(); // as above
    let wanted = jobs::wanted_as_known(mirror, service, row.as_ref());
    let located = wanted.open().map_err(Into::into).and_then(|git| locate(&git, &wanted));
    let located: Located = match located {
        Ok(located) => located,
        Err(error) => {
            named.without.push(service.name.clone());
            lines.push(of(bad_as(WHAT, &error.to_string())));
            return lines;
        }
    };
    let runs = match &row {
        Some(ProductionRow { trouble: Some(trouble), .. }) => bad_as("production", trouble),
        Some(ProductionRow { running: Some(running), name, why, .. }) => {
            good("production", format!("{name} @ {} ({why})", running.short()))
        }
        _ => production(&located),
    };
    lines.extend([of(runs), of(policy(&located))]);
    lines.extend(deploys_here(serving, service, &located).await.into_iter().map(of));
    named.teams.extend(located.policy.sections.awareness.iter().cloned());
    if let Some(tracker) = &located.policy.sections.tracker {
        match may_ask(tracker, &serving.outside) {
            Err(why) => lines.push(of(bad("tracker", why.said, why.fix))),
            Ok(()) if named.trackers.iter().any(|known| known.url == tracker.url) => {}
            Ok(()) => named.trackers.push(tracker.clone()),
        }
    }
    lines
}

/// What stands on a policy that is not at hand.
fn not_looked_at(without: &[String]) -> Option<Line> {
    let services = say::list(without, MOST_NAMED);
    let said = format!(
        "{services}: without the repository it is not known: production, and whom [[awareness]] tells, are not looked at"
    );
    (!without.is_empty()).then(|| note("policy", said))
}

/// The tracker of the server's configuration, where no policy that is at hand names it.
fn servers_own(outside: &Outside) -> Option<TrackerPolicy> {
    let TrustedTracker::Only(url) = &outside.trusted else { return None };
    // A user beside the token is what Cloud wants.
    let kind = match outside.jiras.credentials(TrackerKind::JiraCloud) {
        Err(CredentialsError::NoUser) => TrackerKind::JiraDataCenter,
        _ => TrackerKind::JiraCloud,
    };
    Some(TrackerPolicy::at(kind, url.clone()))
}

async fn slack(serving: &Serving) -> Vec<Line> {
    let Some(slack) = &serving.slack else { return vec![no_slack(serving)] };
    let now = (serving.clock)();
    let standing = match slack.standing(now).await {
        Ok(standing) => standing,
        Err(error) => return vec![bad("slack", error.why().said, error.why().fix)],
    };
    let routes = serving.services.iter().flat_map(|one| [&one.turned, &one.deployed]);
    let channels: Vec<&str> = routes.filter_map(|route| route.slack_channel.as_deref()).collect();
    let missing = missing_scopes(&standing.scopes, &channels);
    let who = format!("{} of {}", standing.user, standing.team);
    let mut lines = vec![if missing.is_empty() {
        good("slack", format!("takes our token, as {who}"))
    } else {
        let missing = say::list(&missing, missing.len());
        bad("slack", format!("as {who}: the bot lacks {missing}"), "add the scopes to the app, and install it again")
    }];
    lines.extend(standing.server_time.map(|theirs| clock("Slack's", now, theirs)));
    lines.extend(heard(serving, &standing.scopes, now).await);
    lines
}

fn no_slack(serving: &Serving) -> Line {
    match serving.ignored_for_slack().as_slice() {
        [] => note("slack", "none: nobody is told anything"),
        set => {
            let said = format!("there is no [slack], so nothing uses {}", say::list(set, set.len()));
            let fix = "write [slack] into the server's configuration, or leave that out".to_owned();
            Line { fix: Some(fix), ..note("slack", said) }
        }
    }
}

/// Whether what people do in Slack reaches us.
async fn heard(serving: &Serving, scopes: &[String], now: Timestamp) -> Vec<Line> {
    const WHAT: &str = "slack";
    if !serving.hears_slack {
        let said = "no buttons: neither GONOGO_SLACK_SIGNING_SECRET nor GONOGO_SLACK_APP_TOKEN is set";
        return vec![note(WHAT, said)];
    }
    let mut lines = vec![match &serving.socket_mode {
        Some(mode) => match mode.address(now).await {
            Ok(_) => good(WHAT, "buttons: Socket Mode lets us in"),
            Err(error) => bad(WHAT, format!("buttons: {}", error.why().said), error.why().fix),
        },
        None => good(WHAT, format!("buttons: taken at {}/hooks/slack, by the signing secret", serving.pages)),
    }];
    let lacks = ["links:read", "links:write"].into_iter().filter(|scope| !scopes.iter().any(|held| held == scope));
    let lacks: Vec<&str> = lacks.collect();
    if !lacks.is_empty() {
        let said = format!("links to pages are not shown by what they lead to: the bot lacks {}", say::list(&lacks, 2));
        let fix = Some("add the scopes to the app, and install it again".to_owned());
        lines.push(Line { fix, ..note(WHAT, said) });
    }
    lines
}

/// What the bot needs to post, and to find again what it may have posted; to find
/// a channel by its name it has to see all of them.
fn missing_scopes(held: &[String], channels: &[&str]) -> Vec<&'static str> {
    let has = |scope: &str| held.iter().any(|known| known == scope);
    let by_name = channels.iter().any(|channel| !is_channel_id(channel));
    let wanted = ["chat:write"].into_iter().chain(["channels:read", "groups:read"].into_iter().filter(|_| by_name));
    let mut missing: Vec<&str> = wanted.filter(|scope| !has(scope)).collect();
    if !has("channels:history") && !has("groups:history") {
        missing.push("channels:history (in private channels groups:history)");
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::missing_scopes;

    #[test]
    fn only_the_scopes_that_the_channels_need_are_missed() {
        let missing = |held: &str, channels: &[&str]| {
            missing_scopes(&held.split(',').map(str::to_owned).collect::<Vec<_>>(), channels)
        };
        assert_eq!(missing("chat:write,groups:history", &["C024BE91L"]), [""; 0]);
        assert_eq!(missing("chat:write,channels:history,channels:read,groups:read", &["#deploys"]), [""; 0]);
        assert_eq!(missing("chat:write,channels:history", &["C024BE91L", "#a"]), ["channels:read", "groups:read"]);
        let history = "channels:history (in private channels groups:history)";
        assert_eq!(missing("users:read", &["C024BE91L"]), ["chat:write", history]);
    }
}
