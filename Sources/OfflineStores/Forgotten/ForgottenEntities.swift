import FeatureModel
import Foundation
import Glibc
package import NativeStorage
import Synchronization

// Beside the registry lie
//
//   forgotten.jsonl   what was forgotten: two JSON objects a line for each forgetting, one when it
//                     begins, with its tombstones, and one when it is done, with what was removed
//   forget.key        the secret of the tombstones, 64 hexadecimal digits, for its owner alone; on
//                     lines of their own behind it those of projects whose snapshots were restored
//   forget.lock       see below; empty
//
// Each line begins with a seal, which tells a changed byte, and another project's secret. A line is
// never changed or removed, so the size of forgotten.jsonl numbers its states. Whoever reads rows
// to keep something of them (a load, a push, a training set, a cache) shares a lock on the byte of
// forget.lock at that number, and goes by the tombstones of that state. A forgetting adds its
// tombstones and then waits for the bytes before the new size: for all who do not know them yet,
// and for nobody else. Then nothing can bring back what it removes.

/// What a project has forgotten, for all processes that use it.
package final class ForgottenEntities: Sendable {
    /// The byte that a forgetting holds, so that there is one at a time.
    private static let turn: Range<Int64> = 1 << 40..<(1 << 40) + 1

    let files: ForgottenFiles
    /// Those of the project beside a snapshot, which count as well.
    private let others: [ForgottenFiles]
    private let lockPath: String
    private let isReadOnly: Bool
    private let known: Mutex<Known?> = Mutex(nil)

    private struct Known {
        let stamps: [FileStamp?]
        let tombstones: Tombstones
    }

    /// - Parameters:
    ///   - folder: The folder of the registry.
    ///   - others: Folders in which others remember what must not be shown here either.
    ///   - isReadOnly: Whether nothing may be written there, so that nothing can be forgotten.
    package init(folder: String, besides others: [String] = [], isReadOnly: Bool = false) {
        self.isReadOnly = isReadOnly
        self.files = ForgottenFiles(folder: folder)
        self.others = others.map { ForgottenFiles(folder: $0) }
        self.lockPath = folder + "/forget.lock"
    }

    /// The file of the receipts.
    package var logPath: String { self.files.logPath }

    /// Begins to read rows; until the lease goes, a forgetting that it does not know waits.
    ///
    /// Where nothing can be written there are tombstones, but no lock: nothing can be forgotten.
    ///
    /// - Throws: ``OfflineStoreError`` when the tombstones cannot be read.
    package func lease() throws(OfflineStoreError) -> ForgettingLease {
        while true {
            let size = FileStamp(path: self.logPath)?.size ?? 0
            let tombstones = try self.tombstones()
            guard !self.isReadOnly else {
                return ForgettingLease(tombstones: tombstones, lock: nil)
            }
            let lock: RangeLock
            do {
                lock = try RangeLock(path: self.lockPath)
            } catch {
                return ForgettingLease(tombstones: tombstones, lock: nil)
            }
            let byte = Int64(size)
            let isShared = (try? lock.share(byte..<byte + 1)) ?? true
            if isShared, FileStamp(path: self.logPath)?.size ?? 0 == size {
                return ForgettingLease(tombstones: tombstones, lock: lock)
            }
            usleep(500)
        }
    }

    /// Which state the tombstones are in: another one whenever there are more of them.
    package var state: [FileStamp?] { [self.files.stamp] + self.others.map(\.stamp) }

    /// The tombstones as they are now.
    package func tombstones() throws(OfflineStoreError) -> Tombstones {
        let stamps = self.state
        guard stamps.contains(where: { $0 != nil }) else { return Tombstones() }
        if let known = self.known.withLock({ $0 }), known.stamps == stamps {
            return known.tombstones
        }
        let tombstones = try self.contents().tombstones()
        self.known.withLock { $0 = Known(stamps: stamps, tombstones: tombstones) }
        return tombstones
    }

    /// The tombstones that rows lying beside the receipts may not have obeyed: those of the others,
    /// and of a forgetting that was not completed.
    package func outstandingTombstones() throws(OfflineStoreError) -> Tombstones {
        try self.contents().tombstones(notDoneIn: self.files.contents().entries)
    }

    private func contents() throws(OfflineStoreError) -> ForgottenFiles.Contents {
        var contents = try self.files.contents()
        for other in self.others { _ = contents.add(try other.contents()) }
        return contents
    }

    /// All lines, oldest first; one that a crash has cut short does not count.
    package func lines() throws(OfflineStoreError) -> [[UInt8]] { try self.files.lines() }

    // MARK: Forgetting

    /// Takes the turn of a forgetting, after those that came before.
    package func turn() throws(OfflineStoreError) -> ForgettingTurn {
        try withFileErrors { () throws(FileError) in
            let lock = try RangeLock(path: self.lockPath)
            _ = try lock.take(Self.turn, waits: true)
            return ForgettingTurn(lock: lock)
        }
    }

    /// The tombstones of some ids; the first ones of a project make its secret.
    package func tombstones(
        of ids: [(joinKey: String, id: [UInt8])],
        _ turn: ForgettingTurn
    ) throws(OfflineStoreError) -> [Tombstone] {
        // Lines without a secret are an error.
        _ = try self.files.contents()
        let key: TombstoneKey
        if let known = try self.files.secrets().first {
            key = known
        } else {
            key = try self.makeKey()
        }
        return ids.map { key.tombstone(joinKey: $0.joinKey, id: $0.id) }
    }

    /// Adds a line, with its seal, durably.
    ///
    /// - Parameters:
    ///   - line: A JSON object of the form that the file has.
    ///   - turn: The turn.
    /// - Throws: ``OfflineStoreError`` when the file cannot be written.
    package func append(
        _ line: [UInt8],
        _ turn: ForgettingTurn
    ) throws(OfflineStoreError) {
        guard let key = try self.files.secrets().first else {
            throw OfflineStoreError(code: .inputOutput, message: "\(self.files.keyPath) is gone")
        }
        let sealed = ForgottenFiles.sealed(line, by: key)
        try withFileErrors { () throws(FileError) in
            let old = FileManager.default.contents(atPath: self.logPath) ?? Data()
            // What a crash has cut short is ended: it stays unread, and the next line whole.
            let isWhole = old.isEmpty || old.last == UInt8(ascii: "\n")
            let kept = isWhole ? old.count : (old.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
            try appendDurably(sealed + [UInt8(ascii: "\n")], to: self.logPath, keeping: kept)
        }
    }

    /// Waits for all who began before the last line was added, however long they take.
    ///
    /// - Parameters:
    ///   - turn: The turn.
    ///   - waiting: Called when there are any.
    /// - Throws: ``OfflineStoreError`` when the locks fail.
    package func waitForOlderLeases(
        _ turn: ForgettingTurn,
        waiting: () -> Void
    ) throws(OfflineStoreError) {
        let size = Int64(FileStamp(path: self.logPath)?.size ?? 0)
        guard size > 0 else { return }
        try withFileErrors { () throws(FileError) in
            // A lock of its own, which gives the range back at once.
            let lock = try RangeLock(path: self.lockPath)
            if try lock.take(0..<size, waits: false) { return }
            waiting()
            _ = try lock.take(0..<size, waits: true)
        }
    }

    private func makeKey() throws(OfflineStoreError) -> TombstoneKey {
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<TombstoneKey.size).map { _ in UInt8.random(in: 0...255, using: &random) }
        let key = TombstoneKey(bytes)
        try withFileErrors { () throws(FileError) in
            // Whole or not at all: a half one would be taken for a damaged one.
            try FileTree.write(key.line, to: self.files.keyPath)
        }
        return key
    }
}

/// The right to keep something of the rows that are read, by the tombstones of one state.
package final class ForgettingLease: Sendable {
    /// What does not count.
    package let tombstones: Tombstones
    private let lock: RangeLock?

    init(tombstones: Tombstones, lock: consuming RangeLock?) {
        self.tombstones = tombstones
        self.lock = lock
    }
}

/// The right to forget, which one has at a time.
package final class ForgettingTurn: Sendable {
    private let lock: RangeLock

    init(lock: consuming RangeLock) {
        self.lock = lock
    }
}
