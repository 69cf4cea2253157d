//! Every case of the shared vectors gets its verdict.

use std::collections::HashMap;
use std::io::Read;

use nnark_verifier::{
    element, verify, Error, Expected, Opening, Options, Proof, Values, VerifyingKey,
};
use serde_json::Value;

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

fn ints(v: &Value) -> Vec<i64> {
    v.as_array()
        .unwrap()
        .iter()
        .map(|x| x.as_i64().unwrap())
        .collect()
}

fn field(v: &Value) -> nnark_verifier::Fr {
    element(&hex(v.as_str().unwrap()).try_into().unwrap()).unwrap()
}

fn options(v: Option<&Value>) -> Options {
    let mut o = Options::default();
    let Some(v) = v else { return o };
    if let Some(x) = v.get("context") {
        o.context = field(x);
    }
    o.any_context = v.get("anyContext").is_some_and(|x| x == true);
    o.refuse_unsafe = v.get("refuseUnsafe").is_some_and(|x| x == true);
    o.expect_key = v
        .get("expectKey")
        .map(|x| hex(x.as_str().unwrap()).try_into().unwrap());
    let lists = |name: &str| {
        v.get(name)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    for (index, x) in lists("expectInput")
        .iter()
        .enumerate()
        .filter(|(_, x)| !x.is_null())
    {
        let reals = x
            .as_array()
            .unwrap()
            .iter()
            .map(|x| x.as_f64().unwrap())
            .collect();
        o.inputs.push(Expected {
            index,
            values: Values::Reals(reals),
        });
    }
    for (index, x) in lists("expectInts")
        .iter()
        .enumerate()
        .filter(|(_, x)| !x.is_null())
    {
        o.inputs.push(Expected {
            index,
            values: Values::Ints(ints(x)),
        });
    }
    for x in lists("openings") {
        o.openings.push(Opening {
            output: x.get("output").is_some_and(|x| x == true),
            index: x.get("index").map_or(0, |x| x.as_u64().unwrap() as usize),
            ints: x.get("ints").map_or(vec![], ints),
            salt: field(&x["salt"]),
        });
    }
    o
}

fn run(path: &str) -> (usize, Vec<String>) {
    let mut text = String::new();
    let file = std::fs::File::open(path).unwrap();
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut text)
        .unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let mut keys: HashMap<&str, Result<VerifyingKey, Error>> = HashMap::new();
    let mut failures = vec![];
    let cases = file["cases"].as_array().unwrap();
    for c in cases {
        let name = c["key"].as_str().unwrap();
        if name.starts_with("flat ") {
            continue; // a system that this crate does not verify
        }
        let bytes = || hex(file["keys"][name].as_str().unwrap());
        let o = options(c.get("options"));
        let proof = hex(c["proof"].as_str().unwrap());
        let pinned = o
            .expect_key
            .map(|d| VerifyingKey::parse_pinned(&bytes(), &d));
        let key = match &pinned {
            Some(key) => key,
            None => keys
                .entry(name)
                .or_insert_with(|| VerifyingKey::parse(&bytes())),
        };
        let got = match key {
            Err(e) => Err(*e),
            Ok(key) => Proof::parse(&proof).and_then(|p| verify(key, &p, &o).map(|_| ())),
        };
        let (verdict, kind) = match &got {
            Ok(()) => ("accepted", ""),
            Err(e) => (e.verdict(), e.kind()),
        };
        let want = (
            c["verdict"].as_str().unwrap(),
            c.get("kind").map_or("", |k| k.as_str().unwrap()),
        );
        if (verdict, kind) != want {
            failures.push(format!(
                "case {}, {}, {}: {got:?}, want {want:?}",
                c["id"], c["flaw"], c["name"]
            ));
        }
    }
    (cases.len(), failures)
}

#[test]
fn every_vector_gets_its_verdict() {
    let (cases, failures) = run("../vectors/vectors.json.gz");
    assert!(
        failures.is_empty(),
        "{} of {cases}:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert!(cases >= 1000);
}

/// NNARK_MUTATIONS names a file of random mutations with Go's verdicts.
#[test]
fn random_mutations_get_gos_verdicts() {
    let Ok(path) = std::env::var("NNARK_MUTATIONS") else {
        println!("skipped: NNARK_MUTATIONS names no file");
        return;
    };
    let (cases, failures) = run(&path);
    assert!(
        failures.is_empty(),
        "{} of {cases}:\n{}",
        failures.len(),
        failures.join("\n")
    );
}
