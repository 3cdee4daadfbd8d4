//! Where the server listens: with TLS of its own, on a unix socket, on one that
//! was handed over.

#![allow(clippy::disallowed_methods, reason = "an independent client is run")]

use crate::support::World;
use rcgen::generate_simple_self_signed;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;

/// Python's own client: the answer's status, and the certificate's hash.
fn asks(address: &str) -> String {
    const SCRIPT: &str = "
import hashlib, http.client, ssl, sys
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
connection = http.client.HTTPSConnection(sys.argv[1], context=context, timeout=10)
connection.connect()
certificate = hashlib.sha256(connection.sock.getpeercert(True)).hexdigest()
connection.request('GET', '/healthz')
print(connection.getresponse().status, certificate)
";
    let ended = Command::new("python3").args(["-c", SCRIPT, address]).output().unwrap();
    String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).trim().to_owned()
}

/// Writes a certificate and its key, and gives the certificate's hash.
fn issues(chain: &Path, key: &Path) -> String {
    let issued = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(key, issued.signing_key.serialize_pem()).unwrap();
    std::fs::write(chain, issued.cert.pem()).unwrap();
    Sha256::digest(issued.cert.der()).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

#[test]
fn a_certificate_is_read_again_when_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    let first = issues(&chain, &key);
    let keys = format!("tls_certificate = '{}'\ntls_key = '{}'\n", chain.display(), key.display());
    let mut world = World::stopped().with_keys(&keys);
    let address = world.starts_somewhere();
    let address = address.strip_prefix("https://").unwrap();
    assert_eq!(asks(address), format!("200 {first}"));

    // Between the two writes of a renewal the old one counts.
    let old = std::fs::read(&key).unwrap();
    let second = issues(&chain, &key);
    let new = std::fs::read(&key).unwrap();
    std::fs::write(&key, old).unwrap();
    assert_eq!(asks(address), format!("200 {first}"));
    world.logs(&["warn", "the last one counts", "chain.pem"]);
    std::fs::write(&key, [new, b"\n".to_vec()].concat()).unwrap();
    assert_eq!(asks(address), format!("200 {second}"));
    world.logs(&["the certificate was changed"]);
    assert_eq!(world.terminate().1, Some(0));
}

#[test]
fn a_certificate_that_cannot_be_used_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    issues(&chain, &key);
    std::fs::write(&key, "nonsense").unwrap();
    let keys = format!("tls_certificate = '{}'\ntls_key = '{}'\n", chain.display(), key.display());
    let world = World::stopped().with_keys(&keys);
    world.writes_configuration();
    let said = world.starts_in_vain();
    assert!(said.contains("key.pem") && said.contains("→ name a PEM file"), "{said}");
}

#[test]
fn a_unix_socket_that_was_handed_over_is_not_served_without_the_tls_that_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    issues(&chain, &key);
    let keys = format!("tls_certificate = '{}'\ntls_key = '{}'\n", chain.display(), key.display());
    let world = World::stopped().with_keys(&keys).handed_a_unix_socket(&folder.path().join("gonogo.sock"));
    world.writes_configuration();
    let said = world.starts_in_vain();
    assert!(said.contains("is a unix socket, which has no TLS") && said.contains("→ leave tls_certificate"), "{said}");
}

#[test]
fn a_unix_socket_serves_a_proxy_and_outlives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gonogo.sock");
    let place = format!("unix:{}", path.display());
    let mut world = World::stopped().listening_on(&place);
    let is_well = || {
        let mut stream = UnixStream::connect(&path).unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.starts_with("HTTP/1.1 200")
    };
    assert_eq!(world.starts_somewhere(), place);
    assert!(is_well());
    world.kill();
    world.starts_somewhere();
    assert!(is_well(), "what the killed one left is taken over");
    world.kill();

    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "precious").unwrap();
    let said = world.starts_in_vain();
    assert!(said.contains("something else than a socket is there"), "{said}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn a_socket_that_was_handed_over_is_served() {
    let mut world = World::stopped().handed_a_socket();
    world.start();
    let sha = world.repo.commit("STORY-1 x");
    world.push("main");
    world.status_of(&sha).is_success("Go");
    world.kill();
    let said = World::stopped().listening_on("systemd");
    said.writes_configuration();
    let said = said.starts_in_vain();
    assert!(said.contains("no socket was handed over") && said.contains("→ start it by its .socket unit"), "{said}");
}
