#include "power.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *or_die(void *memory) {
    if (memory) return memory;
    perror("fault disk");
    abort();
}

static void put(int image, const uint8_t *bytes, size_t count, off_t at) {
    if (pwrite(image, bytes, count, at) == (ssize_t)count) return;
    perror("fault disk: the image file");
    abort();
}

void cache_add(struct cache *cache, const void *bytes, size_t count, off_t at) {
    size_t used = cache->end - cache->first;
    if (used == cache->capacity) {
        cache->capacity = cache->capacity ? cache->capacity * 2 : 1024;
        cache->writes = or_die(realloc(cache->writes, cache->capacity * sizeof *cache->writes));
    }
    struct pending *write = &cache->writes[used];
    *write = (struct pending){or_die(malloc(count)), count, at};
    memcpy(write->bytes, bytes, count);
    cache->bytes += count;
    cache->end++;
}

void cache_settle(struct cache *cache, int image, uint64_t end) {
    if (end <= cache->first) return;
    size_t count = end - cache->first, used = cache->end - cache->first;
    for (size_t index = 0; index < count; index++) {
        struct pending *write = &cache->writes[index];
        put(image, write->bytes, write->count, write->at);
        cache->bytes -= write->count;
        free(write->bytes);
    }
    memmove(cache->writes, cache->writes + count, (used - count) * sizeof *cache->writes);
    cache->first = end;
}

/* splitmix64: the same seed, the same cut. */
static uint64_t dice(uint64_t *state, uint64_t sides) {
    uint64_t mixed = *state += 0x9E3779B97F4A7C15;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
    return (mixed ^ (mixed >> 31)) % sides;
}

/* Whether a write crosses from one sector into another. */
static bool can_tear(const struct pending *write, size_t sector) {
    return (size_t)write->at / sector != ((size_t)write->at + write->count - 1) / sector;
}

/* Writes some of the sectors: the first ones, the last ones, or any. */
static void tear(const struct pending *write, size_t sector, int image, uint64_t *state) {
    size_t first = (size_t)write->at / sector;
    size_t sectors = ((size_t)write->at + write->count - 1) / sector - first + 1;
    size_t edge = 1 + dice(state, sectors - 1);
    uint64_t shape = dice(state, 3);
    for (size_t number = 0, from = 0; number < sectors; number++) {
        size_t to = (first + number + 1) * sector - (size_t)write->at;
        if (to > write->count) to = write->count;
        bool stays = shape == 0 ? number < edge : shape == 1 ? number >= edge : dice(state, 2);
        if (stays) put(image, write->bytes + from, to - from, write->at + (off_t)from);
        from = to;
    }
}

void power_cut(struct power *power, struct cache *cache, int image) {
    power->is_gone = true;
    uint64_t state = power->seed;
    /* How far the disk had got differs from cut to cut: nothing, everything, and in between are all likely. */
    static const unsigned shares[] = {0, 5, 25, 50, 75, 95, 100};
    unsigned kept_percent = shares[dice(&state, sizeof shares / sizeof *shares)];
    unsigned torn_percent = (unsigned)dice(&state, 50);
    size_t used = cache->end - cache->first;
    for (size_t left = used; left > 0; left--) {
        size_t pick = dice(&state, left);
        struct pending write = cache->writes[pick];
        cache->writes[pick] = cache->writes[left - 1];
        cache->writes[left - 1] = write;
        if (dice(&state, 100) >= kept_percent) {
            power->lost++;
        } else if (can_tear(&write, power->sector) && dice(&state, 100) < torn_percent) {
            power->torn++;
            tear(&write, power->sector, image, &state);
        } else {
            power->kept++;
            put(image, write.bytes, write.count, write.at);
        }
    }
}

void power_step(struct power *power, struct cache *cache, int image) {
    if (!power->is_planned || power->is_gone || --power->steps_left > 0) return;
    power_cut(power, cache, image);
}
