//! The custom connector: schema, rules, mapping, and its life cycle.

pub mod memory;
pub mod model;
pub mod resource;
pub mod review;
pub mod rules;
pub mod schema;
pub mod validation;
