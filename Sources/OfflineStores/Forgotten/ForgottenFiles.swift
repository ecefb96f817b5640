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
        let format: Int
        let isDone: Bool
        let time: Timestamp
        let tombstones: [Tombstone]
    }

    /// The format of the lines that this release writes.
    private static let newestFormat = 1

    // The first member of a line is its seal: the HMAC-SHA-256 of the rest under the secret.
    private static let sealHead = Array(#"{"_seal":""#.utf8)
    private static let sealEnd = Array(#"","#.utf8)

    /// A line with its seal.
    ///
    /// - Parameters:
    ///   - line: A JSON object with a member at least.
    ///   - key: The secret.
    /// - Returns: The object with one more member, its first.
    static func sealed(_ line: [UInt8], by key: TombstoneKey) -> [UInt8] {
        self.sealHead + Array(key.seal(of: line).utf8) + self.sealEnd + line.dropFirst()
    }

    /// Whether a line is what was written, with one of the secrets; one of a release without seals
    /// is as it is.
    private static func isWhole(_ line: [UInt8], _ secrets: [TombstoneKey]) -> Bool {
        guard line.starts(with: self.sealHead) else { return true }
        let rest = line.dropFirst(self.sealHead.count)
        guard let end = rest.firstIndex(of: UInt8(ascii: "\"")),
            rest[end...].starts(with: self.sealEnd)
        else { return false }
        let json = [UInt8(ascii: "{")] + rest[(end + self.sealEnd.count)...]
        return secrets.contains { $0.seal(of: json).utf8.elementsEqual(rest[..<end]) }
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
    private func entries(
        _ lines: [[UInt8]],
        _ secrets: [TombstoneKey]
    ) throws(OfflineStoreError) -> [Entry] {
        var entries: [Entry] = []
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        for (index, line) in lines.enumerated() {
            func refuse(_ reason: String, cause: (any Error)? = nil) -> OfflineStoreError {
                OfflineStoreError(
                    code: .inputOutput,
                    message: "line \(index + 1) of \(self.logPath) \(reason)",
                    cause: cause
                )
            }
            do {
                let entry = try decoder.decode(Entry.self, from: Data(line))
                guard entry.format <= Self.newestFormat else {
                    throw refuse(
                        "has the format \(entry.format), and this fstore knows formats up to "
                            + "\(Self.newestFormat); use a newer fstore"
                    )
                }
                guard Self.isWhole(line, secrets) else {
                    throw refuse(
                        "is damaged, or \(self.keyPath) is not the secret that it was written "
                            + "with, and so nobody knows which rows must not come back; put both "
                            + "files back from a backup"
                    )
                }
                entries.append(entry)
            } catch let error as OfflineStoreError {
                throw error
            } catch {
                throw refuse(
                    "is damaged, and so nobody knows which rows must not come back; put the file "
                        + "back from a backup",
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
        guard !lines.isEmpty else { return Contents() }
        let secrets = try self.secrets()
        guard !secrets.isEmpty else {
            throw OfflineStoreError(
                code: .inputOutput,
                message: "\(self.keyPath) is gone, and without it nobody knows which rows must not "
                    + "come back; put it back from a backup, such as forget.key of a snapshot"
            )
        }
        let entries = try self.entries(lines, secrets)
        return Contents(lines: lines, entries: entries, secrets: secrets)
    }

    /// What both files hold.
    struct Contents {
        var lines: [[UInt8]] = []
        var entries: [Entry] = []
        var secrets: [TombstoneKey] = []

        /// Takes up what another project or snapshot remembers; what is here comes first.
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
