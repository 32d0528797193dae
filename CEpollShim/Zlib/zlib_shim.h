// What Swift cannot call of zlib: its initialisers are macros.
#ifndef SLUICE_ZLIB_SHIM_H
#define SLUICE_ZLIB_SHIM_H

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

// Castagnoli's polynomial, bit by bit; for processors without an instruction for it.
static inline uint32_t cshim_crc32c_portable(uint32_t crc, const unsigned char *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0x82F63B78u & (0u - (crc & 1)));
    }
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static inline uint32_t cshim_crc32c_hardware(
    uint32_t crc, const unsigned char *bytes, size_t count) {
    uint64_t wide = crc;
    for (; count >= 8; bytes += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    crc = (uint32_t)wide;
    for (; count > 0; bytes++, count--) crc = __builtin_ia32_crc32qi(crc, *bytes);
    return crc;
}
#endif

// Continues a CRC-32C; the first value is 0. Uses the processor's instruction where there is one.
static inline uint32_t cshim_crc32c(uint32_t crc, const void *bytes, size_t count) {
    crc = ~crc;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) return ~cshim_crc32c_hardware(crc, (const unsigned char *)bytes, count);
#endif
    return ~cshim_crc32c_portable(crc, (const unsigned char *)bytes, count);
}

#endif
