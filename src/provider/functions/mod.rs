//! What configurations can compute without a call to Webex.
//!
//! The functions are pure and work offline. Each error says what to do and
//! knows which argument is at fault. What they compute stands apart from how
//! configurations call it.

mod arguments;
pub mod decode_id;
pub mod encode_id;
pub mod rebind_connectors;
pub mod webex_id;
