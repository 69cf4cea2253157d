//! How integers share field elements.

use alloc::vec::Vec;

use ark_bn254::Fr;
use ark_ff::{BigInt, PrimeField};

use crate::card::{Mode, TensorCard};
use crate::error::{Error, Result};
use crate::poseidon2;

/// Integers in [lo, hi] share field elements: with B = hi-lo+1 and the largest k with
/// B^k ≤ 2^253, element m is Σ_{i<k} (q[mk+i]-lo)·B^i; the last may hold fewer digits.
#[derive(Clone, Copy)]
pub(crate) struct Packing {
    pub lo: i64,
    pub hi: i64,
}

impl Packing {
    /// B-1: B itself may be 2^64.
    fn width(&self) -> u64 {
        (self.hi as u64).wrapping_sub(self.lo as u64)
    }

    fn digits(&self) -> usize {
        let mut x = [1, 0, 0, 0];
        let mut k = 0;
        while k < 253
            && mul_add(&mut x, self.width(), 0) == 0
            && BigInt::<4>(x) <= BigInt([0, 0, 0, 1 << 61])
        {
            k += 1;
        }
        k
    }

    pub fn elements(&self, size: usize) -> usize {
        size.div_ceil(self.digits())
    }

    fn pack(&self, q: &[i64]) -> Option<Vec<Fr>> {
        if q.iter().any(|x| !(self.lo..=self.hi).contains(x)) {
            return None;
        }
        let pack = |digits: &[i64]| {
            let mut x = [0; 4];
            for &d in digits.iter().rev() {
                mul_add(
                    &mut x,
                    self.width(),
                    (d as u64).wrapping_sub(self.lo as u64),
                );
            }
            Fr::from_bigint(BigInt(x))
        };
        q.chunks(self.digits()).map(pack).collect()
    }

    /// The inverse: nothing unless the elements are those of so many integers.
    pub fn unpack(&self, size: usize, elements: &[Fr]) -> Option<Vec<i64>> {
        let k = self.digits();
        if elements.len() != size.div_ceil(k) {
            return None;
        }
        let mut q = Vec::with_capacity(size);
        for (m, e) in elements.iter().enumerate() {
            let mut x = e.into_bigint().0;
            for _ in 0..k.min(size - m * k) {
                q.push(div_rem(&mut x, self.width()).wrapping_add(self.lo as u64) as i64);
            }
            if x != [0; 4] {
                return None;
            }
        }
        Some(q)
    }
}

/// Sets x = x·(width+1) + d and returns what exceeds 256 bits.
fn mul_add(x: &mut [u64; 4], width: u64, d: u64) -> u64 {
    let mut carry = u128::from(d);
    for limb in x {
        // (2^64-1)² + 2(2^64-1) = 2^128-1
        let t = u128::from(*limb) * u128::from(width) + u128::from(*limb) + carry;
        *limb = t as u64;
        carry = t >> 64;
    }
    carry as u64
}

/// Sets x = ⌊x/(width+1)⌋ and returns the remainder.
fn div_rem(x: &mut [u64; 4], width: u64) -> u64 {
    let base = u128::from(width) + 1;
    let mut rem = 0u128;
    for limb in x.iter_mut().rev() {
        let t = rem << 64 | u128::from(*limb);
        *limb = (t / base) as u64;
        rem = t % base;
    }
    rem as u64
}

impl TensorCard {
    /// The integers nearest to x·2^exp, ties up, clamped to [lo, hi]: what the prover proves.
    /// [`Error::Input`] unless x has the tensor's size and lies in [real_lo, real_hi].
    pub fn quantize(&self, x: &[f64]) -> core::result::Result<Vec<i64>, Error> {
        if x.len() != self.size() {
            return Err(Error::Input);
        }
        let one = |&r: &f64| {
            if !(self.real_lo <= r && r <= self.real_hi) {
                return Err(Error::Input);
            }
            Ok(nearest(r, self.exp.into()).clamp(self.lo.into(), self.hi.into()) as i64)
        };
        x.iter().map(one).collect()
    }
}

/// The integer nearest to r·2^exp, ties up; of numbers beyond ±2^100 some number beyond.
fn nearest(r: f64, exp: i32) -> i128 {
    let bits = r.to_bits();
    let biased = (bits >> 52 & 0x7ff) as i32;
    let fraction = (bits & ((1 << 52) - 1)) as i128;
    let (m, e) = if biased == 0 {
        (fraction, -1074)
    } else {
        (fraction | 1 << 52, biased - 1075)
    };
    let m = if r.is_sign_negative() { -m } else { m };
    match e + exp {
        shift if shift >= 0 => m << shift.min(70),
        shift if shift < -60 => 0,
        shift => (m + (1 << (-shift - 1))) >> -shift,
    }
}

/// The field elements that a statement shows of a public tensor's integers. [`Error::Malformed`]
/// unless there are as many as the tensor has, in its interval.
pub fn pack(t: &TensorCard, ints: &[i64]) -> Result<Vec<Fr>> {
    const OTHER: Error = Error::Malformed("not the tensor's integers");
    if ints.len() != t.size() {
        return Err(OTHER);
    }
    t.packing().pack(ints).ok_or(OTHER)
}

/// The digest of a tensor's integers under a salt. Errors are those of [`pack`].
pub fn digest(t: &TensorCard, ints: &[i64], salt: &Fr) -> Result<Fr> {
    let mut elements = pack(t, ints)?;
    elements.push(*salt);
    Ok(poseidon2::sum(&elements))
}

impl TensorCard {
    /// Reports whether a digest opens to integers.
    pub(crate) fn opens(&self, to: &Fr, ints: &[i64], salt: &Fr) -> bool {
        self.mode == Mode::Digest && digest(self, ints, salt) == Ok(*to)
    }
}
