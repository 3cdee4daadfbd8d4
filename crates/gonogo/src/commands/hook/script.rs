//! Files that we write into hooks folders. Each carries a stamp, a hash of the
//! rest: what was edited since is not ours to replace or to delete.

use super::place::{Kind, Place, Runner};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::io::{self, ErrorKind};
use std::path::Path;

/// What is added to the name of an earlier hook.
pub(super) const KEPT: &str = ".before-gonogo";

const MARK: &str = "# gonogo-stamp ";
const UNSTAMPED: &str = "# gonogo-stamp @STAMP@";

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    Nothing,
    Ours,
    /// Ours once, and changed since.
    Edited,
    Foreign,
}

/// The hook for a place.
pub(super) fn hook(place: &Place, kind: Kind) -> String {
    let ask_earlier = match place.runner {
        Runner::Git => r#"if [ -x "$before" ]; then "$before" "$@" || exit; fi"#,
        Runner::Husky => r#"if [ -f "$before" ]; then sh -e "$before" "$@" || exit; fi"#,
    };
    let text = include_str!("hook.sh").replace("@NAME@", kind.name()).replace("@KEPT@", KEPT);
    stamped(&text.replace("@ASK_EARLIER@", ask_earlier))
}

/// The file with guessed keys.
pub(super) fn keys(projects: &[String]) -> String {
    let head = "# Projects whose keys commits name, as `gonogo hook install` guessed them from the history.\n\
                # [stories] projects in gonogo.toml goes before this.\n";
    stamped(&format!("{head}{UNSTAMPED}\n{}\n", projects.join("\n")))
}

fn stamped(text: &str) -> String {
    text.replacen(UNSTAMPED, &format!("{MARK}{}", hash(text)), 1)
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(16).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // a String takes all
        hex
    })
}

pub(super) fn stands(path: &Path) -> io::Result<Stands> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Stands::Nothing),
        Err(error) => return Err(error),
        Ok(found) if found.is_dir() => return Ok(Stands::Foreign),
        Ok(_) => {}
    }
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        // A link that leads nowhere.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Stands::Foreign),
        Err(error) => return Err(error),
    };
    Ok(of_text(&String::from_utf8_lossy(&bytes)))
}

fn of_text(text: &str) -> Stands {
    let Some(stamp) = text.lines().find_map(|line| line.strip_prefix(MARK)) else { return Stands::Foreign };
    let unstamped = text.replacen(&format!("{MARK}{stamp}"), UNSTAMPED, 1);
    if hash(&unstamped) == stamp { Stands::Ours } else { Stands::Edited }
}

/// Writes beside it and renames: git must never run half a hook.
pub(super) fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let part = path.with_extension("gonogo-part");
    std::fs::write(&part, text)?;
    set_mode(&part, mode)?;
    std::fs::rename(&part, path)
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
pub(super) fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
pub(super) fn is_executable(path: &Path) -> bool {
    path.is_file() || path.with_extension("exe").is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_wrote_is_known_again_until_a_byte_of_it_changes() {
        let place = Place { folder: "/h".into(), runner: Runner::Git, is_shared: false };
        for text in [hook(&place, Kind::CommitMsg), keys(&["STORY".to_owned()])] {
            assert_eq!(of_text(&text), Stands::Ours);
            assert!(!["@STAMP@", "@NAME@", "@KEPT@", "@ASK_EARLIER@"].iter().any(|hole| text.contains(hole)), "{text}");
            assert_eq!(of_text(&format!("{text}\n")), Stands::Edited);
            assert_eq!(of_text(&text.replacen("gonogo-stamp ", "gonogo-stamp 0", 1)), Stands::Edited);
        }
        assert_eq!(of_text("#!/bin/sh\nexit 0\n"), Stands::Foreign);
    }
}
