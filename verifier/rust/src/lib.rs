//! Verifies nnark's proofs of neural-network inference: that the network behind a verifying key,
//! on this input, gives this output. Groth16 and PLONK over BN254, on arkworks' arithmetic;
//! `no_std` with `alloc`.
//!
//! ```no_run
//! # let (key, proof, digest) = (Vec::new(), Vec::new(), [0; 32]);
//! use nnark_verifier::{verify, Options, Proof, VerifyingKey};
//!
//! let key = VerifyingKey::parse_pinned(&key, &digest)?; // the digest from whom you trust
//! let statement = verify(&key, &Proof::parse(&proof)?, &Options::default())?;
//! let output = statement.outputs[0].ints.as_ref();
//! # Ok::<(), nnark_verifier::Error>(())
//! ```
//!
//! What acceptance means, and what not, is in the documentation of the Go package
//! `github.com/nnark/nnark/verifier`; above all, the verifying key is trusted input. Every
//! verifier gives the same verdict on every case of the shared vectors.
//!
//! No bytes of a key or a proof make these functions panic, and nothing is allocated before the
//! bytes that it stands for are known to be there.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;

mod bytes;
mod card;
mod error;
mod groth16;
mod json;
mod key;
mod pack;
mod plonk;
mod poseidon2;
mod proof;
mod statement;
mod transcript;

pub use ark_bn254::{Fr, G1Affine, G2Affine};

pub use card::{Card, Mode, Setup, System, TensorCard, Weights};
pub use error::Error;
pub use key::VerifyingKey;
pub use pack::{digest, pack};
pub use proof::Proof;
pub use statement::{
    equation, holds, verify, Expected, Opening, Options, Statement, Tensor, Values,
};
pub use transcript::element;
