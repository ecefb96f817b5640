import FeatureCompute
import FeatureModel
import OfflineStores
import OnlineStores

// A forgetting goes on in an order in which nothing can bring back what was removed: first its
// tombstones, which loads, pushes and training sets obey from then on; then the end of those that
// began before; then the pushed rows, from which online rows are made; then the online rows; and
// then what was kept of either. The receipt comes last. A process that ends in between leaves a
// line that says so, and the same forgetting once more removes the rest.

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
                if receipt.isDone, receipts.last?.time == receipt.time { receipts.removeLast() }
                receipts.append(receipt)
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
        let left = try self.removePushedRows(ids, into: &receipt)
        try online.releaseOldPlans()
        do {
            let counts = try online.store.forgetRows(
                upTo: receipt.time,
                isDryRun: receipt.isDryRun
            ) { ids.contains($0, $1) }
            receipt.online = counts.sorted { $0.key < $1.key }
                .map { ForgetReceipt.Count(name: $0.key, rows: $0.value) }
        } catch {
            throw FeatureStoreError(error)
        }
        receipt.savedDatasets = try self.forgetSavedRows(
            ids,
            time: receipt.time,
            inputs: left,
            isDryRun: receipt.isDryRun
        )
        if let cache = self.sources.cache {
            receipt.caches = cache.count
            if !receipt.isDryRun { cache.removeAll() }
        }
        receipt.sources = try self.sourcesThatHave(ids, places)
    }

    private func removePushedRows(
        _ ids: ForgottenIDs,
        into receipt: inout ForgetReceipt
    ) throws(FeatureStoreError) -> PushedInputsLeft {
        guard fileExists(self.paths.pushLog) else { return PushedInputsLeft() }
        let isDryRun = receipt.isDryRun
        let live = try self.appliedSnapshot().liveGenerations
        let isForgotten = { (column: String, cell: GivenCell) in
            ids.contains(column: column, cell)
        }
        let hasUse = { (name: String, isView: Bool, missing: Set<String>) in
            live.contains { $0.takesRows(ofPush: name, isView, without: missing) }
        }
        let (forgotten, left) = try self.withPushLog { (log) throws(FeatureStoreError) in
            let left =
                try isDryRun
                ? PushedInputsLeft()
                : self.pushedInputsLeft(log, isForgotten: isForgotten, hasUse: hasUse)
            let forgotten = try inOfflineStore { () throws(OfflineStoreError) in
                let forgotten = try log.forget(
                    isDryRun: isDryRun,
                    isForgotten: isForgotten,
                    hasUse: hasUse,
                    isMentioned: { column, text in
                        column.map(ids.isKey) ?? true && ids.isMentioned(in: text)
                    },
                    isAnswerAbout: { answer in
                        let result = try? ReportJSON.decode(Array(answer.utf8)) as PushResult
                        return result?.results.contains { row in
                            row.reason.map(ids.isMentioned) ?? false
                        } ?? true
                    }
                )
                if !isDryRun { try log.purge() }
                return forgotten
            }
            if !isDryRun { try self.waitingRows.take(from: log) }
            return (forgotten, left)
        }
        receipt.pushedRows = forgotten.rows
        receipt.rejects = forgotten.rejects
        receipt.answers = forgotten.answers
        return left
    }

    /// Where all definitions that there ever were keep ids.
    private func joinKeyPlaces() throws(FeatureStoreError) -> JoinKeyPlaces {
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
            guard keys.contains(where: { ids.ids[$0.name] != nil }) else { continue }
            var rows = 0
            var report = ScanReport()
            let scan = SourceScan(source: generation.source, joinKeys: keys, features: [])
            do {
                try reader.scan(scan, report: &report) { batch in
                    for row in 0..<batch.rowCount {
                        let isFound = zip(keys, batch.keyColumns).contains { key, column in
                            guard ids.ids[key.name] != nil else { return false }
                            var id: [UInt8] = []
                            Tombstones.append(id: column, at: row, to: &id)
                            return ids.contains(key.name, id)
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

extension LiveGeneration {
    /// Whether the generation takes the rows of a push source or view also without some columns:
    /// its keys are in others.
    fileprivate func takesRows(
        ofPush name: String,
        _ isView: Bool,
        without missing: Set<String>
    ) -> Bool {
        let generation = self.generation
        let takes =
            isView
            ? self.name == name || generation.reference == name
            : generation.pushSources.contains(name)
        return takes
            && !generation.joinKeys.contains {
                missing.contains(generation.source.sourceColumn(for: $0.name))
            }
    }
}
