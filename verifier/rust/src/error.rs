use core::fmt;

/// Why a key or a proof is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Bytes that no honest party produces.
    Malformed(&'static str),
    /// The proof names another verifying key.
    WrongModel,
    /// Well formed, but not a proof of its statement.
    Rejected(&'static str),
    /// Not the expected context.
    Context,
    /// Not the expected input.
    Input,
    /// Not the key whose digest is expected.
    OtherKey,
    /// A digest is not of the values and the salt given.
    Opening,
    /// A key that one party made, which the options refuse.
    UnsafeKey,
}

impl Error {
    /// The verdict in the words of all verifiers: "malformed", "wrong model" or "rejected".
    pub fn verdict(&self) -> &'static str {
        match self {
            Error::Malformed(_) => "malformed",
            Error::WrongModel => "wrong model",
            _ => "rejected",
        }
    }

    /// The kind of a rejection that follows from the options: "context", "input", "key",
    /// "opening", "unsafe setup"; empty for others.
    pub fn kind(&self) -> &'static str {
        match self {
            Error::Context => "context",
            Error::Input => "input",
            Error::OtherKey => "key",
            Error::Opening => "opening",
            Error::UnsafeKey => "unsafe setup",
            _ => "",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Malformed(what) => write!(f, "malformed: {what}"),
            Error::WrongModel => f.write_str("proof of another model"),
            Error::Rejected(what) => write!(f, "rejected: {what}"),
            Error::Context => f.write_str("rejected: other context"),
            Error::Input => f.write_str("rejected: other input"),
            Error::OtherKey => f.write_str("rejected: other verifying key than the expected one"),
            Error::Opening => f.write_str("rejected: a digest does not open"),
            Error::UnsafeKey => f.write_str("rejected: key of a one-party setup"),
        }
    }
}

impl core::error::Error for Error {}

pub(crate) type Result<T> = core::result::Result<T, Error>;
