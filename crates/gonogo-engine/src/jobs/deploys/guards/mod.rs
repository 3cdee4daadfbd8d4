//! Guards at a deploy: what they read beside it, again and again, and what that means
//! for it.

mod reading;
mod watching;
mod words;

pub(crate) use reading::guards_read;
pub(super) use reading::{Unwatched, watchable};
pub(super) use watching::Watching;
pub(super) use words::{Said, said};
