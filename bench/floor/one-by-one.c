/* Writes files one after the other, each with a sync of its own, as a server does that shares nothing between uploads:
 * one-by-one DIR COUNT BYTES. Prints the seconds it took, on the wall and of the processor. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

static _Noreturn void die(const char *what) {
    fprintf(stderr, "one-by-one: %s: %m\n", what);
    exit(1);
}

int main(int argc, char **argv) {
    if (argc != 4) die("usage: one-by-one DIR COUNT BYTES");
    int directory = open(argv[1], O_RDONLY | O_DIRECTORY), count = atoi(argv[2]);
    size_t bytes = strtoul(argv[3], NULL, 10);
    unsigned char *memory = malloc(bytes);
    if (directory < 0 || memory == NULL) die(argv[1]);
    memset(memory, 0x5A, bytes);
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "%08d.bin", i);
        int file = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (file < 0 || pwrite(file, memory, bytes, 0) != (ssize_t)bytes || fdatasync(file) != 0) die(name);
        close(file);
    }
    printf("{\"wall_seconds\":%.6f,\"cpu_seconds\":%.6f}\n", seconds(CLOCK_MONOTONIC) - wall,
           seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
}
