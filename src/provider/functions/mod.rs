//! What configurations can compute without a call to Webex.
//!
//! The functions are pure and work offline. Each error says what to do and
//! knows which argument is at fault.

pub mod rebind_connectors;
pub mod webex_id;
