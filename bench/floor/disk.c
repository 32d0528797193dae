/* Files: written, past the page cache or through it, synced where that is asked for, then given their names. */
#define _GNU_SOURCE
#include "floor.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

int disk_directory;
bool disk_syncs;

static void part_name(const struct connection *connection, char *name, size_t count) {
    snprintf(name, count, ".%s.part", connection->disk_name);
}

void disk_open(struct connection *connection, bool direct) {
    char name[NAME_BYTES + 8];
    part_name(connection, name, sizeof name);
    int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    connection->disk_file = openat(disk_directory, name, flags | (direct ? O_DIRECT : 0), 0644);
    if (connection->disk_file < 0 && direct && errno == EINVAL) {
        direct = false;
        connection->disk_file = openat(disk_directory, name, flags, 0644);
    }
    if (connection->disk_file < 0) die("open");
    connection->disk_is_direct = direct;
    connection->disk_offset = 0;
}

static void write_all(struct connection *connection, const unsigned char *memory, size_t count) {
    while (count > 0) {
        ssize_t written = pwrite(connection->disk_file, memory, count, connection->disk_offset);
        if (written <= 0) die("pwrite");
        memory += written;
        count -= written;
        connection->disk_offset += written;
    }
}

static void end_file(struct connection *connection) {
    char name[NAME_BYTES + 8];
    part_name(connection, name, sizeof name);
    if (disk_syncs && fdatasync(connection->disk_file) != 0) die("fdatasync");
    if (renameat(disk_directory, name, disk_directory, connection->disk_name) != 0) die("rename");
    if (disk_syncs && fsync(disk_directory) != 0) die("fsync of the directory");
    close(connection->disk_file);
}

void disk_write(struct connection *connection) {
    struct buffer *buffer = connection->disk_buffer;
    const unsigned char *memory = buffer->memory + buffer->start;
    size_t count = buffer->end - buffer->start;
    if (connection->disk_is_direct) {
        size_t aligned = count & ~(size_t)(ALIGNMENT_BYTES - 1);
        write_all(connection, memory, aligned);
        memory += aligned;
        count -= aligned;
        if (count > 0) {
            fcntl(connection->disk_file, F_SETFL, 0);
            connection->disk_is_direct = false;
        }
    }
    write_all(connection, memory, count);
    buffer->start = buffer->end = 0;
    if (connection->disk_is_last) end_file(connection);
}

/* ---- the writer: two lists under one lock -------------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t is_waiting = PTHREAD_COND_INITIALIZER;
static struct connection *waiting, **last_waiting = &waiting, *done;
static int done_event;

static void *write_forever(void *unused) {
    (void)unused;
    for (;;) {
        pthread_mutex_lock(&lock);
        while (waiting == NULL) pthread_cond_wait(&is_waiting, &lock);
        struct connection *connection = waiting;
        waiting = connection->disk_next;
        if (waiting == NULL) last_waiting = &waiting;
        pthread_mutex_unlock(&lock);

        disk_write(connection);

        pthread_mutex_lock(&lock);
        bool wakes = done == NULL;
        connection->disk_next = done;
        done = connection;
        pthread_mutex_unlock(&lock);
        if (wakes && eventfd_write(done_event, 1) != 0) die("eventfd");
    }
}

int disk_start_writer(void) {
    pthread_t thread;
    done_event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (done_event < 0 || pthread_create(&thread, NULL, write_forever, NULL) != 0) die("writer");
    return done_event;
}

void disk_enqueue(struct connection *connection) {
    pthread_mutex_lock(&lock);
    connection->disk_next = NULL;
    *last_waiting = connection;
    last_waiting = &connection->disk_next;
    pthread_cond_signal(&is_waiting);
    pthread_mutex_unlock(&lock);
}

struct connection *disk_dequeue_done(void) {
    pthread_mutex_lock(&lock);
    struct connection *connection = done;
    if (connection != NULL) done = connection->disk_next;
    pthread_mutex_unlock(&lock);
    return connection;
}
