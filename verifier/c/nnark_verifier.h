/*
 * Verifies nnark proofs of neural-network inference.
 *
 * The library is package verifier of the Go module github.com/nnark/nnark; its
 * documentation says what acceptance means, and what not. Above all, a verifying
 * key is trusted input: compare its digest with one received over a channel you
 * trust.
 *
 * Memory: what a function takes belongs to the caller, is only read, and is not
 * kept after the call. What a function returns through a pointer to a pointer
 * belongs to the caller, who frees it with the function named there; everything
 * that such an object points to belongs to the object. Freeing NULL does nothing.
 *
 * Threads: every function may be called from any thread, and a key may be used
 * by many at once. Free a key after its last use.
 *
 * Failure: no bytes of a key or a proof make these functions crash. The process
 * ends if memory runs out; a verification takes less than 64 MiB.
 */
#ifndef NNARK_VERIFIER_H
#define NNARK_VERIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version that this header is of; nnark_version() is that of the library. What was compiled
 * with a header works with every library of the same SONAME. */
#define NNARK_VERSION "0.2.0"

/* What a call came to. Only NNARK_ACCEPTED, 0, is good news. */
typedef enum nnark_status {
	NNARK_ACCEPTED = 0,         /* the proof holds; for a key: well formed */
	NNARK_MALFORMED = 1,        /* bytes that no honest party produces */
	NNARK_WRONG_MODEL = 2,      /* the proof is for another key */
	NNARK_REJECTED = 3,         /* well formed, but not a proof of its statement */
	NNARK_REJECTED_CONTEXT = 4, /* not the expected context */
	NNARK_REJECTED_INPUT = 5,   /* not the expected input */
	NNARK_REJECTED_UNSAFE = 6,  /* a key of a one-party setup, which the options refuse */
	NNARK_USAGE = 7,            /* a mistake in the call: see the function */
	NNARK_REJECTED_KEY = 8,     /* not the key whose digest is expected */
	NNARK_REJECTED_OPENING = 9  /* a digest is not of the integers and the salt given */
} nnark_status;

typedef enum nnark_system { NNARK_GROTH16 = 0, NNARK_PLONK = 1 } nnark_system;

typedef enum nnark_setup {
	NNARK_SETUP_ONE_PARTY = 0,
	NNARK_SETUP_CEREMONY = 1,        /* Groth16 */
	NNARK_SETUP_REFERENCE_STRING = 2 /* PLONK */
} nnark_setup;

typedef enum nnark_weights {
	NNARK_WEIGHTS_COMMITTED = 0, /* private; the key holds a commitment to them */
	NNARK_WEIGHTS_BAKED = 1      /* constants of the circuit */
} nnark_weights;

typedef enum nnark_mode {
	NNARK_PUBLIC = 0,  /* the statement shows the integers */
	NNARK_PRIVATE = 1, /* the statement shows nothing */
	NNARK_DIGEST = 2   /* the statement shows a salted digest */
} nnark_mode;

/* One input or output: integers in [lo, hi], row-major, each standing for the
 * real number q * 2^-exp. */
typedef struct nnark_tensor {
	const char *name; /* UTF-8 */
	nnark_mode mode;
	const size_t *shape; /* rank axes; NULL for a scalar */
	size_t rank;
	size_t size; /* number of integers */
	int exp;
	int64_t lo, hi;
	double real_lo, real_hi; /* accepted real numbers of an input; 0 for an output */
	const int64_t *ints;     /* size integers; NULL unless public and in a statement */
	const uint8_t *digest;   /* 32 bytes; NULL unless a digest and in a statement */
} nnark_tensor;

/* What a key is for. Names and labels are the word of the key's author. */
typedef struct nnark_card {
	const char *name; /* UTF-8 */
	nnark_system system;
	nnark_weights weights;
	bool unsafe_setup;        /* one party made the key and could forge proofs */
	nnark_setup setup;        /* who made the key, in the words of whoever wrote it */
	size_t contributions;     /* parties to a ceremony, else 0 */
	uint8_t transcript[32];   /* hash of a ceremony's transcript, else 0 */
	uint8_t architecture[32]; /* digest of the network without its weights */
	uint8_t digest[32];       /* of the key: SHA-256 of its encoding */
	const nnark_tensor *inputs;
	size_t input_count;
	const nnark_tensor *outputs;
	size_t output_count;
	const char *const *labels; /* names of classes, UTF-8; may be NULL */
	size_t label_count;
	uintptr_t internal;
} nnark_card;

/* What an accepted proof proves. */
typedef struct nnark_statement {
	uint8_t context[32]; /* field element, big-endian */
	const nnark_tensor *inputs;
	size_t input_count;
	const nnark_tensor *outputs;
	size_t output_count;
	uintptr_t internal;
} nnark_statement;

/* The expected value of an input: integers, or real numbers that are rounded as
 * the prover rounds them. Exactly one of ints and reals is not NULL. */
typedef struct nnark_expected {
	size_t input;        /* its index in the card */
	const int64_t *ints;
	const double *reals;
	size_t size;         /* how many */
} nnark_expected;

/* What a digest input or output must be a digest of. */
typedef struct nnark_opening {
	bool output;         /* of an output, not an input */
	size_t index;        /* its index in the card */
	const int64_t *ints;
	size_t size;         /* how many */
	const uint8_t *salt; /* 32 bytes, big-endian, below BN254's r */
} nnark_opening;

/* What is acceptable. All zero: context 0, any input, any well-formed key. */
typedef struct nnark_options {
	const uint8_t *context; /* 32 bytes, big-endian, below BN254's r; NULL for 0 */
	bool any_context;       /* then look at the statement's, or accept replays */
	bool refuse_unsafe;
	const nnark_expected *expected;
	size_t expected_count;
	const nnark_opening *openings;
	size_t opening_count;
} nnark_options;

/* A checked verifying key. */
typedef struct nnark_key nnark_key;

#ifndef NNARK_TYPES_ONLY

/* Returns the library's version; the text is not to be freed. */
const char *nnark_version(void);

/*
 * Decodes and checks a verifying key. *key is set to the key, to be freed with
 * nnark_key_free, or to NULL.
 *
 * The reason of a status other than NNARK_ACCEPTED is written to message (UTF-8,
 * ends with a zero byte, cut to message_size bytes); NULL for none.
 *
 * Returns NNARK_ACCEPTED; NNARK_MALFORMED; NNARK_USAGE if key is NULL, or data
 * is NULL and size not 0.
 */
nnark_status nnark_key_parse(const uint8_t *data, size_t size, nnark_key **key, char *message, size_t message_size);

/*
 * Like nnark_key_parse for a key whose digest, 32 bytes, the caller knows. Bytes of
 * another digest are not looked at: the status is NNARK_REJECTED_KEY.
 *
 * Returns NNARK_USAGE also if digest is NULL.
 */
nnark_status nnark_key_parse_pinned(const uint8_t *data, size_t size, const uint8_t *digest, nnark_key **key,
                                    char *message, size_t message_size);

void nnark_key_free(nnark_key *key);

/* Returns what the key is for, to be freed with nnark_card_free; NULL for NULL. */
nnark_card *nnark_key_card(const nnark_key *key);

void nnark_card_free(nnark_card *card);

/*
 * Checks a proof, in binary form (it starts with "nnark-proof-1") or as JSON.
 * options may be NULL. When statement is not NULL, *statement is set to what the
 * proof proves, to be freed with nnark_statement_free, or to NULL if the proof
 * is not accepted. message is as for nnark_key_parse.
 *
 * Returns NNARK_USAGE if key is NULL, proof is NULL and size not 0, the context
 * is not below r, an expected input does not have exactly one list, an opening has
 * no integers or no salt below r, or the key has no input or output of an index.
 */
nnark_status nnark_verify(const nnark_key *key, const uint8_t *proof, size_t size, const nnark_options *options,
                          nnark_statement **statement, char *message, size_t message_size);

/*
 * Checks count proofs of one key together, which takes a fraction of the time, and
 * says of each what nnark_verify would. proofs[i] has sizes[i] bytes.
 *
 * statuses, if not NULL, takes the status of each; statements, if not NULL, what
 * each proves, to be freed with nnark_statement_free, or NULL. message is about the
 * first that is not accepted.
 *
 * Returns NNARK_ACCEPTED if all are accepted, as no proofs are; otherwise the status
 * of the first that is not. Returns NNARK_USAGE as nnark_verify does, or if proofs or
 * sizes is NULL and count not 0; then statuses and statements are not written.
 */
nnark_status nnark_verify_batch(const nnark_key *key, const uint8_t *const *proofs, const size_t *sizes, size_t count,
                                const nnark_options *options, nnark_status *statuses, nnark_statement **statements,
                                char *message, size_t message_size);

void nnark_statement_free(nnark_statement *statement);

#endif

#ifdef __cplusplus
}
#endif

#endif
