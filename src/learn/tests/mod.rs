//! Recordings of several imaginary APIs, made as a page and a browser would make them.

mod browser;
mod coincidences;
mod elsewhere;
mod families;
mod located;
mod malformed;
mod noise;
mod page;
mod procedures;
mod today;
mod variants;
