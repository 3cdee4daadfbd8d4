//! `gonogo candidate`.

use super::ask::{ANY, asking, awaited, is_settled, tell};
use crate::cli::CandidateArgs;

pub(crate) fn run(args: &CandidateArgs) -> anyhow::Result<u8> {
    asking(&args.server, async |server, mut patience| {
        let candidate =
            awaited(server, &args.service, &args.which, &ANY, &mut patience, async |found| Ok(is_settled(found)))
                .await?;
        tell(server, &candidate, &args.output).await
    })
}
