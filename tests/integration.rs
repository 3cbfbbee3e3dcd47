//! All integration tests, in one program so that they are linked once.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test says what it skips")]
#![allow(clippy::wildcard_enum_match_arm, reason = "a test looks for what it expects")]
#![allow(clippy::disallowed_methods, reason = "tests are set up by the environment")]

/// Tools of the tests: the real Terraform CLI in a folder of its own, and the
/// plugin client that stands in for Terraform.
mod support;

/// The process: handshake, mutual TLS, signals, orphans, ends.
mod plugin_process;

/// Imports without circles, places that expose credentials, lengths of files.
mod architecture;

/// The life of a connector through the real CLI.
mod life_cycle;

/// What goes wrong between the provider and Webex, seen through the real CLI.
mod resilience;

/// The API client against the simulator.
mod webex;

/// Credentials: what is sent, what is kept, what is never seen.
mod secrets;

/// Each of the protocol's calls, sent well and badly.
mod conformance;

/// Finding and adopting what exists: data sources, functions, imports, lists,
/// generated configuration, doctor.
mod adoption;

/// The documentation: made from what is served, its links and its examples.
mod documentation;

/// Random scenarios, and the invariants of all of them.
mod model_based;

/// Installing from the source tree, and the files of a release.
mod packaging;

/// Cost that grows with the size of a value, and no faster.
mod linear_cost;

/// Bad input: the argument that each message points at, and its words.
mod bad_input;

/// What the fuzzer has found or was given, replayed.
mod fuzz_corpus;

/// Licences, sources and duplicates of what the project is made of.
mod supply_chain;
