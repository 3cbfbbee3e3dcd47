#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| terraform_provider_webex_fuzz::learn(bytes));
