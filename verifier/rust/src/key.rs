use alloc::boxed::Box;

use crate::bytes::Decoder;
use crate::card::{Card, System};
use crate::error::{Error, Result};
use crate::transcript::sha256;
use crate::{groth16, plonk};

/// What a customer holds: the model's card and its proof system's key.
#[derive(Clone, Debug)]
pub struct VerifyingKey {
    card: Card,
    digest: [u8; 32],
    pub(crate) points: Points,
}

#[derive(Clone, Debug)]
pub(crate) enum Points {
    Groth16(Box<groth16::Key>),
    Plonk(Box<plonk::Key>),
}

impl VerifyingKey {
    /// Decodes and checks a key; every error is [`Error::Malformed`]. A key that parses is well
    /// formed, not trustworthy: compare its digest with the one you were given, or use
    /// [`VerifyingKey::parse_pinned`].
    pub fn parse(data: &[u8]) -> Result<Self> {
        let mut d = Decoder(data);
        d.magic("nnark-vk-2")?;
        let card = Card::decode(&mut d)?;
        let points = match card.system {
            System::Groth16 => {
                let key = groth16::Key::decode(&mut d, card.weights)?;
                d.end()?;
                key.check()?;
                Points::Groth16(Box::new(key))
            }
            System::Plonk => Points::Plonk(Box::new(plonk::Key::decode(&mut d, &card)?)),
        };
        d.end()?;
        Ok(VerifyingKey {
            card,
            digest: sha256(&[data]),
            points,
        })
    }

    /// [`VerifyingKey::parse`] of a key whose digest the caller knows: bytes of another one are
    /// not looked at, [`Error::OtherKey`].
    pub fn parse_pinned(data: &[u8], digest: &[u8; 32]) -> Result<Self> {
        if sha256(&[data]) != *digest {
            return Err(Error::OtherKey);
        }
        Self::parse(data)
    }

    /// SHA-256 of the key's encoding: what proofs name and customers pin.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// What the key is for.
    pub fn card(&self) -> &Card {
        &self.card
    }
}
