// CRC-32C (Castagnoli's polynomial, RFC 3720 appendix B.4), which zlib lacks: by the processor's instruction where it
// has one, by tables elsewhere. Little-endian and big-endian, from any alignment.
#ifndef SLUICE_CRC32C_H
#define SLUICE_CRC32C_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

// tables[k][b]: what byte b does to the sum when k bytes follow it. (A static variable of the header itself would be
// declared where Swift calls the functions, and defined nowhere.)
typedef uint32_t cshim_crc32c_table[256];

static inline cshim_crc32c_table *cshim_crc32c_memory(void) {
    static uint32_t tables[8][256];
    return tables;
}

static inline void cshim_crc32c_make_tables(void) {
    cshim_crc32c_table *table = cshim_crc32c_memory();
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0x82F63B78u & (0u - (crc & 1)));
        table[0][byte] = crc;
    }
    for (int number = 1; number < 8; number++) {
        for (int byte = 0; byte < 256; byte++) {
            uint32_t crc = table[number - 1][byte];
            table[number][byte] = (crc >> 8) ^ table[0][crc & 0xFF];
        }
    }
}

// For processors without an instruction for it: eight bytes a step.
static inline uint32_t cshim_crc32c_portable(uint32_t crc, const unsigned char *bytes, size_t count) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, cshim_crc32c_make_tables);
    cshim_crc32c_table *table = cshim_crc32c_memory();
    for (; count >= 8; bytes += 8, count -= 8) {
        uint32_t low = crc ^ ((uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                              (uint32_t)bytes[3] << 24);
        crc = table[7][low & 0xFF] ^ table[6][low >> 8 & 0xFF] ^ table[5][low >> 16 & 0xFF] ^ table[4][low >> 24] ^
              table[3][bytes[4]] ^ table[2][bytes[5]] ^ table[1][bytes[6]] ^ table[0][bytes[7]];
    }
    for (; count > 0; bytes++, count--) crc = (crc >> 8) ^ table[0][(crc ^ *bytes) & 0xFF];
    return crc;
}

#if defined(__x86_64__)
#define CSHIM_CRC32C_HARDWARE 1
#define CSHIM_CRC32C_TARGET __attribute__((target("sse4.2")))
#define cshim_crc32c_word(crc, word) (uint32_t) __builtin_ia32_crc32di(crc, word)
#define cshim_crc32c_byte(crc, byte) __builtin_ia32_crc32qi(crc, byte)
static inline int cshim_crc32c_has_hardware(void) { return __builtin_cpu_supports("sse4.2") != 0; }
#elif defined(__aarch64__) && defined(__AARCH64EL__) && defined(__clang__)
#define CSHIM_CRC32C_HARDWARE 1
#define CSHIM_CRC32C_TARGET __attribute__((target("crc")))
#define cshim_crc32c_word(crc, word) __builtin_arm_crc32cd(crc, word)
#define cshim_crc32c_byte(crc, byte) __builtin_arm_crc32cb(crc, byte)
// HWCAP_CRC32 (asm/hwcap.h).
static inline int cshim_crc32c_has_hardware(void) { return (getauxval(AT_HWCAP) & 1ul << 7) != 0; }
#endif

#if defined(CSHIM_CRC32C_HARDWARE)
CSHIM_CRC32C_TARGET static inline uint32_t cshim_crc32c_hardware(
    uint32_t crc, const unsigned char *bytes, size_t count) {
    for (; count >= 8; bytes += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        crc = cshim_crc32c_word(crc, word);
    }
    for (; count > 0; bytes++, count--) crc = cshim_crc32c_byte(crc, *bytes);
    return crc;
}
#endif

// Continues a CRC-32C; the first value is 0.
static inline uint32_t cshim_crc32c(uint32_t crc, const void *bytes, size_t count) {
#if defined(CSHIM_CRC32C_HARDWARE)
    if (cshim_crc32c_has_hardware()) return ~cshim_crc32c_hardware(~crc, (const unsigned char *)bytes, count);
#endif
    return ~cshim_crc32c_portable(~crc, (const unsigned char *)bytes, count);
}

#endif
