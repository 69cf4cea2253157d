/* What the vectors do not reach: mistakes in calls, contents of cards and
 * statements, many threads, memory. Arguments: the golden key and proof. */
#undef NDEBUG
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "nnark_verifier.h"

static uint8_t key_data[4096], proof_data[4096];
static size_t key_size, proof_size;
static nnark_key *key;

static size_t load(const char *name, uint8_t *data)
{
	FILE *f = fopen(name, "rb");
	assert(f != NULL);
	size_t n = fread(data, 1, 4096, f);
	fclose(f);
	return n;
}

static void usage(void)
{
	char message[64];
	uint8_t beyond[32];
	double real = 0;
	int64_t integer = 0;
	nnark_key *none = key;
	memset(beyond, 0xff, sizeof beyond);
	assert(nnark_key_parse(key_data, key_size, NULL, message, sizeof message) == NNARK_USAGE);
	assert(nnark_key_parse(NULL, 1, &none, message, sizeof message) == NNARK_USAGE && none == NULL);
	assert(nnark_key_parse(key_data, SIZE_MAX, &none, message, sizeof message) == NNARK_USAGE && none == NULL);
	assert(nnark_key_parse(NULL, 0, &none, NULL, 0) == NNARK_MALFORMED && none == NULL);
	assert(nnark_verify(NULL, proof_data, proof_size, NULL, NULL, message, sizeof message) == NNARK_USAGE);
	assert(nnark_verify(key, NULL, 1, NULL, NULL, NULL, 0) == NNARK_USAGE);
	assert(nnark_verify(key, NULL, 0, NULL, NULL, NULL, 0) == NNARK_MALFORMED);
	nnark_options context = {.context = beyond};
	assert(nnark_verify(key, proof_data, proof_size, &context, NULL, NULL, 0) == NNARK_USAGE);
	nnark_expected wrong[] = {{0}, {.ints = &integer, .reals = &real, .size = 1}, {.input = SIZE_MAX, .ints = &integer}, {.reals = &real, .size = SIZE_MAX}};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		nnark_options o = {.expected = &wrong[i], .expected_count = 1};
		assert(nnark_verify(key, proof_data, proof_size, &o, NULL, message, sizeof message) == NNARK_USAGE);
		assert(strlen(message) > 0);
	}
	nnark_options no_list = {.expected_count = 1};
	assert(nnark_verify(key, proof_data, proof_size, &no_list, NULL, NULL, 0) == NNARK_USAGE);
	none = key;
	assert(nnark_key_parse_pinned(key_data, key_size, NULL, &none, NULL, 0) == NNARK_USAGE && none == NULL);
	none = key;
	assert(nnark_key_parse_pinned(key_data, key_size, beyond, &none, message, sizeof message) == NNARK_REJECTED_KEY && none == NULL);
	nnark_opening bad[] = {{.ints = &integer, .size = 1}, {.ints = &integer, .size = 1, .salt = beyond}, {.index = SIZE_MAX, .salt = beyond},
		{.size = 1, .salt = beyond}};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		nnark_options o = {.openings = &bad[i], .opening_count = 1};
		assert(nnark_verify(key, proof_data, proof_size, &o, NULL, message, sizeof message) == NNARK_USAGE);
	}
	uint8_t salt[32] = {0};
	nnark_expected beyond_inputs = {.input = 1, .ints = &integer, .size = 1};
	nnark_options o1 = {.expected = &beyond_inputs, .expected_count = 1};
	assert(nnark_verify(key, proof_data, proof_size, &o1, NULL, message, sizeof message) == NNARK_USAGE);
	for (int output = 0; output < 2; output++) {
		nnark_opening far = {.output = output, .index = 1, .ints = &integer, .size = 1, .salt = salt};
		nnark_options o = {.openings = &far, .opening_count = 1};
		assert(nnark_verify(key, proof_data, proof_size, &o, NULL, message, sizeof message) == NNARK_USAGE);
		far.index = 0;
		assert(nnark_verify(key, proof_data, proof_size, &o, NULL, message, sizeof message) == NNARK_REJECTED_OPENING);
	}
	nnark_options no_openings = {.opening_count = 1};
	assert(nnark_verify(key, proof_data, proof_size, &no_openings, NULL, NULL, 0) == NNARK_USAGE);
	nnark_key_free(NULL);
	nnark_card_free(NULL);
	nnark_statement_free(NULL);
	assert(nnark_key_card(NULL) == NULL);
}

static void messages(void)
{
	char message[8];
	memset(message, 'x', sizeof message);
	assert(nnark_verify(key, proof_data, proof_size - 9, NULL, NULL, message, 5) == NNARK_MALFORMED);
	assert(strcmp(message, "malf") == 0 && message[5] == 'x');
	assert(nnark_verify(key, proof_data, proof_size, NULL, NULL, message, 1) == NNARK_ACCEPTED);
	assert(message[0] == 0 && message[1] == 'a');
}

static void contents(void)
{
	nnark_card *card = nnark_key_card(key);
	assert(card->unsafe_setup && card->setup == NNARK_SETUP_ONE_PARTY && card->contributions == 0);
	assert(card->system == NNARK_GROTH16 && card->weights == NNARK_WEIGHTS_COMMITTED);
	assert(card->input_count == 1 && card->output_count == 1 && strlen(card->name) > 0);
	assert(card->inputs[0].size == 3 && card->inputs[0].rank >= 1 && card->inputs[0].ints == NULL);
	nnark_card_free(card);

	nnark_statement *st = NULL;
	const int64_t input[] = {7, 0, 255};
	nnark_expected expected = {.input = 0, .ints = input, .size = 3};
	nnark_options o = {.expected = &expected, .expected_count = 1};
	assert(nnark_verify(key, proof_data, proof_size, &o, &st, NULL, 0) == NNARK_ACCEPTED);
	assert(st->input_count == 1 && memcmp(st->inputs[0].ints, input, sizeof input) == 0);
	assert(st->outputs[0].size == 2 && st->outputs[0].ints[0] == 14 && st->outputs[0].ints[1] == -255);
	assert(st->outputs[0].digest == NULL && strcmp(st->outputs[0].name, "y") == 0);
	nnark_statement_free(st);
}

static void batch(void)
{
	char message[64];
	uint8_t bad[4096];
	memcpy(bad, proof_data, proof_size);
	char *digit = strstr((char *)bad, "\"ar\":\"");
	digit = digit != NULL ? digit + 6 : (char *)bad + proof_size - 40;
	*digit = *digit == '1' ? '2' : '1';
	nnark_status alone = nnark_verify(key, bad, proof_size, NULL, NULL, NULL, 0);
	assert(alone != NNARK_ACCEPTED);
	const uint8_t *proofs[] = {proof_data, bad, proof_data, NULL};
	size_t sizes[] = {proof_size, proof_size, proof_size, 0};
	nnark_status status[4];
	nnark_statement *st[4];
	assert(nnark_verify_batch(key, proofs, sizes, 1, NULL, status, st, message, sizeof message) == NNARK_ACCEPTED && message[0] == 0);
	assert(status[0] == NNARK_ACCEPTED && st[0]->outputs[0].ints[0] == 14);
	nnark_statement_free(st[0]);
	assert(nnark_verify_batch(key, proofs, sizes, 4, NULL, status, st, message, sizeof message) == alone && message[0] != 0);
	assert(status[0] == NNARK_ACCEPTED && status[1] == alone && status[2] == NNARK_ACCEPTED && status[3] == NNARK_MALFORMED);
	assert(st[0] != NULL && st[1] == NULL && st[2] != NULL && st[3] == NULL);
	nnark_statement_free(st[0]);
	nnark_statement_free(st[2]);
	assert(nnark_verify_batch(key, proofs, sizes, 3, NULL, NULL, NULL, NULL, 0) == alone);
	assert(nnark_verify_batch(key, NULL, NULL, 0, NULL, NULL, NULL, NULL, 0) == NNARK_ACCEPTED);
	nnark_options context = {.context = (const uint8_t[32]){[31] = 1}};
	assert(nnark_verify_batch(key, proofs, sizes, 1, &context, status, NULL, NULL, 0) == NNARK_REJECTED_CONTEXT && status[0] == NNARK_REJECTED_CONTEXT);
	assert(nnark_verify_batch(NULL, proofs, sizes, 1, NULL, NULL, NULL, NULL, 0) == NNARK_USAGE);
	assert(nnark_verify_batch(key, NULL, sizes, 1, NULL, NULL, NULL, NULL, 0) == NNARK_USAGE);
	assert(nnark_verify_batch(key, proofs, NULL, 1, NULL, NULL, NULL, NULL, 0) == NNARK_USAGE);
	assert(nnark_verify_batch(key, proofs, sizes, SIZE_MAX, NULL, NULL, NULL, NULL, 0) == NNARK_USAGE);
	sizes[3] = 1;
	assert(nnark_verify_batch(key, proofs, sizes, 4, NULL, NULL, NULL, NULL, 0) == NNARK_USAGE);
}

static void *many(void *unused)
{
	(void)unused;
	for (int i = 0; i < 50; i++) {
		nnark_statement *st = NULL;
		assert(nnark_verify(key, proof_data, proof_size, NULL, &st, NULL, 0) == NNARK_ACCEPTED);
		nnark_statement_free(st);
		nnark_card_free(nnark_key_card(key));
	}
	return NULL;
}

static void threads(void)
{
	pthread_t ids[8];
	for (int i = 0; i < 8; i++) {
		assert(pthread_create(&ids[i], NULL, many, NULL) == 0);
	}
	for (int i = 0; i < 8; i++) {
		assert(pthread_join(ids[i], NULL) == 0);
	}
}

/* Every block that the library takes from malloc is given back; Go may have
 * started a thread meanwhile. */
static void memory(void)
{
#ifdef __GLIBC__
	many(NULL);
	size_t before = mallinfo2().uordblks;
	for (int i = 0; i < 4; i++) {
		nnark_key *again = NULL;
		assert(nnark_key_parse(key_data, key_size, &again, NULL, 0) == NNARK_ACCEPTED);
		nnark_key_free(again);
		many(NULL);
	}
	assert(mallinfo2().uordblks <= before + 4096);
#endif
}

int main(int argc, char **argv)
{
	char message[256];
	assert(argc == 3);
	key_size = load(argv[1], key_data);
	proof_size = load(argv[2], proof_data);
	assert(nnark_key_parse(key_data, key_size, &key, message, sizeof message) == NNARK_ACCEPTED);
	usage();
	messages();
	contents();
	batch();
	assert(strcmp(nnark_version(), NNARK_VERSION) == 0);
	threads();
	memory();
	nnark_key_free(key);
	printf("ok\n");
	return 0;
}
