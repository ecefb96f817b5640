package import FeatureModel
import NativeStorage
import Synchronization

extension RocksDBOnlineStore {
    /// How many rows are removed at a time: pushes wait for so many.
    private static let forgettingBatchCount = 500

    /// Removes every row whose key has one of some ids, of all views and generations, and rewrites
    /// the files, so that none of them holds such a key any more.
    ///
    /// A row that is written meanwhile stays when it is newer than `time`. Reads and pushes go on.
    ///
    /// - Parameters:
    ///   - time: The time of the forgetting.
    ///   - isDryRun: Whether rows are only counted.
    ///   - isForgotten: Whether a row goes that has such an id of a join key - the digits of a
    ///     number or of the microseconds of a time, else its bytes - and became true at that
    ///     moment, in microseconds.
    /// - Returns: How many rows of each view or generation were removed.
    /// - Throws: ``OnlineStoreError``; `unavailable` also when rows of a replaced generation, or
    ///   files, are still being read: then nobody finds the rows any more, and another call removes
    ///   what is left.
    /// - Complexity: O(bytes of the store): all rows are looked at, and all files are rewritten.
    package func forgetRows(
        upTo time: Timestamp,
        isDryRun: Bool = false,
        where isForgotten: (_ joinKey: String, _ id: [UInt8], _ moment: Int64) -> Bool
    ) throws(OnlineStoreError) -> [String: Int] {
        if !isDryRun { try self.waitForGarbage() }
        let counts = try self.removeRows(upTo: time, isDryRun: isDryRun) {
            (reader, key, header) throws(OnlineStoreError) in
            try reader.contains(key) { isForgotten($0, $1, header.moment) }
        }
        if !isDryRun { try self.database.purge() }
        return counts
    }

    /// Has reads of a store that is only read find no row whose key has one of some ids, from here
    /// on.
    ///
    /// - Parameter isForgotten: As for ``forgetRows(upTo:isDryRun:where:)``.
    /// - Throws: ``OnlineStoreError`` when the files fail or a row is damaged.
    /// - Complexity: O(rows of the store); keeps the keys of those that it hides in memory.
    package func hideRows(
        where isForgotten: (_ joinKey: String, _ id: [UInt8], _ moment: Int64) -> Bool
    ) throws(OnlineStoreError) {
        var readers: [UInt32: EntityKeyReader] = [:]
        for view in self.views() { readers[view.viewID] = try EntityKeyReader(view) }
        var keys = KeyBatch()
        var failure: OnlineStoreError?
        try self.database.scanRows { key, row in
            guard let id = viewID(ofKey: key), let reader = readers[id] else { return true }
            do throws(OnlineStoreError) {
                let moment = try RowHeader(row).moment
                if try reader.contains(key, { isForgotten($0, $1, moment) }) {
                    append(key, to: &keys.bytes)
                    keys.endKey()
                }
                return true
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
        guard keys.count > 0 else { return }
        let changes = ChangedRows.keys(keys)
        self.cache?.beginWrite(changes)
        self.database.hide(keys)
        self.cache?.endWrite(changes)
    }

    /// Removes the rows of some views whose event time is before a time of the view, and gives
    /// their space back.
    ///
    /// - Parameter oldest: By view or generation: the earliest event time that stays.
    /// - Throws: ``OnlineStoreError`` when the files fail; some rows may have been removed then.
    package func removeRows(olderThan oldest: [String: Timestamp]) throws(OnlineStoreError) {
        let counts = try self.removeRows(upTo: .earliest, isDryRun: false) { reader, _, header in
            oldest[reader.viewName].map { header.eventTime < $0.microseconds } ?? false
        }
        if !counts.isEmpty { try self.database.purge() }
    }

    /// How many rows a view has.
    package struct Usage: Sendable {
        package fileprivate(set) var rows = 0
        /// The bytes of keys and rows, before compression.
        package fileprivate(set) var bytes = 0
        /// Those of them that are older than asked for.
        package fileprivate(set) var oldRows = 0
        package fileprivate(set) var oldBytes = 0
    }

    /// How many rows the views have.
    ///
    /// - Parameter oldest: By view or generation: before which event time a row is old.
    /// - Returns: The usage of every view that has rows.
    /// - Throws: ``OnlineStoreError`` when the files fail.
    package func usage(
        olderThan oldest: [String: Timestamp]
    ) throws(OnlineStoreError) -> [String: Usage] {
        var usage: [String: Usage] = [:]
        var names: [UInt32: String] = [:]
        for view in self.views() { names[view.viewID] = view.name }
        try self.database.scanRows { key, row in
            guard let name = viewID(ofKey: key).flatMap({ names[$0] }) else { return true }
            let bytes = key.count + row.count
            usage[name, default: Usage()].rows += 1
            usage[name, default: Usage()].bytes += bytes
            if let limit = oldest[name], let header = try? RowHeader(row),
                header.eventTime < limit.microseconds
            {
                usage[name, default: Usage()].oldRows += 1
                usage[name, default: Usage()].oldBytes += bytes
            }
            return true
        }
        return usage
    }

    /// The files of loads that are not under way any more; called while none is.
    package var leftovers: [(path: String, bytes: Int)] {
        fileNames(in: self.loadDirectory).map { name in
            let path = "\(self.loadDirectory)/\(name)"
            return (path, FileStamp(path: path)?.size ?? 0)
        }
    }

    /// Removes those files.
    package func removeLeftovers() {
        for file in self.leftovers { self.removeFile(file.path) }
    }

    /// Removes the rows that `isRemoved` picks, of all views, or counts them.
    private func removeRows(
        upTo time: Timestamp,
        isDryRun: Bool,
        where isRemoved: (EntityKeyReader, Span<UInt8>, RowHeader) throws(OnlineStoreError) -> Bool
    ) throws(OnlineStoreError) -> [String: Int] {
        var counts: [String: Int] = [:]
        // Rows of views that come from here on are newer, or of others.
        var readers: [UInt32: EntityKeyReader] = [:]
        for view in self.views() {
            readers[view.viewID] = try EntityKeyReader(view)
        }
        var found = KeyBatch()
        var ages: [RowAge] = []
        var failure: OnlineStoreError?
        func removeFound() throws(OnlineStoreError) {
            let removed =
                try isDryRun
                ? Array(0..<found.count) : self.remove(found, ages: ages, upTo: time)
            for index in removed {
                let key = Array(found.bytes[found.range(at: index)])
                if let id = viewID(ofKey: key.span), let reader = readers[id] {
                    counts[reader.viewName, default: 0] += 1
                }
            }
            found.removeAll()
            ages.removeAll()
        }
        try self.database.scanRows { key, row in
            guard let id = viewID(ofKey: key), let reader = readers[id] else { return true }
            do throws(OnlineStoreError) {
                let header = try RowHeader(row)
                guard try isRemoved(reader, key, header) else { return true }
                found.bytes.append(contentsOf: bytes(of: key))
                found.endKey()
                ages.append(RowAge(eventTime: header.eventTime, writeTime: header.writeTime))
                if found.count == Self.forgettingBatchCount { try removeFound() }
                return true
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
        try removeFound()
        return counts
    }

    /// Deletes rows that are as they were found, or not newer than a time.
    ///
    /// - Returns: The indices of those that were deleted.
    private func remove(
        _ keys: KeyBatch,
        ages: [RowAge],
        upTo time: Timestamp
    ) throws(OnlineStoreError) -> [Int] {
        guard keys.count > 0 else { return [] }
        return try self.commits.withLock { _ throws(OnlineStoreError) -> [Int] in
            var removed: [Int] = []
            try self.database.values(for: keys, sorted: true) { index, row in
                guard let row, let header = try? RowHeader(row) else { return }
                let age = RowAge(eventTime: header.eventTime, writeTime: header.writeTime)
                if age == ages[index] || header.moment <= time.microseconds {
                    removed.append(index)
                }
            }
            var batch = WriteBatch()
            var changed = KeyBatch()
            let bytes = keys.bytes
            for index in removed {
                batch.delete(key: bytes.span.extracting(keys.range(at: index)))
                changed.bytes.append(contentsOf: bytes[keys.range(at: index)])
                changed.endKey()
            }
            guard !removed.isEmpty else { return [] }
            let changes = ChangedRows.keys(changed)
            self.cache?.beginWrite(changes)
            defer { self.cache?.endWrite(changes) }
            try self.database.write(batch, synced: true)
            return removed
        }
    }

    /// Has the rows of replaced generations deleted: whose keys they have nobody can tell any more.
    private func waitForGarbage() throws(OnlineStoreError) {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            try self.collectGarbage()
            if self.state.withLock({ $0.garbage.isEmpty && !$0.isCollecting }) { return }
            guard ContinuousClock.now < deadline else {
                throw OnlineStoreError(
                    .unavailable,
                    "rows of a generation that was replaced are still being read; try again"
                )
            }
            pause(milliseconds: 20)
        }
    }
}

extension RowHeader {
    /// When the row became true, in microseconds: a static table has no event times, but times of
    /// writing.
    fileprivate var moment: Int64 { self.eventTime == 0 ? self.writeTime : self.eventTime }
}

/// Reads the ids in the keys of one view, component by component.
struct EntityKeyReader {
    let viewName: String
    private let joinKeys: [Entity.JoinKey]

    init(_ view: StoredView) throws(OnlineStoreError) {
        self.viewName = view.name
        self.joinKeys = try EntityKeyEncoder(joinKeys: view.joinKeys, viewID: view.viewID).joinKeys
    }

    /// Whether one of the ids is wanted.
    func contains(
        _ key: Span<UInt8>,
        _ isWanted: (_ joinKey: String, _ id: [UInt8]) -> Bool
    ) throws(OnlineStoreError) -> Bool {
        let end = key.count - 4
        var position = 1
        for joinKey in self.joinKeys {
            var id: [UInt8] = []
            switch joinKey.type {
            case .string, .bytes:
                id = try EntityKeyEncoder.text(in: key, at: &position, end: end)
            default:
                let integer = try EntityKeyEncoder.integer(in: key, at: &position, end: end)
                id = Array("\(integer)".utf8)
            }
            if isWanted(joinKey.name, id) { return true }
        }
        return false
    }
}
