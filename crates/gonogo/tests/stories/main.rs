//! The whole program, as stories: a repository, a call, and what a person or a
//! reader of the JSON sees.

mod clones;
mod environment;
mod histories;
mod policies;
mod production;
mod refs;
mod support;
