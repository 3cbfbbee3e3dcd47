//! All integration tests, in one program so that they are linked once.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test says what it skips")]
#![allow(clippy::wildcard_enum_match_arm, reason = "a test looks for what it expects")]
#![allow(clippy::disallowed_methods, reason = "tests are set up by the environment")]

/// Helpers: the real Terraform CLI, and a plugin client that replaces Terraform.
mod support;

/// The provider as a process: handshake, mutual TLS, signals, ends.
mod plugin_process;

/// Imports without circles, places that expose credentials, lengths of files.
mod architecture;

/// The life cycle of a connector through the real CLI.
mod life_cycle;

/// Faults between the provider and Webex, through the real CLI.
mod resilience;

/// API profiles: APIs that are described, recorded and learned.
mod api_profile;

/// The API client against the simulator.
mod webex;

/// Credentials: the requests that carry them, and the places that must not hold them.
mod secrets;

/// The protocol's calls, with valid and invalid values.
mod conformance;

/// Existing connectors: data sources, functions, imports, lists, generated configuration, doctor.
mod adoption;

/// The documentation: generated pages, links and examples.
mod documentation;

/// Random scenarios, and the invariants of all of them.
mod model_based;

/// Installation from the source tree, and the files of a release.
mod packaging;

/// Cost that is linear in the size of a value.
mod linear_cost;

/// Invalid input: the argument and the words of each message.
mod bad_input;

/// The corpus of the fuzzer.
mod fuzz_corpus;

/// Licenses, sources and duplicates of dependencies.
mod supply_chain;
