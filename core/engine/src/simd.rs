//! Dot products of signed bytes: the one hot loop, once per instruction set, and the only `unsafe` of the core.
//!
//! The sums are exact integers, so every version returns the same bits; `dot` below is the one to read. Factors come as
//! vectors of 16 bytes, the visitor's as 16-bit numbers, widened once per request instead of once per item.

/// One item's factor, or one visitor's: vectors of 16.
pub type Factor<'a> = &'a [[u8; 16]];

/// The visitor's quantised vector, widened.
pub type Query<'a> = &'a [[i16; 16]];

/// The dot product of one factor and the query, written for reading. All others must equal it.
pub fn dot(factor: Factor<'_>, query: Query<'_>) -> i32 {
    let pairs = factor.iter().flatten().zip(query.iter().flatten());
    pairs.map(|(f, q)| i32::from(*f as i8) * i32::from(*q)).sum()
}

/// The four factors of a group of `4 · query.len()` vectors.
fn quarter<'a>(group: Factor<'a>, query: Query<'_>) -> Option<[Factor<'a>; 4]> {
    let n = query.len();
    let (a, rest) = group.split_at_checked(n)?;
    let (b, rest) = rest.split_at_checked(n)?;
    let (c, d) = rest.split_at_checked(n)?;
    if d.len() == n { Some([a, b, c, d]) } else { None }
}

/// The dot products of four factors that lie one after the other, item by item, with the query.
///
/// A group of another length than `4 · query.len()` gives zeros.
pub fn dot4_scalar(group: Factor<'_>, query: Query<'_>) -> [i32; 4] {
    quarter(group, query).map_or([0; 4], |four| four.map(|factor| dot(factor, query)))
}

pub use native::dot4;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[allow(unsafe_code, reason = "vector loads take pointers")]
mod native {
    use core::arch::wasm32::{
        i16x8_load_extend_i8x8, i32x4_add, i32x4_dot_i16x8, i32x4_shuffle, i32x4_splat, i64x2_shuffle, v128, v128_load,
        v128_store,
    };

    use super::{Factor, Query, quarter};

    /// The dot products of four factors that lie one after the other, item by item, with the query.
    ///
    /// A group of another length than `4 · query.len()` gives zeros.
    pub fn dot4(group: Factor<'_>, query: Query<'_>) -> [i32; 4] {
        let Some([a, b, c, d]) = quarter(group, query) else { return [0; 4] };
        let mut sums = [i32x4_splat(0); 4];
        for ((((q, a), b), c), d) in query.iter().zip(a).zip(b).zip(c).zip(d) {
            let ([low, high], _) = q.as_chunks::<8>() else { continue };
            // SAFETY: each array is 8 · 2 = 16 bytes long, and v128_load needs no alignment.
            let (low, high) = unsafe { (v128_load(low.as_ptr().cast()), v128_load(high.as_ptr().cast())) };
            for (sum, factor) in sums.iter_mut().zip([a, b, c, d]) {
                let (low_bytes, high_bytes) = (factor.first_chunk::<8>(), factor.last_chunk::<8>());
                let (Some(low_bytes), Some(high_bytes)) = (low_bytes, high_bytes) else { continue };
                // SAFETY: each half is an array of the 8 bytes that are loaded; no alignment is needed.
                let (f_low, f_high) = unsafe {
                    (
                        i16x8_load_extend_i8x8(low_bytes.as_ptr().cast()),
                        i16x8_load_extend_i8x8(high_bytes.as_ptr().cast()),
                    )
                };
                *sum = i32x4_add(*sum, i32x4_add(i32x4_dot_i16x8(f_low, low), i32x4_dot_i16x8(f_high, high)));
            }
        }
        totals(sums)
    }

    /// The sum of each vector's four lanes.
    fn totals([a, b, c, d]: [v128; 4]) -> [i32; 4] {
        let ab = i32x4_add(i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<2, 6, 3, 7>(a, b));
        let cd = i32x4_add(i32x4_shuffle::<0, 4, 1, 5>(c, d), i32x4_shuffle::<2, 6, 3, 7>(c, d));
        let all = i32x4_add(i64x2_shuffle::<0, 2>(ab, cd), i64x2_shuffle::<1, 3>(ab, cd));
        let mut out = [0; 4];
        // SAFETY: `out` is 16 bytes long, and v128_store needs no alignment.
        unsafe { v128_store(out.as_mut_ptr().cast(), all) };
        out
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "vector loads take pointers")]
mod native {
    use core::arch::x86_64::{
        __m128i, _mm_add_epi32, _mm_loadu_si128, _mm_madd_epi16, _mm_setzero_si128, _mm_srai_epi16, _mm_storeu_si128,
        _mm_unpackhi_epi8, _mm_unpackhi_epi32, _mm_unpackhi_epi64, _mm_unpacklo_epi8, _mm_unpacklo_epi32,
        _mm_unpacklo_epi64,
    };

    use super::{Factor, Query, quarter};

    /// The dot products of four factors that lie one after the other, item by item, with the query.
    ///
    /// A group of another length than `4 · query.len()` gives zeros.
    pub fn dot4(group: Factor<'_>, query: Query<'_>) -> [i32; 4] {
        // SAFETY: SSE2 belongs to every x86_64 processor.
        unsafe { dot4_sse2(group, query) }
    }

    #[target_feature(enable = "sse2")]
    fn dot4_sse2(group: Factor<'_>, query: Query<'_>) -> [i32; 4] {
        let Some([a, b, c, d]) = quarter(group, query) else { return [0; 4] };
        let mut sums = [_mm_setzero_si128(); 4];
        for ((((q, a), b), c), d) in query.iter().zip(a).zip(b).zip(c).zip(d) {
            let ([low, high], _) = q.as_chunks::<8>() else { continue };
            // SAFETY: each array is 8 · 2 = 16 bytes long, and loadu needs no alignment.
            let (low, high) = unsafe { (_mm_loadu_si128(low.as_ptr().cast()), _mm_loadu_si128(high.as_ptr().cast())) };
            for (sum, factor) in sums.iter_mut().zip([a, b, c, d]) {
                // SAFETY: the array is 16 bytes long, and loadu needs no alignment.
                let f = unsafe { _mm_loadu_si128(factor.as_ptr().cast()) };
                // Each byte doubled to 16 bits and shifted down arithmetically: sign extension without SSE4.1.
                let f_low = _mm_srai_epi16(_mm_unpacklo_epi8(f, f), 8);
                let f_high = _mm_srai_epi16(_mm_unpackhi_epi8(f, f), 8);
                let both = _mm_add_epi32(_mm_madd_epi16(f_low, low), _mm_madd_epi16(f_high, high));
                *sum = _mm_add_epi32(*sum, both);
            }
        }
        totals(sums)
    }

    /// The sum of each vector's four lanes.
    #[target_feature(enable = "sse2")]
    fn totals([a, b, c, d]: [__m128i; 4]) -> [i32; 4] {
        let ab = _mm_add_epi32(_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b));
        let cd = _mm_add_epi32(_mm_unpacklo_epi32(c, d), _mm_unpackhi_epi32(c, d));
        let all = _mm_add_epi32(_mm_unpacklo_epi64(ab, cd), _mm_unpackhi_epi64(ab, cd));
        let mut out = [0; 4];
        // SAFETY: `out` is 16 bytes long, and storeu needs no alignment.
        unsafe { _mm_storeu_si128(out.as_mut_ptr().cast(), all) };
        out
    }
}

#[cfg(not(any(all(target_arch = "wasm32", target_feature = "simd128"), target_arch = "x86_64")))]
mod native {
    pub use super::dot4_scalar as dot4;
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    /// Xorshift64* of the bytes, with the extremes made common.
    fn bytes(state: &mut u64, n: usize) -> Vec<u8> {
        (0..n)
            .map(|_| {
                *state ^= *state >> 12;
                *state ^= *state << 25;
                *state ^= *state >> 27;
                let x = state.wrapping_mul(0x2545_f491_4f6c_dd1d);
                if x >> 61 == 0 { [0x80, 0x7f, 0x81, 0][(x >> 20) as usize % 4] } else { (x >> 40) as u8 }
            })
            .collect()
    }

    #[test]
    fn vectors_and_scalars_agree_on_every_bit() {
        let mut state = 20_261_123;
        let mut cases = 0;
        for blocks in 1..=16 {
            for _ in 0..7_000 {
                let group = bytes(&mut state, blocks * 64);
                let query: Vec<i16> = bytes(&mut state, blocks * 16).iter().map(|b| i16::from(*b as i8)).collect();
                let (group, query) = (group.as_chunks::<16>().0, query.as_chunks::<16>().0);
                assert_eq!(dot4(group, query), dot4_scalar(group, query), "{group:?} {query:?}");
                cases += 1;
            }
        }
        assert!(cases >= 100_000);
    }

    #[test]
    fn the_greatest_sums_fit() {
        for (f, q, expected) in [(0x80u8, -128i16, 1 << 22), (0x7f, -127, -127 * 127 * 256), (0, -128, 0)] {
            let (group, query) = ([[f; 16]; 64], [[q; 16]; 16]);
            assert_eq!(dot4(&group, &query), [expected; 4]);
            assert_eq!(dot4_scalar(&group, &query), [expected; 4]);
        }
    }

    #[test]
    fn groups_of_a_wrong_length_give_zeros() {
        for n in [0, 3, 5, 7, 9] {
            assert_eq!(dot4(&[[1; 16]; 9][..n], &[[1; 16]; 2]), [0; 4]);
        }
    }
}
