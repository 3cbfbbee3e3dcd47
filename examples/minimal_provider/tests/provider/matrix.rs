//! Every call of the protocol with valid and invalid values.

use tf_provider::value::Value;
use tf_provider_testing::calls::Matrix;
use tf_provider_testing::plugin_client::Launch;

use super::life_cycle::tempfile;
use super::{PROGRAM, running};

#[tokio::test]
async fn invalid_values_raise_error_messages() {
    let folder = tempfile();
    let (plugin, core) = running(folder.path()).await;
    let mut matrix = Matrix::of(&core).await;
    matrix.unserved_calls_are_unimplemented().await;
    matrix.unknown_types_are_named().await;
    matrix.hostile_values_raise_errors().await;
    plugin.shutdown().await.assert_tidy();
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "nothing was written");
}

#[tokio::test]
async fn process_without_configuration_raises_no_grpc_error() {
    let folder = tempfile();
    let (plugin, core) = running(folder.path()).await;
    Matrix::calls_without_arguments_succeed(Launch::new(PROGRAM)).await;
    let matrix = Matrix::of(&core).await;
    matrix.absent_values_raise_no_grpc_error(|| Launch::new(PROGRAM)).await;
    plugin.shutdown().await.assert_tidy();
}

#[tokio::test]
async fn json_and_msgpack_give_the_same_response() {
    let folder = tempfile();
    let (plugin, mut core) = running(folder.path()).await;
    let complete = core.shape.object([("title", "a"), ("body", "b")]);
    let incomplete = core.shape.object([("title", Value::Null)]);
    let mut matrix = Matrix::of(&core).await;
    matrix.encodings_agree(&mut core, &[complete, incomplete]).await;
    plugin.shutdown().await.assert_tidy();
}
