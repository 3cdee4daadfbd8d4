//! Pages for people: the answer first, then who must do what, then the evidence.

pub(crate) mod account;
pub(crate) mod api;
pub(crate) mod audit;
pub(crate) mod away;
pub(crate) mod candidate;
pub(crate) mod compare;
pub(crate) mod dead_work;
pub(crate) mod deliveries;
pub(crate) mod elsewhere;
pub(crate) mod explain;
pub(crate) mod layout;
pub(crate) mod messages;
pub(crate) mod observed;
pub(crate) mod paging;
pub(crate) mod people;
pub(crate) mod person;
pub(crate) mod pulls;
pub(crate) mod search;
pub(crate) mod service;
pub(crate) mod services;
pub(crate) mod settings;
pub(crate) mod sign_in;
pub(crate) mod story;
pub(crate) mod table;
pub(crate) mod tokens;
pub(crate) mod waivers;
