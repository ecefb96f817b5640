package import FeatureServer
package import FeatureStoreKit
package import Logging
package import ServiceLifecycle

/// Whether the program was built with gRPC: `swift build --traits GRPC`.
package var isGRPCBuilt: Bool {
    #if GRPC
    true
    #else
    false
    #endif
}

extension FeatureStore {
    /// The server that answers Feast's gRPC service from the store.
    ///
    /// - Parameters:
    ///   - host: The address or name to listen on.
    ///   - port: The port to listen on; 0 for any that is free.
    ///   - version: What `GetFeastServingInfo` answers.
    ///   - security: Who may reach the server, and how.
    ///   - logger: Where failures are told.
    ///   - onListening: Called once with the port, when requests are answered.
    /// - Returns: `nil` in a program that was built without gRPC.
    package func grpcServer(
        host: String,
        port: Int,
        version: String,
        security: ServerSecurity,
        logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) -> Void
    ) -> (any Service)? {
        #if GRPC
        GRPCFeatureServer(
            serving: self,
            host: host,
            port: port,
            version: version,
            limits: ServerLimits(),
            security: security,
            logger: logger,
            onListening: onListening
        )
        #else
        nil
        #endif
    }
}
