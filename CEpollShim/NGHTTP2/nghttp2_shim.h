// What Swift needs of nghttp2: the fields of its union of frames, one by one, since a union is read in Swift as a copy of
// all of it.
#ifndef SLUICE_NGHTTP2_SHIM_H
#define SLUICE_NGHTTP2_SHIM_H

#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>

static inline int32_t cshim_frame_stream(const nghttp2_frame *frame) { return frame->hd.stream_id; }

static inline uint8_t cshim_frame_type(const nghttp2_frame *frame) { return frame->hd.type; }

static inline int cshim_frame_has_flag(const nghttp2_frame *frame, uint8_t flag) { return (frame->hd.flags & flag) != 0; }

static inline size_t cshim_frame_length(const nghttp2_frame *frame) { return frame->hd.length; }

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

// As realloc(3). `frames` are the bytes that the session has from its thread, wherever it is called.
static void *cshim_frames_realloc(void *memory, size_t count, void *frames) {
    if (!memory && count > 16 * 1024) {
        struct cshim_frames *own = cshim_thread_frames();
        if (own->is_offered && own->bytes == frames && count <= sizeof own->bytes) {
            own->is_offered = 0;
            return frames;
        }
    }
    if (memory != frames || !memory) return realloc(memory, count);
    size_t most = sizeof cshim_thread_frames()->bytes;
    void *moved = malloc(count);
    if (moved) memcpy(moved, memory, count < most ? count : most);
    return moved;
}

static void *cshim_frames_malloc(size_t count, void *frames) { return cshim_frames_realloc(NULL, count, frames); }

static void *cshim_frames_calloc(size_t count, size_t size, void *frames) {
    (void)frames;
    return calloc(count, size);
}

static void cshim_frames_free(void *memory, void *frames) {
    if (memory != frames) free(memory);
}

// nghttp2_session_server_new3 with that memory.
static inline int cshim_session_new(
    nghttp2_session **session, const nghttp2_session_callbacks *callbacks, void *owner, const nghttp2_option *option) {
    struct cshim_frames *frames = cshim_thread_frames();
    nghttp2_mem memory = {
        frames->bytes, cshim_frames_malloc, cshim_frames_free, cshim_frames_calloc, cshim_frames_realloc};
    frames->is_offered = 1;
    int failure = nghttp2_session_server_new3(session, callbacks, owner, option, &memory);
    frames->is_offered = 0;
    return failure;
}

#endif
