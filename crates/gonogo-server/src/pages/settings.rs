//! What is in force, key by key, and where each comes from: the server's own
//! settings, and the policy of a service.

use super::layout::{self, Shown, away, not_found, outside};
use super::table::table;
use crate::App;
use crate::session::Session;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use gonogo_api::{PolicyInForce, SecretSet, Setting, UsualBuild};
use gonogo_engine::commands::settings::{SettingsError, of_server, of_service};
use maud::{Markup, html};

pub(crate) async fn server(State(app): State<App>, session: Session) -> Shown {
    let shown = |main: &Markup| layout::page("Settings", false, Some(&session), main);
    let services = html! {
        section {
            h2 { "Policies" }
            p { "What judges each service, as it is in force now." }
            ul { @for service in &app.serving.services {
                li { a href={ "/services/" (service.name) "/policy" } { (service.name) } }
            } }
        }
    };
    let server = match of_server(&app.serving, &session.person) {
        Ok(server) => server,
        Err(forbidden) => return Ok(shown(&html! { p { (forbidden) "." } (services) })),
    };
    let from = |set: &SecretSet| match &set.file {
        Some(path) => html! { "set, in the file " code { (outside(path)) } },
        None if set.is_set => html! { "set, in the environment" },
        None => html! { span.quiet { "not set" } },
    };
    let main = html! {
        (services)
        section {
            h2 { "The server" }
            p { "As it was read at the start, from " code { (outside(&server.name)) } ". A change counts from the next start on." }
            (settings(&server.settings))
        }
        @if !server.secrets.is_empty() {
            section {
                h2 { "Secrets" }
                (table(["Variable", "From"], server.secrets.iter().map(|set| [
                    html! { code { (set.variable) } },
                    from(set),
                ])))
            }
        }
    };
    Ok(shown(&main))
}

pub(crate) async fn policy(State(app): State<App>, session: Session, Path(name): Path<String>) -> Shown {
    let title = format!("{name}: policy");
    let shown = |main: &Markup| layout::page(&title, false, Some(&session), main);
    let found = match of_service(&app.serving, &session.person, &name).await {
        Ok(found) => found,
        Err(SettingsError::Store(error)) => return Err(away(&error)),
        Err(SettingsError::NoService(_)) => return Err(not_found().await),
        Err(error) => {
            let status = match error {
                SettingsError::Forbidden(_) => StatusCode::FORBIDDEN,
                _ => StatusCode::SERVICE_UNAVAILABLE,
            };
            return Err((status, shown(&html! { p.stale role="alert" { (outside(&error.to_string())) } })));
        }
    };
    Ok(shown(&html! {
        @if found.policies.len() > 1 {
            p { "Several commits run: a candidate is judged over each by its own policy, and all of them count." }
        }
        @for policy in &found.policies { (in_force(policy)) }
        @if !found.builds.is_empty() { (builds(&found.builds)) }
        p { a href={ "/services/" (name) } { "Back to the service" } }
    }))
}

fn in_force(policy: &PolicyInForce) -> Markup {
    html! {
        section {
            h2 { code { (outside(&policy.name)) } }
            p { (policy.why) "." }
            @if let Some(wrong) = &policy.wrong {
                p.stale role="alert" { "It does not count as it is: the defaults judge." }
                pre { (outside(wrong)) }
            }
            (settings(&policy.settings))
        }
    }
}

/// What was there on what was deployed, and could be required.
fn builds(builds: &[UsualBuild]) -> Markup {
    let offered: Vec<String> = builds.iter().filter(|one| one.offered).map(|one| format!("{:?}", one.name)).collect();
    let took = |seconds: u32| format!("{} min at most", seconds.div_ceil(60));
    html! {
        section {
            h2 { "Builds of what was deployed" }
            @if !offered.is_empty() {
                p.hint { "Some were on nearly all commits that were deployed, and are not required. Write them into the policy, and a deploy waits for them:" }
                pre { (outside(&format!("[checks.builds] required = [{}]", offered.join(", ")))) }
            }
            (table(["Build", "By", "On deployed commits", "Nine of ten took", "Required"], builds.iter().map(|one| [
                html! { (outside(&one.name)) },
                html! { (outside(&one.by)) },
                html! { (one.on) " of " (one.of) },
                html! { @match one.seconds { Some(seconds) => (took(seconds)), None => span.quiet { "not known yet" } } },
                html! { (if one.required { "yes" } else { "no" }) },
            ])))
        }
    }
}

fn settings(settings: &[Setting]) -> Markup {
    table(
        ["Key", "Value", "From"],
        settings.iter().map(|setting| {
            [
                html! { code { (outside(&setting.key)) } },
                html! {
                    @match &setting.value {
                        Some(value) => code { (outside(value)) },
                        None => span.quiet { "not set" },
                    }
                },
                html! {
                    @match setting.line {
                        Some(line) => { "line " (line) },
                        None => span.quiet { "the default" },
                    }
                },
            ]
        }),
    )
}
