//! Recordings of several imaginary APIs, made as a page and a browser would make them.

mod browser;
mod families;
mod page;
