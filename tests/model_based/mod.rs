//! Random scenarios of two connectors, checked against a small model.
//!
//! A [`scenario`] is a list of things that users, Webex and the network do. [`world`] runs it with
//! the real program through the plugin interface, and with a simulator on the other side. [`faults`]
//! has what happens during a command, and [`block`] what is configured. [`rules`] checks the
//! invariants. A scenario that breaks one is shortened to a minimal one and printed.
//!
//! Every run has the same scenarios: scenario 17 is always scenario 17. `SCENARIOS=500` (`make
//! soak`) runs more of them, and `FIRST_SCENARIO=501` begins at another one.

mod block;
mod faults;
mod rules;
mod scenario;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// How many scenarios run by default.
const SCENARIOS: u64 = 64;

/// How many run at a time. They wait for the network most of the time.
const AT_ONCE: u64 = 16;

/// Runs one scenario, and shortens it if it breaks a rule.
fn run(number: u64) -> Result<(), String> {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    let config = Config {
        cases: 1,
        failure_persistence: None,
        max_shrink_iters: 150,
        max_shrink_time: 180_000,
        ..Config::default()
    };
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(config, random);
    let outcome = runner.run(&scenario::scenarios(), |scenario| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let ended = runtime.expect("a runtime").block_on(world::run(&scenario));
        ended.map_err(TestCaseError::fail)
    });
    match outcome {
        Ok(()) => Ok(()),
        Err(TestError::Fail(rule, scenario)) => {
            Err(format!("Scenario {number}: {rule}\n{scenario}"))
        }
        Err(TestError::Abort(reason)) => Err(format!("Scenario {number} was given up: {reason}")),
    }
}

#[test]
fn scenarios_keep_their_invariants() {
    let variable = |name: &str, default| match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text:?}")),
        Err(_) => default,
    };
    let first = variable("FIRST_SCENARIO", 1);
    let last = first + variable("SCENARIOS", SCENARIOS);
    let next = AtomicU64::new(first);
    let findings = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(last - first) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= last {
                        break;
                    }
                    if let Err(broken) = run(number) {
                        findings.lock().unwrap().push(broken);
                    }
                }
            });
        }
    });
    let findings = findings.into_inner().unwrap();
    assert!(findings.is_empty(), "{}", findings.join("\n\n"));
}
