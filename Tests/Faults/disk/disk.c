#include "disk.h"
#include "power.h"
#include "rules.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int image = -1;
static off_t size;
/* What reads see: the image file, with the pages that were written since in memory only. */
static uint8_t *current;
static struct cache cache;
static struct power power;
static uint64_t counts[OPERATIONS];

int disk_open(const char *path, size_t sector) {
    power.sector = sector;
    image = open(path, O_RDWR | O_CLOEXEC);
    struct stat found;
    if (image < 0 || fstat(image, &found) < 0) return -errno;
    size = found.st_size;
    /* Nobody reserves memory for it: only the pages that are written become memory. */
    current = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, image, 0);
    return current == MAP_FAILED ? -errno : 0;
}

off_t disk_size(void) { return size; }

static void wait_for(enum operation kind) {
    pthread_mutex_lock(&lock);
    unsigned milliseconds = delays[kind];
    pthread_mutex_unlock(&lock);
    struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    if (milliseconds) nanosleep(&pause, NULL);
}

/* Counts the operation; answers whether it fails. The power may go with it. */
static bool refused(enum operation kind, const void *bytes, size_t count, off_t at) {
    counts[kind]++;
    if (kind != READ) power_step(&power, &cache, image);
    return power.is_gone || rule_strikes(kind, bytes, count, at);
}

int disk_read(void *bytes, size_t count, off_t at) {
    wait_for(READ);
    pthread_mutex_lock(&lock);
    bool fails = refused(READ, current + at, count, at);
    if (!fails) memcpy(bytes, current + at, count);
    pthread_mutex_unlock(&lock);
    return fails ? -EIO : 0;
}

int disk_write(const void *bytes, size_t count, off_t at) {
    wait_for(WRITE);
    if (at < 0 || at > size || (off_t)count > size - at) return -ENOSPC;
    pthread_mutex_lock(&lock);
    bool fails = refused(WRITE, bytes, count, at);
    if (!fails) {
        memcpy(current + at, bytes, count);
        cache_add(&cache, bytes, count, at);
        while (cache.bytes > CACHE_BYTES_MAX) cache_settle(&cache, image, cache.first + 1);
    }
    pthread_mutex_unlock(&lock);
    return fails ? -EIO : 0;
}

int disk_flush(void) {
    pthread_mutex_lock(&lock);
    uint64_t end = cache.end;
    pthread_mutex_unlock(&lock);
    wait_for(FLUSH);
    pthread_mutex_lock(&lock);
    bool fails = refused(FLUSH, NULL, 0, 0);
    if (!fails) cache_settle(&cache, image, end);
    pthread_mutex_unlock(&lock);
    return fails ? -EIO : 0;
}

/* The number at the next word of a line; false if there is none. */
static bool number(char **line, uint64_t *value) {
    char *word = strsep(line, " "), *end = word;
    if (word) *value = strtoull(word, &end, 10);
    return word && *word && !*end;
}

static int operation(const char *word) {
    static const char *const names[OPERATIONS] = {"read", "write", "flush"};
    for (int kind = READ; word && kind < OPERATIONS; kind++)
        if (!strcmp(word, names[kind])) return kind;
    return -1;
}

/* fail read|write|flush [after N] [every K] [times N] [from BYTE] [to BYTE] [matching TEXT] */
static bool fail(char *line) {
    int kind = operation(strsep(&line, " "));
    if (kind < 0) return false;
    struct rule rule = {.armed = true, .every = 1, .times = UINT64_MAX, .to = size};
    for (char *key; (key = strsep(&line, " "));) {
        uint64_t value;
        if (!strcmp(key, "matching")) {
            if (!line || strlen(line) > TEXT_BYTES_MAX) return false;
            strcpy(rule.text, line);
            break;
        }
        if (!number(&line, &value)) return false;
        if (!strcmp(key, "after")) rule.after = value;
        else if (!strcmp(key, "every") && value) rule.every = value;
        else if (!strcmp(key, "times")) rule.times = value;
        else if (!strcmp(key, "from")) rule.from = (off_t)value;
        else if (!strcmp(key, "to")) rule.to = (off_t)value;
        else return false;
    }
    rules[kind] = rule;
    return true;
}

/* delay read|write|flush MILLISECONDS */
static bool delay(char *line) {
    int kind = operation(strsep(&line, " "));
    uint64_t milliseconds;
    if (kind < 0 || !number(&line, &milliseconds)) return false;
    delays[kind] = (unsigned)milliseconds;
    return true;
}

/* cut SEED [OPERATIONS]: now, or with the so manieth write or flush from now on */
static bool cut(char *line) {
    uint64_t seed, after = 0;
    if (!number(&line, &seed) || (line && !number(&line, &after))) return false;
    if (power.is_gone) return true;
    power.seed = seed;
    power.steps_left = after;
    power.is_planned = true;
    if (!after) power_cut(&power, &cache, image);
    return true;
}

/* heal: forgets what `fail` and `delay` said */
static bool heal(void) {
    memset(rules, 0, sizeof rules);
    memset(delays, 0, sizeof delays);
    return true;
}

int disk_control(char *line) {
    line[strcspn(line, "\n")] = 0;
    char *verb = strsep(&line, " ");
    pthread_mutex_lock(&lock);
    bool obeyed = !strcmp(verb, "fail") ? fail(line)
        : !strcmp(verb, "delay") ? delay(line)
        : !strcmp(verb, "cut") ? cut(line)
        : !strcmp(verb, "heal") && heal();
    pthread_mutex_unlock(&lock);
    return obeyed ? 0 : -EINVAL;
}

int disk_report(char *text, size_t capacity) {
    pthread_mutex_lock(&lock);
    int length = snprintf(text, capacity,
        "{\"reads\": %lu, \"writes\": %lu, \"flushes\": %lu, \"unflushed\": %lu, "
        "\"failed\": {\"read\": %lu, \"write\": %lu, \"flush\": %lu}, "
        "\"cut\": %s, \"kept\": %lu, \"torn\": %lu, \"lost\": %lu}\n",
        counts[READ], counts[WRITE], counts[FLUSH], cache.end - cache.first,
        rules[READ].failed, rules[WRITE].failed, rules[FLUSH].failed,
        power.is_gone ? "true" : "false", power.kept, power.torn, power.lost);
    pthread_mutex_unlock(&lock);
    return length;
}
