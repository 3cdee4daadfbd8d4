//! HTTP servers on threads of their own, for any stand-in. Knows nothing of
//! what the stand-ins say.

mod background;
mod body;
mod conversation;
mod faults;
mod http;
mod program;
mod record;
mod tls;

pub(crate) use background::{Background, any_port};
pub(crate) use body::Outgoing;
pub(crate) use conversation::{Conversation, Socket};
pub use faults::Faults;
pub(crate) use faults::{Fault, Faulty, Manners, delay_before, with_faults};
pub(crate) use http::{Answer, Ask, Reply, Say, Stand, serve};
pub(crate) use program::Program;
pub(crate) use record::Record;
pub use record::{Request, depth_of, width_of};
pub(crate) use tls::Certificates;
