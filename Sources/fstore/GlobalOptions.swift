import ArgumentParser
import FeatureDefinitions
import FeatureStoreKit
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
        return FeatureStore(configured)
    }

    /// A logger to standard error.
    func logger() -> Logger {
        var logger = Logger(label: "fstore") { StreamLogHandler.standardError(label: $0) }
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
