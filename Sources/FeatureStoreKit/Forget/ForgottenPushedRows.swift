import FeatureCompute
import FeatureModel
import OfflineStores

/// Which pushed rows go when entities are forgotten.
struct ForgottenPushedRows: ForgottenPushes {
    let ids: ForgottenIDs
    let places: JoinKeyPlaces
    /// The generations that rows are kept for.
    let live: [LiveGeneration]

    func limit(column: String, _ cell: GivenCell) -> Int64? {
        self.ids.limit(column: column, cell)
    }

    func time(ofRow cells: [GivenCell], _ columns: [String], source: String) -> Int64? {
        guard let timeColumns = self.places.timeColumns[source] else { return nil }
        var parser = CellParser()
        return zip(columns, cells).compactMap { column, cell in
            timeColumns.contains(column) ? parser.integer(cell, kind: .unixTimestamp) : nil
        }.min()
    }

    func hasUse(_ source: String, isView: Bool, without missing: Set<String>) -> Bool {
        self.live.contains { $0.takesRows(ofPush: source, isView, without: missing) }
    }

    func isMentioned(in text: String, column: String?) -> Bool {
        column.map(self.ids.isKey) ?? true && self.ids.isMentioned(in: text)
    }

    func isAbout(answer: String) -> Bool {
        let result = try? ReportJSON.decode(Array(answer.utf8)) as PushResult
        return result?.results.contains { row in
            row.reason.map(self.ids.isMentioned) ?? false
        } ?? true
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
