import NIOCore
import NIOHTTPTypes

/// Goes on reading where what came was not yet a whole head; what belongs to an upload `FileWriter` asks for.
final class HeadReader: ChannelInboundHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private var hasForwarded = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasForwarded = true
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        let wantsMore = !hasForwarded
        hasForwarded = false
        context.fireChannelReadComplete()
        if wantsMore { context.read() }
    }
}
