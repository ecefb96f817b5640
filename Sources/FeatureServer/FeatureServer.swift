import FeatureStoreKit
import Glibc
public import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
public import ServiceLifecycle
import Synchronization

/// Serves features over HTTP as Feast's feature server does, until it is shut down.
///
/// One listener on a port and, for the commands of the same repository, one on a Unix-domain
/// socket. ``run()`` binds, serves, and on a graceful shutdown accepts nothing more, answers the
/// requests in flight and closes each connection after its current answer.
public final class FeatureServer: Service {
    private let serving: any FeatureServing
    private let host: String
    private let port: Int
    private let unixSocketPath: String?
    private let limits: ServerLimits
    private let staleness: StalenessLimits
    private let version: String
    private let security: ServerSecurity
    /// How often something was refused, by reason, since the server was made.
    public let refusals = RefusalCounts()
    private let logger: Logger
    private let onListening: @Sendable (Int) -> Void
    private let currentPort = Mutex<Int?>(nil)

    /// A server that does nothing until it is run.
    ///
    /// - Parameters:
    ///   - serving: The store.
    ///   - host: The address or name to listen on.
    ///   - port: The port to listen on; 0 for any that is free.
    ///   - unixSocketPath: Where to listen as well; at most 107 bytes.
    ///   - limits: What a client may ask.
    ///   - staleness: How old views may be before `/readyz` says that the server is not ready.
    ///   - version: The release of the program, for those who watch it.
    ///   - security: Who may reach the server, and how. The Unix-domain socket is trusted: only
    ///     the user that the server runs as can connect to it.
    ///   - logger: Where failures are told.
    ///   - onListening: Called once with the port, when requests are answered.
    public init(
        serving: any FeatureServing,
        host: String = "127.0.0.1",
        port: Int = 6566,
        unixSocketPath: String? = nil,
        limits: ServerLimits = ServerLimits(),
        staleness: StalenessLimits = StalenessLimits(),
        version: String = "",
        security: ServerSecurity = ServerSecurity(),
        logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) -> Void = { _ in }
    ) {
        self.serving = serving
        self.host = host
        self.port = port
        self.unixSocketPath = unixSocketPath
        self.limits = limits
        self.staleness = staleness
        self.version = version
        self.security = security
        self.logger = logger
        self.onListening = onListening
    }

    /// The port that is listened on; `nil` before and after.
    public var boundPort: Int? { self.currentPort.withLock { $0 } }

    /// Serves until a graceful shutdown or the cancellation of the task.
    ///
    /// - Throws: ``FeatureStoreError`` when a listener cannot be bound, with what to do about it.
    public func run() async throws {
        let identity = try self.security.tls.map { try TLSIdentity($0) }
        let threads = Threads()
        let counters = ServerCounters()
        let connections = ConnectionRegistry(
            maximumCount: self.limits.maximumConnections,
            maximumRefusedCount: self.limits.maximumRefusedConnections
        )
        let handler = RequestHandler(
            serving: self.serving,
            readPool: threads.reads,
            loadPool: threads.loads,
            trainingPool: threads.training,
            pushPool: threads.pushes,
            limits: self.limits,
            refusals: self.refusals,
            counters: counters,
            monitor: Monitor(
                version: self.version,
                staleness: self.staleness,
                connections: connections,
                pool: threads.refresh
            ),
            logger: self.logger
        )
        do {
            try await self.serve(
                with: handler,
                identity: identity,
                connections: connections,
                on: threads
            )
        } catch {
            await threads.shutDown(isIdle: handler.isIdle)
            throw error
        }
        await threads.shutDown(isIdle: handler.isIdle)
    }

    private func serve(
        with handler: RequestHandler,
        identity: TLSIdentity?,
        connections: ConnectionRegistry,
        on threads: Threads
    ) async throws {
        let bootstrap = self.bootstrap(
            handler: handler,
            identity: identity,
            connections: connections,
            on: threads
        )
        let listeners = try await self.bind(bootstrap, group: threads.eventLoops)
        let port = listeners.first?.localAddress?.port ?? self.port
        self.currentPort.withLock { $0 = port }
        self.logger.info("serving", metadata: ["host": "\(self.host)", "port": "\(port)"])
        self.onListening(port)

        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await self.refreshUntilCancelled(identity: identity, on: threads.refresh)
            }
            // Both ends, shutdown and cancellation, are an orderly stop.
            try? await gracefulShutdown()
            group.cancelAll()
        }

        self.currentPort.withLock { $0 = nil }
        for listener in listeners {
            try? await listener.close()
        }
        if let path = self.unixSocketPath { UnixSocket.remove(path) }
        let eventLoop = threads.eventLoops.next()
        try await connections.drain(on: eventLoop, timeout: self.limits.shutdownTimeout).get()
        if !handler.isIdle {
            self.logger.warning("a request outlasted the shutdown; of a load nothing is visible")
        }
        self.logger.info("stopped")
    }

    private func bootstrap(
        handler: RequestHandler,
        identity: TLSIdentity?,
        connections: ConnectionRegistry,
        on threads: Threads
    ) -> ServerBootstrap {
        let scratches = LoopScratches(threads.eventLoops, counters: handler.counters)
        let limits = self.limits
        let accessControl = self.security.accessControl
        return ServerBootstrap(group: threads.eventLoops)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let operations = channel.pipeline.syncOperations
                    let isLocal = channel.localAddress?.pathname != nil
                    let trustedPeer = UnixSocket.trustedPeer(of: channel)
                    let admission = connections.add(channel)
                    if [.refused, .closed].contains(admission) {
                        handler.refusals.add(.connections)
                        // A word over TLS would cost more than the connection.
                        guard case .refused = admission, isLocal || identity == nil else {
                            throw ChannelError.ioOnClosedChannel
                        }
                        let refusal = ConnectionRefusal(lingerTimeout: limits.lingerTimeout)
                        return try operations.addHandler(refusal)
                    }
                    if !isLocal {
                        try Self.sendAtOnce(channel)
                        if let identity { try operations.addHandler(identity.makeHandler()) }
                    }
                    var decoderLimits = NIOHTTPDecoderLimitConfiguration()
                    decoderLimits.maxHeaderFieldSize = limits.maximumHeaderBytes
                    decoderLimits.maxHeaderListSize = limits.maximumHeaderBytes
                    decoderLimits.maxHeaderFieldCount = limits.maximumHeaderFields
                    let decoder = HTTPRequestDecoder(limitConfiguration: decoderLimits)
                    let connection = HTTPConnectionHandler(
                        handler: handler,
                        scratch: scratches[channel.eventLoop],
                        admission: ConnectionAdmission(
                            AccessMemory(trustedPeer == nil ? accessControl : nil),
                            peer: trustedPeer ?? Self.peer(of: channel)
                        ),
                        isDraining: admission == .draining
                    )
                    try operations.addHandler(PlainRequestHandler(before: connection))
                    try operations.addHandler(ByteToMessageHandler(decoder))
                    try operations.addHandler(connection)
                }
            }
    }

    /// Who sends requests without a token, for the audit log.
    private static func peer(of channel: any Channel) -> Caller {
        Caller(name: "anonymous \(channel.remoteAddress?.ipAddress ?? "")", isRemote: true)
    }

    /// An answer is one write, so there is nothing for the kernel to wait for.
    private static func sendAtOnce(_ channel: any Channel) throws {
        try channel.syncOptions?.setOption(.socketOption(.tcp_nodelay), value: 1)
    }

    private func bind(
        _ bootstrap: ServerBootstrap,
        group: MultiThreadedEventLoopGroup
    ) async throws -> [any Channel] {
        if let path = self.unixSocketPath {
            try UnixSocket.check(path)
            guard !ServerClient.isServing(at: path) else {
                throw FeatureStoreError(
                    code: .conflict,
                    message: "another server runs on this repository already (its socket is "
                        + "\"\(path)\"); stop it first"
                )
            }
        }
        let listener: any Channel
        do {
            let address = try SocketAddress.makeAddressResolvingHost(self.host, port: self.port)
            try self.security.check(address, host: self.host)
            listener = try await bootstrap.bind(to: address).get()
        } catch let error as FeatureStoreError {
            throw error
        } catch {
            throw bindError(error, host: self.host, port: self.port)
        }
        guard let path = self.unixSocketPath else { return [listener] }
        do {
            let local = try await bootstrap.bind(
                unixDomainSocketPath: path,
                cleanupExistingSocketFile: true
            ).get()
            UnixSocket.restrict(path)
            return [listener, local]
        } catch {
            try? await listener.close()
            throw FeatureStoreError(
                code: .unavailable,
                message: "cannot listen on the socket \"\(path)\": \(error); is its directory "
                    + "there and writable?",
                cause: error
            )
        }
    }

    private func refreshUntilCancelled(
        identity: TLSIdentity?,
        on pool: NIOThreadPool
    ) async {
        var access = RefreshFailure("tokens could not be refreshed; the last ones stay in force")
        var certificate = RefreshFailure(
            "the certificate could not be refreshed; the last one stays in use"
        )
        var definitions = RefreshFailure(
            "definitions could not be refreshed; the last ones stay in force"
        )
        while !Task.isCancelled {
            try? await Task.sleep(for: self.limits.refreshInterval)
            // Access comes first: the rest may take its time.
            if let control = self.security.accessControl {
                access.note(await pool.failure(of: { try control.refresh() }), to: self.logger)
            }
            if let identity {
                certificate.note(
                    await pool.failure(of: { try identity.refresh() }),
                    to: self.logger
                )
            }
            definitions.note(
                await pool.failure(of: { try self.serving.refreshDefinitions() }),
                to: self.logger
            )
        }
    }
}

/// What is told of a failure that comes again and again: the same one once, not four times a
/// second.
private struct RefreshFailure {
    private let title: Logger.Message
    private var lastMessage: String?

    init(_ title: Logger.Message) {
        self.title = title
    }

    mutating func note(_ failure: (any Error)?, to logger: Logger) {
        let message = failure.map { ($0 as? FeatureStoreError)?.message ?? "\($0)" }
        if let message, message != self.lastMessage {
            logger.error(self.title, metadata: ["reason": "\(message)"])
        }
        self.lastMessage = message
    }
}

extension NIOThreadPool {
    /// What a piece of work on a thread throws.
    fileprivate func failure(
        of work: @escaping @Sendable () throws -> Void
    ) async -> (any Error)? {
        do {
            try await self.runIfActive(work)
            return nil
        } catch is CancellationError {
            return nil
        } catch {
            return error
        }
    }
}

/// The threads of a running server.
private struct Threads {
    let eventLoops = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
    let reads = NIOThreadPool(numberOfThreads: System.coreCount)
    let loads = NIOThreadPool(numberOfThreads: 1)
    let training = NIOThreadPool(numberOfThreads: 1)
    /// Several: those to the online store alone need not wait for each other's rows.
    let pushes = NIOThreadPool(numberOfThreads: 4)
    let refresh = NIOThreadPool(numberOfThreads: 1)

    init() {
        self.reads.start()
        self.loads.start()
        self.training.start()
        self.pushes.start()
        self.refresh.start()
        // They take all cores for seconds; a request takes microseconds, and does not wait.
        self.loads.submit { _ in yieldToRequests() }
        self.training.submit { _ in yieldToRequests() }
    }

    /// Ends the threads.
    ///
    /// A load that outlasts the shutdown is not waited for, and the event loop that its answer
    /// would go to is left to the end of the process.
    func shutDown(isIdle: Bool) async {
        try? await self.refresh.shutdownGracefully()
        guard isIdle else {
            self.reads.shutdownGracefully { _ in }
            self.loads.shutdownGracefully { _ in }
            self.training.shutdownGracefully { _ in }
            self.pushes.shutdownGracefully { _ in }
            return
        }
        try? await self.reads.shutdownGracefully()
        try? await self.loads.shutdownGracefully()
        try? await self.training.shutdownGracefully()
        try? await self.pushes.shutdownGracefully()
        try? await self.eventLoops.shutdownGracefully()
    }
}

/// Lets other threads go before the calling one and those that it starts from now on.
private func yieldToRequests() {
    // In Linux a process of the number 0 is the calling thread alone.
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
}
