/** Lists that hold numbers. */
export type Reals = ArrayLike<number>;
export type Integers = ArrayLike<number> | ArrayLike<bigint>;

export interface Options {
  /**
   * The context that the proof must have: an integer in [0, r), r the order of
   * BN254, or 32 bytes, big-endian. Default 0.
   */
  context?: number | bigint | Uint8Array;
  /** Accept every context. Then look at the statement's, or accept replays. */
  anyContext?: boolean;
  /** Refuse keys whose card says that one party made them. */
  refuseUnsafe?: boolean;
  /**
   * The real numbers that the input must be, flat, row-major: one list, or one
   * list (null for any) for each input of the model. They are rounded as the
   * prover rounds them.
   */
  expectInput?: Reals | readonly (Reals | null)[];
  /** The same in integers. */
  expectInts?: Integers | readonly (Integers | null)[];
  /**
   * The digest that the key must have: 32 bytes, or their hexadecimal form. A key
   * of another digest is not looked at: the verdict is "rejected", the kind "key".
   */
  expectKey?: Uint8Array | string;
  /** What digest inputs and outputs must be digests of. */
  openings?: readonly Opening[];
}

/** The values behind a digest, and the salt that its maker drew. */
export type Opening = ({ input: number } | { output: number }) & {
  ints: Integers;
  salt: Salt;
};

export interface Setup {
  kind: "one party" | "ceremony" | "reference string";
  /** Parties to the ceremony. */
  contributions?: number;
  /** Hash of the ceremony's transcript, in hexadecimal. */
  transcript?: string;
}

export type Verdict = "accepted" | "malformed" | "wrong model" | "rejected";

/** Why a proof was rejected, if for what the options say. */
export type Kind = "context" | "input" | "unsafe setup" | "key" | "opening";

/** Which of the two it is, `accepted` says. */
export type Answer = Accepted | Refused;

export interface Accepted {
  accepted: true;
  verdict: "accepted";
  /** Of the key, in hexadecimal: SHA-256. */
  digest: string;
  card: Card;
  /** What is proven. */
  statement: Statement;
  kind?: undefined;
  reason?: undefined;
}

export interface Refused {
  accepted: false;
  verdict: Exclude<Verdict, "accepted">;
  kind?: Kind;
  /** For people. */
  reason: string;
  /** Absent when the key is malformed or not the one expected, like the card. */
  digest?: string;
  card?: Card;
  statement?: undefined;
}

/** What a key is for. Names and labels are the word of the key's author. */
export interface Card {
  name: string;
  system: "groth16" | "plonk" | "flat";
  weights: "committed" | "baked";
  /** One party made the key and could forge proofs. */
  unsafeSetup: boolean;
  /** Who made the key, in the words of whoever wrote it. */
  setup: Setup;
  /** Digest of the network without its weights, in hexadecimal. */
  architecture: string;
  inputs: TensorCard[];
  outputs: TensorCard[];
  /** Names of classes; may be empty. */
  labels: string[];
}

export interface TensorCard {
  name: string;
  shape: number[];
  mode: "public" | "private" | "digest";
  /** An integer q stands for the real number q * 2^-exp. */
  exp: number;
  /** Bounds of the integers; bigint if one of them is beyond 2^53 - 1 in size. */
  lo: number | bigint;
  hi: number | bigint;
  /** Bounds of the real numbers accepted; inputs only. */
  real?: [number, number];
}

export interface Tensor extends TensorCard {
  /** The integers, row-major; public tensors only. bigint where lo and hi are. */
  ints?: number[] | bigint[];
  /** The real numbers that they stand for. */
  values?: number[];
  /** In hexadecimal; digest tensors only. */
  digest?: string;
}

export interface Statement {
  context: bigint;
  inputs: Tensor[];
  outputs: Tensor[];
}

/**
 * Checks a proof against a verifying key. Bad bytes are verdicts; what throws
 * (TypeError, RangeError) is a mistake in the call.
 *
 * What acceptance means, and what not, is in the documentation of the Go package
 * github.com/nnark/nnark/verifier; above all, the key is trusted input.
 *
 * @param key   the verifying key's bytes
 * @param proof its bytes, or its JSON form as bytes, text or object
 */
export function verify(key: Uint8Array | ArrayBuffer, proof: Uint8Array | ArrayBuffer | string | object, options?: Options): Promise<Answer>;

/**
 * Checks many proofs of one key together, which takes a fraction of the time, and answers about
 * each what {@link verify} would.
 */
export function verifyBatch(key: Uint8Array | ArrayBuffer, proofs: readonly (Uint8Array | ArrayBuffer | string | object)[], options?: Options): Promise<Answer[]>;

/** Says what a key is for; throws if the key is malformed. */
export function readKey(key: Uint8Array | ArrayBuffer): Promise<{ digest: string; card: Card }>;

/** Values of one input: real numbers, or integers; of a digest input with its salt. */
export type InputValues = Reals | { values: Reals; salt?: Salt } | { ints: Integers; salt?: Salt };

/** A field element: an integer, 32 bytes, or 0x and hexadecimal digits. */
export type Salt = number | bigint | Uint8Array | string;

export interface PackedInputs {
  /** Keccak-256 of all elements, 0x and hexadecimal: what a contract's request names. */
  inputHash: string;
  inputs: {
    /** Field elements of the statement: the packed integers, or the digest; none of private inputs. */
    elements: bigint[];
    /** What the values are rounded to; bigint where the card's lo and hi are. */
    ints: number[] | bigint[];
  }[];
}

/**
 * Says before there is a proof what its statement will show of an input: a list for each input
 * of the model, null for private ones. Throws if the values do not fit.
 */
export function packInputs(key: Uint8Array | ArrayBuffer, inputs: readonly (InputValues | null)[]): Promise<PackedInputs>;

/**
 * Loads the program before the first verification, perhaps from elsewhere than
 * nnark.wasm beside the package's files: an address (relative to the page, or in Node to the
 * working directory), the program's bytes, or a compiled module. Later calls do nothing.
 */
export function init(source?: URL | string | Uint8Array | ArrayBuffer | WebAssembly.Module): Promise<void>;
