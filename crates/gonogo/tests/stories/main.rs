//! The whole program, as stories: a repository, a call, and what a person or a
//! reader of the JSON sees.

mod ancestry;
mod attacks;
mod clones;
mod copies;
mod environment;
mod histories;
mod keys;
mod merges;
mod model;
mod newest_go;
mod policies;
mod production;
mod refs;
mod reverts;
mod services;
mod support;
mod verdict;
mod waivers;
