/* What single system calls of a process are told to do wrong, while it runs.
 *
 * The rules are a file that the test and the process have mapped, so that a call is told without a call more, and the
 * test can see who waits. The test writes a rule and then arms it; everything is in the order and size of this struct
 * (calls.py has it too). */
#ifndef SLUICE_TESTS_CALLS_RULES_H
#define SLUICE_TESTS_CALLS_RULES_H

#include <stdatomic.h>
#include <stdint.h>

#define RULES 64
#define CALL_BYTES 24
#define PATH_BYTES 200

struct rule {
    /* 1 while it counts. Taking it back lets go of every call that it holds. */
    _Atomic uint32_t armed;
    /* 1: a call waits for as long as the rule is armed. */
    uint32_t holds;
    /* How long a call takes beside what it takes anyway. */
    uint32_t milliseconds;
    /* What the call fails with, instead of being made; 0 for making it. */
    int32_t error;
    /* How many calls it is for yet; negative for all. */
    _Atomic int64_t left;
    /* How many calls it has struck, and how many of them are over. */
    _Atomic uint64_t begun, ended;
    /* The call's name; and what its path has in it, empty for any. */
    char call[CALL_BYTES];
    char path[PATH_BYTES];
};

/* Where a call goes: an open file, or a name below an open directory. */
struct place {
    int descriptor;
    const char *name;
};

/* Does to a call what its rules say. Answers 0 if it is to be made, or the errno that it fails with. */
int struck(const char *call, struct place place);

#endif
