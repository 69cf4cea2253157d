//! A contract in the manner of CosmWasm, without its crate: state, messages, and a verification
//! inside. It pays a bounty to whoever proves that a model gives a wanted answer.
//!
//!     cargo run --release --example cosmwasm_style
//!
//! In a real contract `State` lies in storage, and the messages are what
//! `cosmwasm_schema` makes of these types.

use nnark_verifier::{element, verify, Error, Fr, Options, Proof, VerifyingKey};

/// What instantiation stores: the key's bytes, whose digest the instantiator checked.
struct State {
    key: Vec<u8>,
    wanted: usize,        // the class that earns the bounty
    paid: Option<String>, // to whom
}

enum ExecuteMsg {
    /// A proof whose context is the claimant's address, hashed, so that nobody else can claim with it.
    Claim { proof: Vec<u8> },
}

#[derive(Debug, PartialEq)]
enum ContractError {
    Proof(Error),
    Answer(usize),
    Paid,
}

fn instantiate(key: Vec<u8>, digest: &[u8; 32], wanted: usize) -> Result<State, ContractError> {
    VerifyingKey::parse_pinned(&key, digest).map_err(ContractError::Proof)?;
    Ok(State {
        key,
        wanted,
        paid: None,
    })
}

fn execute(state: &mut State, sender: &str, msg: ExecuteMsg) -> Result<String, ContractError> {
    let ExecuteMsg::Claim { proof } = msg;
    if state.paid.is_some() {
        return Err(ContractError::Paid);
    }
    let key = VerifyingKey::parse(&state.key).map_err(ContractError::Proof)?;
    let proof = Proof::parse(&proof).map_err(ContractError::Proof)?;
    let options = Options {
        context: context_of(sender),
        ..Options::default()
    };
    let statement = verify(&key, &proof, &options).map_err(ContractError::Proof)?;
    let scores = statement.outputs[0].ints.as_deref().unwrap_or_default();
    let class =
        (0..scores.len()).fold(0, |best, i| if scores[i] > scores[best] { i } else { best });
    if class != state.wanted {
        return Err(ContractError::Answer(class));
    }
    state.paid = Some(sender.into());
    Ok(format!("bounty to {sender}"))
}

/// The sample's proof has context 0; of an address one would take a hash, as
/// `verifier.ContextOf` of the Go package does.
fn context_of(_sender: &str) -> Fr {
    element(&[0; 32]).expect("0 is below r")
}

fn main() -> Result<(), ContractError> {
    let key = include_bytes!("../../wasm/demo/sample/verifying.key").to_vec();
    let proof = include_bytes!("../../wasm/demo/sample/proof.json").to_vec();
    let digest = *VerifyingKey::parse(&key)
        .map_err(ContractError::Proof)?
        .digest();
    let mut state = instantiate(key.clone(), &digest, 3)?;
    let mut broken = proof.clone();
    let at = broken.len() - 40;
    broken[at] ^= 1;
    assert!(execute(&mut state, "mallory", ExecuteMsg::Claim { proof: broken }).is_err());
    println!(
        "{}",
        execute(
            &mut state,
            "alice",
            ExecuteMsg::Claim {
                proof: proof.clone()
            }
        )?
    );
    assert_eq!(
        execute(
            &mut state,
            "alice",
            ExecuteMsg::Claim {
                proof: proof.clone()
            }
        ),
        Err(ContractError::Paid)
    );
    let mut other = instantiate(key, &digest, 7)?;
    assert_eq!(
        execute(&mut other, "alice", ExecuteMsg::Claim { proof }),
        Err(ContractError::Answer(3))
    );
    Ok(())
}
