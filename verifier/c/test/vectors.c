/* Reads vectors from standard input, as verifier/vectors/flat prints them, and
 * checks that each gets its verdict. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nnark_verifier.h"

enum { FIELDS = 15 };

static nnark_status expected_status(const char *verdict, const char *kind)
{
	static const struct {
		const char *verdict, *kind;
		nnark_status status;
	} table[] = {
		{"accepted", "-", NNARK_ACCEPTED},
		{"malformed", "-", NNARK_MALFORMED},
		{"wrong_model", "-", NNARK_WRONG_MODEL},
		{"rejected", "-", NNARK_REJECTED},
		{"rejected", "context", NNARK_REJECTED_CONTEXT},
		{"rejected", "input", NNARK_REJECTED_INPUT},
		{"rejected", "unsafe_setup", NNARK_REJECTED_UNSAFE},
		{"rejected", "key", NNARK_REJECTED_KEY},
		{"rejected", "opening", NNARK_REJECTED_OPENING},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (strcmp(verdict, table[i].verdict) == 0 && strcmp(kind, table[i].kind) == 0) {
			return table[i].status;
		}
	}
	fprintf(stderr, "no status for %s %s\n", verdict, kind);
	exit(2);
}

/* Decodes hexadecimal in place, "-" to nothing. */
static size_t unhex(char *text)
{
	size_t size = strcmp(text, "-") == 0 ? 0 : strlen(text) / 2;
	for (size_t i = 0; i < size; i++) {
		char digits[3] = {text[2 * i], text[2 * i + 1], 0};
		text[i] = (char)strtoul(digits, NULL, 16);
	}
	return size;
}

/* Reads numbers separated by commas into ints or, if that is NULL, reals. */
static size_t numbers(char *text, int64_t *ints, double *reals)
{
	size_t n = 0;
	if (strcmp(text, "()") == 0) {
		return 0;
	}
	for (char *next = text;; next++) {
		if (ints != NULL) {
			ints[n++] = strtoll(next, &next, 10);
		} else {
			reals[n++] = strtod(next, &next);
		}
		if (*next != ',') {
			return n;
		}
	}
}

/* Runs one line; the last key stays parsed. */
static int run(char **f)
{
	static char *last;
	static nnark_key *key;
	static nnark_status key_status;
	char message[512] = "";
	nnark_statement *statement = (nnark_statement *)message; /* must be set */

	size_t pin = unhex(f[10]);
	if (pin > 0) { /* parsed for this line alone */
		size_t size = unhex(f[3]);
		nnark_key_free(key);
		free(last);
		last = NULL;
		key_status = nnark_key_parse_pinned((uint8_t *)f[3], size, (uint8_t *)f[10], &key, message, sizeof message);
	} else if (last == NULL || strcmp(last, f[3]) != 0) {
		free(last);
		last = malloc(strlen(f[3]) + 1);
		strcpy(last, f[3]);
		nnark_key_free(key);
		size_t size = unhex(f[3]);
		key_status = nnark_key_parse((uint8_t *)f[3], size, &key, message, sizeof message);
		if ((key_status == NNARK_ACCEPTED) != (key != NULL)) {
			printf("case %s: key and status disagree\n", f[0]);
			return 1;
		}
	}
	size_t proof_size = unhex(f[4]);
	nnark_options options = {
		.context = unhex(f[5]) == 32 ? (uint8_t *)f[5] : NULL,
		.any_context = f[6][0] == '1',
		.refuse_unsafe = f[7][0] == '1',
	};
	nnark_expected expected[2] = {{0}};
	for (int i = 0; i < 2; i++) {
		char *text = f[8 + i];
		if (strcmp(text, "-") != 0) {
			nnark_expected *e = &expected[options.expected_count++];
			void *list = malloc((strlen(text) + 1) * sizeof(double));
			e->size = numbers(text, i == 1 ? list : NULL, i == 0 ? list : NULL);
			e->ints = i == 1 ? list : NULL;
			e->reals = i == 0 ? list : NULL;
		}
	}
	options.expected = expected;
	nnark_opening opening = {.output = f[11][0] == '1', .index = strtoul(f[12], NULL, 10)};
	int64_t *opened = NULL;
	if (strcmp(f[13], "-") != 0) {
		opened = malloc((strlen(f[13]) + 1) * sizeof *opened);
		opening.size = numbers(f[13], opened, NULL);
		opening.ints = opened;
		unhex(f[14]);
		opening.salt = (uint8_t *)f[14];
		options.openings = &opening;
		options.opening_count = 1;
	}
	nnark_status status = key_status, want = expected_status(f[1], f[2]);
	if (status == NNARK_ACCEPTED && options.opening_count > 0) { /* to C, such an index is a mistake in the call */
		nnark_card *card = nnark_key_card(key);
		if (opening.index >= (opening.output ? card->output_count : card->input_count)) {
			want = NNARK_USAGE;
		}
		nnark_card_free(card);
	}
	if (status == NNARK_ACCEPTED) {
		status = nnark_verify(key, (uint8_t *)f[4], proof_size, &options, &statement, message, sizeof message);
		if ((status == NNARK_ACCEPTED) != (statement != NULL)) {
			printf("case %s: statement and status disagree\n", f[0]);
			return 1;
		}
		nnark_statement_free(statement);
	}
	free(opened);
	for (size_t i = 0; i < options.expected_count; i++) {
		free((void *)expected[i].ints);
		free((void *)expected[i].reals);
	}
	if (status != want) {
		printf("case %s: %d (%s), want %s %s\n", f[0], status, message, f[1], f[2]);
		return 1;
	}
	return 0;
}

int main(void)
{
	static char line[1 << 22];
	int cases = 0, failures = 0;
	while (fgets(line, sizeof line, stdin) != NULL) {
		char *fields[FIELDS], *rest = line;
		for (int i = 0; i < FIELDS; i++) {
			fields[i] = rest;
			rest += strcspn(rest, "\t\n");
			if (*rest == 0) {
				fprintf(stderr, "line %d has %d fields\n", cases + 1, i);
				return 2;
			}
			*rest++ = 0;
		}
		cases++;
		failures += run(fields);
	}
	printf("%d cases, %d failures\n", cases, failures);
	return cases >= 500 && failures == 0 ? 0 : 1;
}
