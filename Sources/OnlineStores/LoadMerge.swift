import Foundation
import NativeStorage

/// The records of a load, which become what its commit writes.
///
/// They are in memory, or all of them are in runs.
struct LoadMerge: Sendable {
    /// The greatest size of a file, about: later compactions need not rewrite everything.
    private static let maximumFileBytes = 64 << 20
    /// There are no more ranges, also of a large load with little memory.
    private static let maximumRanges = 256
    /// Ranges are no smaller, unless files are: small files cost every later look-up.
    private static let smallestRangeBytes = 4 << 20
    /// More ranges than threads, so that all threads have something to do to the end.
    private static let rangesPerThread = 2
    /// So many bytes of records are sorted at once.
    private static let sortedBytes = 16 << 20

    /// In the order in which the records were added.
    let parts: [LoadPart]
    /// In the order in which they were written.
    let runs: [Run]
    /// What the load may hold in memory.
    let memory: Int

    /// Finds the rows that go into the store.
    ///
    /// Large loads are cut into ranges of keys, which several threads handle; each makes files of
    /// its own.
    ///
    /// - Parameters:
    ///   - database: Where the rows go.
    ///   - journal: Knows what was pushed since the load began.
    ///   - comparesWithStore: `false` when the generation has no rows yet.
    ///   - withdrawn: The keys whose stored row does not count.
    ///   - filePrefix: The start of the paths of files.
    ///   - isSmall: Whether all rows together fit into a write batch.
    /// - Returns: What there is to commit.
    /// - Throws: ``OnlineStoreError`` when files fail.
    func output(
        to database: StoreDatabase,
        journal: PushJournal,
        comparesWithStore: Bool,
        withdrawn: Set<[UInt8]>,
        filePrefix: String,
        isSmall: Bool
    ) throws(OnlineStoreError) -> LoadOutput {
        let target = LoadTarget(
            database: database,
            journal: journal,
            comparesWithStore: comparesWithStore,
            withdrawn: withdrawn,
            filePrefix: filePrefix,
            fileBytes: min(self.memory, Self.maximumFileBytes)
        )
        if isSmall {
            var writer = try RangeWriter(target, rangeNumber: 0, batch: WriteBatch())
            unsafe try self.forEachNewest(in: .all, memory: self.memory) {
                (record, _) throws(OnlineStoreError) in
                unsafe try writer.add(record)
            }
            let batch = try writer.finish() ?? WriteBatch()
            return LoadOutput(target, results: [writer.result], batch: batch)
        }
        let processors = ProcessInfo.processInfo.activeProcessorCount
        let ranges = LoadRange.ranges(
            parts: self.parts,
            runs: self.runs,
            count: self.rangeCount(fileBytes: target.fileBytes, processors: processors)
        )
        let threads = min(processors, ranges.count)
        let results = try inParallel(count: ranges.count, threads: threads) {
            (index) throws(OnlineStoreError) in
            var writer = try RangeWriter(target, rangeNumber: index, batch: nil)
            unsafe try self.forEachNewest(in: ranges[index], memory: self.memory / threads) {
                (record, _) throws(OnlineStoreError) in
                unsafe try writer.add(record)
            }
            _ = try writer.finish()
            return writer.result
        }
        return LoadOutput(target, results: results, batch: WriteBatch())
    }

    /// Makes one sorted run of what is in memory; or one part, when few keys are left of it.
    ///
    /// - Parameters:
    ///   - path: Where the run will be.
    ///   - waitingLength: What fits into so many bytes stays in memory.
    /// - Returns: The run, or the part.
    /// - Throws: ``OnlineStoreError`` when the file fails.
    func spilled(to path: String, waitingLength: Int) throws(OnlineStoreError) -> SpilledRecords {
        var writer = RunFileWriter(path: path, waitingLength: waitingLength)
        let count = self.parts.reduce(0) { $0 + $1.size } / Self.sortedBytes + 1
        for range in LoadRange.ranges(parts: self.parts, runs: [], count: count) {
            unsafe try self.forEachNewest(in: range, memory: self.memory) {
                (record, word) throws(OnlineStoreError) in
                unsafe try writer.append(record, word: word)
            }
        }
        return try writer.finish(
            viewID: self.parts.first?.viewID ?? 0,
            schemaID: self.parts.first?.schemaID ?? 0
        )
    }

    /// The age of the newest row of a key; `nil` when there is none.
    func age(of key: [UInt8]) throws(OnlineStoreError) -> RowAge? {
        var newest: RowAge?
        for part in self.parts {
            if let age = part.age(of: key) {
                newest = max(age, newest ?? age)
            }
        }
        for run in self.runs {
            if let age = try run.age(of: key) {
                newest = max(age, newest ?? age)
            }
        }
        return newest
    }

    /// Calls `body` with the newest record of each key of a range, keys ascending.
    ///
    /// - Parameters:
    ///   - range: The keys that come.
    ///   - memory: What the buffers of runs may take together.
    ///   - body: Gets each record and the first word of its key.
    /// - Throws: ``OnlineStoreError`` when a run cannot be read; what `body` throws.
    func forEachNewest(
        in range: LoadRange,
        memory: Int,
        _ body: (_ record: RecordPointer, _ word: UInt64) throws(OnlineStoreError) -> Void
    ) throws(OnlineStoreError) {
        guard self.runs.isEmpty else {
            var merge = try RunMerge(self.runs, range: range, memory: memory)
            while let run = try merge.next() {
                unsafe try body(run.record, run.word)
            }
            return
        }
        let records = PartRecords(self.parts)
        var references = range.references(in: self.parts)
        var sorter = RecordSorter()
        sorter.sortAndKeepNewest(&references, keys: records)
        for reference in references {
            unsafe try body(records.record(at: reference.location), reference.word)
        }
    }

    private func rangeCount(fileBytes: Int, processors: Int) -> Int {
        let bytes =
            self.parts.reduce(0) { $0 + $1.size } + self.runs.reduce(0) { $0 + $1.byteCount }
        let smallest = max(min(Self.smallestRangeBytes, fileBytes / 4), 1)
        let wanted = min(processors * Self.rangesPerThread, bytes / smallest + 1)
        return min(max(wanted, bytes / fileBytes), Self.maximumRanges)
    }
}
