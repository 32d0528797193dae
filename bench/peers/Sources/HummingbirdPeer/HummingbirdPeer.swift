import ArgumentParser
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOPosix
import PeerOptions
import _NIOFileSystem

/// `PUT /files/<name>` on Hummingbird: the body is streamed into a file through NIO's file system.
@main
struct HummingbirdPeer: AsyncParsableCommand {
    /// Bytes that are gathered before they are written.
    private static let writeBytes = 1 << 20

    @OptionGroup var options: PeerOptions

    func run() async throws {
        let directory = FilePath(options.data)
        let router = Router()
        router.add(middleware: LogRequestsMiddleware(.info))
        router.put("files/:name") { request, context in
            let name = try context.parameters.require("name")
            guard let component = FilePath.Component(name), component.kind == .regular else {
                throw HTTPError(.badRequest)
            }
            // The file appears under its name when all of it is written.
            try await FileSystem.shared.withFileHandle(
                forWritingAt: directory.appending(component), options: .newFile(replaceExisting: false)
            ) { file in
                try await file.withBufferedWriter(capacity: .bytes(Int64(HummingbirdPeer.writeBytes))) { writer in
                    _ = try await writer.write(contentsOf: request.body)
                }
            }
            return Response(status: .created)
        }
        var logger = Logger(label: "peer") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .info
        let server: HTTPServerBuilder
        if let tls = try options.tls() {
            server = try .tls(.http1(), tlsConfiguration: tls)
        } else {
            server = .http1()
        }
        let application = Application(
            router: router, server: server,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: options.port)),
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup(numberOfThreads: 1)), logger: logger)
        try await application.runService()
    }
}
