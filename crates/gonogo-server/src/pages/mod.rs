//! Pages for people: the answer first, then who must do what, then the evidence.

pub(crate) mod candidate;
pub(crate) mod deliveries;
pub(crate) mod explain;
pub(crate) mod layout;
pub(crate) mod observed;
pub(crate) mod paging;
pub(crate) mod people;
pub(crate) mod pulls;
pub(crate) mod services;
pub(crate) mod sign_in;
pub(crate) mod table;
pub(crate) mod waivers;
