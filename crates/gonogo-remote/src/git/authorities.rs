//! Whom git believes over HTTPS. It takes one file, in place of the system's: so
//! ours holds the system's and what `GONOGO_CA_FILE` adds.

use crate::http::{CA_FILE_VARIABLE, HttpError};
use std::path::{Path, PathBuf};

/// Where systems keep theirs: Debian, Fedora, openSUSE, Alpine, BSD.
const SYSTEM: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
];

/// Writes the file at `to`. A system without any has only ours.
pub fn write_authorities(ca_file: &Path, to: &Path) -> Result<(), HttpError> {
    let wrong = |path: &Path, e: std::io::Error| HttpError::CaFile { path: path.to_owned(), said: e.to_string() };
    let ours = std::fs::read(ca_file).map_err(|e| wrong(ca_file, e))?;
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let systems = named.into_iter().chain(SYSTEM.map(PathBuf::from)).find_map(|path| std::fs::read(path).ok());
    let whole = [systems.unwrap_or_default(), ours].join(&b'\n');
    let beside = to.with_extension("part");
    std::fs::write(&beside, whole).and_then(|()| std::fs::rename(&beside, to)).map_err(|e| {
        HttpError::Client(format!(
            "{}, which git needs for {CA_FILE_VARIABLE}, could not be written: {e}",
            to.display()
        ))
    })
}
