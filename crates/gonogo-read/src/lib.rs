//! Turns bytes from outside into values, and never fails on bad ones: every
//! reader here is total. Knows nothing of ours: no policy, no facts.

pub mod adf;
pub mod draft;
pub mod hooks;
pub mod json;
pub mod keys;
pub mod message;
pub mod points;
pub mod slack;
