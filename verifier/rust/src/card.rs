//! What a key is for.

use alloc::string::String;
use alloc::vec::Vec;

use unicode_general_category::{get_general_category, GeneralCategory as G};

use crate::bytes::Decoder;
use crate::error::{Error, Result};
use crate::pack::Packing;

/// A proof system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Groth16 with Pedersen commitments.
    Groth16,
    /// PLONK over KZG.
    Plonk,
}

/// Where a model's weights are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// Private; the key holds a hiding commitment to them.
    Committed,
    /// Constants of the circuit; the key itself identifies them.
    Baked,
}

/// How much of a tensor a statement shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The integers.
    Public,
    /// Nothing; of inputs only.
    Private,
    /// One salted digest.
    Digest,
}

/// Who made a key, in the words of whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setup {
    /// One party, who could forge proofs, or nothing shows who.
    OneParty,
    /// Several parties, of whom one honest one is enough.
    Ceremony {
        /// How many, in the phase that has fewer.
        contributions: u32,
        /// Hash of all steps.
        transcript: [u8; 32],
    },
    /// A universal reference string, of a PLONK key.
    ReferenceString,
}

/// What a key is for. Names and labels are the word of the key's author.
#[derive(Clone, Debug)]
pub struct Card {
    /// Of the model.
    pub name: String,
    /// Of its proofs.
    pub system: System,
    /// Where they are.
    pub weights: Weights,
    /// Who made the key.
    pub setup: Setup,
    /// Digest of the network without its weights.
    pub architecture: [u8; 32],
    /// In the network's order.
    pub inputs: Vec<TensorCard>,
    /// In the network's order.
    pub outputs: Vec<TensorCard>,
    /// Names of classes; may be empty.
    pub labels: Vec<String>,
}

/// One input or output: integers in [lo, hi], row-major, each standing for q·2^-exp.
#[derive(Clone, Debug)]
pub struct TensorCard {
    /// Of the tensor.
    pub name: String,
    /// Axes, none of a scalar.
    pub shape: Vec<usize>,
    /// What statements show of it.
    pub mode: Mode,
    /// The exponent, -256 to 256.
    pub exp: i16,
    /// The least integer.
    pub lo: i64,
    /// The greatest integer.
    pub hi: i64,
    /// The least real number accepted of an input; 0 of outputs.
    pub real_lo: f64,
    /// The greatest one.
    pub real_hi: f64,
}

const MAX_TEXT: usize = 256;
const MAX_TENSORS: usize = 64;
const MAX_RANK: usize = 8;
const MAX_SIZE: usize = 1 << 28;
const MAX_EXP: i16 = 256;
const MAX_LABELS: usize = 1 << 16;
const MAX_INTEGERS: usize = 1 << 21;
/// The most field elements of a statement.
pub(crate) const MAX_ELEMENTS: usize = 1 << 17;
const MAX_CONTRIBUTIONS: u32 = 1 << 16;

impl TensorCard {
    /// The number of integers.
    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }

    pub(crate) fn packing(&self) -> Packing {
        Packing {
            lo: self.lo,
            hi: self.hi,
        }
    }

    /// How many field elements of the statement the tensor takes.
    pub fn elements(&self) -> usize {
        match self.mode {
            Mode::Public => self.packing().elements(self.size()),
            Mode::Private => 0,
            Mode::Digest => 1,
        }
    }

    fn decode(d: &mut Decoder) -> Result<Self> {
        let name = d.text()?;
        let mode = match d.u8()? {
            0 => Mode::Public,
            1 => Mode::Private,
            2 => Mode::Digest,
            _ => return Err(Error::Malformed("card: mode")),
        };
        let rank = d.u8()?;
        let rank = d.count(rank.into(), 4)?;
        let shape = (0..rank)
            .map(|_| Ok(d.u32()? as usize))
            .collect::<Result<_>>()?;
        Ok(TensorCard {
            name,
            shape,
            mode,
            exp: d.u16()? as i16,
            lo: d.u64()? as i64,
            hi: d.u64()? as i64,
            real_lo: f64::from_bits(d.u64()?),
            real_hi: f64::from_bits(d.u64()?),
        })
    }

    /// What is true of inputs and outputs alike.
    fn check(&self) -> Result<()> {
        let mut size = 1;
        for &d in &self.shape {
            if self.shape.len() > MAX_RANK || d < 1 || d > MAX_SIZE / size {
                return Err(Error::Malformed("card: shape"));
            }
            size *= d;
        }
        if self.exp < -MAX_EXP || self.exp > MAX_EXP {
            return Err(Error::Malformed("card: exponent"));
        }
        if self.lo >= self.hi {
            return Err(Error::Malformed("card: interval"));
        }
        let finite = self.real_lo.is_finite() && self.real_hi.is_finite();
        if !finite || self.real_lo > self.real_hi {
            return Err(Error::Malformed("card: real interval"));
        }
        Ok(())
    }
}

impl Card {
    /// The number of field elements of a statement.
    pub fn statement_size(&self) -> usize {
        let tensors = self.inputs.iter().chain(&self.outputs);
        1 + tensors.map(TensorCard::elements).sum::<usize>()
    }

    pub(crate) fn decode(d: &mut Decoder) -> Result<Self> {
        let system = match d.u8()? {
            0 => System::Groth16,
            1 => System::Plonk,
            _ => return Err(Error::Malformed("card: system")),
        };
        let weights = match d.u8()? {
            0 => Weights::Committed,
            1 => Weights::Baked,
            _ => return Err(Error::Malformed("card: weights")),
        };
        let setup = match d.u8()? {
            0 => Setup::OneParty,
            1 => Setup::Ceremony {
                contributions: d.u32()?,
                transcript: d.array()?,
            },
            2 => Setup::ReferenceString,
            _ => return Err(Error::Malformed("card: setup")),
        };
        let architecture = d.array()?;
        let name = d.text()?;
        let inputs = tensors(d)?;
        let outputs = tensors(d)?;
        let n = d.u32()?;
        let n = d.count(n as usize, 2)?;
        if n > MAX_LABELS {
            return Err(Error::Malformed("card: labels"));
        }
        let labels = (0..n).map(|_| d.text()).collect::<Result<_>>()?;
        let card = Card {
            name,
            system,
            weights,
            setup,
            architecture,
            inputs,
            outputs,
            labels,
        };
        card.check()?;
        Ok(card)
    }

    fn check(&self) -> Result<()> {
        if !valid_text(&self.name) {
            return Err(Error::Malformed("card: name"));
        }
        match (&self.setup, self.system) {
            (Setup::OneParty, _) | (Setup::ReferenceString, System::Plonk) => {}
            (
                Setup::Ceremony {
                    contributions,
                    transcript,
                },
                System::Groth16,
            ) if (2..=MAX_CONTRIBUTIONS).contains(contributions) && *transcript != [0; 32] => {}
            _ => return Err(Error::Malformed("card: setup")),
        }
        check_tensors(&self.inputs)?;
        check_tensors(&self.outputs)?;
        for t in &self.outputs {
            if t.mode == Mode::Private || (t.real_lo.to_bits() | t.real_hi.to_bits()) != 0 {
                return Err(Error::Malformed("card: output"));
            }
        }
        if !self.labels.iter().all(|l| valid_text(l)) {
            return Err(Error::Malformed("card: label"));
        }
        let tensors = self.inputs.iter().chain(&self.outputs);
        let integers: usize = tensors
            .filter(|t| t.mode == Mode::Public)
            .map(TensorCard::size)
            .sum();
        if integers > MAX_INTEGERS || self.statement_size() > MAX_ELEMENTS {
            return Err(Error::Malformed("card: the statement is too large"));
        }
        Ok(())
    }
}

fn tensors(d: &mut Decoder) -> Result<Vec<TensorCard>> {
    let n = d.u8()?;
    (0..d.count(n.into(), 2 + 1 + 1 + 2 + 4 * 8)?)
        .map(|_| TensorCard::decode(d))
        .collect()
}

fn check_tensors(tensors: &[TensorCard]) -> Result<()> {
    if tensors.is_empty() || tensors.len() > MAX_TENSORS {
        return Err(Error::Malformed("card: number of tensors"));
    }
    for (i, t) in tensors.iter().enumerate() {
        if !valid_text(&t.name) || tensors[..i].iter().any(|u| u.name == t.name) {
            return Err(Error::Malformed("card: name of a tensor"));
        }
        t.check()?;
    }
    Ok(())
}

/// Accepts 1 to 256 bytes of letters, marks, numbers, punctuation, symbols and spaces: nothing
/// that could steer a terminal.
fn valid_text(s: &str) -> bool {
    let printable = |c: char| {
        c == ' '
            || !matches!(
                get_general_category(c),
                G::Control
                    | G::Format
                    | G::Surrogate
                    | G::PrivateUse
                    | G::Unassigned
                    | G::LineSeparator
                    | G::ParagraphSeparator
                    | G::SpaceSeparator
            )
    };
    !s.is_empty() && s.len() <= MAX_TEXT && s.chars().all(printable)
}
