# Sluice in a container: docker build -t sluice . && docker run -p 8080:8080 -v uploads:/data sluice
#
# Both images must be of the same Debian release: the program takes OpenSSL, zlib, SQLite and nghttp2 from the second one.
ARG SWIFT_IMAGE=swift:6.2-bookworm
ARG RUN_IMAGE=debian:bookworm-slim

FROM ${SWIFT_IMAGE} AS build
RUN apt-get update -qq \
    && apt-get install -qq -y --no-install-recommends libnghttp2-dev libsqlite3-dev libssl-dev pkg-config zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# The packages of others first: they are fetched again only when the manifest changes.
COPY Package.swift Package.resolved* ./
RUN swift package resolve
COPY . .
RUN swift build --configuration release --static-swift-stdlib --product sluice \
    && strip --strip-all -o /sluice .build/release/sluice

FROM ${RUN_IMAGE}
RUN apt-get update -qq \
    && apt-get install -qq -y --no-install-recommends ca-certificates libnghttp2-14 libsqlite3-0 libssl3 libstdc++6 zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 sluice \
    && useradd --uid 10001 --gid sluice --no-create-home --home-dir /data --shell /usr/sbin/nologin sluice \
    && install -d -o sluice -g sluice -m 0750 /data
COPY --from=build /sluice /usr/local/bin/sluice
USER 10001:10001
VOLUME /data
EXPOSE 8080 8443
STOPSIGNAL SIGTERM
# The server gives itself 30 seconds to settle uploads: docker stop --time 35.
HEALTHCHECK --interval=10s --timeout=6s --start-period=10s --retries=3 \
    CMD ["/usr/local/bin/sluice", "health", "--server", "127.0.0.1:8080"]
ENTRYPOINT ["/usr/local/bin/sluice"]
# TLS is off until a certificate is given: see compose.yaml.
CMD ["serve", "--data", "/data", "--listen", "0.0.0.0:8080", "--listen-tls", "", "--log-format", "json"]
