/* A disk with a volatile write cache, as every disk has one, whose power can be cut and which can be told to fail.
 *
 * What was flushed lies in the image file. What was only written is kept in a log, in memory, and every read sees it,
 * until a flush carries it over or a cut decides what becomes of it. Every function may be called from any thread. */
#ifndef SLUICE_TESTS_DISK_H
#define SLUICE_TESTS_DISK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A cache has an end: beyond this the oldest writes reach the disk unasked. */
#define CACHE_BYTES_MAX (64u << 20)

enum operation { READ, WRITE, FLUSH, OPERATIONS };

/* Opens the image file. A cut tears writes at multiples of `sector` bytes: what this disk writes in one piece. Answers
 * 0, or a negative errno. */
int disk_open(const char *image, size_t sector);
off_t disk_size(void);

/* Each answers 0, or -EIO when the power is gone or a rule says so. A write that fails has changed nothing. */
int disk_read(void *bytes, size_t count, off_t at);
int disk_write(const void *bytes, size_t count, off_t at);
/* Makes stable what was written before the call. */
int disk_flush(void);

/* Obeys one line: see the end of disk.c. Answers 0, or -EINVAL for a line that it does not understand. */
int disk_control(char *line);
/* Writes the state as JSON. Answers the length. */
int disk_report(char *text, size_t capacity);

#endif
