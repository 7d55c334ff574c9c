//! Dense algebra at the width of the processor: sums of outer products, Cholesky, and products with gathered rows.
//!
//! Everything here is plain code over slices, compiled once more for the widest instructions that the processor has and
//! chosen at run time ([`at_full_width`]). Sums keep the order in which they are written and are never fused, so that
//! every host gives the same bits, and [`add_outer_products`] and [`factor`] give the bits of their readable twins
//! ([`crate::als`]'s half-step, [`crate::linear`]): a tile of the matrix stays in registers while all its terms are
//! added in the same order. Measured at 64 dimensions that is three times as fast.

use crate::linear::NotPositiveDefinite;

/// Numbers that go into one instruction; part of the order of sums in [`Lanes`].
pub(crate) const LANES: usize = 8;

/// A few numbers side by side.
pub(crate) type Lanes = [f32; LANES];

/// Rows and columns of a tile: with its operands it fits the registers of every 64-bit processor with 256-bit SIMD.
const TILE_ROWS: usize = 4;
const TILE_COLS: usize = 16;

/// Runs `work` compiled for the widest instructions there are. What it calls must be inlined to gain by it.
#[inline]
pub(crate) fn at_full_width<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

/// A slice as lanes; what does not fill one is left out, so lengths are multiples of [`LANES`].
#[inline(always)]
pub(crate) fn lanes(v: &[f32]) -> &[Lanes] {
    v.as_chunks().0
}

/// The sum of lanes, pairs first.
#[inline(always)]
pub(crate) fn total(s: Lanes) -> f32 {
    // Without it the compiler shapes the loop before by this tree, and loads two numbers at a time instead of eight.
    let s = std::hint::black_box(s);
    ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

/// Dot product of lanes.
#[inline(always)]
pub(crate) fn dot(a: &[Lanes], b: &[Lanes]) -> f32 {
    let mut sums = [0.0; LANES];
    for (x, y) in a.iter().zip(b) {
        for l in 0..LANES {
            sums[l] += x[l] * y[l];
        }
    }
    total(sums)
}

/// `out += matrixᵀ v`, `matrix` row-major with rows as long as `out`.
#[inline(always)]
pub(crate) fn add_rows(matrix: &[f32], v: &[Lanes], out: &mut [Lanes]) {
    let k = out.len() * LANES;
    let rows = matrix.chunks_exact(k);
    for (row, &f) in rows.zip(v.as_flattened()) {
        for (o, m) in out.iter_mut().zip(lanes(row)) {
            for l in 0..LANES {
                o[l] += f * m[l];
            }
        }
    }
}

/// `a += Σ_r scaled_r plain_rᵀ` over the rows of two panels (rows × k), upper triangle and whatever shares a tile with
/// it; four rows a pass as `(e0 + e1) + (e2 + e3)`, the last one to three singly.
#[inline(always)]
pub(crate) fn add_outer_products(a: &mut [f32], k: usize, scaled: &[f32], plain: &[f32]) {
    for i in (0..k).step_by(TILE_ROWS) {
        let mut j = i / TILE_COLS * TILE_COLS;
        while j < k {
            if i + TILE_ROWS <= k && j + TILE_COLS <= k {
                outer_tile(a, k, (i, j), scaled, plain);
            } else {
                for row in i..k.min(i + TILE_ROWS) {
                    for col in j..k.min(j + TILE_COLS) {
                        outer_cell(a, k, (row, col), scaled, plain);
                    }
                }
            }
            j += TILE_COLS;
        }
    }
}

#[inline(always)]
fn outer_tile(a: &mut [f32], k: usize, (i, j): (usize, usize), scaled: &[f32], plain: &[f32]) {
    let mut tile = load(a, k, i, j);
    let head = |row: &[f32]| -> [f32; TILE_ROWS] { *row[i..].first_chunk().unwrap_or(&[0.0; TILE_ROWS]) };
    let tail = |row: &[f32]| -> [f32; TILE_COLS] { *row[j..].first_chunk().unwrap_or(&[0.0; TILE_COLS]) };
    let (mut scaled, mut plain) = (scaled.chunks_exact(4 * k), plain.chunks_exact(4 * k));
    for (s, p) in scaled.by_ref().zip(plain.by_ref()) {
        let (f0, f1, f2, f3) = (head(s), head(&s[k..]), head(&s[2 * k..]), head(&s[3 * k..]));
        let (t0, t1, t2, t3) = (tail(p), tail(&p[k..]), tail(&p[2 * k..]), tail(&p[3 * k..]));
        for r in 0..TILE_ROWS {
            for c in 0..TILE_COLS {
                tile[r][c] += (f0[r] * t0[c] + f1[r] * t1[c]) + (f2[r] * t2[c] + f3[r] * t3[c]);
            }
        }
    }
    for (s, p) in scaled.remainder().chunks_exact(k).zip(plain.remainder().chunks_exact(k)) {
        let (f, t) = (head(s), tail(p));
        for r in 0..TILE_ROWS {
            for c in 0..TILE_COLS {
                tile[r][c] += f[r] * t[c];
            }
        }
    }
    store(a, k, i, j, &tile);
}

#[inline(always)]
fn outer_cell(a: &mut [f32], k: usize, (i, j): (usize, usize), scaled: &[f32], plain: &[f32]) {
    let mut cell = a[i * k + j];
    let (mut scaled, mut plain) = (scaled.chunks_exact(4 * k), plain.chunks_exact(4 * k));
    for (s, p) in scaled.by_ref().zip(plain.by_ref()) {
        let term = |r: usize| s[r * k + i] * p[r * k + j];
        cell += (term(0) + term(1)) + (term(2) + term(3));
    }
    for (s, p) in scaled.remainder().chunks_exact(k).zip(plain.remainder().chunks_exact(k)) {
        cell += s[i] * p[j];
    }
    a[i * k + j] = cell;
}

#[inline(always)]
fn load(a: &[f32], k: usize, i: usize, j: usize) -> [[f32; TILE_COLS]; TILE_ROWS] {
    let mut tile = [[0.0; TILE_COLS]; TILE_ROWS];
    for (r, row) in tile.iter_mut().enumerate() {
        row.copy_from_slice(&a[(i + r) * k + j..][..TILE_COLS]);
    }
    tile
}

#[inline(always)]
fn store(a: &mut [f32], k: usize, i: usize, j: usize, tile: &[[f32; TILE_COLS]; TILE_ROWS]) {
    for (r, row) in tile.iter().enumerate() {
        a[(i + r) * k + j..][..TILE_COLS].copy_from_slice(row);
    }
}

/// Overwrites the upper triangle of `a` (k × k) by U with UᵀU = A: [`crate::linear::factor_f32`], to the bit.
#[inline(always)]
pub(crate) fn factor(a: &mut [f32], k: usize) -> Result<(), NotPositiveDefinite> {
    for i in (0..k).step_by(TILE_ROWS) {
        let rows = TILE_ROWS.min(k - i);
        // What the rows above take from these.
        let mut j = i / TILE_COLS * TILE_COLS;
        while j < k && i > 0 {
            if rows == TILE_ROWS && j + TILE_COLS <= k {
                subtract_tile(a, k, i, j);
            } else {
                for row in i..i + rows {
                    for col in j.max(row)..k.min(j + TILE_COLS) {
                        let mut cell = a[row * k + col];
                        for p in 0..i {
                            cell -= a[p * k + row] * a[p * k + col];
                        }
                        a[row * k + col] = cell;
                    }
                }
            }
            j += TILE_COLS;
        }
        // And what they take from one another.
        for p in i..i + rows {
            let (above, below) = a.split_at_mut((p + 1) * k);
            let pivot_row = &mut above[p * k + p..];
            let pivot = pivot_row[0];
            if !(pivot > 0.0 && pivot.is_finite()) {
                return Err(NotPositiveDefinite { pivot: p });
            }
            let root = pivot.sqrt();
            let inverse = 1.0 / root;
            pivot_row[0] = root;
            for v in &mut pivot_row[1..] {
                *v *= inverse;
            }
            for (j, row) in below.chunks_exact_mut(k).take(i + rows - p - 1).enumerate() {
                let tail = &pivot_row[j + 1..];
                let f = tail[0];
                for (x, &u) in row[p + 1 + j..].iter_mut().zip(tail) {
                    *x -= f * u;
                }
            }
        }
    }
    Ok(())
}

#[inline(always)]
fn subtract_tile(a: &mut [f32], k: usize, i: usize, j: usize) {
    let mut tile = load(a, k, i, j);
    for row in a[..i * k].chunks_exact(k) {
        let f: [f32; TILE_ROWS] = *row[i..].first_chunk().unwrap_or(&[0.0; TILE_ROWS]);
        let t: [f32; TILE_COLS] = *row[j..].first_chunk().unwrap_or(&[0.0; TILE_COLS]);
        for r in 0..TILE_ROWS {
            for c in 0..TILE_COLS {
                tile[r][c] -= f[r] * t[c];
            }
        }
    }
    store(a, k, i, j, &tile);
}
