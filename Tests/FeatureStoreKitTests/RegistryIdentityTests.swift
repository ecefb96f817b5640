import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

@Suite("Online rows outlive mistakes with the registry")
struct RegistryIdentityTests {
    /// A repository of one view over one row, whose registry lies at `registry`.
    private func files(
        in directory: URL,
        project: String = "p",
        registry: String = "registry.db",
        view: String = "stats"
    ) throws -> LoadedRepository {
        try Data("id,at,value\n1,2026-01-01,7\n".utf8)
            .write(to: directory.appendingPathComponent("rows.csv"))
        return LoadedRepository(
            directory: directory.path,
            configuration: ProjectConfiguration(
                project: project,
                registry: registry,
                onlineStore: .rocksdb(path: "online")
            ),
            repository: FeatureRepository(
                entities: [Entity(name: "thing", joinKeys: [.init(name: "id", type: .int64)])],
                dataSources: [
                    DataSource(
                        name: "rows",
                        kind: .csv(.init(path: "rows.csv")),
                        timestampField: "at"
                    )
                ],
                featureViews: [
                    FeatureView(
                        name: view,
                        entities: ["thing"],
                        schema: [Field(name: "value", type: .int64)],
                        source: "rows"
                    )
                ]
            )
        )
    }

    private func value(_ store: FeatureStore, view: String = "stats") throws -> Value {
        let answer = try store.onlineFeatures(.features(["\(view):value"]), entities: ["id": [1]])
        return answer.features[0].values[0]
    }

    @Test("A registry that is gone for a while costs nothing")
    func registryThatIsGone() throws {
        try withTemporaryDirectory { directory in
            let files = try self.files(in: directory)
            let store = FeatureStore(files)
            try store.apply(store.plan(files))
            try store.materialize()
            let path = directory.appendingPathComponent("registry.db").path
            try FileManager.default.moveItem(atPath: path, toPath: path + ".away")
            let error = #expect(throws: FeatureStoreError.self) { try store.refresh() }
            #expect(error?.message.contains("is gone") == true)
            #expect(try self.value(store) == 7)
            try FileManager.default.moveItem(atPath: path + ".away", toPath: path)
            #expect(try !store.refresh())
            #expect(try self.value(store) == 7)
        }
    }

    @Test("Another registry does not delete what it has never heard of")
    func anotherRegistry() throws {
        try withTemporaryDirectory { directory in
            let files = try self.files(in: directory)
            do {
                let store = FeatureStore(files)
                try store.apply(store.plan(files))
                try store.materialize()
            }
            do {
                let other = try self.files(in: directory, registry: "typo.db", view: "other")
                let store = FeatureStore(other)
                try store.apply(store.plan(other))
                try store.materialize()
            }
            #expect(try self.value(FeatureStore(files)) == 7)
        }
    }

    @Test("A registry that was made anew is taken up, though its version is the same")
    func registryMadeAnew() throws {
        try withTemporaryDirectory { directory in
            let first = try self.files(in: directory)
            let store = FeatureStore(first)
            try store.apply(store.plan(first))
            try store.materialize()
            for suffix in ["", "-wal", "-shm"] {
                let path = directory.appendingPathComponent("registry.db" + suffix)
                try? FileManager.default.removeItem(at: path)
            }
            let second = try self.files(in: directory, view: "renamed")
            let other = FeatureStore(second)
            try other.apply(other.plan(second))
            #expect(try store.refresh())
            try store.materialize()
            #expect(try self.value(store, view: "renamed") == 7)
        }
    }

    @Test("Two projects do not share one online store")
    func twoProjects() throws {
        try withTemporaryDirectory { directory in
            let mine = try self.files(in: directory)
            do {
                let store = FeatureStore(mine)
                try store.apply(store.plan(mine))
                try store.materialize()
            }
            let theirs = try self.files(in: directory, project: "q", registry: "q.db")
            let store = FeatureStore(theirs)
            try store.apply(store.plan(theirs))
            let error = #expect(throws: FeatureStoreError.self) { try store.materialize() }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains("belongs to project p") == true)
            #expect(try self.value(FeatureStore(mine)) == 7)
        }
    }

    @Test("A deleted view's rows go, and are not back when the view is")
    func deletedView() throws {
        try withTemporaryDirectory { directory in
            let files = try self.files(in: directory)
            let store = FeatureStore(files)
            try store.apply(store.plan(files))
            try store.materialize()
            var none = files
            none.repository = FeatureRepository()
            try store.apply(store.plan(none), allowDestroy: true)
            try store.apply(store.plan(files))
            #expect(try self.value(store) == .null)
        }
    }

    @Test("What a load reached stays reached")
    func recordsDoNotGoBack() throws {
        try withTemporaryDirectory { directory in
            let files = try self.files(in: directory)
            let store = FeatureStore(files)
            try store.apply(store.plan(files))
            try store.materialize()
            let before = try store.status().featureViews[0]
            try store.materializeIncremental(to: Timestamp("1999-01-01"))
            let after = try store.status().featureViews[0]
            #expect(after.loadedUpTo == before.loadedUpTo)
            #expect(after.newestEventTime == before.newestEventTime)
            #expect(after.newestEventTime == Timestamp("2026-01-01"))
        }
    }

    @Test("A change of a source that a service uses must be allowed")
    func sourceUnderAService() throws {
        try withTemporaryDirectory { directory in
            var files = try self.files(in: directory)
            files.repository.featureServices = [
                FeatureService(name: "model", features: [.init(view: "stats")])
            ]
            let store = FeatureStore(files)
            try store.apply(store.plan(files))
            var changed = files
            changed.repository.dataSources[0].kind = .csv(.init(path: "rows*.csv"))
            let error = #expect(throws: FeatureStoreError.self) {
                try store.apply(store.plan(changed))
            }
            #expect(error?.message.contains("\"model\"") == true)
            changed = files
            changed.repository.featureViews[0].online = false
            #expect(throws: FeatureStoreError.self) { try store.apply(store.plan(changed)) }
            changed = files
            changed.repository.dataSources[0].description = "the same rows"
            try store.apply(store.plan(changed))
        }
    }
}
