import ArgumentParser
import FeatureServer
import FeatureStoreKit
import Glibc
import Logging
import ServiceLifecycle
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

    func validate() throws {
        guard (0...65_535).contains(self.port) else {
            throw ValidationError("port \(self.port) does not exist; give one from 0 to 65535")
        }
    }

    func run() async throws {
        let store = try self.global.store()
        let logger = self.global.logger()
        let socketPath = store.commandSocketPath
        try reportingFailure { () throws(FeatureStoreError) in
            try store.openOnlineStore()
        }
        let host = self.host
        let asJSON = self.global.json
        let server = FeatureServer(
            serving: store,
            host: host,
            port: self.port,
            unixSocketPath: socketPath,
            logger: logger,
            onListening: { port in
                announce(
                    store,
                    address: "http://\(host):\(port)",
                    socketPath: socketPath,
                    asJSON: asJSON
                )
            }
        )
        let group = ServiceGroup(
            services: [server],
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
    address: String,
    socketPath: String,
    asJSON: Bool
) {
    do {
        try store.openOnlineStore(address: address, socketPath: socketPath)
        let project = store.configuration.project
        if asJSON {
            print(try jsonText(["project": project, "address": address, "socket": socketPath]))
        } else {
            print("Serving project \(project) at \(address)")
            print(try hint(for: store, address: address))
        }
        // Whoever started the server waits for these lines, also when they go to a file.
        fflush(nil)
    } catch {
        printError("warning: \(error)")
    }
}

/// A command that reads something which is there, or what to do first.
private func hint(for store: FeatureStore, address: String) throws -> String {
    guard let example = try store.exampleRequest() else {
        return "Nothing is loaded yet: run `fstore materialize`"
    }
    let body = String(decoding: example.jsonBody(), as: UTF8.self)
    let quoted = body.split(separator: "'", omittingEmptySubsequences: false)
        .joined(separator: #"'\''"#)
    return "Try:  curl -s \(address)/get-online-features -d '\(quoted)'"
}
