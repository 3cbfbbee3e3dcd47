//! The tests of the simulator, over real connections.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and its helpers do so, too")]

// What a test asks the simulator for: requests, replies, sample connectors.
mod support;

// The rules for single connectors: what may be created, replaced, deleted.
mod connectors;
// Whether simulator and OpenAPI document say the same.
mod contract;
// The control interface.
mod control;
// Every action of a fault script.
mod faults;
// Lists, references, choices: filters and paging.
mod lists;
// The program: flags, ready line, signals, state file.
mod program;
// Access: tokens, scopes, rate limit, token endpoints.
mod tokens;
