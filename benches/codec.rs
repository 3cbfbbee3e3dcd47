//! Times of reading and writing values as msgpack.
//!
//! Three sizes: the state of one connector, as in nearly all calls; a value of
//! 1 MB in large strings; and values of 100,000 small elements.
//! `cargo bench --bench codec` compares with the previous run.

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use safe_text::Secret;
use terraform_provider_webex::provider::custom_connector::schema;
use tf_provider::value::{Type, Value, msgpack};

fn codec(criterion: &mut Criterion) {
    let connector = schema::schema().value_type();
    let texts = Value::List(vec![Value::from("x".repeat(1 << 10)); 1 << 10]);
    let numbers = Value::List((0..100_000_i64).map(Value::from).collect());
    let flags = (0..100_000).map(|index| (format!("{index:06}"), Value::Bool(true)));
    for (size, ty, value) in [
        ("connector", connector.clone(), state(&connector)),
        ("1 MB of texts", Type::List(Box::new(Type::String)), texts),
        ("100,000 numbers", Type::List(Box::new(Type::Number)), numbers),
        ("100,000 keys", Type::Map(Box::new(Type::Bool)), Value::Map(flags.collect())),
    ] {
        #[expect(clippy::expect_used, reason = "the value was made for the type")]
        let message = msgpack::encode(&value, &ty).expect("a value of the type");
        let mut group = criterion.benchmark_group(size);
        group.throughput(Throughput::Bytes(message.len() as u64)).sample_size(20);
        group.bench_function("decode", |bencher| {
            bencher.iter_with_large_drop(|| msgpack::decode(black_box(&message), &ty));
        });
        group.bench_function("encode", |bencher| {
            bencher.iter_with_large_drop(|| msgpack::encode(black_box(&value), &ty));
        });
        group.finish();
    }
}

/// Returns a state with a value in each attribute.
fn state(ty: &Type) -> Value {
    match ty {
        Type::Object(types) => Value::Map(
            types.iter().map(|(name, ty)| (name.clone(), state(ty))).collect::<BTreeMap<_, _>>(),
        ),
        Type::String => Value::from("https://dev1.service-now.com/oauth_token.do"),
        Type::Secret => Value::from(Secret::from("a credential of usual length")),
        Type::Bool => Value::Bool(true),
        Type::Number => Value::from(7_i64),
        Type::Dynamic | Type::List(_) | Type::Set(_) | Type::Map(_) | Type::Tuple(_) => Value::Null,
    }
}

criterion_group!(benches, codec);
criterion_main!(benches);
