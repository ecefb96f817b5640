import FeatureCompute
import FeatureModel
import OnlineStores

extension FeatureStore {
    /// Compares what is served with what a training row with the time now would get, for every key
    /// that a view's history has.
    ///
    /// Both sides are asked through the ways that everybody uses: the training set of all keys, and
    /// online reads. Rows that arrived after the last load differ: load, and verify again.
    ///
    /// - Parameter names: The views, or generations such as `view@v1`; `nil` for all that are
    /// served online.
    /// - Returns: What was compared and what differs, by view; a view that cannot be compared says
    ///   why.
    /// - Throws: `featureViewNotFound` for unknown names, `invalidArgument` for a view that is not
    ///   served online; `conflict` when another process has the online store open.
    /// - Complexity: A training set of all keys, held in memory, and a read of every online row.
    public func verify(
        views names: [String]? = nil
    ) throws(FeatureStoreError) -> VerificationReport {
        let definitions = try self.appliedSnapshot()
        let generations = try definitions.onlineGenerations(named: names)
        let online = try self.online()
        var report = VerificationReport(time: self.now())
        try self.writeWaitingRows(dueBy: report.time, into: online.store)
        for live in generations {
            var result = ViewComparison.Result(report: .init(view: live.name))
            do throws(FeatureStoreError) {
                try self.compare(
                    live.generation,
                    definitions,
                    online,
                    time: report.time,
                    into: &result
                )
            } catch {
                result.report.error = self.message(of: error, for: Caller.current)
            }
            report.views.append(result.report)
        }
        return report
    }

    private func compare(
        _ generation: FeatureViewGeneration,
        _ definitions: DefinitionSnapshot,
        _ online: OnlineReader,
        time: Timestamp,
        into result: inout ViewComparison.Result
    ) throws(FeatureStoreError) {
        let comparison = ViewComparison(generation: generation)
        let training = try self.historicalFeatures(
            comparison.selection,
            entities: .keys(to: time)
        )
        try comparison.compare(
            training.table,
            keyNames: generation.joinKeys.map(\.name),
            into: &result
        ) { (request) throws(FeatureStoreError) in
            var answer = OnlineFeatures()
            try online.read(request, definitions: definitions, now: { time }, into: &answer)
            return answer
        }
        let rows = try online.rowCount(of: generation, until: time)
        result.report.onlyOnline = max(0, rows - result.keysFound)
    }
}
