//! The shortest decimal text that reads back to the same `f32`, and the nearest of them.
//!
//! Raffaello Giulietti, "The Schubfach way to render doubles" (2020), for 32 bits, section 9, with the powers of ten worked
//! out as they are needed: a table of them compresses to nothing less than itself, and the exponents of scores
//! are small. Tests hold it against serde_json, whose form of the text it has.

use alloc::string::String;

/// Where a number is written with a point and without an exponent: its first digit counts 10⁻⁶ to 10¹².
const PLAIN: core::ops::Range<i32> = -6..13;

/// Room for any of the texts: a sign, "0.", five zeros and nine digits are the longest.
struct Text {
    bytes: [u8; 24],
    len: usize,
}

impl Text {
    fn put(&mut self, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(self.len) {
            *slot = byte;
            self.len += 1;
        }
    }

    fn put_all(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.put(*byte));
    }

    fn zeros(&mut self, count: i32) {
        (0..count).for_each(|_| self.put(b'0'));
    }
}

/// Puts `number`, which is finite, behind `out`.
pub(super) fn push(number: f32, out: &mut String) {
    let mut text = Text { bytes: [0; 24], len: 0 };
    if number.is_sign_negative() {
        text.put(b'-');
    }
    let bits = number.to_bits() & 0x7fff_ffff;
    if bits == 0 {
        text.put_all(b"0.0");
    } else {
        let (digits, exponent) = decimal(bits);
        layout(digits, exponent, &mut text);
    }
    out.push_str(core::str::from_utf8(text.bytes.get(..text.len).unwrap_or_default()).unwrap_or_default());
}

/// `number` · 10^`exponent`, as serde_json lays it out.
fn layout(mut number: u32, mut exponent: i32, out: &mut Text) {
    while number.is_multiple_of(10) {
        number /= 10;
        exponent += 1;
    }
    let mut digits = [b'0'; 10];
    let mut first = digits.len();
    while number > 0 {
        first -= 1;
        if let Some(digit) = digits.get_mut(first) {
            *digit += (number % 10) as u8;
        }
        number /= 10;
    }
    let digits = digits.get(first..).unwrap_or_default();
    // The power of ten that the first digit counts.
    let leading = exponent + digits.len() as i32 - 1;
    let plain = PLAIN.contains(&leading);
    if plain && leading < 0 {
        out.put_all(b"0.");
        out.zeros(-1 - leading);
        out.put_all(digits);
        return;
    }
    let point = if plain { leading + 1 } else { 1 };
    for (digit, at) in digits.iter().zip(0..) {
        if at == point {
            out.put(b'.');
        }
        out.put(*digit);
    }
    if plain && exponent >= 0 {
        out.zeros(exponent);
        out.put_all(b".0");
    }
    if !plain {
        out.put_all(if leading < 0 { b"e-" } else { b"e+" });
        let leading = leading.unsigned_abs() as u8;
        if leading >= 10 {
            out.put(b'0' + leading / 10);
        }
        out.put(b'0' + leading % 10);
    }
}

/// The digits of a positive number with these bits, and the power of ten that they count.
fn decimal(bits: u32) -> (u32, i32) {
    let (significand, biased) = (bits & 0x7f_ffff, (bits >> 23) as i32);
    // The number is c · 2^q.
    let (c, q) = if biased == 0 { (significand, -149) } else { (significand | 0x80_0000, biased - 150) };
    // The neighbour below is nearer where the exponent changes.
    let narrow = significand == 0 && biased > 1;
    let odd = c & 1;
    // In quarters: the halfway points to both neighbours, and the number.
    let (left, middle, right) = (4 * c - 2 + u32::from(narrow), 4 * c, 4 * c + 2);
    // ⌊log10 2^q⌋, or of ¾ · 2^q; then ⌊log2 10^−k⌋.
    let k = (q * 1_262_611 - if narrow { 524_031 } else { 0 }) >> 22;
    let h = q + ((-k * 1_741_647) >> 19) + 1;
    let power = power_of_ten(-k);
    let [lower, v, upper] = [left, middle, right].map(|quarters| round_to_odd(power, quarters << h));
    // The halfway points read back to the number when it is even.
    let (lower, upper) = (lower + odd, upper - odd);
    let s = v / 4;
    if s >= 10 {
        let tens = s / 10;
        let (below, above) = (lower <= 40 * tens, 40 * tens + 40 <= upper);
        if below != above {
            return (tens + u32::from(above), k + 1);
        }
    }
    let (below, above) = (lower <= 4 * s, 4 * s + 4 <= upper);
    if below != above {
        return (s + u32::from(above), k);
    }
    let half = 4 * s + 2;
    (s + u32::from(v > half || v == half && s & 1 == 1), k)
}

/// ⌊power · factor / 2⁶⁴⌋, with the lowest bit set where something was cut off.
fn round_to_odd(power: u64, factor: u32) -> u32 {
    let product = u128::from(power) * u128::from(factor);
    (product >> 64) as u32 | u32::from((product as u64) >> 32 > 1)
}

/// The first 64 bits of 10^k, rounded up; −32 ≤ k ≤ 46.
///
/// Up to 46 the 128 bits are exact; below 0 each step loses less than a unit in the 128th place, and no power in the range
/// comes as near to a number of 64 bits as 32 of those.
fn power_of_ten(k: i32) -> u64 {
    let (mut high, mut low) = (1u64 << 63, 0u64);
    for _ in 0..k.unsigned_abs() {
        if k > 0 {
            // × 10 / 8 = × 5/4
            let quarter = high >> 2;
            let (sum, carry) = low.overflowing_add(low >> 2 | high << 62);
            let (wide, first) = high.overflowing_add(quarter);
            let (wide, second) = wide.overflowing_add(u64::from(carry));
            (high, low) = (wide, sum);
            if first || second {
                low = low >> 1 | high << 63;
                high = high >> 1 | 1 << 63;
            }
        } else {
            (high, low) = tenth(high, low);
        }
    }
    high.saturating_add(u64::from(low != 0))
}

/// A tenth, with the highest bit set again.
fn tenth(high: u64, low: u64) -> (u64, u64) {
    let mut limbs = [high >> 32, high & 0xffff_ffff, low >> 32, low & 0xffff_ffff, 0];
    let mut rest = 0;
    for limb in &mut limbs {
        let whole = rest << 32 | *limb;
        *limb = whole / 10;
        rest = whole % 10;
    }
    let [a, b, c, d, e] = limbs;
    let (mut high, mut low, below) = (a << 32 | b, c << 32 | d, e << 32);
    let shift = high.leading_zeros();
    high = high << shift | low >> (64 - shift);
    low = low << shift | below >> (64 - shift);
    (high, low)
}
