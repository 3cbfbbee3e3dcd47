#![no_main]

use webex_contact_center::fuzzing::retry_after;
use terraform_provider_webex_fuzz::{BASE, within};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| within(bytes.len() * 16 + BASE, || retry_after(bytes)));
