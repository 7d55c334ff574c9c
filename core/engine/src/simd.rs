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
        __cpuid, __cpuid_count, __m128i, __m256i, _mm_add_epi32, _mm_loadu_si128, _mm_madd_epi16, _mm_setzero_si128,
        _mm_srai_epi16, _mm_storeu_si128, _mm_unpackhi_epi8, _mm_unpackhi_epi32, _mm_unpackhi_epi64, _mm_unpacklo_epi8,
        _mm_unpacklo_epi32, _mm_unpacklo_epi64, _mm256_add_epi32, _mm256_castsi256_si128, _mm256_cvtepi8_epi16,
        _mm256_extracti128_si256, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_setzero_si256, _xgetbv,
    };
    use core::sync::atomic::{AtomicU8, Ordering};

    use super::{Factor, Query, quarter};

    /// What this processor has: 0 when it has not been asked yet.
    static LEVEL: AtomicU8 = AtomicU8::new(0);
    const SSE2: u8 = 1;
    const AVX2: u8 = 2;

    /// The dot products of four factors that lie one after the other, item by item, with the query.
    ///
    /// A group of another length than `4 · query.len()` gives zeros.
    #[inline]
    pub fn dot4(group: Factor<'_>, query: Query<'_>) -> [i32; 4] {
        let level = match LEVEL.load(Ordering::Relaxed) {
            0 => detect(),
            level => level,
        };
        if level == AVX2 {
            // SAFETY: `detect` found AVX2 in the processor, and that the system saves its registers.
            return unsafe { dot4_avx2(group, query) };
        }
        // SAFETY: SSE2 belongs to every x86_64 processor.
        unsafe { dot4_sse2(group, query) }
    }

    /// Asks the processor once. `std::is_x86_feature_detected` needs std, which the core has not.
    #[cold]
    fn detect() -> u8 {
        let has = |register: u32, bit: u32| register >> bit & 1 == 1;
        let basic = __cpuid(1);
        // OSXSAVE and AVX; then whether the system saves the registers of 128 and 256 bits; then AVX2.
        let mut avx2 = __cpuid(0).eax >= 7 && has(basic.ecx, 27) && has(basic.ecx, 28);
        // SAFETY: OSXSAVE, looked at before, is what `_xgetbv` needs.
        avx2 = avx2 && unsafe { saved() } & 0b110 == 0b110 && has(__cpuid_count(7, 0).ebx, 5);
        let level = if avx2 { AVX2 } else { SSE2 };
        LEVEL.store(level, Ordering::Relaxed);
        level
    }

    #[target_feature(enable = "xsave")]
    fn saved() -> u64 {
        // SAFETY: register 0 is always there.
        unsafe { _xgetbv(0) }
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn dot4_avx2(group: Factor<'_>, query: Query<'_>) -> [i32; 4] {
        let Some([a, b, c, d]) = quarter(group, query) else { return [0; 4] };
        let mut sums = [_mm256_setzero_si256(); 4];
        for ((((q, a), b), c), d) in query.iter().zip(a).zip(b).zip(c).zip(d) {
            // SAFETY: the array is 16 · 2 = 32 bytes long, and loadu needs no alignment.
            let q = unsafe { _mm256_loadu_si256(q.as_ptr().cast()) };
            for (sum, factor) in sums.iter_mut().zip([a, b, c, d]) {
                // SAFETY: the array is 16 bytes long, and loadu needs no alignment.
                let f = _mm256_cvtepi8_epi16(unsafe { _mm_loadu_si128(factor.as_ptr().cast()) });
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(f, q));
            }
        }
        let [a, b, c, d] = sums;
        totals([halves(a), halves(b), halves(c), halves(d)])
    }

    /// The upper half added to the lower one.
    #[target_feature(enable = "avx2")]
    fn halves(sum: __m256i) -> __m128i {
        _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum))
    }

    #[target_feature(enable = "sse2")]
    pub(super) fn dot4_sse2(group: Factor<'_>, query: Query<'_>) -> [i32; 4] {
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

#[cfg(target_arch = "aarch64")]
#[allow(unsafe_code, reason = "vector loads take pointers")]
mod native {
    use core::arch::aarch64::{
        vaddvq_s32, vdupq_n_s32, vget_high_s16, vget_low_s8, vget_low_s16, vld1q_s8, vld1q_s16, vmlal_s16,
        vmovl_high_s8, vmovl_s8,
    };

    use super::{Factor, Query, quarter};

    /// The dot products of four factors that lie one after the other, item by item, with the query.
    ///
    /// A group of another length than `4 · query.len()` gives zeros.
    pub fn dot4(group: Factor<'_>, query: Query<'_>) -> [i32; 4] {
        // SAFETY: NEON belongs to every 64-bit ARM processor that Rust's targets with std support.
        unsafe { dot4_neon(group, query) }
    }

    #[target_feature(enable = "neon")]
    fn dot4_neon(group: Factor<'_>, query: Query<'_>) -> [i32; 4] {
        let Some([a, b, c, d]) = quarter(group, query) else { return [0; 4] };
        let mut sums = [vdupq_n_s32(0); 4];
        for ((((q, a), b), c), d) in query.iter().zip(a).zip(b).zip(c).zip(d) {
            let ([low, high], _) = q.as_chunks::<8>() else { continue };
            // SAFETY: each array is 8 numbers of 16 bits long, and vld1q needs no alignment but theirs.
            let (low, high) = unsafe { (vld1q_s16(low.as_ptr()), vld1q_s16(high.as_ptr())) };
            for (sum, factor) in sums.iter_mut().zip([a, b, c, d]) {
                // SAFETY: the array is 16 bytes long, and vld1q_s8 needs no alignment.
                let f = unsafe { vld1q_s8(factor.as_ptr().cast()) };
                let (f_low, f_high) = (vmovl_s8(vget_low_s8(f)), vmovl_high_s8(f));
                *sum = vmlal_s16(*sum, vget_low_s16(f_low), vget_low_s16(low));
                *sum = vmlal_s16(*sum, vget_high_s16(f_low), vget_high_s16(low));
                *sum = vmlal_s16(*sum, vget_low_s16(f_high), vget_low_s16(high));
                *sum = vmlal_s16(*sum, vget_high_s16(f_high), vget_high_s16(high));
            }
        }
        let [a, b, c, d] = sums;
        [vaddvq_s32(a), vaddvq_s32(b), vaddvq_s32(c), vaddvq_s32(d)]
    }
}

#[cfg(not(any(
    all(target_arch = "wasm32", target_feature = "simd128"),
    target_arch = "x86_64",
    target_arch = "aarch64"
)))]
mod native {
    pub use super::dot4_scalar as dot4;
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::limits::VISITOR_CODE_MAX;

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

    /// A visitor's number: of any size up to the greatest.
    fn code(byte: u8) -> i16 {
        i16::from(byte as i8 / 2) << (byte % 9)
    }

    #[test]
    fn vectors_and_scalars_agree_on_every_bit() {
        let mut state = 20_261_123;
        let mut cases = 0;
        for blocks in 1..=16 {
            for _ in 0..16_000 {
                let group = bytes(&mut state, blocks * 64);
                let query: Vec<i16> = bytes(&mut state, blocks * 16).iter().map(|b| code(*b)).collect();
                let (group, query) = (group.as_chunks::<16>().0, query.as_chunks::<16>().0);
                let expected = dot4_scalar(group, query);
                assert_eq!(dot4(group, query), expected, "{group:?} {query:?}");
                #[cfg(target_arch = "x86_64")]
                older(group, query, expected);
                cases += 1;
            }
        }
        assert!(cases >= 250_000, "each of four dot products: a million");
    }

    /// The code for processors without AVX2, which this one may have.
    #[cfg(target_arch = "x86_64")]
    #[allow(unsafe_code, reason = "the instructions must be there")]
    fn older(group: Factor<'_>, query: Query<'_>, expected: [i32; 4]) {
        // SAFETY: SSE2 belongs to every x86_64 processor.
        assert_eq!(unsafe { native::dot4_sse2(group, query) }, expected, "{group:?} {query:?}");
    }

    #[test]
    fn the_greatest_sums_fit() {
        const MAX: i16 = VISITOR_CODE_MAX;
        let greatest = 128 * 256 * i32::from(MAX);
        for (f, q, expected) in [(0x80u8, -MAX, greatest), (0x7f, -MAX, -127 * 256 * i32::from(MAX)), (0, -MAX, 0)] {
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
