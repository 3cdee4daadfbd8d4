//! `gonogo backup`: a copy of what the server remembers, while it runs.

use super::serve;
use crate::cli::BackupArgs;
use anyhow::bail;

pub(crate) fn run(args: &BackupArgs) -> anyhow::Result<u8> {
    let url = serve::configuration(&args.config)?.store_url();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let stop = serve::told_to_stop()?;
        tokio::select! {
            written = gonogo_store::backup(&url, &args.file) => Ok(written?),
            () = stop => bail!("stopped: {} was not written", args.file.display()),
        }
    })?;
    anstream::println!("gonogo: {} holds all that was stored when it began", args.file.display());
    Ok(0)
}
