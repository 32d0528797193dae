/* Sockets and TLS. */
#define _GNU_SOURCE
#include "floor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

SSL_CTX *wire_tls(const char *certificate, const char *key) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") != 1 ||
        SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        die("certificate and key");
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, TLS_READ_BYTES);
    SSL_CTX_set_num_tickets(context, 0);
    return context;
}

int wire_listen(int port, int *actual) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t count = sizeof address;
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(listener, (struct sockaddr *)&address, count) != 0 || listen(listener, 1024) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &count) != 0)
        die("listen");
    *actual = ntohs(address.sin_port);
    return listener;
}

ssize_t wire_receive(struct connection *connection, void *memory, size_t count) {
    if (connection->tls == NULL) {
        ssize_t received = recv(connection->socket, memory, count, 0);
        return received >= 0 ? received : errno == EAGAIN ? -1 : 0;
    }
    size_t received;
    if (SSL_read_ex(connection->tls, memory, count, &received) == 1) return received;
    return SSL_get_error(connection->tls, 0) == SSL_ERROR_WANT_READ ? -1 : 0;
}

void wire_answer_created(struct connection *connection) {
    static const char answer[] = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
    size_t count = strlen(answer);
    ssize_t sent = connection->tls != NULL ? SSL_write(connection->tls, answer, count)
                                           : send(connection->socket, answer, count, MSG_NOSIGNAL);
    if (sent != (ssize_t)count) die("send");
}
