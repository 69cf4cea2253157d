/* A target for libFuzzer: the bytes are a proof of the golden keys, a key, or options about the
 * golden proof, as the first of them says. Arguments behind libFuzzer's: none; the golden files
 * come from the environment, NNARK_GOLDEN. */
#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nnark_verifier.h"

static struct {
	uint8_t key[8192], proof[8192];
	size_t key_size, proof_size;
	nnark_key *parsed;
} golden[2];

static size_t load(const char *name, uint8_t *data)
{
	char path[4096];
	const char *folder = getenv("NNARK_GOLDEN");
	assert(folder != NULL);
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "rb");
	assert(f != NULL);
	size_t n = fread(data, 1, 8192, f);
	fclose(f);
	return n;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	const char *names[2][2] = {{"groth16.key", "groth16.json"}, {"plonk.key", "plonk.json"}};
	for (int i = 0; i < 2; i++) {
		golden[i].key_size = load(names[i][0], golden[i].key);
		golden[i].proof_size = load(names[i][1], golden[i].proof);
		assert(nnark_key_parse(golden[i].key, golden[i].key_size, &golden[i].parsed, NULL, 0) == NNARK_ACCEPTED);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char message[32];
	if (size < 2) {
		return 0;
	}
	int which = data[0] & 1;
	int kind = data[0] >> 1 & 3;
	nnark_statement *st = NULL;
	nnark_key *key = NULL;
	data++, size--;
	if (kind == 0) { /* a key */
		if (nnark_key_parse(data, size, &key, message, sizeof message) == NNARK_ACCEPTED) {
			nnark_card_free(nnark_key_card(key));
			nnark_verify(key, golden[which].proof, golden[which].proof_size, NULL, &st, message, sizeof message);
			nnark_statement_free(st);
		}
		nnark_key_free(key);
	} else if (kind == 1) { /* a proof */
		nnark_options any = {.any_context = true};
		nnark_status got = nnark_verify(golden[which].parsed, data, size, &any, &st, message, sizeof message);
		assert((got == NNARK_ACCEPTED) == (st != NULL) && got != NNARK_USAGE);
		nnark_statement_free(st);
	} else if (kind == 2) { /* two proofs */
		size_t half = size / 2;
		const uint8_t *proofs[3] = {data, golden[which].proof, data + half};
		size_t sizes[3] = {half, golden[which].proof_size, size - half};
		nnark_status status[3];
		nnark_statement *sts[3];
		nnark_verify_batch(golden[which].parsed, proofs, sizes, 3, NULL, status, sts, message, sizeof message);
		assert(status[1] == NNARK_ACCEPTED && sts[1] != NULL);
		for (int i = 0; i < 3; i++) {
			assert((status[i] == NNARK_ACCEPTED) == (sts[i] != NULL));
			nnark_statement_free(sts[i]);
		}
	} else { /* options */
		int64_t ints[8] = {0};
		double reals[8] = {0};
		uint8_t context[32] = {0}, salt[32] = {0};
		memcpy(context, data, size < 32 ? size : 32);
		if (size > 32) {
			memcpy(ints, data + 32, size - 32 < sizeof ints ? size - 32 : sizeof ints);
			memcpy(reals, data + 32, size - 32 < sizeof reals ? size - 32 : sizeof reals);
			memcpy(salt, data + size - 32, 32);
		}
		nnark_expected expected = {.input = context[31] & 3, .ints = context[30] & 1 ? ints : NULL, .reals = context[30] & 1 ? NULL : reals, .size = context[29] & 7};
		nnark_opening opening = {.output = context[28] & 1, .index = context[28] >> 1 & 3, .ints = ints, .size = context[27] & 7, .salt = salt};
		nnark_options o = {.context = context, .any_context = context[26] & 1, .refuse_unsafe = context[25] & 1, .expected = &expected,
			.expected_count = context[24] & 1, .openings = &opening, .opening_count = context[23] & 1};
		nnark_verify(golden[which].parsed, golden[which].proof, golden[which].proof_size, &o, &st, message, sizeof message);
		nnark_statement_free(st);
	}
	return 0;
}
