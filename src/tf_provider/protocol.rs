//! The messages and services that `build.rs` compiles from `proto/`.
#![allow(missing_docs, unreachable_pub, dead_code, clippy::all)]

/// Terraform's own protocol.
pub(crate) mod tfplugin5 {
    tonic::include_proto!("tfplugin5");

    /// The messages of GetSchema, the one call whose messages have another name.
    pub(crate) use get_provider_schema as get_schema;
}

/// The services that go-plugin adds.
pub(crate) mod go_plugin {
    tonic::include_proto!("plugin");
}
