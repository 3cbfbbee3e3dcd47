#![no_main]

use terraform_provider_webex_fuzz::{BASE, within};
use webex_contact_center::fuzzing::profile;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| within(bytes.len() * 512 + BASE, || profile(bytes)));
