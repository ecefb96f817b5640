import FeatureModel
import NativeStorage
import OfflineStores
import OnlineStores
import Synchronization

extension FeatureStore {
    /// Removes what nothing uses any more, and rows past the `retention` of their views.
    ///
    /// These are views and generations in the online store that nothing serves, files that killed
    /// programs left behind, caches of sources that are gone; and, where a retention is given,
    /// online rows and pushed history that are older, rejected rows, and answers to pushes. Without
    /// a retention no row is removed, however long it is past its ttl: the last good row stays.
    ///
    /// - Parameter isDryRun: Whether it is only told what would be removed.
    /// - Returns: What was removed, with its size.
    /// - Throws: ``FeatureStoreError``; `conflict` when another process has the online store.
    /// - Complexity: Looks at all online rows and at the whole push log.
    @discardableResult
    public func collectGarbage(isDryRun: Bool = false) throws(FeatureStoreError) -> GarbageReport {
        try self.checkWritable("nothing of it can be collected")
        return try self.audited(.gc) { (details) throws(FeatureStoreError) in
            details.isNothing = isDryRun
            return try self.collected(isDryRun: isDryRun)
        }
    }

    private func collected(isDryRun: Bool) throws(FeatureStoreError) -> GarbageReport {
        // No load runs meanwhile, so that whatever lies in its folder is left over.
        try self.loads.withLock { _ throws(FeatureStoreError) in
            try self.refresh()
            let definitions = try self.appliedSnapshot()
            let online = try self.online()
            var report = GarbageReport(isDryRun: isDryRun, time: self.now())
            try self.collectOnlineRows(online, definitions, into: &report)
            try self.collectPushedRows(definitions, into: &report)
            self.collectFiles(online.store, definitions, into: &report)
            return report
        }
    }

    /// How long rows of a generation are kept, in microseconds; `nil` for ever.
    ///
    /// The project's retention is for views whose rows do not stay valid for ever, and never
    /// shorter than their ttl.
    func retention(of generation: FeatureViewGeneration) -> Int64? {
        let view = generation.view
        if let own = view.retentionMicroseconds { return own }
        guard let general = self.configuration.retentionMicroseconds, view.ttlMicroseconds > 0,
            !generation.source.isStatic
        else { return nil }
        return max(general, view.ttlMicroseconds)
    }

    private func collectOnlineRows(
        _ online: OnlineReader,
        _ definitions: DefinitionSnapshot,
        into report: inout GarbageReport
    ) throws(FeatureStoreError) {
        let now = report.time.microseconds
        var oldest: [String: Timestamp] = [:]
        for live in definitions.liveGenerations {
            if let retention = self.retention(of: live.generation) {
                oldest[live.generation.storedName] = Timestamp(microseconds: now &- retention)
            }
        }
        do {
            let store = online.store
            let unused = Set(
                store.views().map(\.name).filter { definitions.registry.hasNoUse(for: $0) }
            )
            let usage = try store.usage(olderThan: oldest)
            for (name, used) in usage.sorted(by: { $0.key < $1.key }) {
                if unused.contains(name) {
                    report.add(.generation, name, count: used.rows, bytes: used.bytes)
                } else {
                    report.add(.onlineRows, name, count: used.oldRows, bytes: used.oldBytes)
                }
            }
            guard !report.isDryRun else { return }
            try store.dropViews { unused.contains($0) }
            try store.removeRows(olderThan: oldest)
        } catch {
            throw FeatureStoreError(error)
        }
        try online.releaseOldPlans()
    }

    private func collectPushedRows(
        _ definitions: DefinitionSnapshot,
        into report: inout GarbageReport
    ) throws(FeatureStoreError) {
        guard fileExists(self.paths.pushLog) else { return }
        let now = report.time.microseconds
        var retentions: [String: PushLog.Retention] = [:]
        let pushSources = definitions.repository.dataSources.filter(\.isPush).map(\.name)
        for name in pushSources {
            let live = definitions.liveGenerations.filter {
                $0.generation.pushSources.contains(name)
            }
            let all = live.map { self.retention(of: $0.generation) }
            // What one view keeps for ever is kept for ever.
            guard let last = live.last?.generation.source, let time = last.timestampField,
                !all.contains(nil), let longest = all.compactMap({ $0 }).max()
            else { continue }
            retentions[name] = PushLog.Retention(
                oldest: Timestamp(microseconds: now &- longest),
                timeColumn: last.sourceColumn(for: time)
            )
        }
        let general = self.configuration.retentionMicroseconds.map {
            Timestamp(microseconds: now &- $0)
        }
        let isDryRun = report.isDryRun
        let expired = try self.withPushLog { (log) throws(FeatureStoreError) in
            try inOfflineStore { () throws(OfflineStoreError) in
                let expired = try log.expire(retentions, others: general, isDryRun: isDryRun)
                if !isDryRun, !expired.isEmpty { try log.purge() }
                return expired
            }
        }
        for (source, found) in expired.sorted(by: { $0.key < $1.key }) {
            report.add(.pushedRows, source, count: found.rows, bytes: found.rowBytes)
            report.add(.rejects, source, count: found.rejects, bytes: found.rejectBytes)
            report.add(.answers, source, count: found.answers, bytes: found.answerBytes)
        }
    }

    private func collectFiles(
        _ store: RocksDBOnlineStore,
        _ definitions: DefinitionSnapshot,
        into report: inout GarbageReport
    ) {
        if let cache = self.sources.cache {
            let sources = definitions.liveGenerations.map(\.generation.source)
            for file in self.sources.unusedCaches(readBy: sources) {
                report.add(.cache, file.name, count: 1, bytes: file.bytes)
                if !report.isDryRun { cache.remove(named: file.name) }
            }
        }
        for file in store.leftovers {
            report.add(.leftover, file.path, count: 1, bytes: file.bytes)
        }
        if !report.isDryRun { store.removeLeftovers() }
        for folder in self.savedDatasetFolder.leftovers() {
            report.add(.leftover, folder.path, count: 1, bytes: folder.bytes)
        }
        if !report.isDryRun { self.savedDatasetFolder.removeLeftovers() }
        for folder in SnapshotArea(path: self.paths.snapshotArea).leftovers() {
            report.add(.leftover, folder.path, count: 1, bytes: folder.bytes)
            if !report.isDryRun { FileTree.remove(folder.path) }
        }
    }
}
