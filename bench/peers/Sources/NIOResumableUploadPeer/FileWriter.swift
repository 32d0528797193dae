import HTTPTypes
import NIOCore
import NIOHTTPTypes
import NIOPosix

/// Writes the body of one upload into a file, 1 MiB at a time, and answers 201 when all of it is written.
///
/// One write is on its way at a time while the next megabyte is gathered; when both are full, reading stops.
final class FileWriter: ChannelInboundHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundOut = HTTPResponsePart

    /// Bytes that are gathered before they are written.
    private static let writeBytes = 1 << 20

    private let directory: String
    private let files: NonBlockingFileIO
    private var file: NIOFileHandle?
    private var offset: Int64 = 0
    private var gathered = ByteBuffer()
    /// Whether a file operation is on its way.
    private var isBusy = false
    private var isAtEnd = false
    private var holdsRead = false

    init(directory: String, files: NonBlockingFileIO) {
        self.directory = directory
        self.files = files
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let request): begin(request, context)
        case .body(var bytes):
            if gathered.readableBytes == 0 {
                gathered = bytes
            } else {
                gathered.reserveCapacity(FileWriter.writeBytes)
                gathered.writeBuffer(&bytes)
            }
            moveOn(context)
        case .end:
            isAtEnd = true
            moveOn(context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if isBusy, gathered.readableBytes >= FileWriter.writeBytes {
            holdsRead = true
        } else {
            context.read()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        // A write that is on its way closes the file when it is done.
        if !isBusy { close() }
        context.fireChannelInactive()
    }

    private func begin(_ request: HTTPRequest, _ context: ChannelHandlerContext) {
        let name = (request.path ?? "").split(separator: "/").last.map(String.init) ?? ""
        guard request.method == .put, !name.isEmpty, name != "..", name != "." else {
            return answer(.badRequest, context)
        }
        isBusy = true
        files.openFile(
            _deprecatedPath: "\(directory)/\(name)", mode: .write, flags: .allowFileCreation(),
            eventLoop: context.eventLoop
        )
        .assumeIsolated()
        .whenComplete { result in
            self.isBusy = false
            self.file = try? result.get()
            if self.file == nil { return self.answer(.internalServerError, context) }
            self.moveOn(context)
        }
    }

    /// Writes what has gathered where that is enough, or the end has come; answers when nothing is left.
    private func moveOn(_ context: ChannelHandlerContext) {
        guard !isBusy, let file else { return }
        guard context.channel.isActive else { return close() }
        if gathered.readableBytes >= FileWriter.writeBytes || (isAtEnd && gathered.readableBytes > 0) {
            write(to: file, context)
        } else if isAtEnd {
            close()
            answer(.created, context)
        }
        if holdsRead, gathered.readableBytes < FileWriter.writeBytes {
            holdsRead = false
            context.read()
        }
    }

    private func write(to file: NIOFileHandle, _ context: ChannelHandlerContext) {
        let bytes = gathered
        gathered = ByteBuffer()
        isBusy = true
        files.write(fileHandle: file, toOffset: offset, buffer: bytes, eventLoop: context.eventLoop)
            .assumeIsolated()
            .whenComplete { result in
                self.isBusy = false
                if case .failure = result {
                    self.close()
                    return self.answer(.internalServerError, context)
                }
                self.moveOn(context)
            }
        offset += Int64(bytes.readableBytes)
    }

    private func answer(_ status: HTTPResponse.Status, _ context: ChannelHandlerContext) {
        var head = HTTPResponse(status: status)
        head.headerFields[.contentLength] = "0"
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    private func close() {
        try? file?.close()
        file = nil
    }
}
