//! Verifies a proof from files, and says how long it takes:
//!
//!     cargo run --release --example verify -- ../wasm/demo/sample/verifying.key ../wasm/demo/sample/proof.json

use std::time::Instant;

use nnark_verifier::{verify, Options, Proof, VerifyingKey};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [key, proof] = [1, 2].map(|i| std::env::args().nth(i).unwrap_or_default());
    let start = Instant::now();
    let key = VerifyingKey::parse(&std::fs::read(key)?)?;
    println!("model    {}", key.card().name);
    println!(
        "key      {}, read in {:.1?}",
        hex(key.digest()),
        start.elapsed()
    );
    let proof = std::fs::read(proof)?;
    let mut times = vec![];
    for _ in 0..9 {
        let start = Instant::now();
        verify(&key, &Proof::parse(&proof)?, &Options::default())?;
        times.push(start.elapsed());
    }
    times.sort();
    let proof = Proof::parse(&proof)?;
    let statement = verify(&key, &proof, &Options::default())?;
    for t in &statement.outputs {
        let reals = t
            .ints
            .iter()
            .flatten()
            .map(|&q| q as f64 * 2f64.powi(-i32::from(t.card.exp)));
        println!("output   {}: {:?}", t.card.name, reals.collect::<Vec<_>>());
    }
    println!(
        "accepted in {:.2?} (median of {})",
        times[times.len() / 2],
        times.len()
    );
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
