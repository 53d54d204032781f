// SPDX-License-Identifier: MIT
//! The headers as they are in Rust, by bindgen, whose tests of each struct's layout come
//! with them.
#![allow(non_camel_case_types, non_snake_case, non_upper_case_globals)]
#![allow(dead_code, deref_nullptr)]

include!(env!("BINDINGS"));

// Of what bindgen has no test: numbers, as the headers say them.
#[test]
fn numbers() {
    assert_eq!(BARLEASE_FEATURE_DMA_BUF_REVOKE, 0xba01);
    assert_eq!(VFIO_DEVICE_FEATURE_DMA_BUF, 11);
    assert_eq!(BARLEASE_DMA_BUF_MSIX, 1 << 31);
    assert_eq!(BARLEASE_NAME_MAX, 64);
    assert_eq!(barlease_reason_BARLEASE_EXPIRED, 6);
}
