//! A Poseidon2 sponge of width 16 and rate 15, 8 full and 57 partial rounds, x^5, over BN254's
//! scalar field, with gnark-crypto's constants.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};

use crate::transcript::reduce;

const WIDTH: usize = 16;
const FULL: usize = 8;
const PARTIAL: usize = 57;

/// Diagonal of the internal matrix minus 1, keys of full rounds, keys of partial rounds, 32 bytes
/// each: verifier/poseidon2/constants.bin.
static CONSTANTS: &[u8] = include_bytes!("constants.bin");

fn constant(i: usize) -> Fr {
    reduce(&CONSTANTS[32 * i..32 * (i + 1)])
}

/// The digest of elements; the capacity starts as their number.
pub(crate) fn sum(elements: &[Fr]) -> Fr {
    let mut s = [Fr::ZERO; WIDTH];
    s[WIDTH - 1] = Fr::from(elements.len() as u64);
    for block in elements.chunks(WIDTH - 1) {
        for (x, e) in s.iter_mut().zip(block) {
            *x += e;
        }
        permute(&mut s);
    }
    s[0]
}

fn permute(s: &mut [Fr; WIDTH]) {
    external(s);
    for i in 0..FULL / 2 {
        full_round(s, i);
    }
    for i in 0..PARTIAL {
        s[0] = power5(s[0] + constant(WIDTH + WIDTH * FULL + i));
        let sum: Fr = s.iter().sum();
        for (i, x) in s.iter_mut().enumerate() {
            *x = *x * constant(i) + sum;
        }
    }
    for i in FULL / 2..FULL {
        full_round(s, i);
    }
}

fn full_round(s: &mut [Fr; WIDTH], round: usize) {
    for (i, x) in s.iter_mut().enumerate() {
        *x = power5(*x + constant(WIDTH + WIDTH * round + i));
    }
    external(s);
}

fn power5(x: Fr) -> Fr {
    x.square().square() * x
}

/// Multiplies by the block circulant of 2·M4 and M4, M4 = (5 7 1 3; 4 6 1 1; 1 3 5 7; 1 1 4 6).
fn external(s: &mut [Fr; WIDTH]) {
    let mut sum = [Fr::ZERO; 4];
    for block in s.chunks_exact_mut(4) {
        let t0 = block[0] + block[1];
        let t1 = block[2] + block[3];
        let t2 = block[1].double() + t1;
        let t3 = block[3].double() + t0;
        let t4 = t1.double().double() + t3;
        let t5 = t0.double().double() + t2;
        block.copy_from_slice(&[t3 + t5, t5, t2 + t4, t4]);
        for (x, b) in sum.iter_mut().zip(block) {
            *x += *b;
        }
    }
    for (i, x) in s.iter_mut().enumerate() {
        *x += sum[i % 4];
    }
}
