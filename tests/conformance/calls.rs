//! Every call with valid and invalid values.

use tf_provider::value::Value;
use tf_provider_testing::calls::Matrix;

use super::{basic, with};
use crate::support::provider;
use crate::support::simulator::unlocked;
use crate::support::terraform_core::{TerraformCore, failed};

#[test]
fn registry_does_not_contradict_itself() {
    assert_eq!(terraform_provider_webex::provider::registry().check(), [""; 0]);
}

#[tokio::test]
async fn unserved_calls_are_unimplemented() {
    let (plugin, core) = TerraformCore::without_webex().await;
    Matrix::of(&core).await.unserved_calls_are_unimplemented().await;
    plugin.shutdown().await.assert_tidy();
}

#[tokio::test]
async fn unknown_type_is_named_in_the_message() {
    let (plugin, core) = TerraformCore::without_webex().await;
    Matrix::of(&core).await.unknown_types_are_named().await;
    plugin.shutdown().await.assert_tidy();
}

#[tokio::test]
async fn calls_without_arguments_need_no_configuration() {
    Matrix::calls_without_arguments_succeed(provider()).await;
}

#[tokio::test]
async fn absent_values_raise_no_grpc_error_in_a_new_process() {
    let simulator = unlocked();
    let (plugin, core) = TerraformCore::connected(&simulator).await;
    Matrix::of(&core).await.absent_values_raise_no_grpc_error(provider).await;
    plugin.shutdown().await.assert_tidy();
    assert!(simulator.journal().is_empty(), "nothing of this is a reason to call anybody");
}

#[tokio::test]
async fn hostile_values_raise_error_messages() {
    let simulator = unlocked();
    let (plugin, core) = TerraformCore::connected(&simulator).await;
    Matrix::of(&core).await.hostile_values_raise_errors().await;
    assert!(simulator.journal().is_empty(), "{:?}", simulator.journal());
    plugin.shutdown().await.assert_tidy();
}

#[tokio::test]
async fn value_of_24_megabytes_is_read() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let text = "x".repeat(24 << 20);
    let configuration = with(basic("Large"), "scope", text.clone());
    let messages = core.validate(&configuration).await.expect("an answer");
    assert!(messages.iter().all(|message| message.text.len() < 10_000), "a text echoed at length");
    assert!(failed(&messages), "scope does not belong to basic authentication: {messages:?}");
    plugin.shutdown().await.assert_tidy();
}

/// Both encodings hold the same value.
#[tokio::test]
async fn json_and_msgpack_give_the_same_response() {
    let simulator = unlocked();
    let (plugin, mut core) = TerraformCore::connected(&simulator).await;
    let complete = basic("Twice");
    let incomplete = with(complete.clone(), "username", Value::Null);
    Matrix::of(&core).await.encodings_agree(&mut core, &[complete, incomplete]).await;
    plugin.shutdown().await.assert_tidy();
}
