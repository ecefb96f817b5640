public import FeatureStoreKit
package import NIOCore

/// Who may reach a server, and how.
public struct ServerSecurity: Sendable {
    /// The tokens that requests need; `nil` for none.
    public var accessControl: AccessControl?
    /// The certificate of the server; `nil` for a server without TLS.
    public var tls: TLSFiles?
    /// Whether a server without tokens may listen where other machines reach it.
    public var isInsecureAllowed: Bool

    /// By default everybody on this machine may do everything.
    public init(
        accessControl: AccessControl? = nil,
        tls: TLSFiles? = nil,
        isInsecureAllowed: Bool = false
    ) {
        self.accessControl = accessControl
        self.tls = tls
        self.isInsecureAllowed = isInsecureAllowed
    }
}

extension ServerSecurity {
    /// Refuses an address that other machines reach, unless tokens are in force.
    package func check(_ address: SocketAddress, host: String) throws(FeatureStoreError) {
        guard !address.isLoopback, !self.isInsecureAllowed, self.accessControl?.isInForce != true
        else { return }
        throw FeatureStoreError(
            code: .invalidArgument,
            message: "other machines reach \(host), and no token is needed to do everything "
                + "there; make one with `fstore token create NAME --scope read`, listen on "
                + "127.0.0.1, or say --insecure where the network is trusted"
        )
    }
}

extension SocketAddress {
    /// Whether only this machine reaches it.
    fileprivate var isLoopback: Bool {
        switch self {
        case .v4: (self.ipAddress ?? "").hasPrefix("127.")
        case .v6: self.ipAddress == "::1"
        case .unixDomainSocket: true
        }
    }
}

/// The files of a server's identity, in PEM.
public struct TLSFiles: Hashable, Sendable {
    /// The server's certificate, and those that lead from it to one that clients trust.
    public var certificate: String
    /// The certificate's private key.
    public var key: String
    /// The certificates of those who sign clients' certificates; with them a client needs one.
    public var clientAuthority: String?

    /// The files at some paths.
    public init(certificate: String, key: String, clientAuthority: String? = nil) {
        self.certificate = certificate
        self.key = key
        self.clientAuthority = clientAuthority
    }
}
