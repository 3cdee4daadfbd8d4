//! What a policy's deploys do. Nothing is asked: hosts and balancers are for the runner,
//! which stands elsewhere.

use super::{Line, bad, good, note};
use crate::jobs::guards_read;
use crate::locate::Located;
use crate::serving::{Service, Serving};
use gonogo_core::deploy::{Direction, Plan, Variables};
use gonogo_core::running::Running;
use gonogo_core::say;

/// Whether a server could do them: its runner is known, and its guards have something to
/// compare with.
pub(super) async fn deploys_here(serving: &Serving, service: &Service, located: &Located) -> Vec<Line> {
    let section = &located.policy.sections.deploy;
    let mut lines = deploys(located);
    if lines.is_empty() {
        return lines;
    }
    if !serving.runners.contains(section.runner()) {
        let fix = "write [local_runner] or a [[runner]] into the server's configuration, or name another in [deploy]";
        lines.push(bad("deploys", format!("the server knows no runner `{}`", section.runner()), fix));
    }
    if let Some(why) = serving.metrics.refuses(section, &service.name) {
        lines.push(bad("guards", why.said, why.fix));
    } else if !section.guards.is_empty() {
        lines.push(match guards_read(serving, section).await {
            Ok(()) => good("guards", format!("{} can be watched", say::count(section.guards.len(), "metric"))),
            Err(why) => bad("guards", why.said, why.fix),
        });
    }
    lines
}

/// Nothing where gonogo does not deploy it.
pub(super) fn deploys(located: &Located) -> Vec<Line> {
    let section = &located.policy.sections.deploy;
    if section.steps.is_empty() {
        return Vec::new();
    }
    // Which steps there are does not depend on what is deployed.
    let head = located.case.head.sha;
    let variables = Variables {
        service: String::new(),
        branch: String::new(),
        deploy: 0,
        head,
        production: Running::from(head),
        only_by_hand: None,
    };
    let plan = Plan::of(section, &variables);
    let names = |direction| {
        let names: Vec<&str> = plan.steps(direction).iter().map(|step| step.name.as_str()).collect();
        say::list(&names, 10)
    };
    let back = if plan.back.is_empty() { "none".to_owned() } else { names(Direction::Back) };
    let steps = format!("{}, by the runner {}; to roll back: {back}", names(Direction::Forward), plan.runner);
    let affinity = section.affinity.as_ref().map(|affinity| {
        let haproxy = &affinity.haproxy;
        let options: Vec<String> = haproxy.sockets.iter().map(|socket| format!(" --haproxy={socket}")).collect();
        let options = options.concat();
        let said = "on while two versions serve; on the runner's host this says whether it is reached";
        note(
            "affinity",
            format!("{said}: gonogo balancer affinity{options} --map={} --key={}", haproxy.map, haproxy.key),
        )
    });
    [note("deploys", steps)].into_iter().chain(affinity).collect()
}
