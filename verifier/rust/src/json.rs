//! The little JSON that proofs need: one object of strings and an array of strings.

use alloc::vec::Vec;

use ark_bn254::Fr;

use crate::bytes::Decoder;
use crate::card::{System, MAX_ELEMENTS};
use crate::error::{Error, Result};
use crate::proof::{Points, Proof};

const BAD: Error = Error::Malformed("proof: not the JSON of one");

struct Scanner<'a>(&'a [u8]);

impl<'a> Scanner<'a> {
    fn skip_space(&mut self) {
        while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] = self.0 {
            self.0 = rest;
        }
    }

    /// Skips white space and then c, and reports whether c was there.
    fn accept(&mut self, c: u8) -> bool {
        self.skip_space();
        match self.0 {
            [first, rest @ ..] if *first == c => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    fn expect(&mut self, c: u8) -> Result<()> {
        if self.accept(c) {
            Ok(())
        } else {
            Err(BAD)
        }
    }

    /// A string of at most so many bytes. It knows no escapes: a string with one is none that a
    /// proof has.
    fn text(&mut self, limit: usize) -> Result<&'a [u8]> {
        self.expect(b'"')?;
        let end = self
            .0
            .iter()
            .take(limit + 1)
            .position(|&c| c == b'"')
            .ok_or(BAD)?;
        let (text, rest) = self.0.split_at(end);
        self.0 = &rest[1..];
        Ok(text)
    }

    /// What item reads, between open and close, separated by commas.
    fn list(
        &mut self,
        open: u8,
        close: u8,
        mut item: impl FnMut(&mut Self) -> Result<()>,
    ) -> Result<()> {
        self.expect(open)?;
        if self.accept(close) {
            return Ok(());
        }
        loop {
            item(self)?;
            if self.accept(close) {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }
}

/// Decodes lower-case hexadecimal.
fn hex(text: &[u8]) -> Result<Vec<u8>> {
    let digit = |c: u8| match c {
        b'0'..=b'9' => Ok(c - b'0'),
        b'a'..=b'f' => Ok(c - b'a' + 10),
        _ => Err(BAD),
    };
    if text.len() % 2 != 0 {
        return Err(BAD);
    }
    text.chunks_exact(2)
        .map(|c| Ok(digit(c[0])? << 4 | digit(c[1])?))
        .collect()
}

const MAX_NAME: usize = 32;
const MAX_POINTS: usize = 10 * 32 + 8 * 32;

pub(crate) fn parse(data: &[u8]) -> Result<Proof> {
    let (mut format, mut system, mut key, mut points) = (None, None, None, None);
    let mut statement: Option<Vec<Fr>> = None;
    let mut s = Scanner(data);
    s.list(b'{', b'}', |s| {
        let name = s.text(MAX_NAME)?;
        s.expect(b':')?;
        let (field, limit) = match name {
            b"format" => (&mut format, MAX_NAME),
            b"system" => (&mut system, MAX_NAME),
            b"key" => (&mut key, 64),
            b"proof" => (&mut points, 2 * MAX_POINTS),
            b"statement" if statement.is_none() => {
                let mut elements = Vec::new();
                s.list(b'[', b']', |s| {
                    let bytes = hex(s.text(64)?)?;
                    let mut d = Decoder(&bytes);
                    elements.push(d.scalar()?);
                    if elements.len() > MAX_ELEMENTS {
                        return Err(BAD);
                    }
                    d.end()
                })?;
                statement = Some(elements);
                return Ok(());
            }
            _ => return Err(BAD),
        };
        if field.is_some() {
            return Err(BAD);
        }
        *field = Some(s.text(limit)?);
        Ok(())
    })?;
    s.skip_space();
    if !s.0.is_empty() {
        return Err(BAD);
    }
    let (Some(b"nnark-proof-1"), Some(system), Some(key), Some(points), Some(statement)) =
        (format, system, key, points, statement)
    else {
        return Err(BAD);
    };
    let system = match system {
        b"groth16" => System::Groth16,
        b"plonk" => System::Plonk,
        _ => return Err(BAD),
    };
    let key = hex(key)?.try_into().map_err(|_| BAD)?;
    let points = hex(points)?;
    let mut d = Decoder(&points);
    let points = Points::decode(&mut d, system)?;
    d.end()?;
    Ok(Proof {
        key,
        statement,
        points,
    })
}
