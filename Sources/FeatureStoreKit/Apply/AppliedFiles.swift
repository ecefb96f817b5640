package import FeatureModel
import FeatureRegistry
import Foundation
import NativeStorage
import OfflineStores

/// What an apply was given, as it was, and the version of the registry that it led to.
///
/// A file beside the registry has it. While nothing of it changes, another apply would read all
/// definitions and sources only to find that there is nothing to do.
package struct AppliedFiles: Codable, Sendable {
    /// The release of fstore: another one may see problems where this one has seen none.
    private let program: String
    private let directory: String
    private let configuration: ProjectConfiguration
    private var files: ReadFiles
    /// The state of the registry afterwards; `nil` before.
    private var state: RegistryState?

    fileprivate init(program: String, store: FeatureStore, files: ReadFiles) {
        self.program = program
        self.directory = store.directory
        self.configuration = store.configuration
        self.files = files
    }

    /// Looks at the files of the sources, before they are read.
    package mutating func add(_ repository: FeatureRepository, of store: FeatureStore) {
        self.files.add(repository.dataSources, of: store.sources)
    }

    /// Whether these are the files of an apply that led to that state.
    fileprivate func areSame(
        as before: AppliedFiles,
        state: RegistryState,
        reader: SourceReader
    ) -> Bool {
        self.program == before.program && self.directory == before.directory
            && self.configuration == before.configuration
            && before.state == state
            && self.files.areSame(as: before.files, reader: reader)
    }

    /// These files, as those that led to a state.
    fileprivate func leading(to state: RegistryState) -> AppliedFiles {
        var files = self
        files.state = state
        return files
    }
}

extension FeatureStore {
    /// Looks at the files of the repository, before they are read.
    ///
    /// - Parameters:
    ///   - paths: The absolute paths of the files with definitions and with the configuration.
    ///   - program: The release of fstore.
    /// - Returns: How they are, without the sources.
    package func filesToApply(_ paths: [String], program: String) -> AppliedFiles {
        AppliedFiles(program: program, store: self, files: ReadFiles(paths: paths))
    }

    /// The registry's version, when files were applied that led to it and are as they were then.
    ///
    /// - Returns: `nil` also when that is not known.
    package func appliedVersion(of files: AppliedFiles) -> Int? {
        guard let data = FileManager.default.contents(atPath: self.paths.appliedFiles),
            let before = try? JSONDecoder().decode(AppliedFiles.self, from: data),
            let state = try? self.registry.currentState(),
            files.areSame(as: before, state: state, reader: self.sources)
        else { return nil }
        return state.version
    }

    /// Keeps what a plan without any problem was made from, when it is in force.
    ///
    /// - Parameters:
    ///   - files: What was looked at before it was read, with the sources.
    ///   - version: The version of the registry that the plan led to.
    package func remember(_ files: AppliedFiles, version: Int) {
        guard let state = try? self.registry.currentState(), state.version == version,
            let data = try? JSONEncoder().encode(files.leading(to: state))
        else { return }
        // Without the file, the next apply reads everything.
        try? FileTree.write(Array(data), to: self.paths.appliedFiles)
    }
}
