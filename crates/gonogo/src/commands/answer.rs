//! `gonogo approve` and `gonogo go-on`: a person's word on a deploy that waits for it.

use super::ask::asking;
use crate::cli::{ApproveArgs, GoOnArgs};
use anyhow::bail;
use gonogo_api::{Deploy, DeployReply, DeployState, DeployWait, DeployWaitKind, NewReply};
use gonogo_core::say;

/// Agrees to a deploy before it begins, or answers what a step of it asks.
pub(crate) fn approve(args: &ApproveArgs) -> anyhow::Result<u8> {
    let said = asking(&args.server, async |server, _| {
        let deploy = server.one_deploy(args.deploy).await?;
        if let (DeployState::Requested, None, None) = (deploy.state, &args.no, &args.step) {
            server.approve(deploy.id).await?;
            return Ok(format!("deploy {} is approved", deploy.id));
        }
        let wait = waits_with(&deploy, DeployWaitKind::Approval, "asks nothing now")?;
        // Nobody answers what they have not read.
        if args.step.as_deref() != Some(wait.step.as_str()) {
            let (id, what) = (deploy.id, say::printable(&wait.what));
            bail!("deploy {id} asks: {what}\n  → gonogo approve {id} --step {}, with --no REASON for a no", wait.step);
        }
        let reply = if args.no.is_some() { DeployReply::No } else { DeployReply::Yes };
        server.reply(deploy.id, &wait.step, &NewReply { reply, why: args.no.clone() }).await?;
        let word = if args.no.is_some() { "no" } else { "yes" };
        Ok(format!("deploy {}: you said {word} to {}", deploy.id, say::printable(&wait.what)))
    })?;
    anstream::println!("{said}");
    Ok(0)
}

pub(crate) fn go_on(args: &GoOnArgs) -> anyhow::Result<u8> {
    asking(&args.server, async |server, _| {
        let deploy = server.one_deploy(args.deploy).await?;
        let wait = waits_with(&deploy, DeployWaitKind::Pause, "does not pause now")?;
        server.reply(deploy.id, &wait.step, &NewReply { reply: DeployReply::GoOn, why: None }).await
    })?;
    anstream::println!("deploy {} goes on", args.deploy);
    Ok(0)
}

fn waits_with<'d>(deploy: &'d Deploy, kind: DeployWaitKind, not: &str) -> anyhow::Result<&'d DeployWait> {
    match deploy.waits_with.as_ref().filter(|wait| wait.kind == kind) {
        Some(wait) => Ok(wait),
        None => bail!("deploy {} {not}\n  → see {}", deploy.id, deploy.page),
    }
}
