import FeatureModel
import Foundation
import Glibc
import NativeStorage

/// The two files in which a project, or a snapshot, remembers what was forgotten; drawn in
/// ForgottenEntities.swift.
package struct ForgottenFiles: Sendable {
    /// The names of both, the secrets first: tombstones say nothing without them.
    package static let names = [keyName, logName]
    private static let logName = "forgotten.jsonl"
    private static let keyName = "forget.key"

    /// The file of the receipts.
    package let logPath: String
    /// The file of the secrets.
    package let keyPath: String

    /// - Parameter folder: The folder in which they lie, if they are there.
    package init(folder: String) {
        self.logPath = "\(folder)/\(Self.logName)"
        self.keyPath = "\(folder)/\(Self.keyName)"
    }

    /// What the file system says of the receipts; `nil` when there are none.
    var stamp: FileStamp? {
        FileStamp(path: self.logPath).flatMap { $0.size > 0 ? $0 : nil }
    }

    /// One line of the log, as far as it is about tombstones.
    struct Entry: Decodable {
        let isDone: Bool
        let time: Timestamp
        let tombstones: [Tombstone]
    }

    /// All lines, oldest first; one that a crash has cut short does not count.
    func lines() throws(OfflineStoreError) -> [[UInt8]] {
        guard let data = FileManager.default.contents(atPath: self.logPath) else {
            guard unsafe access(self.logPath, F_OK) == 0 else { return [] }
            throw OfflineStoreError(
                code: .inputOutput,
                message: "\(self.logPath) cannot be read, and so nobody knows which rows must not "
                    + "come back; run fstore as the user who owns it"
            )
        }
        let end = data.lastIndex(of: UInt8(ascii: "\n")) ?? data.startIndex
        return data[..<end].split(separator: UInt8(ascii: "\n")).map { Array($0) }
    }

    /// What the lines say.
    func entries(_ lines: [[UInt8]]) throws(OfflineStoreError) -> [Entry] {
        var entries: [Entry] = []
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        for (index, line) in lines.enumerated() {
            do {
                entries.append(try decoder.decode(Entry.self, from: Data(line)))
            } catch {
                throw OfflineStoreError(
                    code: .inputOutput,
                    message: "line \(index + 1) of \(self.logPath) is damaged, and so nobody knows "
                        + "which rows must not come back; put the file back from a backup",
                    cause: error
                )
            }
        }
        return entries
    }

    /// The secrets, the one for new tombstones first; none when there is no file.
    func secrets() throws(OfflineStoreError) -> [TombstoneKey] {
        guard let data = FileManager.default.contents(atPath: self.keyPath) else {
            guard unsafe access(self.keyPath, F_OK) == 0 else { return [] }
            throw OfflineStoreError(
                code: .inputOutput,
                message: "\(self.keyPath) cannot be read, and without it nobody knows which rows "
                    + "must not come back; run fstore as the user who owns it"
            )
        }
        let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        let secrets = lines.map { bytes(ofHexadecimal: String($0)) }
        guard !secrets.isEmpty, secrets.allSatisfy({ $0.count == TombstoneKey.size }) else {
            throw OfflineStoreError(
                code: .inputOutput,
                message: "\(self.keyPath) is damaged, and without it nobody knows which rows must "
                    + "not come back; put it back from a backup"
            )
        }
        return secrets.map { TombstoneKey($0) }
    }

    /// Everything that is remembered.
    ///
    /// - Throws: Also when there are lines and no secret.
    func contents() throws(OfflineStoreError) -> Contents {
        let lines = try self.lines()
        let contents = Contents(
            lines: lines,
            entries: try self.entries(lines),
            secrets: lines.isEmpty ? [] : try self.secrets()
        )
        guard lines.isEmpty || !contents.secrets.isEmpty else {
            throw OfflineStoreError(
                code: .inputOutput,
                message: "\(self.keyPath) is gone, and without it nobody knows which rows must not "
                    + "come back; put it back from a backup, such as forget.key of a snapshot"
            )
        }
        return contents
    }

    /// What both files hold.
    struct Contents {
        var lines: [[UInt8]] = []
        var entries: [Entry] = []
        var secrets: [TombstoneKey] = []

        /// Takes up what another project or snapshot remembers; what is here stays, and comes first.
        ///
        /// - Returns: Whether anything was not known here.
        mutating func add(_ other: Contents) -> Bool {
            let known = Set(self.lines)
            for (line, entry) in zip(other.lines, other.entries) where !known.contains(line) {
                self.lines.append(line)
                self.entries.append(entry)
            }
            let isNew = self.lines.count > known.count
            self.secrets += other.secrets.filter { !self.secrets.contains($0) }
            return isNew
        }

        /// The tombstones, without those that had been obeyed where others say that they were done.
        func tombstones(notDoneIn others: [Entry] = []) -> Tombstones {
            struct Done: Hashable {
                let tombstone: Tombstone
                let time: Timestamp
            }
            let done = Set(
                others.filter(\.isDone).flatMap { entry in
                    entry.tombstones.map { Done(tombstone: $0, time: entry.time) }
                }
            )
            var tombstones = Tombstones(keys: self.secrets)
            for entry in self.entries {
                for tombstone in entry.tombstones
                where !done.contains(Done(tombstone: tombstone, time: entry.time)) {
                    tombstones.add(tombstone, time: entry.time)
                }
            }
            return tombstones
        }

        /// The bytes of the log.
        var logBytes: [UInt8] { self.lines.flatMap { $0 + [UInt8(ascii: "\n")] } }

        /// The bytes of the file of the secrets.
        var keyBytes: [UInt8] { self.secrets.flatMap(\.line) }
    }
}
