#![no_main]

use terraform_provider_webex::webex::fuzzing::retry_after;
use terraform_provider_webex_fuzz::{BASE, within};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| within(bytes.len() * 16 + BASE, || retry_after(bytes)));
