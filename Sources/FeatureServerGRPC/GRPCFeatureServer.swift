#if GRPC
import FeatureServer
import FeatureStoreKit
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Serves features over gRPC as Feast's serving service does, until it is shut down.
///
/// ``run()`` binds, serves, and on a graceful shutdown takes no new calls, answers those in
/// flight and closes the connections.
struct GRPCFeatureServer: Service {
    let serving: any FeatureServing
    let host: String
    let port: Int
    let version: String
    let limits: ServerLimits
    let security: ServerSecurity
    let logger: Logger
    let onListening: @Sendable (_ port: Int) -> Void

    /// Serves until a graceful shutdown or the cancellation of the task.
    ///
    /// - Throws: ``FeatureStoreError`` when the listener cannot be bound, with what to do
    ///   about it.
    func run() async throws {
        let transport = HTTP2ServerTransport.Posix(
            address: try self.address(),
            transportSecurity: self.transportSecurity,
            config: self.configuration(),
            eventLoopGroup: .singleton
        )
        let reader = OnlineFeatureReader(
            serving: self.serving,
            limits: self.limits,
            logger: self.logger
        )
        let server = GRPCServer(
            transport: transport,
            services: [
                ServingService(
                    reader: reader,
                    version: self.version,
                    admission: CallAdmission(
                        control: self.security.accessControl,
                        project: self.serving.project
                    )
                ),
                HealthService(serving: self.serving),
            ]
        )
        let failure = await withTaskGroup(of: (any Error)?.self) { group in
            group.addTask {
                do {
                    try await server.serve()
                    return nil
                } catch {
                    return error
                }
            }
            group.addTask {
                await self.waitForShutdown(of: server)
                return nil
            }
            // The one without a port says why in its own error.
            if let address = try? await transport.listeningAddress {
                let port = address.ipv4?.port ?? address.ipv6?.port ?? self.port
                self.logger.info(
                    "serving gRPC",
                    metadata: ["host": "\(self.host)", "port": "\(port)"]
                )
                self.onListening(port)
            }
            // Either everything has been answered, or the time for it is over.
            let failure = await group.next() ?? nil
            group.cancelAll()
            return failure
        }
        guard let failure else { return }
        let cause = (failure as? RuntimeError)?.cause ?? failure
        throw bindError(cause, host: self.host, port: self.port, option: "--grpc-port")
    }

    /// Begins the shutdown when it is asked for, and returns when its time is over.
    private func waitForShutdown(
        of server: GRPCServer<HTTP2ServerTransport.Posix>
    ) async {
        // Both ends, shutdown and cancellation, are an orderly stop.
        try? await gracefulShutdown()
        server.beginGracefulShutdown()
        try? await Task.sleep(for: .nanoseconds(self.limits.shutdownTimeout.nanoseconds))
    }

    private func address() throws(FeatureStoreError) -> GRPCNIOTransportCore.SocketAddress {
        do {
            let address = try NIOCore.SocketAddress.makeAddressResolvingHost(
                self.host,
                port: self.port
            )
            try self.security.check(address, host: self.host)
            let literal = address.ipAddress ?? self.host
            if case .v6 = address { return .ipv6(host: literal, port: self.port) }
            return .ipv4(host: literal, port: self.port)
        } catch let error as FeatureStoreError {
            throw error
        } catch {
            throw bindError(error, host: self.host, port: self.port, option: "--grpc-port")
        }
    }

    /// TLS with the certificates that the files hold when the server starts.
    private var transportSecurity: HTTP2ServerTransport.Posix.TransportSecurity {
        guard let files = self.security.tls else { return .plaintext }
        return .tls(
            certificateChain: [.file(path: files.certificate, format: .pem)],
            privateKey: .file(path: files.key, format: .pem)
        ) { configuration in
            guard let authority = files.clientAuthority else { return }
            configuration.clientCertificateVerification = .noHostnameVerification
            configuration.trustRoots = .certificates([.file(path: authority, format: .pem)])
        }
    }

    private func configuration() -> HTTP2ServerTransport.Posix.Config {
        let connectionCount = ConnectionCount(maximum: self.limits.maximumConnections)
        return .defaults { configuration in
            // Beyond it a call ends without a word; what is a little too large is told so.
            configuration.rpc.maxRequestPayloadSize = 2 * self.limits.maximumBodyBytes
            configuration.connection.maxIdleTime =
                .nanoseconds(self.limits.idleTimeout.nanoseconds)
            configuration.connection.maxGraceTime =
                .nanoseconds(self.limits.shutdownTimeout.nanoseconds)
            // An answer is one small write; one that waits for others comes late.
            configuration.connection.flushCoalescing = nil
            configuration.channelDebuggingCallbacks.onAcceptTCPConnection = { channel in
                connectionCount.add(channel)
            }
        }
    }
}

/// The open connections, of which there may be so many.
private final class ConnectionCount: Sendable {
    private let count = Atomic<Int>(0)
    private let maximum: Int

    init(maximum: Int) {
        self.maximum = maximum
    }

    /// Counts a connection until it closes; one too many is closed at once.
    func add(_ channel: any Channel) -> EventLoopFuture<Void> {
        let count = self.count.wrappingAdd(1, ordering: .relaxed).newValue
        channel.closeFuture.whenComplete { _ in
            self.count.wrappingSubtract(1, ordering: .relaxed)
        }
        if count <= self.maximum { return channel.eventLoop.makeSucceededVoidFuture() }
        return channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
    }
}
#endif
