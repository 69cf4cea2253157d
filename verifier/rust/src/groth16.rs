//! Groth16 with one public input and Pedersen commitments.

use alloc::vec;
use alloc::vec::Vec;

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::One;

use crate::bytes::{put_g1, put_g2, Decoder};
use crate::card::Weights;
use crate::error::{Error, Result};
use crate::transcript::{challenge, coefficient, fold, sha256, statement_hash};

/// The key's points.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    alpha: G1Affine,
    beta: G2Affine,
    gamma: G2Affine,
    delta: G2Affine,
    k: Vec<G1Affine>, // of 1, the public input, the weights' challenge if there is one, z
    commitment_g: G2Affine,
    sigma_neg: Vec<G2Affine>,
    weights: Option<(G1Affine, G1Affine)>, // C and its proof of knowledge
}

/// A proof's points.
#[derive(Clone, Debug)]
pub(crate) struct Points {
    ar: G1Affine,
    bs: G2Affine,
    krs: G1Affine,
    d: G1Affine,
    pok: G1Affine,
}

impl Points {
    pub fn decode(d: &mut Decoder) -> Result<Self> {
        Ok(Points {
            ar: d.g1()?,
            bs: d.g2()?,
            krs: d.g1()?,
            d: d.g1()?,
            pok: d.g1()?,
        })
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(192);
        put_g1(&mut out, &self.ar);
        put_g2(&mut out, &self.bs);
        for p in [&self.krs, &self.d, &self.pok] {
            put_g1(&mut out, p);
        }
        out
    }
}

fn equal_up_to_sign(p: &G2Affine, q: &G2Affine) -> bool {
    p == q || *p == -*q
}

impl Key {
    pub fn decode(d: &mut Decoder, weights: Weights) -> Result<Self> {
        let committed = weights == Weights::Committed;
        let (nk, nsigma) = if committed { (4, 2) } else { (3, 1) };
        Ok(Key {
            alpha: d.g1()?,
            beta: d.g2()?,
            gamma: d.g2()?,
            delta: d.g2()?,
            k: (0..nk).map(|_| d.g1_or_infinity()).collect::<Result<_>>()?,
            commitment_g: d.g2()?,
            sigma_neg: (0..nsigma).map(|_| d.g2()).collect::<Result<_>>()?,
            weights: if committed {
                Some((d.g1()?, d.g1()?))
            } else {
                None
            },
        })
    }

    /// Refuses keys under which forging is trivial. The points are in their groups.
    pub fn check(&self) -> Result<()> {
        let may_be_infinity = |i| i == 2 && self.weights.is_some(); // a challenge in no constraint
        if self
            .k
            .iter()
            .enumerate()
            .any(|(i, p)| p.is_zero() && !may_be_infinity(i))
        {
            return Err(Error::Malformed("verifying key: point at infinity"));
        }
        let g1 = G1Affine::generator();
        let g2 = G2Affine::generator();
        if self.alpha == g1 || self.alpha == -g1 {
            return Err(Error::Malformed("verifying key: alpha is a generator"));
        }
        // gamma may be the generator: ceremonies take gamma = 1.
        for (p, q) in [
            (&self.beta, &g2),
            (&self.delta, &g2),
            (&self.gamma, &self.delta),
            (&self.beta, &self.gamma),
            (&self.beta, &self.delta),
        ] {
            if equal_up_to_sign(p, q) {
                return Err(Error::Malformed("verifying key: degenerate setup"));
            }
        }
        for (i, s) in self.sigma_neg.iter().enumerate() {
            if equal_up_to_sign(s, &self.commitment_g)
                || i > 0 && equal_up_to_sign(s, &self.sigma_neg[0])
            {
                return Err(Error::Malformed("verifying key: degenerate commitment key"));
            }
        }
        if let Some((c, pok)) = self.weights {
            if !holds(&[(c, self.sigma_neg[0]), (pok, self.commitment_g)]) {
                return Err(Error::Malformed(
                    "verifying key: the weights' proof of knowledge",
                ));
            }
        }
        Ok(())
    }

    /// The points whose pairings' product is 1 if, but for a chance of 2^-127, the proof holds:
    ///
    ///   e(Ar, Bs)·e(L, -γ)·e(Krs, -δ)·e(-α, β) = 1  and  e(D, -σG)·e(PoK, G) = 1
    ///
    /// multiplied, the second to a power that the prover cannot choose.
    pub fn pairs(&self, key: &[u8; 32], statement: &[Fr], p: &Points) -> Vec<(G1Affine, G2Affine)> {
        let stmt = statement_hash(key, statement);
        let c0 = self.weights.map(|(c, _)| challenge(&stmt, &c, None));
        let z = challenge(&stmt, &p.d, c0.as_ref());
        let mut scalars = vec![Fr::one(), fold(statement, &z)];
        scalars.extend(c0);
        scalars.push(z);
        let mut l: G1Projective = self.k.iter().zip(&scalars).map(|(k, s)| *k * s).sum();
        l += p.d;
        if let Some((c, _)) = self.weights {
            l += c;
        }
        let tau = coefficient(&sha256(&[&stmt, &p.encode()]));
        let sigma_neg = self.sigma_neg[self.sigma_neg.len() - 1];
        vec![
            (p.ar, p.bs),
            (l.into_affine(), -self.gamma),
            (p.krs, -self.delta),
            (-self.alpha, self.beta),
            ((p.d * tau).into_affine(), sigma_neg),
            ((p.pok * tau).into_affine(), self.commitment_g),
        ]
    }
}

/// Reports whether the product of pairings is 1.
pub(crate) fn holds(pairs: &[(G1Affine, G2Affine)]) -> bool {
    let (a, b): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
    Bn254::multi_pairing(a, b).0.is_one()
}
