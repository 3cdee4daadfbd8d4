//! A socket in the file system, for a proxy on the same machine.

use super::ListenError;
use std::fs::Permissions;
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use tokio::net::UnixListener;

/// For our user and group, in which the proxy is.
const MODE: u32 = 0o660;

pub(super) fn bind(path: &Path) -> Result<UnixListener, ListenError> {
    let taken = |said: String| ListenError::Taken { place: path.display().to_string(), said };
    if let Ok(there) = std::fs::symlink_metadata(path) {
        if !there.file_type().is_socket() {
            return Err(taken("something else than a socket is there\n  → name another place".to_owned()));
        }
        match UnixStream::connect(path) {
            // What a server leaves that was killed.
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                std::fs::remove_file(path).map_err(|e| taken(e.to_string()))?;
            }
            _ => return Err(taken("somebody listens on it\n  → stop them first".to_owned())),
        }
    }
    let listener = UnixListener::bind(path).map_err(|e| taken(e.to_string()))?;
    std::fs::set_permissions(path, Permissions::from_mode(MODE)).map_err(|e| taken(e.to_string()))?;
    Ok(listener)
}
