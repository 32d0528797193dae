// What Swift needs of nghttp2: the fields of its union of frames, one by one, since a union is read in Swift as a copy of
// all of it.
#ifndef SLUICE_NGHTTP2_SHIM_H
#define SLUICE_NGHTTP2_SHIM_H

#include <nghttp2/nghttp2.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static inline int32_t cshim_frame_stream(const nghttp2_frame *frame) { return frame->hd.stream_id; }

static inline uint8_t cshim_frame_type(const nghttp2_frame *frame) { return frame->hd.type; }

static inline int cshim_frame_has_flag(const nghttp2_frame *frame, uint8_t flag) { return (frame->hd.flags & flag) != 0; }

static inline size_t cshim_frame_length(const nghttp2_frame *frame) { return frame->hd.length; }

// Bytes of a DATA frame that are content: neither padding nor its length.
static inline size_t cshim_frame_content(const nghttp2_frame *frame) {
    return frame->hd.length > frame->data.padlen ? frame->hd.length - frame->data.padlen : 0;
}

// Whether a HEADERS frame begins a request; if not it brings trailers.
static inline int cshim_frame_is_request(const nghttp2_frame *frame) {
    return frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
}

// Of RST_STREAM and GOAWAY.
static inline uint32_t cshim_frame_error(const nghttp2_frame *frame) {
    return frame->hd.type == NGHTTP2_GOAWAY ? frame->goaway.error_code : frame->rst_stream.error_code;
}

// Where the sessions of a thread put together what they send, frame by frame: the first of the buffers that nghttp2 asks
// for when a session is made, of 16 KiB and a few bytes. What stands there is of no use to anybody once the frame was
// taken away by nghttp2_session_mem_send's caller, so all sessions of a thread can have the same memory, as long as each
// frame is taken before another session is asked for one.
struct cshim_frames {
    // A session is being made, and has not got it yet.
    int is_offered;
    _Alignas(16) char bytes[17 * 1024];
};

static inline struct cshim_frames *cshim_thread_frames(void) {
    static _Thread_local struct cshim_frames frames;
    return &frames;
}

// Each session has a table of its streams, which is one page in nghttp2 1.52 and empty while the connection rests. Pages
// that nobody has written to take no memory, and those that have become empty are given back. A table of another size,
// and one for which there is no page, is memory like any other.
enum { cshim_page_bytes = 4096, cshim_pages_max = 1 << 16 };

struct cshim_pages {
    pthread_mutex_t lock;
    char *memory;
    // Pages that were never used begin here, …
    uint32_t fresh;
    // … and so many others are free.
    uint32_t free_count;
    uint32_t free_pages[cshim_pages_max];
    // How often each page was given back.
    uint32_t turns[cshim_pages_max];
};

static inline struct cshim_pages *cshim_all_pages(void) {
    static struct cshim_pages pages = {.lock = PTHREAD_MUTEX_INITIALIZER};
    return &pages;
}

static inline int cshim_is_page(const struct cshim_pages *pages, const void *memory) {
    const char *place = memory, *first = __atomic_load_n(&pages->memory, __ATOMIC_RELAXED);
    return first && place >= first && place < first + (size_t)cshim_pages_max * cshim_page_bytes;
}

static inline uint32_t cshim_page_number(const struct cshim_pages *pages, const void *memory) {
    return (uint32_t)(((const char *)memory - pages->memory) / cshim_page_bytes);
}

// A page of zeros; NULL where there are no more.
static inline void *cshim_page_new(void) {
    struct cshim_pages *pages = cshim_all_pages();
    void *page = NULL;
    pthread_mutex_lock(&pages->lock);
    if (!pages->memory) {
        size_t count = (size_t)cshim_pages_max * cshim_page_bytes;
        char *made = mmap(NULL, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (made != MAP_FAILED) {
            // Touching one page must not bring hundreds.
            madvise(made, count, MADV_NOHUGEPAGE);
            __atomic_store_n(&pages->memory, made, __ATOMIC_RELAXED);
        } else {
            pages->fresh = cshim_pages_max;
        }
    }
    if (pages->free_count > 0) {
        page = pages->memory + (size_t)pages->free_pages[--pages->free_count] * cshim_page_bytes;
    } else if (pages->memory && pages->fresh < cshim_pages_max) {
        page = pages->memory + (size_t)pages->fresh++ * cshim_page_bytes;
    }
    pthread_mutex_unlock(&pages->lock);
    return page;
}

static inline void cshim_page_free(void *page) {
    struct cshim_pages *pages = cshim_all_pages();
    // Whoever has it next finds zeros.
    if (madvise(page, cshim_page_bytes, MADV_DONTNEED) != 0) memset(page, 0, cshim_page_bytes);
    pthread_mutex_lock(&pages->lock);
    uint32_t number = cshim_page_number(pages, page);
    pages->turns[number]++;
    pages->free_pages[pages->free_count++] = number;
    pthread_mutex_unlock(&pages->lock);
}

// The page that a session got when it was made, while it has it.
struct cshim_table {
    void *page;
    uint32_t turn;
};

// Gives its memory back to the system if nothing stands there, as it is; a page that the session has given up is left
// alone. To be called while nobody else uses the session.
static inline void cshim_table_rest(struct cshim_table table) {
    struct cshim_pages *pages = cshim_all_pages();
    if (!table.page) return;
    pthread_mutex_lock(&pages->lock);
    const uint64_t *words = table.page;
    int is_own = pages->turns[cshim_page_number(pages, table.page)] == table.turn;
    for (size_t word = 0; is_own && word < cshim_page_bytes / sizeof *words; word++) is_own = words[word] == 0;
    if (is_own) madvise(table.page, cshim_page_bytes, MADV_DONTNEED);
    pthread_mutex_unlock(&pages->lock);
}

// As realloc(3). `frames` are the bytes that the session has from its thread, wherever it is called.
static void *cshim_frames_realloc(void *memory, size_t count, void *frames) {
    if (!memory && count > 16 * 1024) {
        struct cshim_frames *own = cshim_thread_frames();
        if (own->is_offered && own->bytes == frames && count <= sizeof own->bytes) {
            own->is_offered = 0;
            return frames;
        }
    }
    if (cshim_is_page(cshim_all_pages(), memory)) {
        void *moved = malloc(count);
        if (!moved) return NULL;
        memcpy(moved, memory, count < cshim_page_bytes ? count : cshim_page_bytes);
        cshim_page_free(memory);
        return moved;
    }
    if (memory != frames || !memory) return realloc(memory, count);
    size_t most = sizeof cshim_thread_frames()->bytes;
    void *moved = malloc(count);
    if (moved) memcpy(moved, memory, count < most ? count : most);
    return moved;
}

static void *cshim_frames_malloc(size_t count, void *frames) { return cshim_frames_realloc(NULL, count, frames); }

// Where the session that is being made has its page.
static inline void **cshim_thread_page(void) {
    static _Thread_local void *page;
    return &page;
}

static void *cshim_frames_calloc(size_t count, size_t size, void *frames) {
    (void)frames;
    if (count * size == cshim_page_bytes && count > 1) {
        void *page = cshim_page_new();
        if (page) return *cshim_thread_page() = page;
    }
    return calloc(count, size);
}

static void cshim_frames_free(void *memory, void *frames) {
    if (memory == frames) return;
    if (cshim_is_page(cshim_all_pages(), memory)) return cshim_page_free(memory);
    free(memory);
}

// nghttp2_session_server_new3 with that memory.
static inline int cshim_session_new(
    nghttp2_session **session, const nghttp2_session_callbacks *callbacks, void *owner, const nghttp2_option *option,
    struct cshim_table *table) {
    struct cshim_frames *frames = cshim_thread_frames();
    nghttp2_mem memory = {
        frames->bytes, cshim_frames_malloc, cshim_frames_free, cshim_frames_calloc, cshim_frames_realloc};
    frames->is_offered = 1;
    *cshim_thread_page() = NULL;
    int failure = nghttp2_session_server_new3(session, callbacks, owner, option, &memory);
    frames->is_offered = 0;
    table->page = failure ? NULL : *cshim_thread_page();
    if (table->page) {
        struct cshim_pages *pages = cshim_all_pages();
        pthread_mutex_lock(&pages->lock);
        table->turn = pages->turns[cshim_page_number(pages, table->page)];
        pthread_mutex_unlock(&pages->lock);
    }
    return failure;
}

#endif
