//! The custom connector: schema, rules, mapping, its life cycle, and
//! the ways to find it.

pub mod credentials;
pub mod data_source;
pub mod filter;
mod import_id;
pub mod list;
pub mod model;
pub mod naming;
pub mod plan_warnings;
pub mod private_data;
pub mod readable_attributes;
pub mod resource;
pub mod schema;
pub mod validation;
pub mod write_errors;
