//! `gonogo init`.

use crate::cli::InitArgs;
use gonogo_engine::commands::init;

pub(crate) fn run(args: &InitArgs) -> anyhow::Result<u8> {
    let draft = init(&args.repo)?;
    if args.print {
        anstream::print!("{}", draft.text);
        return Ok(0);
    }
    let path = draft.write()?;
    anstream::println!("wrote {}", path.display());
    anstream::println!("  → read it, commit it on the default branch, then: gonogo check");
    Ok(0)
}
