//! PLONK over KZG with one commitment of witness values, gnark's variant.

use alloc::vec;
use alloc::vec::Vec;

use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, Field, One, PrimeField};

use crate::bytes::{fr_bytes, g1_raw, put_g1, Decoder};
use crate::card::{Card, Weights};
use crate::error::{Error, Result};
use crate::transcript::{coefficient, hash_to_field, reduce, sha256, statement_hash};

/// The key's points.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    size: u64,
    commitment_index: u64,
    s: [G1Affine; 3],
    selectors: [G1Affine; 5], // l, r, m, o, k
    qcp: G1Affine,
    g1: G1Affine,
    g2: G2Affine,
    g2_tau: G2Affine,
    public: usize,
    omega: Fr,
}

/// A proof.
#[derive(Clone, Debug)]
pub(crate) struct Points {
    lro: [G1Affine; 3],
    z: G1Affine,
    h: [G1Affine; 3],
    commitment: G1Affine,
    opening: G1Affine,
    shifted_opening: G1Affine,
    claims: [Fr; 7], // at ζ: linearised polynomial, l, r, o, s1, s2, qcp
    shifted_z: Fr,
}

impl Points {
    pub fn decode(d: &mut Decoder) -> Result<Self> {
        let mut p = Points {
            lro: [d.g1()?, d.g1()?, d.g1()?],
            z: d.g1()?,
            h: [d.g1()?, d.g1()?, d.g1()?],
            commitment: d.g1()?,
            opening: d.g1()?,
            shifted_opening: d.g1()?,
            claims: [Fr::ZERO; 7],
            shifted_z: Fr::ZERO,
        };
        for c in &mut p.claims {
            *c = d.scalar()?;
        }
        p.shifted_z = d.scalar()?;
        Ok(p)
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let last = [self.commitment, self.opening, self.shifted_opening];
        for p in self.lro.iter().chain([&self.z]).chain(&self.h).chain(&last) {
            put_g1(&mut out, p);
        }
        for c in self.claims.iter().chain([&self.shifted_z]) {
            out.extend_from_slice(&fr_bytes(c));
        }
        out
    }
}

/// Wires L, R, O live on the domain times 1, this and its square.
const COSET_SHIFT: u64 = 5;

/// 2^k, or from 96 on 3·2^k, k at most 28.
fn valid_size(n: u64) -> bool {
    let n = if n % 3 == 0 && n >= 96 { n / 3 } else { n };
    n.is_power_of_two() && n <= 1 << 28
}

/// ω = 5^((r-1)/size).
fn generator(size: u64) -> Fr {
    let mut e = Fr::MODULUS.0;
    e[0] -= 1; // r is odd
    let mut rem = 0u128;
    for limb in e.iter_mut().rev() {
        let t = rem << 64 | u128::from(*limb);
        *limb = (t / u128::from(size)) as u64;
        rem = t % u128::from(size);
    }
    Fr::from(COSET_SHIFT).pow(e)
}

impl Key {
    pub fn decode(d: &mut Decoder, card: &Card) -> Result<Self> {
        let size = d.u64()?;
        let key = Key {
            size,
            commitment_index: d.u64()?,
            s: [d.g1()?, d.g1()?, d.g1()?],
            selectors: [
                d.g1_or_infinity()?,
                d.g1_or_infinity()?,
                d.g1_or_infinity()?,
                d.g1_or_infinity()?,
                d.g1_or_infinity()?,
            ],
            qcp: d.g1()?,
            g1: d.g1()?,
            g2: d.g2()?,
            g2_tau: d.g2()?,
            public: card.statement_size(),
            omega: Fr::ZERO,
        };
        let committed = card.weights == Weights::Committed;
        if committed {
            let _ = d.g1()?; // shows an auditor that Qr is the circuit's but for weights
            let _ = d.g1()?;
        }
        let public = key.public as u64;
        if !valid_size(size) || public >= size || key.commitment_index >= size - public {
            return Err(Error::Malformed("verifying key: rows"));
        }
        if committed && key.selectors[1].is_zero() {
            return Err(Error::Malformed("verifying key: point at infinity"));
        }
        if key.g2 == key.g2_tau || key.g2 == -key.g2_tau {
            return Err(Error::Malformed(
                "verifying key: degenerate reference string",
            ));
        }
        Ok(Key {
            omega: generator(size),
            ..key
        })
    }

    /// The points whose pairings' product is 1 if, but for a chance of 2^-127, the proof holds.
    /// [`Error::Rejected`] if its claims contradict each other.
    pub fn pairs(
        &self,
        key: &[u8; 32],
        statement: &[Fr],
        p: &Points,
    ) -> Result<Vec<(G1Affine, G2Affine)>> {
        let mut inputs = statement.to_vec();
        inputs[0] = reduce(&sha256(&[
            b"nnark plonk context 1",
            key,
            &fr_bytes(&statement[0]),
        ]));
        let e = self.evaluate(&inputs, p);
        let [claim, l, r, o, s1, s2, q] = p.claims;
        let permutation = e.alpha * e.term(l, s1) * e.term(r, s2) * p.shifted_z;
        if claim != e.first - (permutation * e.term(o, Fr::ZERO) + e.public) {
            return Err(Error::Rejected("the algebraic relation does not hold"));
        }
        // The linearised polynomial.
        let u = Fr::from(COSET_SHIFT);
        let identity =
            e.alpha * e.term(l, e.zeta) * e.term(r, u * e.zeta) * e.term(o, u * u * e.zeta);
        let shift = e.zeta_n * e.zeta.square(); // ζ^(n+2)
        let [ql, qr, qm, qo, qk] = self.selectors;
        let linearised = sum(&[
            (ql, l),
            (qr, r),
            (qm, l * r),
            (qo, o),
            (qk, Fr::one()),
            (p.commitment, q),
            (self.s[2], permutation * e.beta),
            (p.z, e.first - identity),
            (p.h[0], -e.vanishing),
            (p.h[1], -e.vanishing * shift),
            (p.h[2], -e.vanishing * shift.square()),
        ]);
        // Seven openings at ζ in one, and Z at ωζ beside it.
        let points = [
            linearised, p.lro[0], p.lro[1], p.lro[2], self.s[0], self.s[1], self.qcp,
        ];
        let mut data = fr_bytes(&e.zeta).to_vec();
        for q in &points {
            data.extend_from_slice(&g1_raw(q));
        }
        for c in p.claims.iter().chain([&p.shifted_z]) {
            data.extend_from_slice(&fr_bytes(c));
        }
        let challenge = reduce(&sha256(&[b"gamma", &data]));
        let lambda = coefficient(&sha256(&[&statement_hash(key, statement), &p.encode()]));
        let mut terms = vec![];
        let (mut value, mut power) = (Fr::ZERO, Fr::one());
        for (q, c) in points.iter().zip(&p.claims) {
            terms.push((*q, power));
            value += power * c;
            power *= challenge;
        }
        terms.extend([
            (p.z, lambda),
            (p.opening, e.zeta),
            (p.shifted_opening, lambda * self.omega * e.zeta),
            (self.g1, -value - lambda * p.shifted_z),
        ]);
        let quotients = sum(&[(p.opening, -Fr::one()), (p.shifted_opening, -lambda)]);
        Ok(vec![(sum(&terms), self.g2), (quotients, self.g2_tau)])
    }

    /// The challenges, each from its name, the one before and what the prover sent since, and what
    /// follows from them at ζ.
    fn evaluate(&self, inputs: &[Fr], p: &Points) -> Evaluation {
        let mut first = vec![];
        for q in self.s.iter().chain(&self.selectors).chain([&self.qcp]) {
            first.extend_from_slice(&g1_raw(q));
        }
        for x in inputs {
            first.extend_from_slice(&fr_bytes(x));
        }
        for q in &p.lro {
            first.extend_from_slice(&g1_raw(q));
        }
        let gamma = sha256(&[b"gamma", &first]);
        let beta = sha256(&[b"beta", &gamma]);
        let alpha = sha256(&[b"alpha", &beta, &g1_raw(&p.commitment), &g1_raw(&p.z)]);
        let zeta = sha256(&[
            b"zeta",
            &alpha,
            &g1_raw(&p.h[0]),
            &g1_raw(&p.h[1]),
            &g1_raw(&p.h[2]),
        ]);
        let zeta = reduce(&zeta);
        let zeta_n = zeta.pow([self.size]);
        let vanishing = zeta_n - Fr::one();
        let alpha = reduce(&alpha);

        // The interpolation of the public inputs, and of the commitment's challenge on its row.
        let scale = vanishing * Fr::from(self.size).inverse().unwrap_or(Fr::ZERO);
        let row = self.omega.pow([self.public as u64 + self.commitment_index]);
        let mut roots = vec![Fr::one()];
        for i in 1..self.public {
            roots.push(roots[i - 1] * self.omega);
        }
        roots.push(row);
        let mut lagrange: Vec<Fr> = roots.iter().map(|w| zeta - w).collect();
        ark_ff::batch_inversion(&mut lagrange);
        for (l, w) in lagrange.iter_mut().zip(&roots) {
            *l *= scale * w;
        }
        let bound = hash_to_field(&g1_raw(&p.commitment), b"BSB22-Plonk");
        let public = inputs
            .iter()
            .chain([&bound])
            .zip(&lagrange)
            .map(|(x, l)| *x * l)
            .sum();
        Evaluation {
            gamma: reduce(&gamma),
            beta: reduce(&beta),
            alpha,
            zeta,
            zeta_n,
            vanishing,
            public,
            first: alpha.square() * lagrange[0],
        }
    }
}

struct Evaluation {
    gamma: Fr,
    beta: Fr,
    alpha: Fr,
    zeta: Fr,
    zeta_n: Fr,
    vanishing: Fr, // ζ^n - 1
    public: Fr,    // PI(ζ)
    first: Fr,     // α²·L_0(ζ)
}

impl Evaluation {
    fn term(&self, wire: Fr, x: Fr) -> Fr {
        wire + self.beta * x + self.gamma
    }
}

fn sum(terms: &[(G1Affine, Fr)]) -> G1Affine {
    terms
        .iter()
        .map(|(p, s)| *p * s)
        .sum::<G1Projective>()
        .into_affine()
}
