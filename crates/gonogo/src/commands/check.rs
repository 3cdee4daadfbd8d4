//! `gonogo check`.

use super::{read_text, secret};
use crate::cli::{CheckArgs, OutputArgs};
use crate::progress::ProgressLine;
use crate::{clock, render};
use anyhow::Context;
use gonogo_core::policy::Source;
use gonogo_core::waiver;
use gonogo_engine::commands::{CheckRequest, check};
use gonogo_engine::{
    CodeHostAccess, CodeHostToken, GivenPolicy, GivenProduction, Outcome, Outside, Recording, TrustedTracker, Wanted,
};
use gonogo_remote::http::{CA_FILE_VARIABLE, HttpSettings};
use gonogo_remote::jira::Jiras;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) fn run(args: CheckArgs) -> anyhow::Result<u8> {
    let policy = given_policy(args.policy.as_deref())?;
    let waivers = match args.waivers.as_deref() {
        Some(path) => waiver::parse(&source(path)?)?,
        None => Vec::new(),
    };
    let production = GivenProduction::named(args.production, "from --production");
    let wanted = Wanted { repo: args.repo, production, head: args.head, policy, ..Wanted::default() };
    let request = CheckRequest { wanted, waivers, outside: outside()?, clock: clock::now };
    let progress = ProgressLine::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let checked = runtime.block_on(check(&request, &progress));
    drop(progress);
    let checked = checked?;
    if let Some(path) = &args.record {
        record(&checked.recording, path)?;
    }
    let code = show(&checked.outcome, &args.output);
    // The process ends here: taking a large range apart first is time for nothing.
    std::mem::forget(checked);
    code
}

/// The file of `--policy`.
pub(super) fn given_policy(path: Option<&Path>) -> anyhow::Result<Option<GivenPolicy>> {
    Ok(path.map(source).transpose()?.map(|source| GivenPolicy { source }))
}

fn source(path: &Path) -> anyhow::Result<Source> {
    Ok(Source::new(path.display().to_string(), read_text(path)?))
}

/// What the environment says about systems outside.
pub(crate) fn outside() -> anyhow::Result<Outside> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let code_host = match secret("GONOGO_GITHUB_TOKEN")? {
        Some(token) => {
            let api = variable("GONOGO_GITHUB_API_URL").unwrap_or_else(|| "https://api.github.com".to_owned());
            CodeHostAccess::Token(CodeHostToken {
                token: token.now(),
                api,
                repository: variable("GONOGO_GITHUB_REPOSITORY"),
            })
        }
        None => CodeHostAccess::None,
    };
    let http = HttpSettings { ca_file: variable(CA_FILE_VARIABLE).map(PathBuf::from), is_direct: false };
    Ok(Outside {
        jiras: Arc::new(Jiras::new(http.clone(), |name| std::env::var(name).ok())),
        http,
        trusted: TrustedTracker::Any,
        code_host,
        kept: None,
        oidc_issuer: None,
        silent_tracker: Arc::default(),
    })
}

pub(super) fn show(outcome: &Outcome, output: &OutputArgs) -> anyhow::Result<u8> {
    render::print(outcome, output, "gonogo check -v")?;
    Ok(outcome.exit_code)
}

fn record(recording: &Recording, path: &Path) -> anyhow::Result<()> {
    let bytes = serde_json::to_vec(recording)?;
    // Written beside it and renamed: a half recording would replay to nonsense.
    let beside = path.with_extension("part");
    std::fs::write(&beside, bytes)
        .and_then(|()| std::fs::rename(&beside, path))
        .with_context(|| format!("the recording could not be written to {}", path.display()))
}
