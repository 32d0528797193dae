import ArgumentParser
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import NIOPosix
import NIOResumableUpload
import NIOSSL
import PeerOptions

/// `PUT /files/<name>` on SwiftNIO with its handler for resumable uploads: the body goes into a file.
@main
struct NIOResumableUploadPeer: AsyncParsableCommand {
    /// Threads for files, as many as the other servers have.
    private static let fileThreads = 4

    @OptionGroup var options: PeerOptions

    func run() async throws {
        let threads = NIOThreadPool(numberOfThreads: NIOResumableUploadPeer.fileThreads)
        threads.start()
        let files = NonBlockingFileIO(threadPool: threads)
        let directory = options.data
        let tls = try options.tls().map { try NIOSSLContext(configuration: $0) }
        let uploads = HTTPResumableUploadContext(origin: "\(tls == nil ? "http" : "https")://127.0.0.1:\(options.port)")
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup(numberOfThreads: 1))
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            // With automatic reads an upload through TLS stalls as soon as a read ends within a record: NIOSSLHandler
            // then relies on the automatic read, which HTTPResumableUploadHandler holds back.
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 4096, initial: 65_536, maximum: 1 << 20)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    try pipeline.configureHTTPServerPipeline()
                    try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: tls != nil))
                    try pipeline.addHandler(HeadReader())
                    try pipeline.addHandler(
                        HTTPResumableUploadHandler(context: uploads) { upload in
                            // Nothing else is in the upload's pipeline that this could collide with.
                            try? upload.pipeline.syncOperations.addHandler(
                                FileWriter(directory: directory, files: files))
                        })
                }
            }
            .bind(host: "127.0.0.1", port: options.port).get()
        try await server.closeFuture.get()
    }
}
