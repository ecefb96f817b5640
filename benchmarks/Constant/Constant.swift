import Foundation
import NIOCore
import NIOPosix

/// Answers every HTTP request with the same bytes: what the server could do if reading features
/// cost nothing.
///
///     constant BODY_BYTES     prints its port, and serves until it is killed
///
/// It has the event loops and socket options of `fstore serve`, and does no more with a request
/// than to find its end: head, `content-length`, body. Whatever came in one read is answered with
/// one write.
@main
struct Constant {
    static func main() throws {
        guard let size = CommandLine.arguments.dropFirst().first.flatMap({ Int($0) }) else {
            throw POSIXError(.EINVAL)
        }
        let head =
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
            + "content-length: \(size)\r\n\r\n"
        let answer = ByteBuffer(string: head + String(repeating: "x", count: size))
        let eventLoops = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
        let listener = try ServerBootstrap(group: eventLoops)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ConstantHandler(answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).wait()
        print(listener.localAddress?.port ?? 0)
        fflush(nil)
        try listener.closeFuture.wait()
    }
}

/// One connection.
private final class ConstantHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: ByteBuffer
    /// What came in and is no whole request yet.
    private var received = ByteBuffer()

    init(_ answer: ByteBuffer) {
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = Self.unwrapInboundIn(data)
        if self.received.readableBytes == 0 {
            self.received = bytes
        } else {
            self.received.writeBuffer(&bytes)
        }
        var answers = ByteBuffer()
        while let length = self.received.withUnsafeReadableBytes({ requestLength($0) }) {
            self.received.moveReaderIndex(forwardBy: length)
            if answers.readableBytes == 0 {
                answers = self.answer
            } else {
                answers.writeImmutableBuffer(self.answer)
            }
        }
        guard answers.readableBytes > 0 else { return }
        context.writeAndFlush(Self.wrapOutboundOut(answers), promise: nil)
    }
}

/// The length of the first request; `nil` while it is not there as a whole.
private func requestLength(_ bytes: UnsafeRawBufferPointer) -> Int? {
    let field = Array("content-length:".utf8)
    var lineStart = 0
    var bodyLength = 0
    for index in bytes.indices where bytes[index] == UInt8(ascii: "\n") {
        let line = bytes[lineStart..<index]
        if line.count <= 1 {
            let end = index + 1 + bodyLength
            return end <= bytes.count ? end : nil
        }
        if line.count > field.count, zip(line, field).allSatisfy({ $0 | 0x20 == $1 }) {
            bodyLength = 0
            for byte in line.dropFirst(field.count) where byte >= 0x30 && byte <= 0x39 {
                bodyLength = bodyLength * 10 + Int(byte - 0x30)
            }
        }
        lineStart = index + 1
    }
    return nil
}
