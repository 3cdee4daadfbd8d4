//! The wire: what other programs read from us, and send. Fields may be added,
//! never changed or left out; unknown values are null. Knows no types of ours.

mod candidates;
mod check;
mod deploys;
mod locks;
mod messages;
mod operating;
mod paging;
mod people;
mod post_deploy;
mod problem;
mod reports;
pub mod runner;
mod services;
mod settings;
mod sign_offs;
mod stops;
mod stories;
mod waits;
mod waivers;

pub use candidates::*;
pub use check::*;
pub use deploys::*;
pub use locks::*;
pub use messages::*;
pub use operating::*;
pub use paging::*;
pub use people::*;
pub use post_deploy::*;
pub use problem::*;
pub use reports::*;
pub use services::*;
pub use settings::*;
pub use sign_offs::*;
pub use stops::*;
pub use stories::*;
pub use waits::*;
pub use waivers::*;
