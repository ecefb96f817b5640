import FeatureCompute
import FeatureModel
import OfflineStores
import OnlineStores

// A forgetting goes on in an order in which nothing can bring back what was removed: first its
// tombstones, which loads, pushes and training sets obey from then on; then the end of those that
// began before; then the pushed rows, from which online rows are made, together with the saved
// datasets, which say what pushed rows they were made from; then the online rows and the caches.
// The receipt comes last. A process that ends in between leaves a line that says so, and the same
// forgetting once more removes the rest.

extension FeatureStore {
    /// Removes all rows of some entities, wherever the project keeps them, for good.
    ///
    /// Removed are online rows of all views and generations, pushed rows, rejected rows, answers to
    /// pushes, rows of saved datasets, and caches of sources. Every row whose key has one of the
    /// ids is meant, also where the key has other parts. From then on rows of these entities count
    /// only when their event time is after the forgetting: in loads, pushes and training sets
    /// alike. The files are rewritten, so that no byte is left in them. Sources are never touched.
    ///
    /// - Parameter request: The entities.
    /// - Returns: What was removed, and which sources have rows of the entities still.
    /// - Throws: ``FeatureStoreError``: `invalidArgument` for unknown join keys, `invalidValue` for
    ///   ids that are none, `conflict` when another process has the store. After any error the same
    ///   request may be made again.
    /// - Complexity: Reads all online rows and all sources, and rewrites the online store.
    @discardableResult
    public func forget(_ request: ForgetRequest) throws(FeatureStoreError) -> ForgetReceipt {
        try self.checkWritable("nothing of it can be forgotten")
        return try self.audited(.forget, ["unknown"]) { (details) throws(FeatureStoreError) in
            details.isNothing = request.isDryRun
            return try self.forgetNow(request, &details)
        }
    }

    private func forgetNow(
        _ request: ForgetRequest,
        _ details: inout AuditDetails
    ) throws(FeatureStoreError) -> ForgetReceipt {
        _ = try self.appliedSnapshot()
        let places = try self.joinKeyPlaces()
        // What nobody defined may be anything, even an id.
        let names = Set(request.entities.map(\.joinKey))
        details.objects = Set(names.map { places.types[$0] == nil ? "unknown" : $0 }).sorted()
        let ids = try ForgottenIDs(request.entities, places)
        let online = try self.online()
        if request.isDryRun {
            var receipt = ForgetReceipt(time: self.now())
            receipt.isDryRun = true
            try self.remove(ids, places, online, into: &receipt)
            return receipt
        }
        let turn = try inOfflineStore { () throws(OfflineStoreError) in
            try self.forgotten.turn()
        }
        let tombstones = try inOfflineStore { () throws(OfflineStoreError) in
            try self.forgotten.tombstones(of: ids.all, turn)
        }
        var receipt = ForgetReceipt(
            time: self.now(),
            tombstones: tombstones.map { ForgetReceipt.Tombstone($0) }
        )
        try self.note(receipt, turn)
        try inOfflineStore { () throws(OfflineStoreError) in
            try self.forgotten.waitForOlderLeases(turn) {
                self.notes("waiting for the loads, pushes and training sets that have begun")
            }
        }
        try self.remove(ids, places, online, into: &receipt)
        receipt.isDone = true
        try self.note(receipt, turn)
        return receipt
    }

    /// What was forgotten, oldest first, also what a process that ended too early left half done.
    public func forgetReceipts() throws(FeatureStoreError) -> [ForgetReceipt] {
        var receipts: [ForgetReceipt] = []
        for line in try inOfflineStore({ () throws(OfflineStoreError) in
            try self.forgotten.lines()
        }) {
            do {
                let receipt: ForgetReceipt = try ReportJSON.decode(line)
                let begun = receipts.lastIndex { !$0.isDone && $0.time == receipt.time }
                if receipt.isDone, let begun {
                    receipts[begun] = receipt
                } else {
                    receipts.append(receipt)
                }
            } catch {
                throw FeatureStoreError(
                    code: .corruptData,
                    message: "\(self.forgotten.logPath) is damaged: \(error)",
                    cause: error
                )
            }
        }
        return receipts
    }

    /// What is wrong with forgetting: one that was not completed, or a log that cannot be read.
    func forgettingFindings() -> [HealthFinding] {
        let subject = "forgotten entities"
        do throws(FeatureStoreError) {
            _ = try self.forgettingLease()
            let receipts = try self.forgetReceipts()
            let open = receipts.enumerated().filter { index, receipt in
                let later = receipts[index...].filter(\.isDone).flatMap(\.tombstones)
                return !receipt.tombstones.allSatisfy(later.contains)
            }
            return open.map { _, receipt in
                HealthFinding(
                    subject: subject,
                    severity: .problem,
                    message: "the forgetting of \(receipt.time) was not completed, so rows of the "
                        + "entity may be left",
                    fix: "run the same `fstore forget` again"
                )
            }
        } catch {
            return [HealthFinding(subject: subject, severity: .problem, message: error.message)]
        }
    }

    /// The right to keep something of rows that are read from now on, as long as it lives.
    func forgettingLease() throws(FeatureStoreError) -> ForgettingLease {
        try inOfflineStore { () throws(OfflineStoreError) in try self.forgotten.lease() }
    }

    private func note(
        _ receipt: ForgetReceipt,
        _ turn: ForgettingTurn
    ) throws(FeatureStoreError) {
        let line = try ReportJSON.encode(receipt)
        try inOfflineStore { () throws(OfflineStoreError) in
            try self.forgotten.append(line, turn)
        }
    }

    /// Removes everything, or counts it in a dry run.
    private func remove(
        _ ids: ForgottenIDs,
        _ places: JoinKeyPlaces,
        _ online: OnlineReader,
        into receipt: inout ForgetReceipt
    ) throws(FeatureStoreError) {
        if !receipt.isDryRun {
            // A snapshot that nobody has fetched yet has rows of before.
            SnapshotArea(path: self.paths.snapshotArea).removeLeftovers()
        }
        let live = try self.appliedSnapshot().liveGenerations
        let pushes = ForgottenPushedRows(ids: ids, places: places, live: live)
        if fileExists(self.paths.pushLog) {
            let begun = receipt
            receipt = try self.withPushLog { (log) throws(FeatureStoreError) in
                var receipt = begun
                try self.forgetPushes(pushes, in: log, self.savedDatasetFolder, into: &receipt)
                if !receipt.isDryRun { try self.waitingRows.take(from: log) }
                return receipt
            }
        } else {
            try self.forgetSavedRows(ids, in: self.savedDatasetFolder, into: &receipt)
        }
        try online.releaseOldPlans()
        try online.store.forget(ids, into: &receipt)
        if let cache = self.sources.cache {
            receipt.caches = cache.count
            if !receipt.isDryRun { cache.removeAll() }
        }
        receipt.sources = try self.sourcesThatHave(ids, places)
    }

    /// Removes pushed rows and the rows of the saved datasets that lie beside them.
    ///
    /// The datasets are replaced while the removal of the pushed rows is not committed: they say
    /// then what it leaves. When it does not come to the commit, the next time finds the pushed
    /// rows as they were, and leaves what the datasets say of them.
    ///
    /// - Parameters:
    ///   - pushes: What goes.
    ///   - log: The log, which nobody else here uses meanwhile.
    ///   - datasets: The folder of the datasets.
    ///   - receipt: Gets the counts.
    /// - Throws: ``FeatureStoreError`` when a file fails or is damaged; the pushed rows are as they
    ///   were then.
    func forgetPushes(
        _ pushes: ForgottenPushedRows,
        in log: PushLog,
        _ datasets: SavedDatasetFolder,
        into receipt: inout ForgetReceipt
    ) throws(FeatureStoreError) {
        let isDryRun = receipt.isDryRun
        let inputs = isDryRun ? PushedInputs() : try PushedInputs(of: datasets, in: log)
        var counted = receipt
        let forgotten = try log.forget(
            pushes,
            isDryRun: isDryRun,
            mapping: { FeatureStoreError($0) },
            beforeCommit: { () throws(FeatureStoreError) in
                let left = try inputs.left(in: log)
                try self.forgetSavedRows(pushes.ids, in: datasets, inputs: left, into: &counted)
            }
        )
        if isDryRun {
            try self.forgetSavedRows(pushes.ids, in: datasets, into: &counted)
        } else {
            try inOfflineStore { () throws(OfflineStoreError) in try log.purge() }
        }
        receipt = counted
        receipt.pushedRows = forgotten.rows
        receipt.rejects = forgotten.rejects
        receipt.answers = forgotten.answers
    }

    /// Where all definitions that there ever were keep ids.
    func joinKeyPlaces() throws(FeatureStoreError) -> JoinKeyPlaces {
        var places = JoinKeyPlaces()
        do {
            let newest = try self.registry.currentVersion()
            // The newest first: its sources are the ones to name.
            for version in (0...newest).reversed() {
                places.add(try self.registry.snapshot(version: version))
            }
        } catch {
            throw FeatureStoreError(error)
        }
        return places
    }

    /// The sources that have rows of the entities; one that cannot be read has none.
    private func sourcesThatHave(
        _ ids: ForgottenIDs,
        _ places: JoinKeyPlaces
    ) throws(FeatureStoreError) -> [ForgetReceipt.Count] {
        var counts: [String: Int] = [:]
        let reader = self.sources.unfiltered
        for generation in places.sources where !generation.source.isPush {
            let keys = generation.joinKeys
            guard keys.contains(where: { ids.hasIDs(ofJoinKey: $0.name) }) else { continue }
            var rows = 0
            var report = ScanReport()
            let scan = SourceScan(source: generation.source, joinKeys: keys, features: [])
            do {
                try reader.scan(scan, report: &report) { batch in
                    for row in 0..<batch.rowCount {
                        let isFound = zip(keys, batch.keyColumns).contains { key, column in
                            guard ids.hasIDs(ofJoinKey: key.name) else { return false }
                            var id: [UInt8] = []
                            Tombstones.append(id: column, at: row, to: &id)
                            return ids.limit(ofJoinKey: key.name, id) != nil
                        }
                        rows += isFound ? 1 : 0
                    }
                }
            } catch {
                self.notes(
                    "whether data source \"\(generation.source.name)\" has rows of it is not "
                        + "known: \(error.message)"
                )
            }
            let name = generation.source.name
            if rows > 0 { counts[name] = max(counts[name] ?? 0, rows) }
        }
        return counts.sorted { $0.key < $1.key }
            .map { ForgetReceipt.Count(name: $0.key, rows: $0.value) }
    }
}

extension RocksDBOnlineStore {
    /// Removes online rows, or counts them in a dry run.
    func forget(
        _ ids: ForgottenIDs,
        into receipt: inout ForgetReceipt
    ) throws(FeatureStoreError) {
        let (time, isDryRun) = (receipt.time, receipt.isDryRun)
        let counts = try inOnlineStore { () throws(OnlineStoreError) in
            try self.forgetRows(upTo: time, isDryRun: isDryRun) { joinKey, id, moment in
                ids.limit(ofJoinKey: joinKey, id).map { moment <= $0 } ?? false
            }
        }
        receipt.online = counts.sorted { $0.key < $1.key }
            .map { ForgetReceipt.Count(name: $0.key, rows: $0.value) }
    }
}
