/* Verifies a proof: example VERIFYING_KEY PROOF. Exits with 0 if it is accepted,
 * 1 if not, 2 if it could not be checked. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "nnark_verifier.h"

/* Reads a file; the caller frees the result. */
static uint8_t *read_file(const char *name, size_t *size)
{
	FILE *f = fopen(name, "rb");
	uint8_t *data = NULL;
	long length;
	if (f != NULL && fseek(f, 0, SEEK_END) == 0 && (length = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0 &&
	    (data = malloc((size_t)length + 1)) != NULL) {
		*size = fread(data, 1, (size_t)length, f);
	}
	if (f != NULL) {
		fclose(f);
	}
	if (data == NULL) {
		perror(name);
	}
	return data;
}

static void print_tensor(const char *kind, const nnark_tensor *t)
{
	printf("%s %s:", kind, t->name);
	if (t->ints != NULL) {
		for (size_t i = 0; i < t->size; i++) {
			printf(" %g", ldexp((double)t->ints[i], -t->exp));
		}
	} else if (t->digest != NULL) {
		printf(" digest ");
		for (size_t i = 0; i < 32; i++) {
			printf("%02x", t->digest[i]);
		}
	} else {
		printf(" private");
	}
	printf("\n");
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: %s VERIFYING_KEY PROOF\n", argv[0]);
		return 2;
	}
	size_t key_size = 0, proof_size = 0;
	uint8_t *key_data = read_file(argv[1], &key_size);
	uint8_t *proof_data = read_file(argv[2], &proof_size);
	char message[256] = "";
	nnark_key *key = NULL;
	nnark_statement *statement = NULL;
	int exit_status = 2;

	if (key_data != NULL && proof_data != NULL) {
		nnark_status status = nnark_key_parse(key_data, key_size, &key, message, sizeof message);
		if (status == NNARK_ACCEPTED) {
			status = nnark_verify(key, proof_data, proof_size, NULL, &statement, message, sizeof message);
		}
		exit_status = status == NNARK_ACCEPTED ? 0 : 1;
		printf("%s\n", status == NNARK_ACCEPTED ? "accepted" : message);
	}
	if (statement != NULL) {
		for (size_t i = 0; i < statement->input_count; i++) {
			print_tensor("input", &statement->inputs[i]);
		}
		for (size_t i = 0; i < statement->output_count; i++) {
			print_tensor("output", &statement->outputs[i]);
		}
	}
	nnark_statement_free(statement);
	nnark_key_free(key);
	free(key_data);
	free(proof_data);
	return exit_status;
}
