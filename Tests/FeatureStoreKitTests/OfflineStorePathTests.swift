import FeatureModel
import FeatureStoreKit
import Foundation
import NativeStorage
import TestSupport
import Testing

@Suite("Sources that name no file, and the offline store that has them")
struct OfflineStorePathTests {
    private func files(
        _ directory: URL,
        path: String,
        pinned: Bool = false
    ) -> LoadedRepository {
        LoadedRepository(
            directory: directory.path,
            configuration: ProjectConfiguration(
                project: "p",
                registry: "registry.db",
                offlineStore: .sqlite(path: path),
                onlineStore: .rocksdb(path: "online")
            ),
            repository: FeatureRepository(
                entities: [Entity(name: "thing", joinKeys: [.init(name: "id", type: .int64)])],
                dataSources: [
                    DataSource(
                        name: "rows",
                        kind: .sqlite(.init(relation: .table("t"))),
                        timestampField: "at"
                    )
                ],
                featureViews: [
                    FeatureView(
                        name: "stats",
                        entities: ["thing"],
                        schema: [Field(name: "value", type: .string)],
                        source: "rows"
                    )
                ],
                featureServices: pinned
                    ? [
                        FeatureService(
                            name: "old",
                            features: [.init(view: "stats", version: 1)]
                        )
                    ] : []
            )
        )
    }

    private func makeDatabases(in directory: URL) throws {
        for (name, at) in [("one", "2026-01-02"), ("two", "2026-01-01")] {
            let path = directory.appendingPathComponent("\(name).db").path
            let database = try SQLiteDatabase(path: path, mode: .readWriteCreate)
            try database.execute(
                "CREATE TABLE t (id, at, value); INSERT INTO t VALUES (1, '\(at)', '\(name)')"
            )
        }
    }

    private func value(_ store: FeatureStore, of view: String = "stats") throws -> Value {
        let answer = try store.onlineFeatures(.features(["\(view):value"]), entities: ["id": [1]])
        return answer.features[0].values[0]
    }

    @Test("Another offline store is another source of them, and begins a generation")
    func otherPath() throws {
        try withTemporaryDirectory { directory in
            try self.makeDatabases(in: directory)
            try self.using(self.files(directory, path: "one.db")) { store, _ in
                try store.materialize()
                #expect(try self.value(store) == "one")
            }
            try self.using(self.files(directory, path: "./one.db")) { _, plan in
                #expect(plan == "No changes.")
            }
            try self.using(self.files(directory, path: "two.db", pinned: true)) { store, plan in
                #expect(plan.contains("path: one.db → two.db"), "\(plan)")
                #expect(plan.contains("starts generation 2"), "\(plan)")
                #expect(try self.value(store) == .null)
                try store.materialize()
                #expect(try self.value(store) == "two")
                // What is pinned goes on with the database of before.
                #expect(try self.value(store, of: "stats@v1") == "one")
                #expect(try store.verify().isEqual)
            }
            try self.using(self.files(directory, path: "two.db", pinned: true)) { _, plan in
                #expect(plan == "No changes.")
            }
            try self.using(self.files(directory, path: "one.db", pinned: true)) { _, plan in
                #expect(plan.contains("path: two.db → one.db"), "\(plan)")
            }
        }
    }

    /// Applies definitions, and does something with their store, which alone has the online rows.
    private func using(
        _ files: LoadedRepository,
        _ body: (FeatureStore, String) throws -> Void
    ) throws {
        let store = FeatureStore(files)
        let plan = try store.plan(files)
        try store.apply(plan)
        try body(store, plan.description)
    }

    @Test("A registry that does not know the path yet takes the one that it is given, and notes it")
    func adopts() throws {
        try withTemporaryDirectory { directory in
            try self.makeDatabases(in: directory)
            let files = self.files(directory, path: "one.db")
            let store = FeatureStore(files)
            try store.apply(store.plan(files))
            // As an earlier release left it.
            let registry = directory.appendingPathComponent("registry.db").path
            do {
                let database = try SQLiteDatabase(
                    path: registry,
                    mode: .readWriteCreate,
                    keepsPageChecksums: true
                )
                try database.execute("DELETE FROM object WHERE kind = 'offlineStore'")
            }
            #expect(try store.plan(files).isEmpty)
            #expect(try store.apply(store.plan(files)) == 1)
            let other = self.files(directory, path: "two.db")
            let plan = try FeatureStore(other).plan(other)
            #expect(plan.description.contains("path: one.db → two.db"), "\(plan)")
        }
    }
}
