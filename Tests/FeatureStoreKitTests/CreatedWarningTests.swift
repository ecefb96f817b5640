import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

/// The number of cells that created times would change, against a look at every row.
@Suite struct CreatedWarningTests {
    @Test("The warning counts exactly the cells that the filter changes", arguments: 0..<160)
    func counts(seed: Int) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: UInt64(seed))
            var project = try RandomProject(directory: directory, using: &random)
            try project.addLines(upTo: 15, mayBeBad: false, using: &random)
            try project.store.apply(project.store.plan(project.definitions))
            try project.addLines(upTo: 15, mayBeBad: true, using: &random)
            let rows = project.entityRows(40, using: &random)
            let times = rows.map { _ in
                Int.random(in: 0..<10, using: &random) == 0
                    ? nil : Int64.random(in: 0...24, using: &random)
            }
            var columns = try project.joinKeys.enumerated().map { index, key in
                Table.NamedColumn(
                    name: key.name,
                    column: try Column(
                        type: key.type,
                        values: rows.map { $0[index]?.value ?? .null }
                    )
                )
            }
            columns.append(
                .init(
                    name: "event_timestamp",
                    column: try Column(
                        type: .unixTimestamp,
                        values: times.map { $0.map { .timestamp(second($0)) } ?? .null }
                    )
                )
            )
            let entities = EntityRowsInput.table(Table(columns: columns, rowCount: rows.count))
            let selection = FeatureSelection.features(
                project.views.flatMap { view in
                    view.view.schema.map { "\(view.view.name):\($0.name)" }
                }
            )
            var options = HistoricalFeaturesOptions()
            options.fullFeatureNames = true
            let plain = try project.store.historicalFeatures(
                selection,
                entities: entities,
                options: options
            )
            options.filterByCreatedTimestamp = true
            let filtered = try project.store.historicalFeatures(
                selection,
                entities: entities,
                options: options
            )
            var total = 0
            for view in project.views {
                var inView = 0
                for (position, field) in view.view.schema.enumerated() {
                    let name = "\(view.view.name)__\(field.name)"
                    var expected = 0
                    for row in rows.indices {
                        let keys = view.joinKeys.map { key in
                            rows[row][project.joinKeys.firstIndex(of: key) ?? 0]
                        }
                        func text(_ filter: Bool?) -> String {
                            guard let time = times[row] else { return "null" }
                            let cell = view.expected(keys, at: time, filter: filter)
                            return exactText(cell.value(at: position))
                        }
                        let before = text(nil)
                        let after = text(true)
                        #expect(plain.table[name].map { exactText($0[row]) } == before)
                        #expect(filtered.table[name].map { exactText($0[row]) } == after)
                        if before != after { expected += 1 }
                    }
                    let column = plain.report.columns.first { $0.name == name }
                    #expect(column?.createdFilterWouldChange == expected, "\(name)")
                    inView += expected
                }
                let warning = plain.report.warnings.first {
                    $0.contains("\"\(view.view.name)\"")
                        && $0.contains("--filter-by-created-timestamp")
                }
                #expect((warning == nil) == (inView == 0))
                let count =
                    inView == 1 ? "1 cell comes from a row" : "\(inView) cells come from rows"
                if inView > 0 { #expect(warning?.contains(": \(count) that") ?? false) }
                total += inView
            }
            #expect(plain.report.cellsCreatedFilterWouldChange == total)
            #expect(filtered.report.cellsCreatedFilterWouldChange == 0)
            #expect(
                !filtered.report.warnings.contains { $0.contains("--filter-by-created-timestamp") }
            )
        }
    }
}

extension RandomView.Expectation {
    fileprivate func value(at position: Int) -> Value {
        if case .row(let features, _) = self { return features[position] }
        return .null
    }
}
