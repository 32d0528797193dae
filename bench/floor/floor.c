/* The loop: receives heads and bodies, and has them written. */
#define _GNU_SOURCE
#include "floor.h"

#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static enum way way = INLINE;
static SSL_CTX *tls;

_Noreturn void die(const char *what) {
    fprintf(stderr, "floor: %s: %m\n", what);
    exit(1);
}

static void close_connection(struct connection *connection) {
    connection->is_closed = true;
    if (connection->is_writing) return;
    SSL_free(connection->tls);
    close(connection->socket);
    free(connection->buffer[0].memory);
    free(connection->buffer[1].memory);
    free(connection);
}

static void accept_all(int listener, int epoll) {
    for (;;) {
        int one = 1, socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket < 0) return;
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct connection *connection = calloc(1, sizeof *connection);
        if (connection == NULL) die("memory");
        connection->socket = socket;
        for (int i = 0; i < 2; i++)
            if (posix_memalign((void **)&connection->buffer[i].memory, ALIGNMENT_BYTES, BUFFER_BYTES)) die("memory");
        if (tls != NULL) {
            connection->tls = SSL_new(tls);
            SSL_set_fd(connection->tls, socket);
            SSL_set_accept_state(connection->tls);
        }
        struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = connection};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) != 0) die("epoll_ctl");
    }
}

/* Reads the request's head from the buffer. False where it has not all come. */
static bool take_head(struct connection *connection) {
    struct buffer *buffer = &connection->buffer[connection->filling];
    char *head = (char *)buffer->memory, *end = memmem(head, buffer->end, "\r\n\r\n", 4);
    if (end == NULL) return false;
    *end = '\0';
    char *target_end = strncmp(head, "PUT ", 4) == 0 ? strchr(head + 4, ' ') : NULL;
    char *length = strcasestr(head, "\r\nContent-Length:");
    if (target_end == NULL || length == NULL) die("a request other than PUT with Content-Length");
    *target_end = '\0';
    char *name = strrchr(head + 4, '/');
    if (name == NULL || strlen(name + 1) >= NAME_BYTES || name[1] == '\0') die("a target without a name");
    strcpy(connection->disk_name, name + 1);

    int64_t count = strtoll(length + strlen("\r\nContent-Length:"), NULL, 10);
    buffer->start = end + 4 - head;
    connection->bytes_left = count - (int64_t)(buffer->end - buffer->start);
    if (connection->bytes_left > 0) {
        /* More will follow it, and a direct write begins at a page. */
        memmove(buffer->memory, buffer->memory + buffer->start, buffer->end - buffer->start);
        buffer->end -= buffer->start;
        buffer->start = 0;
    }
    disk_open(connection, way != BUFFERED && count >= DIRECT_BYTES_MIN);
    return true;
}

/* Hands the filled buffer to the disk. False where the one before is still being written. */
static bool write_filled(struct connection *connection) {
    if (connection->is_writing) return false;
    connection->disk_buffer = &connection->buffer[connection->filling];
    connection->disk_is_last = connection->bytes_left == 0;
    if (connection->disk_is_last) connection->state = ENDING;
    if (way == THREADED) {
        connection->is_writing = true;
        connection->filling = 1 - connection->filling;
        disk_enqueue(connection);
    } else {
        disk_write(connection);
    }
    return true;
}

static void answer(struct connection *connection) {
    connection->state = HEAD;
    wire_answer_created(connection);
}

/* Receives until nothing is there, or both buffers are full. */
static void serve(struct connection *connection) {
    for (;;) {
        struct buffer *buffer = &connection->buffer[connection->filling];
        if (connection->state == ENDING) return;
        if (connection->state == BODY && (connection->bytes_left == 0 || buffer->end == BUFFER_BYTES)) {
            if (!write_filled(connection)) return;
            if (connection->state == ENDING && way != THREADED) answer(connection);
            continue;
        }
        size_t space = BUFFER_BYTES - buffer->end;
        if (connection->state == BODY && (int64_t)space > connection->bytes_left) space = connection->bytes_left;
        ssize_t count = wire_receive(connection, buffer->memory + buffer->end, space);
        if (count < 0) return;
        if (count == 0) return close_connection(connection);
        buffer->end += count;
        if (connection->state == BODY) connection->bytes_left -= count;
        else if (take_head(connection)) connection->state = BODY;
    }
}

static void go_on_after_writes(int event) {
    eventfd_t count;
    eventfd_read(event, &count);
    for (struct connection *connection; (connection = disk_dequeue_done()) != NULL;) {
        connection->is_writing = false;
        if (connection->is_closed) {
            close_connection(connection);
            continue;
        }
        if (connection->state == ENDING) answer(connection);
        serve(connection);
    }
}

static void run(int listener, int written) {
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event events[64], event = {.events = EPOLLIN, .data.ptr = &listener};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0) die("epoll");
    event = (struct epoll_event){.events = EPOLLIN, .data.ptr = &written};
    if (written >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, written, &event) != 0) die("epoll");
    for (;;) {
        int count = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == &listener) accept_all(listener, epoll);
            else if (events[i].data.ptr == &written) go_on_after_writes(written);
            else serve(events[i].data.ptr);
        }
    }
}

int main(int argc, char **argv) {
    static const struct option options[] = {
        {"data", required_argument, NULL, 'd'}, {"write", required_argument, NULL, 'w'},
        {"port", required_argument, NULL, 'p'}, {"cert", required_argument, NULL, 'c'},
        {"key", required_argument, NULL, 'k'},  {"sync", no_argument, NULL, 's'}, {0}};
    const char *data = NULL, *certificate = NULL, *key = NULL;
    int port = 0, option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'd': data = optarg; break;
        case 'w': way = optarg[0] == 't' ? THREADED : optarg[0] == 'b' ? BUFFERED : INLINE; break;
        case 'p': port = atoi(optarg); break;
        case 'c': certificate = optarg; break;
        case 'k': key = optarg; break;
        case 's': disk_syncs = true; break;
        default: data = NULL;
        }
    }
    if (data == NULL || (certificate == NULL) != (key == NULL)) {
        fputs("usage: floor --data DIR [--write inline|threaded|buffered] [--sync] [--port N] "
              "[--cert FILE --key FILE]\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    disk_directory = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (disk_directory < 0) die(data);
    if (certificate != NULL) tls = wire_tls(certificate, key);
    int listener = wire_listen(port, &port), written = way == THREADED ? disk_start_writer() : -1;
    printf("http%s://127.0.0.1:%d/\n", tls ? "s" : "", port);
    fflush(stdout);
    run(listener, written);
}
