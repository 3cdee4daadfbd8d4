//! `gonogo candidate`.

use super::ask::{asking, settled, tell};
use crate::cli::CandidateArgs;

pub(crate) fn run(args: &CandidateArgs) -> anyhow::Result<u8> {
    asking(&args.server, async |server, mut patience| {
        let candidate = settled(server, &args.service, &args.which, &mut patience, |_| true).await?;
        tell(server, &candidate, &args.output).await
    })
}
