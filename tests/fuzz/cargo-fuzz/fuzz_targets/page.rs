//! Target `page` under libFuzzer: glue; what is read and what must hold is in `kenal_fuzz::page`.

#![no_main]

use kenal_fuzz::{mutate, page};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_target!(|bytes: &[u8]| page::check(bytes));

// Half of the time as the targets damage their inputs, half as libFuzzer does.
fuzz_mutator!(|bytes: &mut [u8], size: usize, most: usize, seed: u32| {
    if seed.is_multiple_of(2) {
        fuzzer_mutate(bytes, size, most)
    } else {
        mutate(page::mutate, bytes, size, most, seed)
    }
});
