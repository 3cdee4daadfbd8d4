//! Why a host could not be asked, by what ssh said.

use super::Place;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Another key than the one that is known.
    KeyChanged,
    KeyUnknown,
    Denied(String),
    /// No connection came about, or it broke.
    Gone(String),
    /// The host was reached, and can run nothing.
    Unfit(String),
    NoSsh(String),
}

impl Trouble {
    pub(super) fn of(stderr: &str) -> Self {
        // The last line is why it ended: what a host says in greeting comes before it.
        let last = stderr.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        if stderr.contains("REMOTE HOST IDENTIFICATION HAS CHANGED") {
            Self::KeyChanged
        } else if stderr.contains("Host key verification failed") {
            Self::KeyUnknown
        } else if last.contains("Permission denied") || last.contains("Too many authentication failures") {
            Self::Denied(last.to_owned())
        } else if last.is_empty() {
            Self::Gone("the connection broke".to_owned())
        } else {
            Self::Gone(last.to_owned())
        }
    }

    /// Whether it is of no use to ask again before a person has mended it.
    pub(super) fn stays(&self) -> bool {
        match self {
            Self::KeyChanged | Self::KeyUnknown | Self::NoSsh(_) => true,
            Self::Denied(_) | Self::Gone(_) | Self::Unfit(_) => false,
        }
    }

    pub(super) fn said(&self, place: &Place) -> String {
        match self {
            Self::KeyChanged => format!("the host key of {place} is not the one that the runner knows"),
            Self::KeyUnknown => format!("the runner does not know the host key of {place}"),
            Self::Denied(said) => format!("{place} does not let the runner sign in: {said}"),
            Self::Gone(said) => format!("{place} does not answer: {said}"),
            Self::Unfit(said) => format!("{place} can run nothing: {said}"),
            Self::NoSsh(said) => format!("the runner has no ssh: {said}"),
        }
    }

    pub(super) fn fix(&self, place: &Place) -> String {
        let address = &place.address;
        match self {
            Self::KeyChanged => format!(
                "find out why (a new machine, or somebody in between), compare its key with the host's own \
                 (`ssh-keygen -lf` there), then change it in the runner's known_hosts (`ssh-keygen -R {address}`)"
            ),
            Self::KeyUnknown => {
                format!("compare the key of {address} with the host's own, and write it into the runner's known_hosts")
            }
            Self::Denied(_) => {
                let whose = place.user.as_deref().map_or_else(String::new, |user| format!(" of {user}"));
                format!("write the runner's public key into the host's authorized_keys{whose}")
            }
            Self::Gone(_) => "see that the host is up, and that the runner's host reaches its port".to_owned(),
            Self::Unfit(_) => {
                "see that whoever signs in there may write into their home, and that it has sh and setsid".to_owned()
            }
            Self::NoSsh(_) => "install the ssh client on the runner's host".to_owned(),
        }
    }
}
