import FeatureStoreKit
import Glibc
import NIOCore
import NIOSSL
import Synchronization

/// What a server shows new connections: the certificate that was read last.
final class TLSIdentity: Sendable {
    private struct State {
        var context: NIOSSLContext
        var files: WatchedFiles
    }

    private let files: TLSFiles
    private let state: Mutex<State>

    /// Reads the files.
    ///
    /// - Throws: `invalidArgument` with the file that is wrong.
    init(_ files: TLSFiles) throws(FeatureStoreError) {
        self.files = files
        let paths = [files.certificate, files.key] + [files.clientAuthority].compactMap { $0 }
        // Looked at before they are read: a change meanwhile is seen the next time.
        let watched = WatchedFiles(paths)
        self.state = Mutex(State(context: try Self.context(of: files), files: watched))
    }

    /// Takes up the files if they have changed; cheap when they have not.
    ///
    /// - Throws: Why they cannot be used. The certificate that was read last stays in use.
    func refresh() throws(FeatureStoreError) {
        try self.state.withLock { (state) throws(FeatureStoreError) in
            guard state.files.haveChanged() else { return }
            state.context = try Self.context(of: self.files)
        }
    }

    /// What stands first in the pipeline of a new connection.
    func makeHandler() -> NIOSSLServerHandler {
        NIOSSLServerHandler(context: self.state.withLock { $0.context })
    }

    private static func context(of files: TLSFiles) throws(FeatureStoreError) -> NIOSSLContext {
        let chain = try self.reading(files.certificate, "certificate", "--cert") {
            try NIOSSLCertificate.fromPEMFile(files.certificate)
        }
        let key = try self.reading(files.key, "private key", "--key") {
            try NIOSSLPrivateKey(file: files.key, format: .pem)
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        if let path = files.clientAuthority {
            let authorities = try self.reading(path, "client authority", "--client-ca") {
                try NIOSSLCertificate.fromPEMFile(path)
            }
            configuration.trustRoots = .certificates(authorities)
            // Clients have no host name to be verified.
            configuration.certificateVerification = .noHostnameVerification
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "the certificate \(files.certificate) cannot be used with the key "
                    + "\(files.key): \(error); does the key belong to the certificate?",
                cause: error
            )
        }
    }

    private static func reading<Content>(
        _ path: String,
        _ noun: String,
        _ option: String,
        _ body: () throws -> Content
    ) throws(FeatureStoreError) -> Content {
        func refuse(_ reason: String, _ cause: (any Error)? = nil) -> FeatureStoreError {
            FeatureStoreError(
                code: .invalidArgument,
                message: "the \(noun) \(path) cannot be read: \(reason); give a file in PEM with "
                    + option,
                cause: cause
            )
        }
        guard unsafe access(path, R_OK) == 0 else {
            let text = unsafe strerror(errno).map { unsafe String(cString: $0) }
            throw refuse(text ?? "error \(errno)")
        }
        do {
            return try body()
        } catch {
            throw refuse("\(error)", error)
        }
    }
}
