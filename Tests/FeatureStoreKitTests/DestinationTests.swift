import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

@Suite("A training set never replaces what it is made from")
struct DestinationTests {
    @Test("Sources and the registry are refused, under any name")
    func refusesTheProjectsFiles() throws {
        try withTemporaryDirectory { directory in
            let rows = directory.appendingPathComponent("rows.csv")
            try Data("id,at,value\n1,2026-01-01,7\n".utf8).write(to: rows)
            let link = directory.appendingPathComponent("link.csv")
            try FileManager.default.createSymbolicLink(at: link, withDestinationURL: rows)
            let files = LoadedRepository(
                directory: directory.path,
                configuration: ProjectConfiguration(project: "p", registry: "registry.db"),
                repository: FeatureRepository(
                    entities: [Entity(name: "thing", joinKeys: [.init(name: "id", type: .int64)])],
                    dataSources: [
                        DataSource(
                            name: "rows",
                            kind: .csv(.init(path: "r*s.csv")),
                            timestampField: "at"
                        )
                    ],
                    featureViews: [
                        FeatureView(
                            name: "stats",
                            entities: ["thing"],
                            schema: [Field(name: "value", type: .int64)],
                            source: "rows"
                        )
                    ]
                )
            )
            let store = FeatureStore(files)
            try store.apply(store.plan(files))
            for name in ["rows.csv", "./rows.csv", "link.csv", "registry.db"] {
                let path = directory.path + "/" + name
                let error = #expect(throws: FeatureStoreError.self, "\(name)") {
                    try store.check(.path(path))
                }
                #expect(error?.message.contains("name another output") == true)
            }
            try store.check(.path(directory.path + "/training.csv"))
            try store.check(.path("-"))
            #expect(throws: FeatureStoreError.self) {
                try store.check(.path(directory.path + "/training.xlsx"))
            }
        }
    }
}
