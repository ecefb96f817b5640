import FeatureModel
import FeatureStoreKit
import Foundation
import NativeStorage
import TestSupport
import Testing

@Suite("What is odd about the cells of a source")
struct SourceWarningTests {
    @Test("Eight digits that look like a date are seconds, and everybody says so")
    func datesWithoutDashes() throws {
        try withTemporaryDirectory { directory in
            let project = SmallProject(directory: directory)
            try project.write(["1,20240101,,7,1"])
            let plan = try project.store.plan(project.files)
            let warning = plan.warnings.first?.description ?? ""
            #expect(plan.warnings.count == 1)
            #expect(warning.contains("stats.csv:2: column \"event_time\" has \"20240101\""))
            #expect(warning.hasSuffix("1970; write a date with dashes, as in 2024-01-01"))
            try project.store.apply(plan)
            let notes = try project.store.materialize().notes
            #expect(notes.count == 1 && notes[0].contains("times of eight digits"), "\(notes)")
            let set = try project.store.historicalFeatures(
                .features(["stats:trips"]),
                entities: SmallProject.entities([(1, .timestamp(second(100)))])
            )
            #expect(set.report.warnings.contains { $0.contains("times of eight digits") })
            #expect(set.table["trips"]?.values == [7])
        }
    }

    @Test("A number and bytes in a text column are called what they are")
    func storedAsNumbers() throws {
        try withTemporaryDirectory { directory in
            var project = SmallProject(directory: directory)
            project.repository.dataSources[0] = DataSource(
                name: "stats_source",
                kind: .sqlite(.init(path: "s.db", relation: .table("t"))),
                timestampField: "event_time"
            )
            project.repository.featureViews[0].schema = [Field(name: "word", type: .string)]
            let database = try SQLiteDatabase(
                path: directory.appendingPathComponent("s.db").path,
                mode: .readWriteCreate
            )
            try database.execute(
                """
                CREATE TABLE t (driver_id, event_time, word);
                INSERT INTO t VALUES (1, 1700000001, 'a'), (1, 1700000002, 'b'),
                    (1, 1700000003, 'c'), (1, 1700000004, 5), (1, 1700000005, x'41')
                """
            )
            let plan = try project.store.plan(project.files)
            let warning = plan.warnings.first?.description ?? ""
            #expect(
                warning.contains(
                    "has \"5\", which is no string, as it is stored (2 of 5 sampled); "
                        + "give the source a query that selects CAST(word AS TEXT)"
                ),
                "\(warning)"
            )
            try project.store.apply(plan)
            let samples = try project.store.materialize().views[0].samples
            #expect(samples.count == 2)
            #expect(samples[0].hasSuffix("column \"word\": \"5\" is a number, and no text"))
            #expect(samples[1].hasSuffix("column \"word\": \"(blob)\" is bytes, and no text"))
        }
    }

    @Test("Entity rows in JSON are told to be CSV")
    func entityRowsInJSON() throws {
        try withTemporaryDirectory { directory in
            let project = SmallProject(directory: directory)
            try project.write([SmallProject.line(1, 1, trips: "1")])
            try project.apply()
            let path = directory.appendingPathComponent("rows.jsonl").path
            try Data("{\"driver_id\": 1}\n".utf8).write(to: URL(fileURLWithPath: path))
            let error = failure {
                try project.store.historicalFeatures(
                    .features(["stats:trips"]),
                    entities: .file(path)
                )
            }
            #expect(error?.message.contains("entity rows are read from CSV") ?? false)
        }
    }
}
