//! What other systems tell us of themselves.

pub(crate) mod github;
