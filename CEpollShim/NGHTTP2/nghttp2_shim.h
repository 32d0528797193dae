// What Swift needs of nghttp2: the fields of its union of frames, one by one, since a union is read in Swift as a copy of
// all of it.
#ifndef SLUICE_NGHTTP2_SHIM_H
#define SLUICE_NGHTTP2_SHIM_H

#include <nghttp2/nghttp2.h>

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

#endif
