/* The least that taking an upload needs: one epoll loop, files, and OpenSSL. See bench/README.md.
 *
 * It takes `PUT /…/NAME` with Content-Length from a client that waits for each answer, and trusts it: this is a
 * measure, not a server. Whatever fails ends the program. */
#ifndef FLOOR_H
#define FLOOR_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    BUFFER_BYTES = 1 << 20,     /* of each of a connection's two buffers: what one direct write takes */
    ALIGNMENT_BYTES = 4096,     /* of memory, length and offset of a direct write */
    DIRECT_BYTES_MIN = 1 << 20, /* a smaller body is written through the page cache */
    TLS_READ_BYTES = 128 << 10, /* that OpenSSL reads at once */
    NAME_BYTES = 256,
    CONNECTIONS_MAX = 4096,
};

/* How a body gets to the disk. */
enum way {
    INLINE,   /* by the loop itself, past the page cache */
    THREADED, /* by a writer thread, past the page cache, while the loop fills the other buffer */
    BUFFERED, /* by the loop itself, through the page cache */
};

struct buffer {
    unsigned char *memory; /* BUFFER_BYTES, page-aligned */
    size_t start, end;     /* the bytes of the body in it */
};

enum state { HEAD, BODY, ENDING };

/* One connection and the upload that it carries. Its disk_ fields belong to the writer while is_writing. */
struct connection {
    int socket;
    SSL *tls; /* NULL on a plain connection */
    enum state state;
    bool is_closed;         /* by the peer, while a write was on its way */
    int64_t bytes_left;     /* of the body, to be received */
    struct buffer buffer[2];
    int filling;            /* which one is being received into */

    bool is_writing;
    int disk_file;
    bool disk_is_direct;
    int64_t disk_offset;
    char disk_name[NAME_BYTES];
    struct buffer *disk_buffer;
    bool disk_is_last;          /* the file ends with this buffer: sync it, and give it its name */
    struct connection *disk_next;
};

_Noreturn void die(const char *what);

/* disk.c */
extern int disk_directory;
extern bool disk_syncs;
void disk_open(struct connection *connection, bool direct);
/* Writes connection->disk_buffer at disk_offset, and ends the file where disk_is_last. Blocks. */
void disk_write(struct connection *connection);
/* Starts the writer; the returned eventfd becomes readable when something is written. */
int disk_start_writer(void);
void disk_enqueue(struct connection *connection);
/* The next connection whose write is done, NULL when there is none. */
struct connection *disk_dequeue_done(void);

/* wire.c */
SSL_CTX *wire_tls(const char *certificate, const char *key);
int wire_listen(int port, int *actual);
/* Bytes received; 0 where the peer has closed; -1 where nothing is there. */
ssize_t wire_receive(struct connection *connection, void *memory, size_t count);
void wire_answer_created(struct connection *connection);

#endif
