//! What a policy's deploys do. Nothing is asked: hosts and balancers are for the runner,
//! which stands elsewhere.

use super::{Line, note};
use crate::locate::Located;
use gonogo_core::deploy::{Direction, Plan, Variables};
use gonogo_core::running::Running;
use gonogo_core::say;

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
