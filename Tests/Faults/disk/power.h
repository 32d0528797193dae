/* The writes that no flush has covered yet, and what a cut leaves of them. Callers hold the disk's lock. */
#ifndef SLUICE_TESTS_POWER_H
#define SLUICE_TESTS_POWER_H

#include "disk.h"

#include <stdbool.h>

/* One write. Its number in the cache is its age. */
struct pending {
    uint8_t *bytes;
    size_t count;
    off_t at;
};

/* Writes `first` up to `end`, which `writes` holds from `writes[0]` on. */
struct cache {
    struct pending *writes;
    size_t capacity, bytes;
    uint64_t first, end;
};

void cache_add(struct cache *cache, const void *bytes, size_t count, off_t at);
/* Makes the writes before `end` stable, in their order. */
void cache_settle(struct cache *cache, int image, uint64_t end);

/* A cut: planned for so many writes and flushes from now, or done. */
struct power {
    size_t sector;
    bool is_planned, is_gone;
    uint64_t seed, steps_left;
    uint64_t kept, torn, lost;
};

/* One more write or flush. */
void power_step(struct power *power, struct cache *cache, int image);
/* The power goes: of the unflushed writes a subset reaches the image, in any order, some of them torn. */
void power_cut(struct power *power, struct cache *cache, int image);

#endif
