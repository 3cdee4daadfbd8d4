//! `gonogo replay`.

use super::check::show;
use crate::cli::ReplayArgs;
use anyhow::Context;
use gonogo_engine::Recording;

pub(crate) fn run(args: &ReplayArgs) -> anyhow::Result<u8> {
    let bytes = std::fs::read(&args.file).with_context(|| format!("{} could not be read", args.file.display()))?;
    let recording = Recording::parse(&bytes).with_context(|| args.file.display().to_string())?;
    let ours = env!("CARGO_PKG_VERSION");
    if recording.version != ours {
        anstream::eprintln!("recorded by gonogo {}, replayed by {ours}", recording.version);
    }
    let replayed = recording.replay();
    if !replayed.same {
        anstream::eprintln!("this version comes to another result than the one recorded:");
        for line in crate::render::difference(&replayed.recorded, &replayed.outcome.check) {
            anstream::eprintln!("  {line}");
        }
    }
    show(&replayed.outcome, &args.output)
}
