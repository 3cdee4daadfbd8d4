//! A certificate authority of a test's own, and a certificate for this machine.

use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tempfile::NamedTempFile;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What a server needs to speak TLS as 127.0.0.1 and localhost.
pub(crate) struct Certificates {
    ca_file: NamedTempFile,
    acceptor: TlsAcceptor,
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificates").field("ca_file", &self.ca_file.path()).finish_non_exhaustive()
    }
}

impl Certificates {
    pub(crate) fn issue() -> Self {
        let authority_key = KeyPair::generate().expect("ring makes keys");
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        authority.distinguished_name.push(DnType::CommonName, "gonogo-world authority");
        let authority_pem = authority.self_signed(&authority_key).expect("the parameters are valid").pem();
        let issuer = Issuer::new(authority, authority_key);

        let key = KeyPair::generate().expect("ring makes keys");
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names)
            .expect("the names are valid")
            .signed_by(&key, &issuer)
            .expect("the parameters are valid");

        let ca_file = tempfile::Builder::new()
            .prefix("gonogo-world-ca-")
            .suffix(".pem")
            .tempfile()
            .expect("the temporary folder is writable");
        std::fs::write(ca_file.path(), authority_pem).expect("the temporary folder is writable");
        Self { ca_file, acceptor: acceptor(certificate.der().clone(), &key) }
    }

    pub(crate) fn ca_file(&self) -> &Path {
        self.ca_file.path()
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }
}

fn acceptor(certificate: CertificateDer<'static>, key: &KeyPair) -> TlsAcceptor {
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("the certificate fits its key");
    TlsAcceptor::from(Arc::new(config))
}
