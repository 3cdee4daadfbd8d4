//! HTTP servers on threads of their own, for any stand-in. Knows nothing of
//! what the stand-ins say.

mod background;
mod body;
mod http;
mod record;
mod tls;

pub(crate) use background::Background;
pub(crate) use http::{Answer, Ask, Reply, Say, Stand, serve};
pub(crate) use record::Record;
pub use record::{Request, depth_of};
pub(crate) use tls::Certificates;
