// What Swift cannot call of zlib: its initialisers are macros. And the sum that zlib lacks.
#ifndef SLUICE_ZLIB_SHIM_H
#define SLUICE_ZLIB_SHIM_H

#include "crc32c.h"

#include <stdint.h>
#include <string.h>
#include <zlib.h>

// Compresses input into gzip's format at the highest level. Returns the bytes written, or 0 when output is too small
// or memory ran out.
static inline long cshim_gzip(const void *input, unsigned input_count, void *output, unsigned output_count) {
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK) return 0;
    stream.next_in = (Bytef *)input;
    stream.avail_in = input_count;
    stream.next_out = (Bytef *)output;
    stream.avail_out = output_count;
    int result = deflate(&stream, Z_FINISH);
    long written = (long)stream.total_out;
    deflateEnd(&stream);
    return result == Z_STREAM_END ? written : 0;
}

// Continues a CRC-32 (zlib's polynomial); the first value is 0.
static inline uint32_t cshim_crc32(uint32_t crc, const void *bytes, size_t count) {
    return (uint32_t)crc32_z(crc, (const Bytef *)bytes, count);
}

#endif
