package import FeatureStoreKit
import Glibc
import NIOCore
import NIOPosix

/// The rules of a Unix-domain socket in the file system.
enum UnixSocket {
    /// The longest path that the kernel takes, in bytes.
    static let maximumPathBytes = 107

    /// Refuses a path that no socket can have.
    static func check(_ path: String) throws(FeatureStoreError) {
        let count = path.utf8.count
        guard count <= self.maximumPathBytes else {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "the socket path \"\(path)\" has \(count) bytes, but the system allows "
                    + "\(self.maximumPathBytes); move the repository to a shorter path"
            )
        }
        guard count > 0, !path.utf8.contains(0) else {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "\"\(path)\" is no path for a socket"
            )
        }
    }

    /// Lets nobody but the owner connect.
    static func restrict(_ path: String) {
        _ = unsafe chmod(path, 0o600)
    }

    /// What the kernel says of the process at the other end of a connection: `struct ucred`.
    private struct Credentials: Sendable {
        var processID: pid_t = 0
        var user: uid_t = 0
        var group: gid_t = 0
    }

    /// Who is at the other end, when it is the user that this process runs as, or root; called on
    /// the channel's event loop.
    static func trustedPeer(of channel: any Channel) -> Caller? {
        guard channel.localAddress?.pathname != nil,
            let provider = channel as? any SocketOptionProvider
        else { return nil }
        let credentials: EventLoopFuture<Credentials> = provider.unsafeGetSocketOption(
            level: .init(SOL_SOCKET),
            name: .init(SO_PEERCRED)
        )
        var user: uid_t?
        credentials.assumeIsolated().whenSuccess { user = $0.user }
        guard let user, user == getuid() || user == 0 else { return nil }
        return Caller(name: "uid \(user)")
    }

    static func remove(_ path: String) {
        _ = unsafe unlink(path)
    }
}

/// Why a listener could not be bound, and what to do about it.
///
/// `option` is the one of the command that names the port.
package func bindError(
    _ error: any Error,
    host: String,
    port: Int,
    option: String = "--port"
) -> FeatureStoreError {
    let isUnknownHost =
        switch error {
        case SocketAddressError.unknown, is SocketAddressError.UnknownHost: true
        default: false
        }
    let message =
        switch (error as? IOError)?.errnoCode {
        case nil where isUnknownHost:
            "there is no host \(host); choose another with --host, such as 127.0.0.1"
        case EADDRINUSE:
            "port \(port) of \(host) is in use; choose another with \(option), or stop the server "
                + "that uses it"
        case EACCES:
            "port \(port) may not be used by this user; choose one from 1024 with --port"
        case EADDRNOTAVAIL:
            "\(host) is no address of this machine; choose another with --host"
        default:
            "cannot listen on port \(port) of \(host): \(error); choose others with --host and "
                + "\(option)"
        }
    return FeatureStoreError(code: .unavailable, message: message, cause: error)
}
