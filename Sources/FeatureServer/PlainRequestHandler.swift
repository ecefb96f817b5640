import NIOCore

/// Stands before the HTTP decoder and answers plain reads from the bytes that were received.
///
/// It finds where plain requests end without parsing them further. A read of online features that
/// has come in whole, while its connection has nothing else to do, is answered at once; all other
/// bytes go on to the decoder as they came. What is no plain request, or has not come in as far as
/// its body, is not looked through: then the rest of the connection goes to the decoder.
final class PlainRequestHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private enum Place {
        /// The decoder has seen whole requests only.
        case betweenRequests
        /// So many bytes of a request are for the decoder still.
        case within(remaining: Int)
        /// Only the decoder knows.
        case unknown
    }

    private let connection: HTTPConnectionHandler
    private var place = Place.betweenRequests

    init(before connection: HTTPConnectionHandler) {
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = Self.unwrapInboundIn(data)
        while bytes.readableBytes > 0 {
            self.connection.beginRead()
            switch self.place {
            case .betweenRequests:
                self.begin(&bytes)
            case .within(let remaining):
                let count = min(remaining, bytes.readableBytes)
                guard let part = bytes.readSlice(length: count) else { return }
                self.place =
                    count < remaining
                    ? .within(remaining: remaining - count)
                    : .betweenRequests
                context.fireChannelRead(Self.wrapInboundOut(part))
            case .unknown:
                context.fireChannelRead(Self.wrapInboundOut(bytes))
                return
            }
        }
    }

    /// Answers the request at the start of the bytes, or sees how far it goes.
    private func begin(_ bytes: inout ByteBuffer) {
        guard let head = PlainRequestHead(bytes.readableBytesUInt8Span) else {
            self.place = .unknown
            return
        }
        let length = head.length + head.bodyLength
        if head.isOnlineFeatures, length <= bytes.readableBytes,
            let body = bytes.getSlice(
                at: bytes.readerIndex + head.length,
                length: head.bodyLength
            ),
            self.connection.answerPlainRead(
                body,
                requestID: head.requestID,
                authorization: head.authorization,
                in: bytes.readableBytesUInt8Span
            )
        {
            bytes.moveReaderIndex(forwardBy: length)
        } else {
            self.place = .within(remaining: length)
        }
    }
}
