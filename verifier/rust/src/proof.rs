use alloc::boxed::Box;
use alloc::vec::Vec;

use ark_bn254::Fr;

use crate::bytes::Decoder;
use crate::card::{System, MAX_ELEMENTS};
use crate::error::{Error, Result};
use crate::{groth16, json, plonk};

/// A statement and a proof of it. Nothing about it is trusted before [`crate::verify`] accepts it.
#[derive(Clone, Debug)]
pub struct Proof {
    pub(crate) key: [u8; 32],
    pub(crate) statement: Vec<Fr>,
    pub(crate) points: Points,
}

#[derive(Clone, Debug)]
pub(crate) enum Points {
    Groth16(Box<groth16::Points>),
    Plonk(Box<plonk::Points>),
}

impl Points {
    pub fn decode(d: &mut Decoder, system: System) -> Result<Self> {
        Ok(match system {
            System::Groth16 => Points::Groth16(Box::new(groth16::Points::decode(d)?)),
            System::Plonk => Points::Plonk(Box::new(plonk::Points::decode(d)?)),
        })
    }
}

const MAGIC: &str = "nnark-proof-1";

impl Proof {
    /// Decodes a proof in either form: binary if it begins with "nnark-proof-1", else JSON. Every
    /// error is [`Error::Malformed`].
    pub fn parse(data: &[u8]) -> Result<Self> {
        if !data.starts_with(MAGIC.as_bytes()) {
            return json::parse(data);
        }
        let mut d = Decoder(data);
        d.magic(MAGIC)?;
        let system = match d.u8()? {
            0 => System::Groth16,
            1 => System::Plonk,
            _ => return Err(Error::Malformed("proof: system")),
        };
        let key = d.array()?;
        let n = d.u32()? as usize;
        if n > MAX_ELEMENTS {
            return Err(Error::Malformed("proof: the statement is too long"));
        }
        let statement = d.scalars(n)?;
        let points = Points::decode(&mut d, system)?;
        d.end()?;
        Ok(Proof {
            key,
            statement,
            points,
        })
    }
}
