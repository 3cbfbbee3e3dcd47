#![no_main]

use webex_contact_center::fuzzing::api_body;
use terraform_provider_webex_fuzz::{BASE, within};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| within(bytes.len() * 512 + BASE, || api_body(bytes)));
