import FeatureStoreKit
import Foundation

/// Why no repository was made.
struct NewRepositoryError: Error {
    let message: String
}

/// A repository that `fstore init` makes.
struct NewRepository {
    /// What a project keeps below `data`: state, and secrets, which belong into no repository.
    private static let ignoredFiles = [
        "registry.db*", "online*", ".online*", "offline.db*", "pushed.db*", "saved_datasets/",
        "audit.jsonl*", "forget*", "tokens.json",
    ]

    let directory: String
    /// The newest time of the sample data.
    let now: Timestamp

    /// Writes the files.
    ///
    /// - Throws: ``NewRepositoryError`` when the folder holds something already, or cannot be
    /// written.
    func write(_ template: InitCommand.Template) throws {
        let files = FileManager.default
        if let names = try? files.contentsOfDirectory(atPath: self.directory), !names.isEmpty {
            throw NewRepositoryError(
                message: "\(self.directory) is not empty; name a folder that does not exist yet"
            )
        }
        guard !files.fileExists(atPath: self.directory) || self.isFolder else {
            throw NewRepositoryError(
                message: "\(self.directory) is a file; name a folder that does not exist yet"
            )
        }
        var contents = [
            "feature_store.yaml": self.configuration,
            ".gitignore": Self.ignoredFiles.map { "data/\($0)\n" }.joined(),
        ]
        if template == .local {
            let sample = DriverStatistics(end: self.now)
            contents["driver.yaml"] = DriverStatistics.definitions
            contents["data/driver_stats.csv"] = sample.history
            contents["data/entities.csv"] = sample.entityRows
        }
        do {
            for (name, text) in contents {
                let path = URL(fileURLWithPath: "\(self.directory)/\(name)")
                try files.createDirectory(
                    at: path.deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                try Data(text.utf8).write(to: path)
            }
        } catch {
            throw NewRepositoryError(
                message: "\(self.directory) cannot be made: \(reason(of: error)); "
                    + "name another folder"
            )
        }
    }

    private var isFolder: Bool {
        (try? FileManager.default.contentsOfDirectory(atPath: self.directory)) != nil
    }

    private var configuration: String {
        """
        project: \(self.project)
        registry: data/registry.db
        offline_store: { type: sqlite, path: data/offline.db }
        online_store: { type: rocksdb, path: data/online }

        """
    }

    /// The folder's name, with what a project's name may not hold replaced.
    private var project: String {
        let name = URL(fileURLWithPath: self.directory).standardizedFileURL.lastPathComponent
        let allowed = name.map { character in
            character.isASCII && (character.isLetter || character.isNumber) ? character : "_"
        }
        let trimmed = allowed.drop { $0 == "_" }
        return trimmed.isEmpty ? "feature_repo" : String(trimmed)
    }
}
