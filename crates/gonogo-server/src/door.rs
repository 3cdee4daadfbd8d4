//! A server that only people on its own machine can reach may let them in
//! without a password: a demo does.

use crate::App;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::SocketAddr;

/// An open door. There is none on an address that others can reach.
#[derive(Clone, Debug)]
pub struct OpenDoor {
    address: SocketAddr,
    /// As whom everybody comes in.
    pub person: String,
    /// Where the tour is that every page leads back to.
    pub tour: String,
}

impl OpenDoor {
    /// `None` where the server does not listen on this machine alone.
    pub fn of(address: SocketAddr, person: &str, tour: &str) -> Option<Self> {
        let (person, tour) = (person.to_owned(), tour.to_owned());
        address.ip().is_loopback().then_some(Self { address, person, tour })
    }

    /// Whether a request means this server. A page from elsewhere whose name
    /// was made to lead here (DNS rebinding) still says its own name.
    fn is_meant(&self, headers: &HeaderMap) -> bool {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        host.is_some_and(|host| {
            host == self.address.to_string() || host == format!("localhost:{}", self.address.port())
        })
    }
}

/// Refuses what was meant for another host, where the door is open.
pub(crate) async fn guarded(State(app): State<App>, request: Request, next: Next) -> Response {
    match &app.door {
        Some(door) if !door.is_meant(request.headers()) => {
            let said = format!("this is a demo: it answers as http://{} alone\n", door.address);
            (StatusCode::MISDIRECTED_REQUEST, said).into_response()
        }
        _ => next.run(request).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_open_door_to_the_outside() {
        let door = |address: &str| OpenDoor::of(address.parse().unwrap(), "demo", "http://127.0.0.1:1");
        for address in ["0.0.0.0:1", "192.168.1.2:1", "[::]:1"] {
            assert!(door(address).is_none(), "{address}");
        }
        assert!(door("127.0.0.1:1").is_some() && door("[::1]:1").is_some());
    }

    #[test]
    fn only_its_own_names_are_meant() {
        let door = OpenDoor::of("127.0.0.1:81".parse().unwrap(), "demo", "http://127.0.0.1:1").unwrap();
        let is_meant = |host: &str| door.is_meant(&[(header::HOST, host.parse().unwrap())].into_iter().collect());
        assert!(is_meant("127.0.0.1:81") && is_meant("localhost:81"));
        for host in ["evil.example:81", "127.0.0.1", "127.0.0.1:82", "127.0.0.1:81.evil.example"] {
            assert!(!is_meant(host), "{host}");
        }
        assert!(!door.is_meant(&HeaderMap::new()));
    }
}
