#![no_main]

use webex_contact_center::fuzzing::error_body;
use terraform_provider_webex_fuzz::{BASE, within};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| within(bytes.len() * 4096 + BASE, || error_body(bytes)));
