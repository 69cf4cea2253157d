//! A program in the manner of Solana, without its crate: accounts of bytes, an instruction, and a
//! host that pairs. The key lies in an account that was written and checked once; the
//! verdict goes into the account of a request.
//!
//!     cargo run --release --example solana_style
//!
//! Pairing in the program itself would take more compute units than a transaction has, so
//! everything but the pairings is done here (`equation`) and they are left to a host function: in
//! a real program `alt_bn128_pairing`, which takes these bytes. Here arkworks stands in for it.

use ark_ec::AffineRepr;
use ark_ff::{BigInteger, PrimeField};
use nnark_verifier::{equation, holds, Error, G1Affine, G2Affine, Options, Proof, VerifyingKey};

struct Account<'a> {
    owner: [u8; 32],
    data: &'a mut Vec<u8>,
}

const PROGRAM_ID: [u8; 32] = [7; 32];

/// accounts: the key (owned by the program, so that nobody else wrote it), the request.
fn process_instruction(
    program: &[u8; 32],
    accounts: &mut [Account],
    proof: &[u8],
    pairing: impl Fn(&[u8]) -> bool,
) -> Result<(), Error> {
    let [key, request] = accounts else {
        return Err(Error::Malformed("two accounts"));
    };
    if key.owner != *program || request.owner != *program {
        return Err(Error::OtherKey);
    }
    let key = VerifyingKey::parse(key.data)?;
    let (statement, pairs) = equation(&key, &Proof::parse(proof)?, &Options::default())?;
    if !pairing(&precompile_input(&pairs)) {
        return Err(Error::Rejected("the pairing equation does not hold"));
    }
    request.data.clear();
    for q in statement.outputs[0].ints.iter().flatten() {
        request.data.extend_from_slice(&q.to_le_bytes());
    }
    Ok(())
}

/// Pairs as Ethereum's and Solana's precompiles take them: x, y of G1, then x.c1, x.c0, y.c1, y.c0
/// of G2, 32 bytes big-endian each.
fn precompile_input(pairs: &[(G1Affine, G2Affine)]) -> Vec<u8> {
    let mut out = vec![];
    for (p, q) in pairs {
        let (x, y) = p.xy().unwrap_or_default();
        let (u, v) = q.xy().unwrap_or_default();
        for c in [x, y, u.c1, u.c0, v.c1, v.c0] {
            out.extend(c.into_bigint().to_bytes_be());
        }
    }
    out
}

/// What the host does.
fn host_pairing(input: &[u8]) -> bool {
    use ark_bn254::{Fq, Fq2};
    let word = |b: &[u8]| Fq::from_be_bytes_mod_order(b);
    let pairs: Vec<_> = input
        .chunks_exact(192)
        .map(|c| {
            let w: Vec<Fq> = c.chunks_exact(32).map(word).collect();
            (
                G1Affine::new(w[0], w[1]),
                G2Affine::new(Fq2::new(w[3], w[2]), Fq2::new(w[5], w[4])),
            )
        })
        .collect();
    holds(&pairs)
}

fn main() -> Result<(), Error> {
    let mut key = include_bytes!("../../wasm/demo/sample/verifying.key").to_vec();
    let proof = include_bytes!("../../wasm/demo/sample/proof.json");
    let mut answer = vec![];
    let mut run = |owner, proof: &[u8]| {
        let mut accounts = [
            Account {
                owner,
                data: &mut key,
            },
            Account {
                owner: PROGRAM_ID,
                data: &mut answer,
            },
        ];
        process_instruction(&PROGRAM_ID, &mut accounts, proof, host_pairing)
    };
    assert_eq!(run([8; 32], proof), Err(Error::OtherKey));
    let mut broken = proof.to_vec();
    let at = broken.len() - 40;
    broken[at] ^= 1;
    assert!(run(PROGRAM_ID, &broken).is_err());
    run(PROGRAM_ID, proof)?;
    let scores: Vec<i64> = answer
        .chunks_exact(8)
        .map(|b| i64::from_le_bytes(b.try_into().unwrap()))
        .collect();
    println!("the request's account holds {scores:?}");
    Ok(())
}
