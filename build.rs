//! Compiles the protocol definitions with a compiler written in Rust, so that
//! nobody who builds the provider has to install `protoc`.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let definitions = protox::compile(["tfplugin5.proto", "go_plugin.proto"], ["proto"])?;
    tonic_prost_build::configure()
        .build_transport(false)
        // Values can be megabytes: the decoder shares the received buffer.
        .bytes(".tfplugin5.DynamicValue")
        .compile_fds(definitions)?;
    Ok(())
}
