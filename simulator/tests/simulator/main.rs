//! The tests of the simulator, over real connections.
#![expect(clippy::unwrap_used, reason = "tests and their helpers fail by panicking")]

// The HTTP client of the tests, and sample connectors.
mod support;

#[path = "../../../tests/support/random_profiles.rs"]
mod random;

// Deviations of the service.
mod behavior;
// Which connectors can be created, replaced and deleted.
mod connectors;
// The OpenAPI document and the simulator agree.
mod contract;
// The control interface.
mod control;
// The actions of fault scripts.
mod faults;
// Flows: drafts, validation, publication.
mod flows;
// Lists, references and choices: filters and paging.
mod lists;
// The APIs of the sample profiles.
mod profiles;
// The program and its state file.
mod program;
// APIs drawn at random.
mod random_profiles;
// Recordings and the scripted browser.
mod recording;
// Tokens, scopes, the rate limit and the token endpoints.
mod tokens;
