//! `gonogo store check`: whether what the server remembers is whole.

use crate::cli::ServeArgs;
use gonogo_store::Store;

pub(crate) fn check(args: &ServeArgs) -> anyhow::Result<u8> {
    let config = super::configuration(&args.config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let findings =
        runtime.block_on(async { Store::look_at(&config.store_url()).await?.check(crate::clock::now()).await })?;
    for finding in &findings {
        match &finding.wrong {
            None => anstream::println!("✓ {}", finding.what),
            Some(said) => anstream::println!("✗ {}: {said}", finding.what),
        }
    }
    Ok(u8::from(findings.iter().any(|finding| finding.wrong.is_some())))
}
