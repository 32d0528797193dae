/* What the disk was told to do wrong. Callers hold the disk's lock. */
#ifndef SLUICE_TESTS_RULES_H
#define SLUICE_TESTS_RULES_H

#include "disk.h"

#include <stdbool.h>

#define TEXT_BYTES_MAX 200

/* Operations of one kind that fail: of those that touch the bytes [from, to) and, if there is a text, carry it, the
 * first `after` pass, and then every `every`-th fails, `times` times. */
struct rule {
    bool armed;
    uint64_t after, every, times;
    off_t from, to;
    char text[TEXT_BYTES_MAX + 1];
    uint64_t seen, failed;
};

extern struct rule rules[OPERATIONS];
/* How long an operation takes, in milliseconds. */
extern unsigned delays[OPERATIONS];

/* Whether this operation fails. */
bool rule_strikes(enum operation kind, const void *bytes, size_t count, off_t at);

#endif
