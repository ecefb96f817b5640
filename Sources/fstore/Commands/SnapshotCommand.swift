import ArgumentParser
import FeatureDefinitions
import FeatureStoreKit
import Foundation

struct SnapshotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Copy the whole state of the project into a folder, while it is served.",
        discussion: """
            The folder gets the registry, the online rows, the pushed rows, the saved datasets, \
            what was forgotten and feature_store.yaml as they were at one moment, and a manifest \
            with the hash of each file. It must not be there yet, or be empty, and is there as a \
            whole or not at all. Sources and tokens are not in it. `fstore verify --snapshot DIR` \
            proves it whole.
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: ArgumentHelp("The new folder.", valueName: "dir"))
    var directory: String

    func run() throws {
        let access = try self.global.access()
        let manifest = try reportingFailure { () throws(FeatureStoreError) in
            // Before the work, not after it.
            _ = try SnapshotTarget(self.directory)
            return try access.stageSnapshot()
                .publish(to: self.directory, program: FStore.version)
        }
        if self.global.json {
            print(try jsonText(manifest))
        } else {
            print("\(self.directory): \(manifest.summary)")
        }
    }
}

struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put a snapshot in the place of the project's files.",
        discussion: """
            The hash of each file is compared first. Files that are there are only replaced with \
            --replace, and not while somebody has the online store open. A restore that is \
            interrupted leaves the old state or the new one. A folder without feature_store.yaml \
            gets the snapshot's. Rows of entities that were forgotten since the snapshot are not \
            put in place, and what was forgotten stays forgotten.
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The folder of the snapshot.")
    var snapshot: String

    @Flag(help: "Replace the project's files that are there.")
    var replace = false

    func run() throws {
        try self.takeConfiguration()
        let store = try self.global.store()
        let report = try reportingFailure { () throws(FeatureStoreError) in
            try store.restore(from: self.snapshot, replacing: self.replace)
        }
        if self.global.json {
            print(try jsonText(report))
        } else {
            if let forgotten = report.forgotten {
                for line in forgotten.removed(verb: "left out, as forgotten") { print(line) }
            }
            print("Restored \(report.manifest.summary)")
        }
    }

    /// Gives a folder that is no repository yet the configuration of the snapshot.
    private func takeConfiguration() throws {
        let files = FileManager.default
        let path = "\(self.global.chdir)/feature_store.yaml"
        guard !files.fileExists(atPath: path) else { return }
        try reportingFailure {
            let manifest = try SnapshotManifest(ofSnapshotAt: self.snapshot)
            let source = "\(self.snapshot)/feature_store.yaml"
            guard files.fileExists(atPath: source) else {
                throw FeatureStoreError(
                    code: .invalidArgument,
                    message: "neither \(self.global.chdir) nor the snapshot has a "
                        + "feature_store.yaml; write one for the project "
                        + "\"\(manifest.project)\" first"
                )
            }
            try files.createDirectory(
                atPath: self.global.chdir,
                withIntermediateDirectories: true
            )
            try files.copyItem(atPath: source, toPath: path)
        }
    }
}

extension SnapshotManifest {
    /// What is in it, on a line.
    var summary: String {
        "project \(self.project), registry version \(self.registryVersion), taken "
            + "\(self.created), \(counted(self.files.count, "file")), "
            + counted(self.size, "byte")
    }
}

/// What the configuration says that a snapshot was taken of, or that of a repository; `nil` when it
/// is not there.
func storedConfiguration(
    at path: String
) throws(DiagnosticsError) -> ProjectConfiguration? {
    guard FileManager.default.fileExists(atPath: "\(path)/feature_store.yaml") else { return nil }
    return try LoadedRepository(configurationIn: path).configuration
}

/// A path from the root, for one that may be relative to where the program was started.
func absolutePath(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.path
}
