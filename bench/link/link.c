// A long link: two TUN interfaces, and every packet that enters one leaves the other some time later. The kernel's own
// TCP speaks over it, with its slow start and its buffers; nothing is lost or put into another order.
//
//     link NAME NAME MICROSECONDS MEGABYTES
//
// One way takes that long, and so many megabytes a second find room on it; 0 for as many as come. Prints a line when the
// interfaces are there, and runs until its input ends, with which they go. netem does the same where a kernel has it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

// Bytes on their way in one direction, packets with their heads: more than a link as fast as this machine holds.
#define RING_BYTES (256u << 20)
#define PACKET_BYTES 65536u
// Packets that are moved before the other direction has its turn.
#define BURST 64

struct head {
    int64_t due;
    uint32_t count;
    // The ring's rest is too short for what comes next, which stands at its beginning.
    uint32_t is_end;
};

struct way {
    int from, to;
    unsigned char *ring;
    size_t first, next;
    // When the last packet was on the wire to its last byte.
    int64_t free;
};

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int interface(const char *name) {
    int descriptor = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (descriptor < 0 || ioctl(descriptor, TUNSETIFF, &request) < 0) fail(name);
    return descriptor;
}

static struct head *head_at(struct way *way, size_t position) { return (struct head *)(way->ring + position); }

// Whether a packet of any size has room behind `next`; goes back to the beginning of the ring for it.
static int has_room(struct way *way) {
    size_t need = sizeof(struct head) * 2 + PACKET_BYTES;
    if (way->next >= way->first) {
        if (way->next + need <= RING_BYTES) return 1;
        if (way->first <= need) return 0;
        head_at(way, way->next)->is_end = 1;
        way->next = 0;
        return 1;
    }
    return way->next + need < way->first;
}

static void take(struct way *way, int64_t delay, int64_t rate) {
    for (int count = 0; count < BURST && has_room(way); count++) {
        struct head *head = head_at(way, way->next);
        ssize_t moved = read(way->from, head + 1, PACKET_BYTES);
        if (moved <= 0) return;
        int64_t start = now();
        if (way->free > start) start = way->free;
        way->free = start + (rate ? moved * 1000 / rate : 0);
        *head = (struct head){.due = way->free + delay, .count = moved};
        way->next += sizeof(struct head) + (((size_t)moved + 15) & ~(size_t)15);
    }
}

// When the next packet is due, INT64_MAX when there is none.
static int64_t give(struct way *way) {
    for (int count = 0; way->first != way->next; count++) {
        struct head *head = head_at(way, way->first);
        if (head->is_end) {
            way->first = 0;
            continue;
        }
        if (count >= BURST || head->due > now()) return head->due;
        // An interface that is down loses what it is given, like every link.
        if (write(way->to, head + 1, head->count) < 0 && errno == EAGAIN) return now() + 100000;
        way->first += sizeof(struct head) + (((size_t)head->count + 15) & ~(size_t)15);
    }
    return INT64_MAX;
}

int main(int count, char **arguments) {
    if (count != 5) return fprintf(stderr, "usage: link NAME NAME MICROSECONDS MEGABYTES\n"), 2;
    int64_t delay = atoll(arguments[3]) * 1000, rate = atoll(arguments[4]);
    int ends[2] = {interface(arguments[1]), interface(arguments[2])};
    struct way ways[2];
    for (int side = 0; side < 2; side++) {
        ways[side] = (struct way){.from = ends[side], .to = ends[1 - side], .ring = malloc(RING_BYTES)};
        if (!ways[side].ring) fail("memory");
    }
    puts("ready");
    fflush(stdout);
    while (1) {
        int64_t due = INT64_MAX;
        struct pollfd polled[3] = {{.fd = 0, .events = POLLIN}};
        for (int side = 0; side < 2; side++) {
            take(&ways[side], delay, rate);
            int64_t next = give(&ways[side]);
            if (next < due) due = next;
            polled[side + 1] = (struct pollfd){.fd = ends[side], .events = has_room(&ways[side]) ? POLLIN : 0};
        }
        int64_t rest = due == INT64_MAX ? 1000000000 : due - now();
        if (rest < 0) rest = 0;
        struct timespec wait = {.tv_sec = rest / 1000000000, .tv_nsec = rest % 1000000000};
        if (ppoll(polled, 3, &wait, NULL) < 0 && errno != EINTR) fail("ppoll");
        char byte;
        if (polled[0].revents && read(0, &byte, 1) <= 0) return 0;
    }
}
