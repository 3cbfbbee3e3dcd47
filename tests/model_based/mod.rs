//! Random stories about one connector, held against a tiny model of what must
//! be true whatever happens.
//!
//! A [`story`] is a list of things that people, Webex and the network do. It is
//! played to the real program through the plugin interface, with a simulator on
//! the other side ([`stage`]), and judged by a few [`rules`]. A story that breaks
//! a rule is shortened to a minimal one and printed.
//!
//! The stories are the same in every run: story 17 is always story 17. With
//! `STORIES=500` (`make soak`) there are as many, and with `FIRST_STORY=501` they
//! begin elsewhere.

mod rules;
mod stage;
mod story;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// How many stories are played when nobody asks for more.
const STORIES: u64 = 64;

/// How many are played at a time. They wait for each other's network most of
/// the time, not for the processor.
const AT_ONCE: u64 = 16;

/// Plays one story, and shortens it if it ends badly.
fn play(number: u64) -> Result<(), String> {
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
    let outcome = runner.run(&story::stories(), |story| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let played = runtime.expect("a runtime").block_on(stage::play(&story));
        played.map_err(TestCaseError::fail)
    });
    match outcome {
        Ok(()) => Ok(()),
        Err(TestError::Fail(rule, story)) => Err(format!("Story {number}: {rule}\n{story}")),
        Err(TestError::Abort(reason)) => Err(format!("Story {number} was given up: {reason}")),
    }
}

#[test]
fn every_story_ends_well() {
    let variable = |name: &str, default| match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text:?}")),
        Err(_) => default,
    };
    let first = variable("FIRST_STORY", 1);
    let last = first + variable("STORIES", STORIES);
    let next = AtomicU64::new(first);
    let endings = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(last - first) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= last {
                        break;
                    }
                    if let Err(ending) = play(number) {
                        endings.lock().unwrap().push(ending);
                    }
                }
            });
        }
    });
    let endings = endings.into_inner().unwrap();
    assert!(endings.is_empty(), "{}", endings.join("\n\n"));
}
