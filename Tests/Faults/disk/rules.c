#include "rules.h"

#include <string.h>

struct rule rules[OPERATIONS];
unsigned delays[OPERATIONS];

bool rule_strikes(enum operation kind, const void *bytes, size_t count, off_t at) {
    struct rule *rule = &rules[kind];
    if (!rule->armed || rule->failed == rule->times) return false;
    if (kind != FLUSH) {
        if (at + (off_t)count <= rule->from || at >= rule->to) return false;
        if (rule->text[0] && !memmem(bytes, count, rule->text, strlen(rule->text))) return false;
    }
    uint64_t number = rule->seen++;
    if (number < rule->after || (number - rule->after) % rule->every) return false;
    rule->failed++;
    return true;
}
