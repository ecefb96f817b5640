import FeatureModel
import FeatureStoreKit
import Foundation
import NativeStorage
import TestSupport
import Testing

@Suite struct SavedDatasetTests {
    private static let lines = [
        SmallProject.line(1, 10, created: 12, trips: "10", rate: "0.5"),
        SmallProject.line(1, 20, created: 40, trips: "20"),
        SmallProject.line(2, 30, trips: "30", rate: "NaN"),
    ]
    private let trips = FeatureSelection.features(["stats:trips", "stats:rate"])

    private func withProject(_ body: (inout SmallProject) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            var project = SmallProject(directory: directory)
            try project.write(Self.lines)
            try project.apply()
            try body(&project)
        }
    }

    private func entities(_ project: SmallProject) throws -> EntityRowsInput {
        let file = project.directory.appendingPathComponent("entities.csv")
        let text = "note,driver_id,event_timestamp\n\"a,\"\"b\",1,\(second(15))\n,2,1700000035\n"
        try Data(text.utf8).write(to: file)
        return .file(file.path)
    }

    @Test("A saved set keeps what it was made from, and is made again byte for byte")
    func saveAndRebuild() throws {
        try withProject { project in
            let entities = try self.entities(project)
            let (dataset, set) = try project.store.saveDataset("first", trips, entities: entities)
            let path = project.directory.appendingPathComponent("training.csv").path
            try set.write(to: .path(path))
            let written = try Data(contentsOf: URL(fileURLWithPath: path))
            #expect(Data(try project.store.savedDatasetText("first")) == written)

            #expect(dataset == (try project.anotherStore().savedDataset("first")))
            #expect(dataset.project == "drivers" && dataset.registryVersion == 1)
            #expect(dataset.rows == 2 && dataset.columns == set.table.columnNames)
            #expect(dataset.created == project.clock.now)
            #expect(dataset.features.references == ["stats:trips", "stats:rate"])
            #expect(
                dataset.definitions.map { "\($0.kind) \($0.name)" }
                    == ["dataSource stats_source", "entity driver", "featureView stats"]
            )
            #expect(dataset.definitions.allSatisfy { $0.sha256.count == 64 })
            #expect(dataset.inputs.map(\.path) == ["stats.csv"])
            let folder = URL(fileURLWithPath: project.store.folder(ofSavedDataset: "first"))
            let rows = try Data(contentsOf: folder.appendingPathComponent("entity_rows.csv"))
            #expect(
                rows
                    == (try Data(
                        contentsOf: project.directory.appendingPathComponent("entities.csv")
                    ))
            )
            // SHA-256 of known bytes: what `sha256sum` says.
            #expect(dataset.entityRows.file.size == rows.count)

            // Neither the entity file nor the definitions of today matter.
            try FileManager.default.removeItem(
                at: project.directory.appendingPathComponent("entities.csv")
            )
            project.repository.featureViews[0].ttlMicroseconds = 1_000_000
            try project.apply()
            let now = try project.store.historicalFeatures(
                trips,
                entities: SmallProject.entities([(1, .timestamp(second(15)))])
            )
            #expect(now.table["trips"]?.values == [nil])
            let rebuilt = try project.store.rebuildDataset("first")
            #expect(rebuilt.isIdentical && rebuilt.changedInputs.isEmpty)
            #expect(rebuilt.trainingSet?.table["trips"]?.values == [10, 30])

            #expect(try project.store.savedDatasets().map(\.name) == ["first"])
            let error = failure { try project.store.savedDataset("frist") }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains("did you mean \"first\"?") ?? false)
            try project.store.deleteSavedDataset("first")
            #expect(try project.store.savedDatasets().isEmpty)
            #expect(!FileManager.default.fileExists(atPath: folder.path))
        }
    }

    @Test("Whatever the project and the rows, a rebuild gives the same bytes", arguments: 0..<60)
    func randomProjects(seed: Int) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: UInt64(seed))
            var project = try RandomProject(directory: directory, using: &random)
            try project.addLines(upTo: 10, mayBeBad: false, using: &random)
            try project.store.apply(project.store.plan(project.definitions))
            try project.addLines(upTo: 10, mayBeBad: true, using: &random)
            let references = project.views.flatMap { view in
                view.view.schema.map { "\(view.view.name):\($0.name)" }
            }
            var options = HistoricalFeaturesOptions()
            options.fullFeatureNames = true
            options.filterByCreatedTimestamp = Bool.random(using: &random)
            let rows = project.entityRows(12, using: &random)
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
                        values: rows.map { _ in
                            .timestamp(second(Int64.random(in: 0...22, using: &random)))
                        }
                    )
                )
            )
            let table = EntityRowsInput.table(Table(columns: columns, rowCount: rows.count))
            let (_, set) = try project.store.saveDataset(
                "a set",
                .features(references),
                entities: table,
                options: options
            )
            let rebuilt = try project.store.rebuildDataset("a set")
            #expect(rebuilt.isIdentical, "\(rebuilt.difference ?? "")")
            #expect(rebuilt.trainingSet?.table.columnNames == set.table.columnNames)

            // Rows of all keys too, where there is a view that has all keys.
            let saved = failure {
                try project.store.saveDataset(
                    "keys",
                    .features(references),
                    entities: .keys(
                        from: second(2),
                        everyMicroseconds: 3_000_000
                    ),
                    options: options
                )
            }
            if saved == nil {
                project.clock.now = second(20)
                let again = try project.store.rebuildDataset("keys")
                #expect(again.isIdentical, "\(again.difference ?? "")")
                #expect(again.dataset.entityRows.end == second(10))
            }
        }
    }

    @Test("A changed input is named with what happened to it, and nothing is claimed")
    func changedInputs() throws {
        try withProject { project in
            let entities = try self.entities(project)
            try project.store.saveDataset("first", trips, entities: entities)
            func rebuild(_ allow: Bool = false) throws -> RebuiltDataset {
                try project.store.rebuildDataset("first", allowChangedInputs: allow)
            }
            let size = try project.store.savedDataset("first").inputs[0].size
            try project.write(Self.lines + [SmallProject.line(2, 33, trips: "33")])
            let grown = try rebuild()
            #expect(grown.changedInputs.map(\.kind) == [.grew])
            #expect(grown.changedInputs[0].size > size)
            #expect(grown.changedInputs[0].description.contains("the \(size) bytes of before"))
            #expect(grown.trainingSet == nil && !grown.isIdentical)
            let allowed = try rebuild(true)
            #expect(allowed.trainingSet?.table["trips"]?.values == [10, 33])
            #expect(allowed.changedInputs == grown.changedInputs && !allowed.isIdentical)
            #expect(allowed.difference?.contains("line 3: saved \",2,") ?? false)

            // What is later than every entity row changes no byte, and is told all the same.
            try project.write(Self.lines + [SmallProject.line(2, 99, trips: "33")])
            let later = try rebuild(true)
            #expect(later.changedInputs.map(\.kind) == [.grew] && later.isIdentical)

            try project.write(Array(Self.lines.reversed()))
            #expect(try rebuild().changedInputs.map(\.kind) == [.changed])
            try project.write(Array(Self.lines.dropLast()))
            #expect(try rebuild().changedInputs.map(\.kind) == [.changed])
            let file = project.directory.appendingPathComponent("stats.csv")
            try FileManager.default.removeItem(at: file)
            #expect(try rebuild().changedInputs.map(\.kind) == [.gone])
            #expect(failure { try rebuild(true) }?.code == .unavailable)
            try project.write(Self.lines)
            #expect(try rebuild().isIdentical)
        }
    }

    @Test("Files of a glob and rows of a table are inputs of their own")
    func globsAndTables() throws {
        try withProject { project in
            let path = project.directory.appendingPathComponent("warehouse.db").path
            let database = try SQLiteDatabase(path: path, mode: .readWriteCreate)
            try database.execute(
                """
                CREATE TABLE ages (driver_id, age); INSERT INTO ages VALUES (1, 40), (2, 50);
                CREATE TABLE other (x)
                """
            )
            project.repository.dataSources[0].kind = .csv(.init(path: "part-*.csv"))
            project.repository.dataSources.append(
                DataSource(
                    name: "ages",
                    kind: .sqlite(.init(path: "warehouse.db", relation: .table("ages")))
                )
            )
            project.repository.featureViews.append(
                FeatureView(
                    name: "ages",
                    entities: ["driver"],
                    schema: [Field(name: "age", type: .int64)],
                    source: "ages"
                )
            )
            try project.write([Self.lines[0]], to: "part-1.csv")
            try project.write([Self.lines[1]], to: "part-2.csv")
            try project.apply(allowDestroy: true)
            try project.store.saveDataset(
                "both",
                .features(["stats:trips", "ages:age"]),
                entities: self.entities(project)
            )
            func changes() throws -> [String] {
                try project.store.rebuildDataset("both").changedInputs.map { change in
                    "\(change.kind) \(change.input.path) \(change.input.relation ?? "")"
                }
            }
            #expect(
                try project.store.savedDataset("both").inputs.map { "\($0.path) \($0.size)" }.last
                    == "warehouse.db 2"
            )
            #expect(try changes() == [])
            // Another table and another layout of the file are nothing to the set.
            try database.execute("INSERT INTO other VALUES (1); VACUUM")
            #expect(try changes() == [])
            try project.write([Self.lines[2]], to: "part-3.csv")
            try database.execute("INSERT INTO ages VALUES (3, 60)")
            #expect(try changes() == ["appeared part-3.csv ", "grew warehouse.db ages"])
            try FileManager.default.removeItem(
                at: project.directory.appendingPathComponent("part-1.csv")
            )
            // The same text of another class is another value.
            try database.execute("UPDATE ages SET age = '40' WHERE driver_id = 1")
            #expect(
                try changes() == [
                    "gone part-1.csv ", "appeared part-3.csv ", "changed warehouse.db ages",
                ]
            )
            try database.execute("DROP TABLE ages")
            #expect(try changes().last == "gone warehouse.db ages")
        }
    }

    @Test("A name is given once, and what replaces a set is there as a whole or not at all")
    func names() throws {
        try withProject { project in
            let store = project.store
            let rows = try SmallProject.entities([(1, .timestamp(second(15)))])
            for name in [
                "", ".a", "a/b", "a:b", "a@1", "a,b", "a\nb", String(repeating: "n", count: 201),
            ] {
                let error = failure { try store.saveDataset(name, trips, entities: rows) }
                #expect(error?.code == .invalidArgument, "\(name)")
            }
            try store.saveDataset("été 1", trips, entities: rows)
            let taken = failure { try store.saveDataset("été 1", trips, entities: rows) }
            #expect(taken?.message.contains("--replace") ?? false)
            let two = try SmallProject.entities([
                (1, .timestamp(second(15))), (2, .timestamp(second(50))),
            ])
            try store.saveDataset("été 1", trips, entities: two, replacing: true)
            #expect(try store.savedDatasets().map(\.rows) == [2])

            // A set that could not be made leaves what was there.
            project.repository.featureViews[0].schema.append(Field(name: "gone", type: .int64))
            try FileManager.default.removeItem(
                at: project.directory.appendingPathComponent("stats.csv")
            )
            #expect(
                failure { try store.saveDataset("été 1", trips, entities: rows, replacing: true) }
                    != nil
            )
            #expect(try store.savedDatasets().map(\.rows) == [2])

            // As a program that was killed between the two renames leaves it.
            let folder = URL(fileURLWithPath: store.folder(ofSavedDataset: "été 1"))
            let parent = folder.deletingLastPathComponent()
            let aside = parent.appendingPathComponent(".été 1.replaced")
            try FileManager.default.moveItem(at: folder, to: aside)
            #expect(try store.savedDataset("été 1").rows == 2)
            #expect(!FileManager.default.fileExists(atPath: aside.path))
            try FileManager.default.moveItem(at: folder, to: aside)
            #expect(try store.savedDatasets().map(\.rows) == [2])
            // And one that was killed while it wrote.
            let leftover = parent.appendingPathComponent(".été 1.writing-4194999-A")
            try FileManager.default.createDirectory(
                at: leftover,
                withIntermediateDirectories: false
            )
            #expect(try store.savedDatasets().map(\.name) == ["été 1"])
            try project.write(Self.lines)
            try store.saveDataset("été 1", trips, entities: rows, replacing: true)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: parent.path).sorted()
                    == [".lock", "été 1"]
            )
            try store.deleteSavedDataset("été 1")
            #expect(try FileManager.default.contentsOfDirectory(atPath: parent.path) == [".lock"])
        }
    }

    @Test("Of many who save one name at once the last one wins, and readers see whole sets")
    func together() async throws {
        try await withTemporaryDirectory { directory in
            let project = SmallProject(directory: directory)
            try project.write(Self.lines)
            try project.apply()
            let rows = try (1...4).map { count in
                try SmallProject.entities(
                    (0..<count).map { _ in (1, .timestamp(second(15))) }
                )
            }
            let store = project.store
            let trips = self.trips
            try store.saveDataset("one", trips, entities: rows[0])
            await withTaskGroup(of: Void.self) { group in
                for entities in rows {
                    group.addTask {
                        for _ in 0..<5 {
                            let error = failure {
                                try store.saveDataset(
                                    "one",
                                    trips,
                                    entities: entities,
                                    replacing: true
                                )
                            }
                            #expect(error == nil, "\(error?.message ?? "")")
                        }
                    }
                }
                group.addTask {
                    for _ in 0..<40 {
                        let error = failure { try store.savedDataset("one") }
                        #expect(error == nil, "\(error?.message ?? "")")
                    }
                }
            }
            let last = try store.savedDataset("one")
            #expect((1...4).contains(last.rows))
            #expect(try store.rebuildDataset("one").isIdentical)
            let folder = URL(fileURLWithPath: store.folder(ofSavedDataset: "one"))
                .deletingLastPathComponent()
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
                    == [".lock", "one"]
            )
        }
    }

    @Test("A registry that was made anew, and files that were touched, are told")
    func damage() throws {
        try withProject { project in
            let rows = try SmallProject.entities([(1, .timestamp(second(15)))])
            try project.store.saveDataset("first", trips, entities: rows)
            let folder = project.store.folder(ofSavedDataset: "first")
            for name in ["training_set.csv", "entity_rows.csv"] {
                let file = URL(fileURLWithPath: "\(folder)/\(name)")
                let bytes = try Data(contentsOf: file)
                try (bytes + Data("x".utf8)).write(to: file)
                let error = failure { try project.store.rebuildDataset("first") }
                #expect(error?.code == .corruptData)
                #expect(error?.message.contains(name) ?? false)
                try bytes.write(to: file)
            }
            #expect(try project.store.rebuildDataset("first").isIdentical)
            for name in ["registry.db", "registry.db-wal", "registry.db-shm"] {
                let registry = URL(fileURLWithPath: folder).deletingLastPathComponent()
                    .deletingLastPathComponent().appendingPathComponent(name)
                try? FileManager.default.removeItem(at: registry)
            }
            let none = failure { try project.anotherStore().rebuildDataset("first") }
            #expect(none?.code == .conflict)
            project.repository.featureViews[0].ttlMicroseconds = 7_000_000
            let store = project.anotherStore()
            try store.apply(store.plan(project.files))
            let other = failure { try store.rebuildDataset("first") }
            #expect(other?.code == .conflict)
            #expect(other?.message.contains("differs in featureView \"stats\"") ?? false)
            let manifest = URL(fileURLWithPath: "\(folder)/manifest.json")
            let text = try String(contentsOf: manifest, encoding: .utf8)
            let newer = text.replacing(#""format" : 2"#, with: #""format" : 3"#)
            try Data(newer.utf8).write(to: manifest)
            #expect(
                failure { try store.savedDataset("first") }?.message.contains("newer fstore")
                    ?? false
            )
            try Data("{".utf8).write(to: manifest)
            #expect(failure { try store.savedDataset("first") }?.code == .corruptData)
        }
    }
}
