//! The custom connector: schema, rules, mapping, its life cycle, and
//! the ways to find it.

pub mod aftermath;
pub mod data_source;
pub mod filter;
pub mod list;
pub mod memory;
pub mod model;
pub mod resource;
pub mod review;
pub mod rules;
pub mod schema;
pub mod validation;
pub mod visible;
