// OpenSSL 3 as TLS sees it. Plain functions are called directly; here is what Swift cannot see (macros, variadics,
// stacks) and the few steps whose result must be read before anything else runs on the thread: the reason of a failed
// SSL call lives in errno and in a thread-local queue.
#ifndef SLUICE_OPENSSL_SHIM_H
#define SLUICE_OPENSSL_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- digests that are kept ------------------------------------------------------------------------------------------

// EVP cannot hand out the state of a digest; these can, whose state is a plain struct. They are deprecated in favour of
// EVP, and run the same code.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static inline void cshim_sha256_start(SHA256_CTX *state) { SHA256_Init(state); }

static inline void cshim_sha256_take(SHA256_CTX *state, const void *bytes, size_t count) {
    SHA256_Update(state, bytes, count);
}

// Of a copy: the state goes on.
static inline void cshim_sha256_end(const SHA256_CTX *state, unsigned char digest[32]) {
    SHA256_CTX copy = *state;
    SHA256_Final(digest, &copy);
}

static inline uint64_t cshim_sha256_bits(const SHA256_CTX *state) {
    return (uint64_t)state->Nh << 32 | state->Nl;
}

// The state in a form that counts on every machine: the byte 1, eight words, how many bits were taken (numbers with their
// most significant byte first), and the bytes of the block that is not full. Answers how long it is: 41 to 104 bytes.
static inline size_t cshim_sha256_save(const SHA256_CTX *state, unsigned char saved[104]) {
    size_t position = 0;
    saved[position++] = 1;
    for (int index = 0; index < 8; index++) {
        for (int shift = 24; shift >= 0; shift -= 8) saved[position++] = (unsigned char)(state->h[index] >> shift);
    }
    uint64_t bits = cshim_sha256_bits(state);
    for (int shift = 56; shift >= 0; shift -= 8) saved[position++] = (unsigned char)(bits >> shift);
    memcpy(saved + position, state->data, state->num);
    return position + state->num;
}

// Answers 0 for what was not saved like that.
static inline int cshim_sha256_restore(SHA256_CTX *state, const unsigned char *saved, size_t count) {
    if (count < 41 || saved[0] != 1) return 0;
    uint64_t bits = 0;
    for (int index = 33; index < 41; index++) bits = bits << 8 | saved[index];
    if (bits % 8 != 0 || bits / 8 % 64 != count - 41) return 0;
    SHA256_Init(state);
    for (int index = 0; index < 8; index++) {
        uint32_t word = 0;
        for (int byte = 0; byte < 4; byte++) word = word << 8 | saved[1 + 4 * index + byte];
        state->h[index] = word;
    }
    state->Nl = (uint32_t)bits;
    state->Nh = (uint32_t)(bits >> 32);
    state->num = (unsigned int)(count - 41);
    memcpy(state->data, saved + 41, count - 41);
    return 1;
}
#pragma GCC diagnostic pop

// ---- contexts -----------------------------------------------------------------------------------------------------

// Counts the handshake messages of a session, in the word that belongs to the application.
static inline void cshim_count_message(const SSL *session, int where, int result) {
    (void)result;
    if ((where & SSL_CB_LOOP) == 0) return;
    intptr_t count = (intptr_t)SSL_get_ex_data(session, 0);
    SSL_set_ex_data((SSL *)session, 0, (void *)(count + 1));
}

static inline long cshim_session_message_count(const SSL *session) { return (intptr_t)SSL_get_ex_data(session, 0); }

// What every context shares: versions 1.2 and 1.3, no compression, no renegotiation, and buffers that are large while
// bytes flow and given back when they do not (see cshim_session_keep_buffers). A read comes back after messages that are
// no data, so that a flood of them does not keep the thread.
static inline int cshim_context_set_common(SSL_CTX *context, size_t read_buffer_bytes) {
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(
        context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_info_callback(context, cshim_count_message);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, read_buffer_bytes);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1;
}

static inline void cshim_context_prefer_own_order(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
}

static inline int cshim_context_set_only_version(SSL_CTX *context, int version) {
    return SSL_CTX_set_min_proto_version(context, version) == 1 &&
           SSL_CTX_set_max_proto_version(context, version) == 1;
}

// Key exchanges for TLS 1.2 and 1.3, best first, joined by colons.
static inline int cshim_context_set_groups(SSL_CTX *context, const char *groups) {
    return (int)SSL_CTX_set1_groups_list(context, groups);
}

// Adds a certificate to the chain that follows the leaf; the context takes its own reference.
static inline int cshim_context_add_chain(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add1_chain_cert(context, certificate);
}

// Calls back when a client has said which name it asks for, before a certificate is chosen.
static inline void cshim_context_on_server_name(
    SSL_CTX *context, int (*callback)(SSL *session, int *alert, void *own), void *own) {
    SSL_CTX_set_tlsext_servername_callback(context, callback);
    SSL_CTX_set_tlsext_servername_arg(context, own);
}

// The protocols of RFC 7301 in wire form: each name behind its length in one byte, best first.
struct cshim_protocols {
    unsigned int count;
    unsigned char bytes[255];
};

// Takes the server's best among the offered; ends the handshake with an alert where none is shared (RFC 7301, 3.2).
static inline int cshim_select_protocol(
    SSL *session, const unsigned char **out, unsigned char *out_count, const unsigned char *offered,
    unsigned int offered_count, void *context) {
    (void)session;
    const struct cshim_protocols *own = (const struct cshim_protocols *)context;
    unsigned char *chosen = 0;
    int found = SSL_select_next_proto(&chosen, out_count, own->bytes, own->count, offered, offered_count);
    if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

// `protocols` must outlive the context and every session of it.
static inline void cshim_context_select_protocols(SSL_CTX *context, struct cshim_protocols *protocols) {
    SSL_CTX_set_alpn_select_cb(context, cshim_select_protocol, protocols);
}

// ---- sessions -----------------------------------------------------------------------------------------------------

// What one SSL call did: an SSL_ERROR_ status, errno as the call left it, bytes moved.
typedef struct {
    int status;
    int system_error;
    size_t count;
} cshim_step;

static inline cshim_step cshim_step_of(SSL *session, int result, size_t count) {
    cshim_step step = {.status = SSL_ERROR_NONE, .system_error = errno, .count = count};
    if (result <= 0) step.status = SSL_get_error(session, result);
    return step;
}

static inline cshim_step cshim_handshake(SSL *session) {
    ERR_clear_error();
    errno = 0;
    return cshim_step_of(session, SSL_do_handshake(session), 0);
}

static inline cshim_step cshim_read(SSL *session, void *memory, size_t capacity) {
    size_t count = 0;
    ERR_clear_error();
    errno = 0;
    int result = SSL_read_ex(session, memory, capacity, &count);
    return cshim_step_of(session, result, count);
}

static inline cshim_step cshim_write(SSL *session, const void *memory, size_t capacity) {
    size_t count = 0;
    ERR_clear_error();
    errno = 0;
    int result = SSL_write_ex(session, memory, capacity, &count);
    return cshim_step_of(session, result, count);
}

// Puts the session onto a descriptor that it does not own. SSL_set_fd would do, but it also asks the kernel for its
// TLS layer on each socket (a system call and a module load) although kernel TLS is never used.
static inline int cshim_session_attach(SSL *session, int descriptor) {
    BIO *socket = BIO_new(BIO_s_socket());
    if (!socket) return 0;
    BIO_set_fd(socket, descriptor, BIO_NOCLOSE);
    SSL_set_bio(session, socket, socket);
    return 1;
}

// Whether the session keeps its buffers when they run empty. Giving them back each time is right for a session that
// mostly idles, and costs a free and an allocation for every read of one through which bytes flow.
static inline void cshim_session_keep_buffers(SSL *session, int keep) {
    if (keep) {
        SSL_clear_mode(session, SSL_MODE_RELEASE_BUFFERS);
    } else {
        SSL_set_mode(session, SSL_MODE_RELEASE_BUFFERS);
        // Those that hold a part of a record stay until the rest of it has come.
        SSL_free_buffers(session);
    }
}

static inline int cshim_session_set_server_name(SSL *session, const char *name) {
    return (int)SSL_set_tlsext_host_name(session, name);
}

static inline const char *cshim_session_cipher(const SSL *session) { return SSL_get_cipher_name(session); }

// ---- certificates and keys ----------------------------------------------------------------------------------------

// Reads at most `capacity` bytes of a regular file. Returns the count, -EINVAL for what is none (a pipe would keep its
// reader waiting), or another negated errno.
static inline long cshim_file_read(const char *path, void *memory, size_t capacity) {
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return -(long)errno;
    struct stat info;
    long result = fstat(fd, &info) != 0 ? -(long)errno : S_ISREG(info.st_mode) ? 0 : -(long)EINVAL;
    if (S_ISDIR(info.st_mode)) result = -(long)EISDIR;
    while (result >= 0 && (size_t)result < capacity) {
        ssize_t count = read(fd, (char *)memory + result, capacity - (size_t)result);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) result = -(long)errno;
        if (count <= 0) break;
        result += count;
    }
    close(fd);
    return result;
}

static inline int cshim_error_is(unsigned long code, int library, int reason) {
    return ERR_GET_LIB(code) == library && ERR_GET_REASON(code) == reason;
}

static inline int cshim_error_is_end_of_pem(unsigned long code) {
    return cshim_error_is(code, ERR_LIB_PEM, PEM_R_NO_START_LINE);
}

// The alert's number where the error is an alert that the peer sent, -1 otherwise.
static inline int cshim_error_alert(unsigned long code) {
    int reason = ERR_GET_REASON(code) - SSL_AD_REASON_OFFSET;
    return ERR_GET_LIB(code) == ERR_LIB_SSL && reason >= 0 && reason < 256 ? reason : -1;
}

// A callback for PEM readers that refuses a passphrase instead of asking the terminal, and notes that one was wanted.
static inline int cshim_refuse_passphrase(char *memory, int capacity, int writing, void *wanted) {
    (void)memory, (void)capacity, (void)writing;
    *(int *)wanted = 1;
    return -1;
}

static inline EVP_PKEY *cshim_read_key(BIO *pem, int *passphrase_wanted) {
    *passphrase_wanted = 0;
    return PEM_read_bio_PrivateKey(pem, 0, cshim_refuse_passphrase, passphrase_wanted);
}

// One name of a certificate: of the index-th alternative name, or, for -1, the last common name of its subject. Returns
// its kind ('D' DNS, 'E' e-mail, 'U' URI, 'C' common name), '-' for one that is none of these, too long, or holds a NUL,
// and 0 where there is no such name. The text goes to memory, its length to count.
static inline int cshim_certificate_name(
    const X509 *certificate, int index, unsigned char *memory, size_t capacity, long *count) {
    *count = 0;
    int kind = 0;
    GENERAL_NAMES *names = 0;
    const ASN1_STRING *text = 0;
    if (index < 0) {
        X509_NAME *subject = X509_get_subject_name(certificate);
        int last = -1;
        for (int next; (next = X509_NAME_get_index_by_NID(subject, NID_commonName, last)) >= 0;) last = next;
        if (last < 0) return 0;
        text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last));
        kind = 'C';
    } else {
        names = (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, 0, 0);
        if (names && index < sk_GENERAL_NAME_num(names)) {
            const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
            kind = name->type == GEN_DNS ? 'D' : name->type == GEN_EMAIL ? 'E' : name->type == GEN_URI ? 'U' : '-';
            if (kind != '-') text = name->d.ia5;
        }
    }
    if (text) {
        unsigned char *bytes = 0;
        int length = ASN1_STRING_to_UTF8(&bytes, text);
        if (length < 0 || (size_t)length > capacity || memchr(bytes, 0, (size_t)length)) {
            kind = '-';
        } else {
            memcpy(memory, bytes, (size_t)length);
            *count = length;
        }
        if (length >= 0) OPENSSL_free(bytes);
    }
    GENERAL_NAMES_free(names);
    return kind;
}

static inline EVP_PKEY *cshim_new_p256_key(void) { return EVP_EC_gen("P-256"); }

static inline int cshim_is_address(const char *name) {
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);
    ASN1_OCTET_STRING_free(address);
    return address != 0;
}

// Adds an extension in OpenSSL's configuration syntax (x509v3_config(5)); issuer and subject are the same.
static inline int cshim_certificate_extend(X509 *certificate, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, 0, 0, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(0, &context, nid, value);
    int done = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return done;
}

#endif
