import FeastRegistry
import FeatureDefinitions
import FeatureModel
import Foundation

/// A repository that `fstore import-feast` makes.
struct ImportedRepository {
    private let imported: FeastImport
    /// The name of the registry file, for people.
    private let origin: String

    init(_ imported: FeastImport, origin: String) {
        self.imported = imported
        self.origin = URL(fileURLWithPath: origin).lastPathComponent
    }

    /// Writes the files, all of them or none.
    ///
    /// - Throws: ``NewRepositoryError`` when the folder holds something already, cannot be written,
    ///   or would not read back as what was imported.
    func write(to directory: String) throws {
        let files = FileManager.default
        let target = URL(fileURLWithPath: directory).standardizedFileURL
        let isThere = files.fileExists(atPath: target.path)
        if isThere {
            guard let names = try? files.contentsOfDirectory(atPath: target.path) else {
                throw NewRepositoryError(
                    message: "\(directory) is a file; name a folder that does not exist yet"
                )
            }
            guard names.isEmpty else {
                throw NewRepositoryError(
                    message: "\(directory) is not empty; name a folder that does not exist yet"
                )
            }
        }
        let draft = target.deletingLastPathComponent()
            .appendingPathComponent(".\(target.lastPathComponent).\(UUID().uuidString)")
        defer { try? files.removeItem(at: draft) }
        do {
            for (name, text) in try self.contents() {
                let path = draft.appendingPathComponent(name)
                try files.createDirectory(
                    at: path.deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                try Data(text.utf8).write(to: path)
            }
            try files.createDirectory(
                at: draft.appendingPathComponent("data"),
                withIntermediateDirectories: true
            )
            try self.check(draft.path)
            if isThere {
                try files.removeItem(at: target)
            }
            try files.moveItem(at: draft, to: target)
        } catch let error as NewRepositoryError {
            throw error
        } catch {
            throw NewRepositoryError(
                message: "\(directory) cannot be made: \(reason(of: error)); name another folder"
            )
        }
    }

    /// What was written must be what was imported.
    private func check(_ directory: String) throws {
        let read: FeatureRepository
        do {
            read = try LoadedRepository(directory: directory).repository
        } catch {
            throw NewRepositoryError(
                message: "the definitions do not read back, which is a mistake of fstore:\n\(error)"
            )
        }
        guard read == self.imported.repository else {
            throw NewRepositoryError(
                message: "the definitions read back as others, which is a mistake of fstore"
            )
        }
    }

    private func contents() throws -> [String: String] {
        let configuration = ProjectConfiguration(
            project: self.imported.project,
            offlineStore: .sqlite(path: "data/offline.db"),
            allowedPaths: self.foreignFolders
        )
        let writer = RepositoryWriter()
        var contents = [
            "feature_store.yaml": try writer.text(of: configuration),
            ".gitignore": "data/registry.db*\ndata/online*\ndata/offline.db*\n",
        ]
        let definitions = try writer.text(of: self.imported.repository)
        if !definitions.isEmpty {
            contents["definitions.yaml"] = self.header + definitions
        }
        var taken: Set<String> = []
        for (name, text) in self.imported.code.sorted(by: { $0.key < $1.key }) {
            let word = name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
            var file = String(word)
            while !taken.insert(file).inserted {
                file += "_"
            }
            contents["from_feast/\(file).py"] = text
        }
        return contents
    }

    /// The folders of the files that sources name by absolute paths.
    private var foreignFolders: [String] {
        var folders: Set<String> = []
        for source in self.imported.repository.dataSources {
            let path: String? =
                switch source.kind {
                case .csv(let options): options.path
                case .sqlite(let options): options.path
                case .push, .request: nil
                }
            guard let path, path.hasPrefix("/") else { continue }
            // The letters of a pattern are no names of folders.
            let plain = path.prefix { !"*?[".contains($0) }
            folders.insert(plain.lastIndex(of: "/").map { String(plain[..<$0]) } ?? "/")
        }
        return folders.map { $0.isEmpty ? "/" : $0 }.sorted()
    }

    /// A comment that says where the definitions come from.
    private var header: String {
        var text = "Imported from \(self.origin), a registry of Feast."
        if !self.imported.description.isEmpty {
            text += " The project: \(self.imported.description)"
        }
        let line = text.unicodeScalars.map { scalar in
            scalar.isASCII && scalar.value >= 0x20 && scalar.value < 0x7f ? Character(scalar) : " "
        }
        return "# \(String(line))\n\n"
    }
}
