import FeatureModel
import FeatureRegistry
import Foundation
import Glibc
import NativeStorage
import OfflineStores

/// The folder of a project's saved datasets: a folder a set, which is there as a whole or not.
///
/// A set is written into a hidden folder and then gets its name. One that is replaced lies aside in
/// between, as `.NAME.replaced`; should the program die at that moment, the next look puts it back.
/// Whoever gives or takes names holds the file `.lock`.
struct SavedDatasetFolder {
    static let manifestName = "manifest.json"
    static let trainingSetName = "training_set.csv"
    static let entityRowsName = "entity_rows.csv"
    /// All files of a set.
    static let fileNames = [manifestName, trainingSetName, entityRowsName]
    /// The longest name; a file system takes 255 bytes, with what is put around it.
    private static let maximumNameBytes = 200

    let path: String
    /// Whether nothing may be written here, such as in a snapshot.
    var isReadOnly = false

    func path(of name: String) -> String { "\(self.path)/\(name)" }

    func path(of file: String, in name: String) -> String { "\(self.path)/\(name)/\(file)" }

    /// Refuses what cannot be the name of a set.
    static func check(name: String) throws(FeatureStoreError) {
        var reason: String?
        if name.isEmpty {
            reason = "is empty"
        } else if name.hasPrefix(".") {
            reason = "begins with a dot"
        } else if name.utf8.count > Self.maximumNameBytes {
            reason = "is longer than \(Self.maximumNameBytes) bytes"
        } else if let scalar = name.unicodeScalars.first(where: {
            "/:@,".unicodeScalars.contains($0)
        }) {
            reason = "has a \"\(scalar)\" in it"
        } else if name.unicodeScalars.contains(where: {
            $0.properties.generalCategory == .control
        }) {
            reason = "has a control character in it"
        }
        guard let reason else { return }
        throw FeatureStoreError(
            code: .invalidArgument,
            message: "the name \"\(name)\" of a saved dataset \(reason); use letters, digits and "
                + "underscores"
        )
    }

    /// The names of all sets, ascending.
    func names() throws(FeatureStoreError) -> [String] {
        guard self.exists(self.path) else { return [] }
        // While the lock is held no set is on its way from one name to the other.
        return try self.lockedForReading { () throws(FeatureStoreError) in
            do {
                let files = FileManager.default
                for name in try files.contentsOfDirectory(atPath: self.path) {
                    guard name.hasPrefix("."), name.hasSuffix(Self.replacedSuffix) else { continue }
                    self.recover(String(name.dropFirst().dropLast(Self.replacedSuffix.count)))
                }
                return try files.contentsOfDirectory(atPath: self.path).filter { name in
                    !name.hasPrefix(".") && self.exists(self.path(of: Self.manifestName, in: name))
                }
                .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            } catch {
                throw Self.failure("the saved datasets in \(self.path) cannot be read", error)
            }
        }
    }

    /// Whether there is a set of that name.
    func contains(_ name: String) throws(FeatureStoreError) -> Bool {
        let manifest = self.path(of: Self.manifestName, in: name)
        if self.exists(manifest) { return true }
        guard self.exists(self.path) else { return false }
        // It may be on its way from one name to the other.
        return try self.lockedForReading { () throws(FeatureStoreError) in
            self.recover(name)
            return self.exists(manifest)
        }
    }

    /// Refuses the name of a set that there is not.
    ///
    /// - Throws: `invalidArgument` with the nearest names when there is none.
    func checkIsThere(_ name: String) throws(FeatureStoreError) {
        try Self.check(name: name)
        guard try self.contains(name) else {
            let names = try self.names()
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "there is no saved dataset \"\(name)\"; "
                    + (names.isEmpty
                        ? "get-historical-features keeps a set with --save-as"
                        : suggestion(for: name, among: names, noun: "saved dataset"))
            )
        }
    }

    /// What is known of a set.
    ///
    /// - Throws: `invalidArgument` with the nearest names when there is none.
    func manifest(of name: String) throws(FeatureStoreError) -> SavedDataset {
        try self.checkIsThere(name)
        let path = self.path(of: Self.manifestName, in: name)
        do {
            var data = try? Data(contentsOf: URL(fileURLWithPath: path))
            if data == nil, try self.contains(name) {
                // It was replaced between the two looks.
                data = try Data(contentsOf: URL(fileURLWithPath: path))
            }
            guard let data else { throw CocoaError(.fileReadNoSuchFile) }
            let decoder = JSONDecoder()
            let format = try decoder.decode(SavedDatasetFormat.self, from: data).format
            guard format <= SavedDatasetFormat.newest else {
                throw FeatureStoreError(
                    code: .corruptData,
                    message:
                        "\(path) has the format \(format), and this fstore knows formats up to "
                        + "\(SavedDatasetFormat.newest); use a newer fstore"
                )
            }
            // Manifests of the first format had no seal.
            let json = format == 1 ? Array(data) : SealedJSON.unsealed(Array(data))
            guard let json else { throw CocoaError(.coderReadCorrupt) }
            return try decoder.decode(SavedDataset.self, from: Data(json))
        } catch let error as FeatureStoreError {
            throw error
        } catch {
            throw FeatureStoreError(
                code: .corruptData,
                message: "\(path) is damaged or no manifest of a saved dataset; put a copy of it "
                    + "back, or delete the dataset (fstore saved-datasets delete \(name))",
                cause: error
            )
        }
    }

    /// The bytes of a file of a set, after a look that they are those that were saved.
    func checkedBytes(
        of file: SavedDataset.File,
        in name: String
    ) throws(FeatureStoreError) -> [UInt8] {
        let path = self.path(of: file.name, in: name)
        let bytes: [UInt8]
        do {
            bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw FeatureStoreError(
                code: .unavailable,
                message: "\(path) cannot be read: \(error)",
                cause: error
            )
        }
        guard bytes.count == file.size, ContentHash.text(of: bytes) == file.sha256 else {
            throw FeatureStoreError(
                code: .corruptData,
                message:
                    "\(path) is not what was saved: it was changed or damaged since; delete the "
                    + "dataset, or put a copy of the file back"
            )
        }
        return bytes
    }

    /// Gives the files of all sets a second name in another folder, which is made when there are
    /// any.
    func link(to folder: String) throws(FeatureStoreError) {
        guard self.exists(self.path) else { return }
        let names = try self.names()
        try self.lockedForReading { () throws(FeatureStoreError) in
            try inFiles { () throws(FileError) in
                for name in names where self.exists(self.path(of: Self.manifestName, in: name)) {
                    try makeFolder("\(folder)/\(name)")
                    for file in try FileTree.files(in: self.path(of: name)) {
                        let target = "\(folder)/\(name)/\(file)"
                        try FileTree.link(self.path(of: file, in: name), to: target)
                    }
                }
            }
        }
    }

    // MARK: Writing

    /// Makes a hidden folder to write a set into; it is removed when `body` throws.
    func writing(
        _ name: String,
        replacing: Bool,
        _ body: (String) throws(FeatureStoreError) -> Void
    ) throws(FeatureStoreError) {
        self.removeLeftovers(of: name)
        let folder = self.hiddenPath(of: name)
        do {
            try makeFolder(folder)
        } catch {
            throw FeatureStoreError(code: .unavailable, message: error.message, cause: error)
        }
        do throws(FeatureStoreError) {
            try body(folder)
            try self.place(folder, as: name, replacing: replacing)
        } catch {
            try? FileManager.default.removeItem(atPath: folder)
            throw error
        }
    }

    /// Removes a set.
    func remove(_ name: String) throws(FeatureStoreError) {
        let aside = self.hiddenPath(of: name)
        try self.locked { () throws(FeatureStoreError) in
            try self.rename(self.path(of: name), to: aside)
        }
        do {
            try FileManager.default.removeItem(atPath: aside)
        } catch {
            throw Self.failure("\(aside) cannot be removed; remove it by hand", error)
        }
    }

    /// A folder that nobody else has, and that tells which process made it.
    private func hiddenPath(of name: String) -> String {
        self.path(of: ".\(name)\(Self.writingMark)\(getpid())-\(UUID().uuidString.prefix(8))")
    }

    private func place(
        _ folder: String,
        as name: String,
        replacing: Bool
    ) throws(FeatureStoreError) {
        let target = self.path(of: name)
        let aside = self.path(of: ".\(name)\(Self.replacedSuffix)")
        try self.locked { () throws(FeatureStoreError) in
            self.recover(name)
            let isThere = self.exists(target)
            guard replacing || !isThere else { throw Self.exists(name) }
            if isThere { try self.rename(target, to: aside) }
            do throws(FeatureStoreError) {
                try self.rename(folder, to: target)
            } catch {
                self.recover(name)
                throw error
            }
            // Under the lock, so that nobody takes it for one whose replacement never came.
            if isThere { try? FileManager.default.removeItem(atPath: aside) }
        }
    }

    /// The error for a name that is taken.
    static func exists(_ name: String) -> FeatureStoreError {
        FeatureStoreError(
            code: .invalidArgument,
            message:
                "there is a saved dataset \"\(name)\" already; choose another name, or replace "
                + "it (--replace)"
        )
    }

    /// Puts a set back that was set aside and whose replacement never came; under the lock.
    private func recover(_ name: String) {
        let aside = self.path(of: ".\(name)\(Self.replacedSuffix)")
        guard self.exists(aside) else { return }
        if self.exists(self.path(of: name)) {
            try? FileManager.default.removeItem(atPath: aside)
        } else {
            try? self.rename(aside, to: self.path(of: name))
        }
    }

    /// What programs that were killed left of sets.
    ///
    /// - Parameter name: The name of a set; `nil` for all.
    /// - Returns: Their folders, each with its size in bytes.
    func leftovers(of name: String? = nil) -> [(path: String, bytes: Int)] {
        var leftovers: [(path: String, bytes: Int)] = []
        for folder in NativeStorage.fileNames(in: self.path) where folder.hasPrefix(".") {
            guard let mark = folder.firstRange(of: Self.writingMark),
                name == nil || folder[..<mark.lowerBound].dropFirst() == name ?? "",
                let writer = pid_t(folder[mark.upperBound...].prefix { $0 != "-" }),
                kill(writer, 0) != 0, errno == ESRCH
            else { continue }
            let path = self.path(of: folder)
            let bytes = NativeStorage.fileNames(in: path).reduce(0) { sum, file in
                sum + (FileStamp(path: "\(path)/\(file)")?.size ?? 0)
            }
            leftovers.append((path, bytes))
        }
        return leftovers
    }

    /// Removes what programs that were killed left of a set, or of all.
    func removeLeftovers(of name: String? = nil) {
        for leftover in self.leftovers(of: name) {
            try? FileManager.default.removeItem(atPath: leftover.path)
        }
    }

    /// Runs a step under the lock; where nobody here may write, nobody here moves anything either,
    /// and there is none.
    private func lockedForReading<Result>(
        _ body: () throws(FeatureStoreError) -> Result
    ) throws(FeatureStoreError) -> Result {
        guard !self.isReadOnly, unsafe access(self.path, W_OK) == 0 else { return try body() }
        return try self.locked(body)
    }

    /// Runs a step under the lock.
    private func locked<Result>(
        _ body: () throws(FeatureStoreError) -> Result
    ) throws(FeatureStoreError) -> Result {
        let lock = try self.lock()
        let result = try body()
        _ = consume lock
        return result
    }

    /// Takes the lock, which others hold for instants only.
    private func lock() throws(FeatureStoreError) -> FileLock {
        var failure: FileLockError?
        for _ in 0..<100 {
            do {
                return try FileLock.acquire(path: self.path(of: ".lock"))
            } catch {
                failure = error
                guard error.holder != nil else { break }
                usleep(20_000)
            }
        }
        throw FeatureStoreError(
            code: failure?.holder == nil ? .unavailable : .conflict,
            message: "the lock \(self.path(of: ".lock")) of the saved datasets cannot be taken: "
                + (failure.map { "\($0)" } ?? "it is held"),
            cause: failure
        )
    }

    /// Renames a folder, and makes that last.
    private func rename(_ old: String, to new: String) throws(FeatureStoreError) {
        guard unsafe Glibc.rename(old, new) == 0 else {
            let reason = unsafe String(cString: strerror(errno))
            throw FeatureStoreError(
                code: .unavailable,
                message: "\(old) cannot be renamed to \(new): \(reason)"
            )
        }
        synchronizeFolder(self.path)
    }

    private func exists(_ path: String) -> Bool {
        unsafe access(path, F_OK) == 0
    }

    private static let replacedSuffix = ".replaced"
    private static let writingMark = ".writing-"

    private static func failure(_ what: String, _ error: any Error) -> FeatureStoreError {
        FeatureStoreError(code: .unavailable, message: "\(what): \(error)", cause: error)
    }
}

/// The version of a manifest's format, which is looked at before all else.
struct SavedDatasetFormat: Decodable {
    static let newest = 2

    let format: Int
}
