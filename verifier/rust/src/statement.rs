use alloc::vec::Vec;

use ark_bn254::{Fr, G1Affine, G2Affine};

use crate::card::{Mode, Setup, TensorCard};
use crate::error::{Error, Result};
use crate::groth16;
use crate::key::{Points as KeyPoints, VerifyingKey};
use crate::proof::{Points as ProofPoints, Proof};

/// What is acceptable. The default: context 0, any input, any well-formed key.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The context that the proof must have; see [`crate::element`].
    pub context: Fr,
    /// Accept every context. Then look at the statement's, or accept replays.
    pub any_context: bool,
    /// Refuse keys whose card says that one party made them.
    pub refuse_unsafe: bool,
    /// The digest that the key must have.
    pub expect_key: Option<[u8; 32]>,
    /// What inputs must be.
    pub inputs: Vec<Expected>,
    /// What digests must be of.
    pub openings: Vec<Opening>,
}

/// The expected value of an input, which must be public.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Its index in the card.
    pub index: usize,
    /// All of it, row-major.
    pub values: Values,
}

/// Values of a tensor.
#[derive(Clone, Debug)]
pub enum Values {
    /// Integers.
    Ints(Vec<i64>),
    /// Real numbers, which are rounded as the prover rounds them.
    Reals(Vec<f64>),
}

/// The values behind a digest, and its salt.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Of an output, not an input.
    pub output: bool,
    /// Its index in the card.
    pub index: usize,
    /// All of it, row-major.
    pub ints: Vec<i64>,
    /// See [`crate::element`].
    pub salt: Fr,
}

/// What an accepted proof proves.
#[derive(Clone, Debug)]
pub struct Statement<'a> {
    /// A nonce or a request's hash, for instance.
    pub context: Fr,
    /// In the card's order.
    pub inputs: Vec<Tensor<'a>>,
    /// In the card's order.
    pub outputs: Vec<Tensor<'a>>,
}

/// One input or output of a statement.
#[derive(Clone, Debug)]
pub struct Tensor<'a> {
    /// What it is.
    pub card: &'a TensorCard,
    /// Row-major, each standing for q·2^-exp; of public tensors.
    pub ints: Option<Vec<i64>>,
    /// Of digest tensors.
    pub digest: Option<Fr>,
}

/// Checks a proof and returns the statement it proves. The same bytes get the same answer
/// everywhere.
pub fn verify<'a>(
    key: &'a VerifyingKey,
    proof: &Proof,
    options: &Options,
) -> Result<Statement<'a>> {
    let (statement, pairs) = equation(key, proof, options)?;
    if holds(&pairs) {
        Ok(statement)
    } else {
        Err(Error::Rejected("the pairing equation does not hold"))
    }
}

/// Checks everything about a proof but its pairings, and returns points: **the proof is accepted
/// only if the product of their pairings is 1**, which [`holds`] finds out. For hosts that pair
/// themselves.
pub fn equation<'a>(
    key: &'a VerifyingKey,
    proof: &Proof,
    options: &Options,
) -> Result<(Statement<'a>, Vec<(G1Affine, G2Affine)>)> {
    if options.expect_key.is_some_and(|d| d != *key.digest()) {
        return Err(Error::OtherKey);
    }
    if proof.key != *key.digest() {
        return Err(Error::WrongModel);
    }
    let card = key.card();
    match (&key.points, &proof.points) {
        (KeyPoints::Groth16(_), ProofPoints::Groth16(_))
        | (KeyPoints::Plonk(_), ProofPoints::Plonk(_)) => {}
        _ => return Err(Error::Malformed("proof of another system than the key's")),
    }
    if options.refuse_unsafe && card.setup == Setup::OneParty {
        return Err(Error::UnsafeKey);
    }
    let statement = decode(key, &proof.statement)?;
    if !options.any_context && statement.context != options.context {
        return Err(Error::Context);
    }
    for e in &options.inputs {
        e.compare(&statement.inputs)?;
    }
    for o in &options.openings {
        let tensors = if o.output {
            &statement.outputs
        } else {
            &statement.inputs
        };
        let t = tensors.get(o.index).ok_or(Error::Opening)?;
        if !t.digest.is_some_and(|d| t.card.opens(&d, &o.ints, &o.salt)) {
            return Err(Error::Opening);
        }
    }
    let pairs = match (&key.points, &proof.points) {
        (KeyPoints::Groth16(k), ProofPoints::Groth16(p)) => {
            k.pairs(key.digest(), &proof.statement, p)
        }
        (KeyPoints::Plonk(k), ProofPoints::Plonk(p)) => {
            k.pairs(key.digest(), &proof.statement, p)?
        }
        _ => return Err(Error::Malformed("proof of another system than the key's")),
    };
    Ok((statement, pairs))
}

/// Reports whether the product of pairings is 1.
pub fn holds(pairs: &[(G1Affine, G2Affine)]) -> bool {
    groth16::holds(pairs)
}

impl Expected {
    fn compare(&self, inputs: &[Tensor]) -> Result<()> {
        let t = inputs.get(self.index).ok_or(Error::Input)?;
        let ints = t.ints.as_ref().ok_or(Error::Input)?;
        let same = match &self.values {
            Values::Ints(q) => q == ints,
            Values::Reals(x) => t.card.quantize(x)? == *ints,
        };
        if same {
            Ok(())
        } else {
            Err(Error::Input)
        }
    }
}

/// Splits a statement into the card's tensors.
fn decode<'a>(key: &'a VerifyingKey, elements: &[Fr]) -> Result<Statement<'a>> {
    let card = key.card();
    if elements.len() != card.statement_size() {
        return Err(Error::Malformed("proof: length of the statement"));
    }
    let mut rest = &elements[1..];
    let mut part = |cards: &'a [TensorCard]| -> Result<Vec<Tensor<'a>>> {
        cards
            .iter()
            .map(|card| {
                let (own, others) = rest.split_at(card.elements());
                rest = others;
                let mut t = Tensor {
                    card,
                    ints: None,
                    digest: None,
                };
                match card.mode {
                    Mode::Public => {
                        let ints = card.packing().unpack(card.size(), own);
                        t.ints =
                            Some(ints.ok_or(Error::Rejected("statement: digits out of range"))?);
                    }
                    Mode::Digest => t.digest = Some(own[0]),
                    Mode::Private => {}
                }
                Ok(t)
            })
            .collect()
    };
    Ok(Statement {
        context: elements[0],
        inputs: part(&card.inputs)?,
        outputs: part(&card.outputs)?,
    })
}
