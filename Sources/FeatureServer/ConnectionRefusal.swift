import NIOCore
import NIOHTTP1

/// Tells a client that there are as many connections as may be, and ends its connection.
///
/// What the client sends is dropped until it has read the answer and hangs up: closed at once, the
/// kernel would drop the answer with what was not read.
final class ConnectionRefusal: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let lingerTimeout: TimeAmount

    init(lingerTimeout: TimeAmount) {
        self.lingerTimeout = lingerTimeout
    }

    func channelActive(context: ChannelHandlerContext) {
        var buffer = context.channel.allocator.buffer(capacity: 256)
        buffer.writeResponse(
            .detail("As many connections are open as may be.", status: .serviceUnavailable)
                .with("retry-after", "1"),
            connection: "close"
        )
        context.writeAndFlush(Self.wrapOutboundOut(buffer), promise: nil)
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        context.eventLoop.scheduleTask(in: self.lingerTimeout) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
