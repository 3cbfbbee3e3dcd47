#![no_main]

use terraform_provider_webex_fuzz::{BASE, within};
use webex_contact_center::fuzzing::error_body;

libfuzzer_sys::fuzz_target!(
    // The first call makes the forms of the credential, which stay in memory.
    init: error_body(b" "),
    |bytes: &[u8]| within(bytes.len() * 4096 + BASE, || error_body(bytes))
);
