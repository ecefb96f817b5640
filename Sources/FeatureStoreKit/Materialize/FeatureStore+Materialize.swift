public import FeatureModel
import OfflineStores
import OnlineStores
import Synchronization

extension FeatureStore {
    /// Loads the newest row of each key in a window of event times into the online store.
    ///
    /// The newest row wins, by (event time, created time), whatever was loaded before and in
    /// whatever order. Each view is loaded as a whole or not at all, and reads go on meanwhile. A
    /// view that fails does not stop the others.
    ///
    /// - Parameters:
    ///   - start: The first event time; `nil` for the beginning of each source.
    ///   - end: The last event time, inclusive as `start` is; `nil` for now. A time in the future
    ///     is taken as now, and the report says so.
    ///   - views: The views by name, each with all generations that are in force or pinned, or one
    ///     generation as `view@v1`; `nil` for all that are served online.
    ///   - strict: Whether one bad row fails its view.
    ///   - progress: Called after each batch of rows.
    /// - Returns: What was done.
    /// - Throws: ``FeatureStoreError``; with a ``PartialMaterialization`` as its cause when views
    ///   failed.
    @discardableResult
    public func materialize(
        from start: Timestamp? = nil,
        to end: Timestamp? = nil,
        views: [String]? = nil,
        strict: Bool = false,
        progress: (@Sendable (MaterializationProgress) -> Void)? = nil
    ) throws(FeatureStoreError) -> MaterializationReport {
        if let start, let end, start > end {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "the start \(start) is after the end \(end); give the earlier time first"
            )
        }
        return try self.load(
            from: start,
            to: end,
            views: views,
            isIncremental: false,
            strict: strict,
            progress: progress
        )
    }

    /// Loads what arrived since the last load: rows up to `end`, however late they came.
    ///
    /// Of CSV files that are, byte for byte, what the last incremental load has read, only what was
    /// added at their end is read. Any other source is read from its beginning.
    ///
    /// - Parameters:
    ///   - end: The last event time; `nil` for now.
    ///   - views: See ``materialize(from:to:views:strict:progress:)``.
    ///   - strict: Whether one bad row fails its view.
    ///   - progress: Called after each batch of rows.
    /// - Returns: What was done.
    /// - Throws: See ``materialize(from:to:views:strict:progress:)``.
    @discardableResult
    public func materializeIncremental(
        to end: Timestamp? = nil,
        views: [String]? = nil,
        strict: Bool = false,
        progress: (@Sendable (MaterializationProgress) -> Void)? = nil
    ) throws(FeatureStoreError) -> MaterializationReport {
        // Event times do not say when a row arrived; so what is left out goes by the bytes of the
        // files, and every late row is found. Only keys whose newest row has changed are written.
        try self.load(
            from: nil,
            to: end,
            views: views,
            isIncremental: true,
            strict: strict,
            progress: progress
        )
    }

    private func load(
        from start: Timestamp?,
        to end: Timestamp?,
        views names: [String]?,
        isIncremental: Bool,
        strict: Bool,
        progress: (@Sendable (MaterializationProgress) -> Void)?
    ) throws(FeatureStoreError) -> MaterializationReport {
        try self.checkWritable("nothing can be loaded")
        let known = self.namesForAudit(names ?? []) { $0.hasView($1) }
        return try self.audited(.materialize, known) { (details) throws(FeatureStoreError) in
            do throws(FeatureStoreError) {
                let report = try self.loadViews(
                    from: start,
                    to: end,
                    views: names,
                    isIncremental: isIncremental,
                    strict: strict,
                    progress: progress
                )
                details.take(report)
                return report
            } catch {
                if let partial = error.cause as? PartialMaterialization {
                    details.take(partial.report)
                }
                throw error
            }
        }
    }

    private func loadViews(
        from start: Timestamp?,
        to end: Timestamp?,
        views names: [String]?,
        isIncremental: Bool,
        strict: Bool,
        progress: (@Sendable (MaterializationProgress) -> Void)?
    ) throws(FeatureStoreError) -> MaterializationReport {
        try self.loads.withLock { _ throws(FeatureStoreError) in
            // A load right after an apply goes by what was applied.
            try self.refresh()
            let definitions = try self.appliedSnapshot()
            let generations = try definitions.onlineGenerations(named: names)
            let now = self.now()
            var report = MaterializationReport()
            var last = now
            if let end {
                last = min(end, now)
                if end > now {
                    report.notes.append("the end \(end) is in the future; loaded up to now, \(now)")
                }
            }
            if let start, start > last {
                report.notes.append(
                    "the start \(start) is in the future; only static tables have rows to load yet"
                )
            }
            let online = try self.online()
            try self.dropUnservedViews(of: online, definitions: definitions)
            try self.writeWaitingRows(dueBy: now, into: online.store)
            var failures: [FeatureStoreError] = []
            for live in generations {
                let lease = try self.forgettingLease()
                defer { withExtendedLifetime(lease) {} }
                let load = ViewLoad(
                    name: live.name,
                    generation: live.generation,
                    sources: self.sources,
                    store: online.store,
                    start: start,
                    end: last,
                    retention: self.retention(of: live.generation),
                    loadTime: now,
                    isIncremental: isIncremental,
                    strict: strict,
                    now: self.now
                )
                let result = load.run(progress: progress)
                report.views.append(result.view)
                report.notes += result.notes
                self.activity.withLock { $0.add(result.view) }
                failures += [result.failure].compactMap { $0 }
            }
            try report.throwFailures(failures)
            return report
        }
    }
}

extension MaterializationReport {
    fileprivate func throwFailures(
        _ failures: [FeatureStoreError]
    ) throws(FeatureStoreError) {
        let failed = self.views.filter { $0.error != nil }
        guard !failed.isEmpty else { return }
        let lines = failed.map { "feature view \"\($0.name)\": \($0.error ?? "")" }
        let were =
            failed.count == 1
            ? "was not loaded and is as it was" : "were not loaded and are as they were"
        throw FeatureStoreError(
            code: failures.map(\.code).gravest,
            message:
                "\(failed.count) of \(countedNoun(self.views.count, "feature view")) \(were):\n"
                + lines.joined(separator: "\n"),
            cause: PartialMaterialization(report: self, failures: failures)
        )
    }
}

extension AuditDetails {
    fileprivate mutating func take(_ report: MaterializationReport) {
        self.objects = report.views.map(\.name)
        self.count("rows", report.views.reduce(0) { $0 + $1.rowsRead })
        self.count("keys_written", report.views.reduce(0) { $0 + $1.keysWritten })
        self.count("failed_views", report.views.count { $0.error != nil })
    }
}

extension [FeatureStoreError.Code] {
    /// The code of an error that stands for several: the machine's trouble before the user's.
    fileprivate var gravest: FeatureStoreError.Code {
        let machine: [FeatureStoreError.Code] = [.corruptData, .unavailable, .conflict]
        return machine.first(where: self.contains) ?? .invalidData
    }
}

extension DefinitionSnapshot {
    /// The generations that a load is for, in the order of their views' definition.
    func onlineGenerations(
        named names: [String]?
    ) throws(FeatureStoreError) -> [LiveGeneration] {
        let live = self.liveGenerations
        guard let names else { return live.filter(\.generation.view.online) }
        var problems = Problems()
        var wanted: Set<String> = []
        for name in names {
            let found = live.filter { $0.isNamed(name) }
            let online = found.filter(\.generation.view.online)
            wanted.formUnion(online.map(\.generation.reference))
            if found.isEmpty {
                problems.addUnknownView(name, in: self, withOnDemandViews: false)
            } else if online.isEmpty {
                problems.add(
                    .invalidArgument,
                    about: name,
                    "feature view \"\(name)\" is not served online; set `online: true` and apply"
                )
            }
        }
        try problems.check()
        return live.filter { wanted.contains($0.generation.reference) }
    }
}

extension LiveGeneration {
    /// Whether a load of that name is for the generation: that of its view, or its own.
    fileprivate func isNamed(_ name: String) -> Bool {
        self.generation.view.name == name || self.generation.reference == name
    }
}
