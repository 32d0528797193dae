#include "rules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define LOOK_NANOSECONDS 1000000L

static struct rule *rules;

/* Nothing is wrong with a process that has no rules. A child of it, the same program or another one, maps them anew. */
__attribute__((constructor)) static void map_rules(void) {
    const char *path = getenv("SLUICE_CALL_RULES");
    int descriptor = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (descriptor < 0) return;
    void *memory = mmap(NULL, RULES * sizeof(struct rule), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (memory != MAP_FAILED) rules = memory;
}

static void pause_for(long nanoseconds) {
    struct timespec left = {nanoseconds / 1000000000L, nanoseconds % 1000000000L};
    while (nanosleep(&left, &left) && errno == EINTR) {}
}

/* The path as the kernel knows it by now; what was opened as a relative name is an absolute path too. */
static void find_path(struct place place, char *path, size_t capacity) {
    ssize_t length = 0;
    if (place.descriptor >= 0 && (!place.name || place.name[0] != '/')) {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", place.descriptor);
        length = readlink(link, path, capacity - 1);
        if (length < 0) length = 0;
    }
    path[length] = 0;
    if (place.name) snprintf(path + length, capacity - length, "%s%s", length ? "/" : "", place.name);
}

/* Whether the path has the text in it, or ends with it where the text ends with a dollar. */
static bool is_of(const char *path, const char *text) {
    size_t length = strlen(path), wanted = strlen(text);
    if (!wanted || text[wanted - 1] != '$') return strstr(path, text);
    return length >= wanted - 1 && !memcmp(path + length - (wanted - 1), text, wanted - 1);
}

/* Takes one of the calls that the rule is for. */
static bool take(struct rule *rule) {
    int64_t left = atomic_load(&rule->left);
    while (left > 0)
        if (atomic_compare_exchange_weak(&rule->left, &left, left - 1)) return true;
    return left < 0;
}

int struck(const char *call, struct place place) {
    int error = 0, saved = errno;
    char path[4096];
    bool has_path = false;
    for (struct rule *rule = rules; rule && rule < rules + RULES && !error; rule++) {
        if (!atomic_load(&rule->armed) || strncmp(rule->call, call, CALL_BYTES)) continue;
        if (rule->path[0] && !has_path) {
            find_path(place, path, sizeof path);
            has_path = true;
        }
        if ((rule->path[0] && !is_of(path, rule->path)) || !take(rule)) continue;
        atomic_fetch_add(&rule->begun, 1);
        if (rule->milliseconds) pause_for(rule->milliseconds * 1000000L);
        while (rule->holds && atomic_load(&rule->armed)) pause_for(LOOK_NANOSECONDS);
        error = rule->error;
        atomic_fetch_add(&rule->ended, 1);
    }
    errno = saved;
    return error;
}
