//! `gonogo serve` as a whole: a push, its status, and the page that says why.

mod pushes;
mod stops;
mod stories;
mod support;
