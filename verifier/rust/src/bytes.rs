//! Reads the only encoding of keys and proofs: big-endian integers, scalars of 32 bytes below r,
//! compressed points as gnark-crypto has them, strings after a 16-bit length.

use alloc::string::String;
use alloc::vec::Vec;

use ark_bn254::{Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, BigInt, Field, PrimeField, Zero};

use crate::error::{Error, Result};

/// Bytes that are left to read.
pub(crate) struct Decoder<'a>(pub &'a [u8]);

impl<'a> Decoder<'a> {
    pub fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        if n > self.0.len() {
            return Err(Error::Malformed("it ends too early"));
        }
        let (taken, rest) = self.0.split_at(n);
        self.0 = rest;
        Ok(taken)
    }

    pub fn end(&self) -> Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Error::Malformed("trailing bytes"))
        }
    }

    pub fn magic(&mut self, want: &str) -> Result<()> {
        if self.take(want.len())? == want.as_bytes() {
            Ok(())
        } else {
            Err(Error::Malformed("it begins otherwise"))
        }
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    pub fn u8(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    pub fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    pub fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    /// Text is checked by the card.
    pub fn text(&mut self) -> Result<String> {
        let n = self.u16()?;
        let bytes = self.take(n.into())?;
        match core::str::from_utf8(bytes) {
            Ok(text) => Ok(text.into()),
            Err(_) => Err(Error::Malformed("text that is not UTF-8")),
        }
    }

    /// Checks that n items of at least so many bytes each can follow.
    pub fn count(&self, n: usize, bytes: usize) -> Result<usize> {
        if n > self.0.len() / bytes {
            return Err(Error::Malformed("more items than bytes for them"));
        }
        Ok(n)
    }

    pub fn scalar(&mut self) -> Result<Fr> {
        scalar(&self.array()?).ok_or(Error::Malformed("scalar not below r"))
    }

    pub fn scalars(&mut self, n: usize) -> Result<Vec<Fr>> {
        (0..self.count(n, 32)?).map(|_| self.scalar()).collect()
    }

    /// A point of G1 other than infinity.
    pub fn g1(&mut self) -> Result<G1Affine> {
        let p = self.g1_or_infinity()?;
        if p.is_zero() {
            return Err(Error::Malformed("point at infinity"));
        }
        Ok(p)
    }

    /// A point of G1, whose curve has prime order.
    pub fn g1_or_infinity(&mut self) -> Result<G1Affine> {
        const OFF: Error = Error::Malformed("no point of G1");
        let mut bytes = self.array::<32>()?;
        let Some(largest) = flags(&mut bytes)? else {
            return if bytes == [0; 32] {
                Ok(G1Affine::zero())
            } else {
                Err(OFF)
            };
        };
        let x = coordinate(&bytes).ok_or(OFF)?;
        let y = (x.square() * x + Fq::from(3u64)).sqrt().ok_or(OFF)?;
        let y = if large(&y) == largest { y } else { -y };
        Ok(G1Affine::new_unchecked(x, y)) // it is on the curve: y was computed from x
    }

    /// A point of the subgroup G2 other than infinity.
    pub fn g2(&mut self) -> Result<G2Affine> {
        const OFF: Error = Error::Malformed("no point of G2");
        let mut first = self.array::<32>()?;
        let second = self.array::<32>()?;
        let Some(largest) = flags(&mut first)? else {
            return Err(Error::Malformed("point at infinity"));
        };
        let x = Fq2::new(
            coordinate(&second).ok_or(OFF)?,
            coordinate(&first).ok_or(OFF)?,
        );
        let b = <ark_bn254::g2::Config as ark_ec::short_weierstrass::SWCurveConfig>::COEFF_B;
        let y = (x.square() * x + b).sqrt().ok_or(OFF)?;
        let is_large = if y.c1.is_zero() {
            large(&y.c0)
        } else {
            large(&y.c1)
        };
        let y = if is_large == largest { y } else { -y };
        let p = G2Affine::new_unchecked(x, y);
        if !p.is_in_correct_subgroup_assuming_on_curve() || p.is_zero() {
            return Err(OFF);
        }
        Ok(p)
    }
}

/// Takes the flags off the first byte: whether y is the larger root, or nothing for infinity.
fn flags(bytes: &mut [u8; 32]) -> Result<Option<bool>> {
    let f = bytes[0] >> 6;
    bytes[0] &= 0x3f;
    match f {
        1 => Ok(None),
        2 => Ok(Some(false)),
        3 => Ok(Some(true)),
        _ => Err(Error::Malformed("a point that is not compressed")),
    }
}

/// Reports whether y is larger than -y.
fn large(y: &Fq) -> bool {
    y.into_bigint() > Fq::MODULUS_MINUS_ONE_DIV_TWO
}

fn limbs(bytes: &[u8; 32]) -> BigInt<4> {
    let mut out = [0u64; 4];
    for (i, word) in bytes.chunks_exact(8).enumerate() {
        let mut w = [0; 8];
        w.copy_from_slice(word);
        out[3 - i] = u64::from_be_bytes(w);
    }
    BigInt::new(out)
}

/// The integer of 32 bytes, unless it is not below p.
fn coordinate(bytes: &[u8; 32]) -> Option<Fq> {
    Fq::from_bigint(limbs(bytes))
}

/// The integer of 32 bytes, unless it is not below r.
pub(crate) fn scalar(bytes: &[u8; 32]) -> Option<Fr> {
    Fr::from_bigint(limbs(bytes))
}

/// The 32 bytes of an integer, big-endian.
fn be(x: [u64; 4]) -> [u8; 32] {
    let mut out = [0; 32];
    for (i, w) in x.iter().enumerate() {
        out[8 * (3 - i)..8 * (4 - i)].copy_from_slice(&w.to_be_bytes());
    }
    out
}

pub(crate) fn fr_bytes(x: &Fr) -> [u8; 32] {
    be(x.into_bigint().0)
}

fn fq_bytes(x: &Fq) -> [u8; 32] {
    be(x.into_bigint().0)
}

/// x and y, uncompressed; zeros and a flag for infinity, as gnark-crypto writes it.
pub(crate) fn g1_raw(p: &G1Affine) -> [u8; 64] {
    let mut out = [0; 64];
    match p.xy() {
        Some((x, y)) => {
            out[..32].copy_from_slice(&fq_bytes(&x));
            out[32..].copy_from_slice(&fq_bytes(&y));
        }
        None => out[0] = 0x40,
    }
    out
}

/// Appends a compressed point of G1.
pub(crate) fn put_g1(out: &mut Vec<u8>, p: &G1Affine) {
    let mut bytes = [0; 32];
    match p.xy() {
        Some((x, y)) => {
            bytes = fq_bytes(&x);
            bytes[0] |= if large(&y) { 0xc0 } else { 0x80 };
        }
        None => bytes[0] = 0x40,
    }
    out.extend_from_slice(&bytes);
}

/// Appends a compressed point of G2.
pub(crate) fn put_g2(out: &mut Vec<u8>, p: &G2Affine) {
    let (x, y) = p.xy().unwrap_or((Fq2::ZERO, Fq2::ZERO));
    let mut first = fq_bytes(&x.c1);
    let is_large = if y.c1.is_zero() {
        large(&y.c0)
    } else {
        large(&y.c1)
    };
    first[0] |= if is_large { 0xc0 } else { 0x80 };
    out.extend_from_slice(&first);
    out.extend_from_slice(&fq_bytes(&x.c0));
}
