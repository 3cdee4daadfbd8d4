//! Opens an address in the person's browser.

use std::process::{Command, Stdio};

const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

#[allow(clippy::disallowed_methods, reason = "the desktop's own opener, in its one place")]
pub(super) fn open(address: &str) {
    let opening =
        Command::new(OPENER).arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    if opening.is_err() {
        anstream::eprintln!("gonogo: no browser could be opened ({OPENER} is not there): open the address yourself");
    }
}
