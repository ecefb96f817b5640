import FeatureModel
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
    /// The longest name; a file system takes 255 bytes, with what is put around it.
    private static let maximumNameBytes = 200

    let path: String

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
        do {
            for name in try FileManager.default.contentsOfDirectory(atPath: self.path) {
                guard name.hasPrefix("."), name.hasSuffix(Self.replacedSuffix) else { continue }
                try self.recover(String(name.dropFirst().dropLast(Self.replacedSuffix.count)))
            }
            return try FileManager.default.contentsOfDirectory(atPath: self.path)
                .filter { name in
                    !name.hasPrefix(".") && self.exists(self.path(of: Self.manifestName, in: name))
                }
                .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        } catch let error as FeatureStoreError {
            throw error
        } catch {
            throw Self.failure("the saved datasets in \(self.path) cannot be read", error)
        }
    }

    /// Whether there is a set of that name.
    func contains(_ name: String) throws(FeatureStoreError) -> Bool {
        try self.recover(name)
        return self.exists(self.path(of: Self.manifestName, in: name))
    }

    /// What is known of a set.
    ///
    /// - Throws: `invalidArgument` with the nearest names when there is none.
    func manifest(of name: String) throws(FeatureStoreError) -> SavedDataset {
        try Self.check(name: name)
        guard try self.contains(name) else {
            let names = try self.names()
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "there is no saved dataset \"\(name)\"; "
                    + suggestion(for: name, among: names, noun: "saved dataset")
            )
        }
        let path = self.path(of: Self.manifestName, in: name)
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            return try JSONDecoder().decode(SavedDataset.self, from: data)
        } catch {
            throw FeatureStoreError(
                code: .corruptData,
                message: "\(path) is damaged, or of a newer fstore: \(error)",
                cause: error
            )
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
        let folder = self.path(of: ".\(name).writing-\(getpid())")
        do {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true
            )
        } catch {
            throw Self.failure("the folder \(folder) cannot be made", error)
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
        let aside = self.path(of: ".\(name).writing-\(getpid())")
        let lock = try self.lock()
        try self.rename(self.path(of: name), to: aside)
        _ = consume lock
        do {
            try FileManager.default.removeItem(atPath: aside)
        } catch {
            throw Self.failure("\(aside) cannot be removed; remove it by hand", error)
        }
    }

    private func place(
        _ folder: String,
        as name: String,
        replacing: Bool
    ) throws(FeatureStoreError) {
        let target = self.path(of: name)
        let aside = self.path(of: ".\(name)\(Self.replacedSuffix)")
        let lock = try self.lock()
        self.recoverLocked(name)
        let isThere = self.exists(target)
        guard replacing || !isThere else { throw Self.exists(name) }
        if isThere { try self.rename(target, to: aside) }
        do throws(FeatureStoreError) {
            try self.rename(folder, to: target)
        } catch {
            self.recoverLocked(name)
            throw error
        }
        _ = consume lock
        if isThere { try? FileManager.default.removeItem(atPath: aside) }
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

    /// Puts a set back that was set aside and whose replacement never came.
    private func recover(_ name: String) throws(FeatureStoreError) {
        guard self.exists(self.path(of: ".\(name)\(Self.replacedSuffix)")),
            !self.exists(self.path(of: name))
        else { return }
        let lock = try self.lock()
        self.recoverLocked(name)
        _ = consume lock
    }

    private func recoverLocked(_ name: String) {
        let aside = self.path(of: ".\(name)\(Self.replacedSuffix)")
        guard self.exists(aside) else { return }
        if self.exists(self.path(of: name)) {
            try? FileManager.default.removeItem(atPath: aside)
        } else {
            try? self.rename(aside, to: self.path(of: name))
        }
    }

    /// Removes what programs that were killed left of sets with this name.
    private func removeLeftovers(of name: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: self.path)) ?? []
        let prefix = ".\(name).writing-"
        for leftover in names where leftover.hasPrefix(prefix) {
            guard let writer = pid_t(leftover.dropFirst(prefix.count)), kill(writer, 0) != 0,
                errno == ESRCH
            else { continue }
            try? FileManager.default.removeItem(atPath: self.path(of: leftover))
        }
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
        let descriptor = unsafe open(self.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private func exists(_ path: String) -> Bool {
        unsafe access(path, F_OK) == 0
    }

    private static let replacedSuffix = ".replaced"

    private static func failure(_ what: String, _ error: any Error) -> FeatureStoreError {
        FeatureStoreError(code: .unavailable, message: "\(what): \(error)", cause: error)
    }
}
