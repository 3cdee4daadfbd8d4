//! `gonogo restore`: puts a backup where the server's store is.

use super::serve;
use crate::cli::RestoreArgs;
use gonogo_store::Existing;

pub(crate) fn run(args: &RestoreArgs) -> anyhow::Result<u8> {
    let config = serve::configuration(&args.config)?;
    let existing = if args.replace { Existing::KeepBeside } else { Existing::Refuse };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (place, kept) = runtime.block_on(gonogo_store::restore(&args.file, &config.store_url(), existing))?;
    anstream::println!("gonogo: {} is restored from {}; everybody signs in anew", place.display(), args.file.display());
    if let Some(kept) = kept {
        anstream::println!("gonogo: the database that was there is kept as {}", kept.display());
    }
    Ok(0)
}
