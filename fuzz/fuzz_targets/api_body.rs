#![no_main]

use terraform_provider_webex_fuzz::{BASE, within};
use webex_contact_center::fuzzing::api_body;

libfuzzer_sys::fuzz_target!(
    // The first call reads the built-in API profile, which stays in memory.
    init: api_body(b""),
    |bytes: &[u8]| within(bytes.len() * 512 + BASE, || api_body(bytes))
);
