package import FeatureStoreKit
import NIOCore
import NIOHTTP1
import NIOPosix

/// Sends requests to the server of a repository over its Unix-domain socket, one at a time.
///
/// Every call waits for the answer, however long that takes, so it is for the command line and not
/// for an event loop.
package struct ServerClient: Sendable {
    /// An answer.
    package struct Response: Sendable {
        /// The HTTP status.
        package let status: Int
        /// The bytes of the body.
        package let body: [UInt8]
    }

    /// Why there is no answer; the cause of the error.
    package enum ConnectionFailure: Error {
        /// Nobody listens: the request went nowhere.
        case notListening
        /// The server ended after the request, or a part of it, was sent.
        case ended
    }

    private let unixSocketPath: String

    /// A client of the server that listens at a path.
    package init(unixSocketPath: String) {
        self.unixSocketPath = unixSocketPath
    }

    /// Whether a server listens at a path.
    package static func isServing(at unixSocketPath: String) -> Bool {
        let channel = try? ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(connectTimeout)
            .connect(unixDomainSocketPath: unixSocketPath)
            .wait()
        guard let channel else { return false }
        channel.close(promise: nil)
        return true
    }

    /// Sends a GET.
    ///
    /// - Throws: See ``post(_:body:)``.
    package func get(_ path: String) throws(FeatureStoreError) -> Response {
        try self.send(.GET, path, body: [])
    }

    /// Sends a POST with a JSON body.
    ///
    /// - Throws: `invalidArgument` for a path that no socket can have, `unavailable` when no server
    ///   answers. An answer of any status is returned.
    package func post(_ path: String, body: [UInt8]) throws(FeatureStoreError) -> Response {
        try self.send(.POST, path, body: body)
    }

    private func send(
        _ method: HTTPMethod,
        _ path: String,
        body: [UInt8]
    ) throws(FeatureStoreError) -> Response {
        try UnixSocket.check(self.unixSocketPath)
        let channel = try self.connect()
        defer { channel.close(promise: nil) }
        let response = channel.eventLoop.makePromise(of: Response.self)
        // Also when the server ended before anybody here listens; after an answer it says nothing.
        channel.closeFuture.whenComplete { _ in response.fail(ChannelError.eof) }
        do {
            try channel.eventLoop.submit {
                let operations = channel.pipeline.syncOperations
                try operations.addHTTPClientHandlers()
                try operations.addHandler(ResponseCollector(response: response))
            }.wait()
        } catch {
            response.fail(error)
        }
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: path)
        head.headers.add(name: "host", value: "localhost")
        head.headers.add(name: "content-type", value: "application/json")
        head.headers.add(name: "content-length", value: String(body.count))
        head.headers.add(name: "connection", value: "close")
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        let content = HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: body)))
        channel.write(content, promise: nil)
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
        do {
            return try response.futureResult.wait()
        } catch {
            throw self.failure(error, of: path)
        }
    }

    /// What to tell of a request that has no answer.
    private func failure(_ error: any Error, of path: String) -> FeatureStoreError {
        var hasEnded = error is ChannelError || error is IOError
        if case HTTPParserError.invalidEOFState? = error as? HTTPParserError { hasEnded = true }
        let what =
            hasEnded
            ? "the server at \"\(self.unixSocketPath)\" ended without answering \(path) (\(error))"
            : "what the server at \"\(self.unixSocketPath)\" answered to \(path) is no HTTP "
                + "(\(error)); see that it is an fstore of this release"
        return FeatureStoreError(
            code: .unavailable,
            message: what + "; of a view that it was loading nothing is visible",
            cause: hasEnded ? ConnectionFailure.ended : error
        )
    }

    private func connect() throws(FeatureStoreError) -> any Channel {
        do {
            return try ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(connectTimeout)
                .connect(unixDomainSocketPath: self.unixSocketPath)
                .wait()
        } catch {
            throw FeatureStoreError(
                code: .unavailable,
                message: "no server listens at \"\(self.unixSocketPath)\": \(error); start one "
                    + "with: fstore serve",
                cause: ConnectionFailure.notListening
            )
        }
    }
}

/// How long a server on the same machine may take to accept a connection.
private let connectTimeout = TimeAmount.seconds(2)

/// Puts the parts of one answer together.
private final class ResponseCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let response: EventLoopPromise<ServerClient.Response>
    private var status = 0
    private var body: [UInt8] = []

    init(response: EventLoopPromise<ServerClient.Response>) {
        self.response = response
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head): self.status = Int(head.status.code)
        case .body(let bytes): self.body.append(contentsOf: bytes.readableBytesView)
        case .end:
            self.response.succeed(ServerClient.Response(status: self.status, body: self.body))
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.response.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.response.fail(ChannelError.eof)
    }
}
