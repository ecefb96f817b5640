import ArgumentParser
import FeatureServer
import FeatureServerGRPC
import FeatureStoreKit
import Glibc
import Logging
import ServiceLifecycle
import Synchronization
import UnixSignals

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve online features over HTTP, as Feast's feature server does.",
        discussion: """
            What is applied while the server runs is served within a second. The other commands of \
            the repository go through the server. SIGTERM or Ctrl-C ends it after the requests in \
            flight, and after ten seconds at most: a load that takes longer leaves nothing.
            """
    )

    @OptionGroup var global: GlobalOptions

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(name: [.short, .long], help: "The port; 0 for any that is free.")
    var port = 6566

    @Option(
        help: ArgumentHelp(
            "Serve over gRPC as well, on this port; 0 for any that is free.",
            discussion: "For programs that were built with `--traits GRPC`."
        )
    )
    var grpcPort: Int?

    @Option(
        help: ArgumentHelp(
            "Serve this snapshot, read-only, beside whoever serves the project.",
            discussion: "Nothing is written into it, and pushes and loads are refused with 403.",
            valueName: "snapshot"
        )
    )
    var at: String?

    @Option(help: "The form of the log on standard error: text, or json for an object a line.")
    var logFormat = LogFormat.text

    @Option(
        name: .customLong("max-staleness"),
        help: ArgumentHelp(
            "How old the newest event of a view may be before /readyz answers 503.",
            discussion: "`2h` for every view, `view=15m` for one; may be repeated.",
            valueName: "age"
        )
    )
    var maximumStaleness: [String] = []

    @Option(
        help: ArgumentHelp(
            "The tokens that requests need; see `fstore help token`.",
            discussion: "By default tokens.json beside the registry, as soon as it is there.",
            valueName: "file"
        )
    )
    var tokens: String?

    @Option(help: ArgumentHelp("The server's certificate, in PEM: HTTPS.", valueName: "file"))
    var cert: String?

    @Option(help: ArgumentHelp("The private key of the certificate, in PEM.", valueName: "file"))
    var key: String?

    @Option(
        name: .customLong("client-ca"),
        help: ArgumentHelp(
            "The certificates, in PEM, of those who sign clients' certificates; every client needs "
                + "one then.",
            valueName: "file"
        )
    )
    var clientAuthority: String?

    @Flag(help: "Listen where other machines reach the server, though it has no tokens.")
    var insecure = false

    func validate() throws {
        var limits = StalenessLimits()
        for text in self.maximumStaleness where !limits.add(text) {
            throw ValidationError(
                "--max-staleness \"\(text)\" is no age; write 90s, 15m, 6h, 1d or 2w, and view=15m "
                    + "for one view"
            )
        }
        guard !self.host.isEmpty else {
            throw ValidationError(
                "--host \"\" is no address; give one such as 127.0.0.1, or 0.0.0.0 for all of this "
                    + "machine's"
            )
        }
        guard (self.cert == nil) == (self.key == nil) else {
            throw ValidationError("--cert and --key belong together; give both, or none")
        }
        guard self.clientAuthority == nil || self.cert != nil else {
            throw ValidationError("--client-ca needs --cert and --key")
        }
        for port in [self.port, self.grpcPort ?? 0] where !(0...65_535).contains(port) {
            throw ValidationError("port \(port) does not exist; give one from 0 to 65535")
        }
        guard let grpcPort = self.grpcPort else { return }
        guard isGRPCBuilt else {
            throw ValidationError(
                "this program was built without gRPC, which --grpc-port needs; build it with "
                    + "`swift build -c release --product fstore --traits GRPC`"
            )
        }
        guard grpcPort != self.port || grpcPort == 0 else {
            throw ValidationError("HTTP and gRPC cannot share port \(grpcPort); give two ports")
        }
    }

    func run() async throws {
        let store = try self.store()
        let logger = self.global.logger(self.logFormat)
        var staleness = StalenessLimits()
        for text in self.maximumStaleness {
            _ = staleness.add(text)
        }
        // The commands of the repository are for its own files.
        let socketPath = self.at == nil ? store.commandSocketPath : nil
        try reportingFailure { () throws(FeatureStoreError) in
            try store.openOnlineStore()
        }
        let security = try self.security(of: store)
        let grpcAddress = Mutex<String?>(nil)
        let isListening = ServersTogether.Signal()
        let grpcServer = self.grpcPort.flatMap { port in
            store.grpcServer(
                host: self.host,
                port: port,
                version: FStore.version,
                security: security,
                logger: logger,
                onListening: { [host] port in
                    grpcAddress.withLock { $0 = "\(host):\(port)" }
                    isListening.send()
                }
            )
        }
        let server = FeatureServer(
            serving: store,
            host: self.host,
            port: self.port,
            unixSocketPath: socketPath,
            staleness: staleness,
            version: FStore.version,
            security: security,
            logger: logger,
            onListening: { [host, asJSON = self.global.json] port in
                announce(
                    store,
                    security: security,
                    host: "\(host):\(port)",
                    grpcAddress: grpcAddress.withLock { $0 },
                    socketPath: socketPath,
                    asJSON: asJSON
                )
            }
        )
        let service: any Service =
            grpcServer.map {
                ServersTogether(first: $0, isListening: isListening, second: server)
            } ?? server
        let group = ServiceGroup(
            services: [service],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        do {
            try await group.run()
        } catch let error as FeatureStoreError {
            printError("error: \(error.message)")
            endNow(1)
        }
        endNow(0)
    }
}

extension ServeCommand {
    /// The store of the repository, or of the snapshot.
    private func store() throws -> FeatureStore {
        guard let at = self.at else { return try self.global.store() }
        let snapshot = absolutePath(at)
        return try reportingFailure {
            try FeatureStore(
                snapshot: snapshot,
                directory: absolutePath(self.global.chdir),
                configuration: storedConfiguration(at: snapshot),
                live: storedConfiguration(at: absolutePath(self.global.chdir))
            )
        }
    }

    /// Who may reach the server: what the options say.
    private func security(of store: FeatureStore) throws -> ServerSecurity {
        let file = TokenFile(path: self.tokens ?? store.tokenFilePath)
        let control = try reportingFailure { () throws(FeatureStoreError) in
            try AccessControl(file, mustExist: self.tokens != nil)
        }
        let tls = self.cert.flatMap { certificate in
            self.key.map { key in
                TLSFiles(
                    certificate: certificate,
                    key: key,
                    clientAuthority: self.clientAuthority
                )
            }
        }
        if control.isInForce, tls == nil, !["127.0.0.1", "::1", "localhost"].contains(self.host) {
            printError(
                "warning: tokens go over the network in clear; give --cert and --key, or put a "
                    + "proxy that speaks TLS in front"
            )
        }
        return ServerSecurity(
            accessControl: control,
            tls: tls,
            isInsecureAllowed: self.insecure
        )
    }
}

/// Ends the process without the destructors that libraries left for its end.
///
/// Those of RocksDB destroy locks that its threads may still hold, which aborts the process now and
/// then. What was committed is on disk, and the kernel gives the lock of the store back.
private func endNow(_ code: Int32) -> Never {
    fflush(nil)
    _exit(code)
}

/// Says where the server listens, with a command that works when it is copied.
private func announce(
    _ store: FeatureStore,
    security: ServerSecurity,
    host: String,
    grpcAddress: String?,
    socketPath: String?,
    asJSON: Bool
) {
    do {
        let address = (security.tls == nil ? "http://" : "https://") + host
        try store.openOnlineStore(
            address: address,
            socketPath: socketPath,
            program: FStore.version
        )
        let project = store.configuration.project
        if asJSON {
            var places = ["project": project, "address": address]
            places["socket"] = socketPath
            places["grpc_address"] = grpcAddress
            print(try jsonText(places))
        } else {
            print("Serving project \(project) at \(address)")
            if let grpcAddress { print("Serving gRPC at \(grpcAddress)") }
            print(try hint(for: store, address: address, security: security))
        }
        // Whoever started the server waits for these lines, also when they go to a file.
        fflush(nil)
    } catch {
        printError("warning: \(error)")
    }
}

/// A command that reads something which is there, or what to do first.
private func hint(
    for store: FeatureStore,
    address: String,
    security: ServerSecurity
) throws -> String {
    guard let example = try store.exampleRequest() else {
        return "Nothing is loaded yet: run `fstore materialize`"
    }
    let body = String(decoding: example.jsonBody(), as: UTF8.self)
    let quoted = body.split(separator: "'", omittingEmptySubsequences: false)
        .joined(separator: #"'\''"#)
    let isClosed = security.accessControl?.isInForce == true
    let options =
        (security.tls == nil ? "" : " --cacert CA.pem")
        + (isClosed ? " -H 'Authorization: Bearer TOKEN'" : "")
    return "Try:  curl -s\(options) \(address)/get-online-features -d '\(quoted)'"
}
