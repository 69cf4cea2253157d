//! What statements and commitments are hashed to.

use ark_bn254::{Fr, G1Affine};
use ark_ff::{AdditiveGroup, PrimeField};
use sha2::{Digest, Sha256};

use crate::bytes::{fr_bytes, g1_raw, scalar};

/// SHA-256 of parts.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut h = Sha256::new();
    for p in parts {
        h.update(p);
    }
    h.finalize().into()
}

/// A hash as a field element.
pub(crate) fn reduce(hash: &[u8]) -> Fr {
    Fr::from_be_bytes_mod_order(hash)
}

/// The field element of 32 bytes, big-endian, for contexts and salts; nothing unless it is
/// below r.
pub fn element(bytes: &[u8; 32]) -> Option<Fr> {
    scalar(bytes)
}

/// SHA-256(key's digest, elements).
pub(crate) fn statement_hash(key: &[u8; 32], statement: &[Fr]) -> [u8; 32] {
    let mut h = Sha256::new();
    h.update(key);
    for x in statement {
        h.update(fr_bytes(x));
    }
    h.finalize().into()
}

/// The challenge of a commitment: SHA-256(statement's hash, point, earlier challenge).
pub(crate) fn challenge(statement: &[u8; 32], commitment: &G1Affine, previous: Option<&Fr>) -> Fr {
    let mut h = Sha256::new();
    h.update(statement);
    h.update(g1_raw(commitment));
    if let Some(x) = previous {
        h.update(fr_bytes(x));
    }
    reduce(&h.finalize())
}

/// The only public input of a Groth16 circuit: Σ s_i·z^(i+1).
pub(crate) fn fold(statement: &[Fr], z: &Fr) -> Fr {
    statement.iter().rev().fold(Fr::ZERO, |e, s| (e + s) * z)
}

/// A number of 128 bits that a seed decides.
pub(crate) fn coefficient(seed: &[u8; 32]) -> Fr {
    reduce(&sha256(&[seed, &[0; 8]])[..16])
}

/// RFC 9380's hash to one element of the scalar field, with expand_message_xmd and SHA-256.
pub(crate) fn hash_to_field(message: &[u8], tag: &[u8]) -> Fr {
    let tag_length = [tag.len() as u8];
    let first = sha256(&[&[0; 64], message, &[0, 48, 0], tag, &tag_length]);
    let one = sha256(&[&first, &[1], tag, &tag_length]);
    let mut mixed = [0; 32];
    for i in 0..32 {
        mixed[i] = first[i] ^ one[i];
    }
    let two = sha256(&[&mixed, &[2], tag, &tag_length]);
    let mut uniform = [0; 48];
    uniform[..32].copy_from_slice(&one);
    uniform[32..].copy_from_slice(&two[..16]);
    reduce(&uniform)
}
