import ArgumentParser
import FeatureDefinitions
import FeatureStoreKit
import Foundation
import Logging

/// What every command that works on a repository understands.
struct GlobalOptions: ParsableArguments {
    @Option(
        name: [.customShort("c"), .long],
        help: ArgumentHelp("The feature repository.", valueName: "dir")
    )
    var chdir = "."

    @Option(
        help: "trace, debug, info, notice, warning, error or critical.",
        transform: parseLogLevel
    )
    var logLevel = Logger.Level.warning

    @Flag(help: "Print the result as JSON.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "How long to wait for another process that has the online store open.",
            valueName: "seconds"
        )
    )
    var lockTimeout = 5.0

    func validate() throws {
        guard (0...86_400).contains(self.lockTimeout) else {
            throw ValidationError("--lock-timeout takes seconds from 0 to 86400")
        }
    }

    /// Reads the repository with its definitions.
    func repository() throws -> LoadedRepository {
        try reportingFailure { () throws(DiagnosticsError) in
            try LoadedRepository(directory: self.chdir)
        }
    }

    /// The store of the repository.
    ///
    /// Definitions are not read: what is applied is in the registry.
    func store() throws -> FeatureStore {
        let configured = try reportingFailure { () throws(DiagnosticsError) in
            try LoadedRepository(configurationIn: self.chdir)
        }
        return try self.store(configured)
    }

    /// The store of a repository that was read.
    func store(_ files: LoadedRepository) throws -> FeatureStore {
        // With --json, standard error is for a program, too.
        let isQuiet = self.json
        return FeatureStore(
            files,
            loadMemory: try loadMemory(),
            lockTimeout: .seconds(self.lockTimeout)
        ) { note in
            // In place of a line of progress, where there may be one.
            let start = isatty(2) == 1 ? "\r\u{1B}[K" : ""
            if !isQuiet { printError(start + note) }
        }
    }

    /// The store of the repository, for a first look that tells nobody what is wrong.
    func quietStore() throws -> FeatureStore {
        FeatureStore(try LoadedRepository(configurationIn: self.chdir))
    }

    /// The store of the repository, through whoever has it open.
    func access() throws -> StoreAccess {
        StoreAccess(store: try self.store(), patience: .seconds(self.lockTimeout))
    }

    /// The same for a repository that was read.
    func access(_ files: LoadedRepository) throws -> StoreAccess {
        StoreAccess(store: try self.store(files), patience: .seconds(self.lockTimeout))
    }

    /// A logger to standard error.
    func logger(_ format: LogFormat = .text) -> Logger {
        var logger = Logger(label: "fstore") { label in
            switch format {
            case .text: StreamLogHandler.standardError(label: label)
            case .json: JSONLogHandler()
            }
        }
        logger.logLevel = self.logLevel
        return logger
    }
}

/// The level of that name.
private func parseLogLevel(_ name: String) throws -> Logger.Level {
    guard let level = Logger.Level(rawValue: name.lowercased()) else {
        let names = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("\"\(name)\" is no log level; the levels are \(names)")
    }
    return level
}

/// What one load may hold in memory, in bytes: `FSTORE_LOAD_MEMORY_MB`, or 168 MB.
private func loadMemory() throws -> Int {
    let name = "FSTORE_LOAD_MEMORY_MB"
    guard let text = ProcessInfo.processInfo.environment[name] else { return 168 << 20 }
    guard let megabytes = Int(text), (1...65_536).contains(megabytes) else {
        throw ValidationError("\(name) is \"\(text)\"; give whole megabytes from 1 to 65536")
    }
    return megabytes << 20
}
