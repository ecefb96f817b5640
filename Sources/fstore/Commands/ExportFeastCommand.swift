import ArgumentParser
import FeastRegistry
import FeatureStoreKit
import Foundation

struct ExportFeastCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export-feast",
        abstract: "Write what is applied as a registry file for clients with Feast's SDK.",
        discussion: """
            The SDK then lists the definitions, reads features through `fstore serve`, and writes \
            and pushes rows to it. What a registry of Feast cannot say is told on standard error. \
            Exporting the same definitions again gives the same bytes.
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The file to write, such as registry.db; an older export is replaced.")
    var file: String

    @Flag(help: "Replace the file also when it is no registry of Feast.")
    var force = false

    func run() throws {
        let store = try self.global.store()
        let export = try feastExport(of: store)
        do {
            try self.check(store)
            let path = URL(fileURLWithPath: self.file)
            try Data(export.bytes).write(to: path, options: .atomic)
        } catch let error as FeastRegistryError {
            printError("error: \(error.message)")
            throw ExitCode.failure
        } catch {
            printError(
                "error: \(self.file) cannot be written: \(reason(of: error)); see that its folder "
                    + "is there and may be written"
            )
            throw ExitCode.failure
        }
        if self.global.json {
            print(try jsonText(Report(file: self.file, notes: export.notes)))
            return
        }
        for note in export.notes {
            printError("note: \(note)")
        }
        let project = store.configuration.project
        let address = store.onlineStoreOwner()?.address ?? "http://127.0.0.1:6566"
        print(
            "Wrote \(self.file). A client with Feast's SDK has this feature_store.yaml beside it:"
        )
        print("  project: \(project)")
        print("  registry: \(URL(fileURLWithPath: self.file).lastPathComponent)")
        print("  online_store: {type: remote, path: \"\(address)\"}")
        print("  entity_key_serialization_version: 3")
    }

    /// Refuses to replace what would be missed.
    private func check(_ store: FeatureStore) throws(FeastRegistryError) {
        let own = URL(fileURLWithPath: store.configuration.registry, relativeTo: nil)
        let registry =
            store.configuration.registry.hasPrefix("/")
            ? own : URL(fileURLWithPath: "\(store.directory)/\(store.configuration.registry)")
        let path = URL(fileURLWithPath: self.file)
        guard path.resolvingSymlinksInPath().path != registry.resolvingSymlinksInPath().path else {
            throw FeastRegistryError(
                "\(self.file) is the registry of this repository; name another file"
            )
        }
        guard !self.force, FileManager.default.fileExists(atPath: self.file) else { return }
        guard let old = FileManager.default.contents(atPath: self.file),
            old.isEmpty || FeastImport.isRegistry(Array(old))
        else {
            throw FeastRegistryError(
                "\(self.file) is there and is no registry of Feast; name another file, or replace "
                    + "it with --force"
            )
        }
    }

    private struct Report: Encodable {
        let file: String
        let notes: [FeastNote]
    }
}

struct RegistryDumpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "registry-dump",
        abstract: "Print what is applied as JSON, in the form of Feast's command of that name."
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let export = try feastExport(of: try self.global.store())
        print(try reportingFailure { () throws(FeastRegistryError) in try export.json() })
    }
}

/// The definitions in force as a registry of Feast.
private func feastExport(of store: FeatureStore) throws -> FeastExport {
    let applied = try reportingFailure { () throws(FeatureStoreError) in
        try store.appliedRegistry()
    }
    guard let appliedAt = applied.appliedAt else {
        printError("error: nothing was applied yet; run `fstore apply`")
        throw ExitCode.failure
    }
    return try reportingFailure { () throws(FeastRegistryError) in
        try FeastExport(
            applied.repository,
            project: applied.project,
            version: applied.version,
            appliedAt: appliedAt
        )
    }
}
