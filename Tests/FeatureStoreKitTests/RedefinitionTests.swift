import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

/// What becomes of loaded rows when definitions change.
@Suite struct RedefinitionTests {
    private func withLoadedProject(_ body: (inout SmallProject) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            var project = SmallProject(directory: directory)
            try project.write([
                SmallProject.line(1, 90, trips: "10", rate: "0.5"),
                SmallProject.line(2, 50, trips: "20", rate: "0.25"),
            ])
            try project.apply()
            try project.store.materialize()
            #expect(try project.values([1, 2, 3]) == [10, 20, nil])
            try body(&project)
        }
    }

    @Test("Another source never serves the rows of the old one")
    func otherSource() throws {
        try withLoadedProject { project in
            try project.write([SmallProject.line(2, 10, trips: "7")], to: "new.csv")
            project.repository.dataSources[0].kind = .csv(.init(path: "new.csv"))
            try project.apply(allowDestroy: true)
            #expect(try project.online([1, 2]).statuses == [.notFound, .notFound])
            #expect(try project.store.status().featureViews[0].problem != nil)
            try project.store.materialize()
            #expect(try project.values([1, 2]) == [nil, 7])
            #expect(try project.online([1, 2]).statuses == [.notFound, .present])
        }
    }

    @Test("Another key never serves the rows of the old one")
    func otherKey() throws {
        try withLoadedProject { project in
            project.repository.entities[0].joinKeys[0].type = .string
            try project.apply(allowDestroy: true)
            #expect(try project.online(["1"]).statuses == [.notFound])
            try project.store.materialize()
            #expect(try project.values(["1", "2"]) == [10, 20])
            #expect(failure { try project.values([1]) }?.code == .invalidValue)

            project.repository.entities[0].joinKeys.append(.init(name: "trips", type: .int64))
            project.repository.featureViews[0].schema.removeFirst()
            try project.apply(allowDestroy: true)
            func read() throws -> OnlineFeatures.FeatureColumn {
                try project.store.onlineFeatures(
                    .features(["stats:rate"]),
                    entities: ["trips": [10, 10], "driver_id": ["1", "2"]]
                ).features[0]
            }
            #expect(try read().statuses == [.notFound, .notFound])
            try project.store.materialize()
            #expect(try read().values.values == [0.5, nil])
        }
    }

    @Test("A new feature is a null value until it is loaded; the others are served all the while")
    func newFeature() throws {
        try withLoadedProject { project in
            try project.write(
                [SmallProject.line(1, 90, trips: "10", rate: "0.5") + ",x"],
                header: SmallProject.header + ",label"
            )
            project.repository.featureViews[0].schema.insert(
                Field(name: "label", type: .string),
                at: 0
            )
            try project.apply()
            #expect(try project.values([1, 2]) == [10, 20])
            let label = try project.online([1, 2, 3], of: "stats:label")
            #expect(label.statuses == [.nullValue, .nullValue, .notFound])
            #expect(label.eventTimestamps == [second(90), second(50), .epoch])
            #expect(try project.store.materialize().views[0].keysWritten == 1)
            #expect(try project.values([1, 2], of: "stats:label") == ["x", nil])
            #expect(try project.values([1, 2], of: "stats:rate") == [0.5, 0.25])
        }
    }

    @Test("A feature of another type is not served before it is loaded")
    func retype() throws {
        try withLoadedProject { project in
            project.repository.featureViews[0].schema[0].type = .string
            try project.apply(allowDestroy: true)
            #expect(try project.online([1]).statuses == [.notFound])
            #expect(try project.online([1], of: "stats:rate").statuses == [.notFound])
            try project.store.materialize()
            #expect(try project.values([1, 2]) == ["10", "20"])
        }
    }

    @Test("A feature that is dropped and comes back is loaded anew")
    func dropFeature() throws {
        try withLoadedProject { project in
            let rate = project.repository.featureViews[0].schema.removeLast()
            #expect(failure { try project.apply() }?.code == .invalidArgument)
            try project.apply(allowDestroy: true)
            #expect(try project.online([1, 2]).statuses == [.notFound, .notFound])
            #expect(failure { try project.values([1], of: "stats:rate") }?.code == .featureNotFound)
            project.repository.featureViews[0].schema.append(rate)
            try project.apply()
            #expect(try project.online([1], of: "stats:rate").statuses == [.notFound])
            try project.store.materializeIncremental()
            #expect(try project.values([1, 2], of: "stats:rate") == [0.5, 0.25])
        }
    }

    @Test("A ttl holds at once, and words about a view leave its rows alone")
    func compatibleEdits() throws {
        try withLoadedProject { project in
            project.repository.featureViews[0].ttlMicroseconds = 10_000_000
            project.repository.featureViews[0].description = "numbers of drivers"
            project.repository.featureViews[0].tags = ["team": "rides"]
            project.repository.featureViews[0].owner = "ml@example.com"
            project.repository.dataSources[0].description = "a file"
            project.repository.dataSources[0].tags = ["a": "b"]
            project.repository.dataSources[0].latenessMicroseconds = 5
            project.repository.entities[0].description = "drives"
            try project.apply()
            let online = try project.online([1, 2])
            #expect(online.values.values == [10, nil])
            #expect(online.statuses == [.present, .outsideMaxAge])
            #expect(online.eventTimestamps == [second(90), second(50)])
            project.clock.now = Timestamp(microseconds: second(100).microseconds + 1)
            #expect(try project.online([1]).statuses == [.outsideMaxAge])
            project.clock.now = second(89)
            #expect(try project.online([1]).statuses == [.notFound])
            project.clock.now = second(100)
            project.repository.featureViews[0].ttlMicroseconds = 0
            try project.apply()
            #expect(try project.values([1, 2]) == [10, 20])
            #expect(try project.store.materialize().views[0].keysWritten == 0)
        }
    }

    @Test("A dropped view takes its rows along, also when it comes back")
    func dropView() throws {
        try withLoadedProject { project in
            let view = project.repository.featureViews.removeLast()
            try project.apply(allowDestroy: true)
            let error = failure { try project.values([1]) }
            #expect(error?.code == .featureViewNotFound)
            #expect(try project.store.exampleRequest() == nil)
            project.repository.featureViews.append(view)
            try project.apply()
            #expect(try project.online([1]).statuses == [.notFound])
            #expect(try !project.store.status().featureViews[0].loaded)
        }
    }

    @Test("After a teardown nothing is left but the sources")
    func teardown() throws {
        try withLoadedProject { project in
            #expect(try project.store.teardown() == 2)
            #expect(try project.store.exampleRequest() == nil)
            #expect(failure { try project.values([1]) }?.code == .featureViewNotFound)
            #expect(try project.store.status().featureViews.isEmpty)
            try project.apply()
            #expect(try project.online([1]).statuses == [.notFound])
            try project.store.materialize()
            #expect(try project.values([1]) == [10])
        }
    }

    @Test("A view that is not online is neither loaded nor read, and keeps no rows")
    func notOnline() throws {
        try withLoadedProject { project in
            project.repository.featureViews[0].online = false
            try project.apply(allowDestroy: true)
            let error = failure { try project.values([1]) }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains("\"stats\" is not served online") ?? false)
            #expect(try project.store.materialize().views.isEmpty)
            #expect(
                failure { try project.store.materialize(views: ["stats"]) }?.code
                    == .invalidArgument
            )
            let training = try project.store.historicalFeatures(
                .features(["stats:trips"]),
                entities: SmallProject.entities([(1, .timestamp(second(100)))])
            )
            #expect(training.table["trips"]?.values == [10])
            project.repository.featureViews[0].online = true
            try project.apply()
            #expect(try project.online([1]).statuses == [.notFound])
        }
    }

    @Test("A push source that only a pinned generation reads feeds that one")
    func pinnedPushSource() throws {
        try withLoadedProject { project in
            for name in ["first_push", "second_push"] {
                project.repository.dataSources.append(
                    DataSource(name: name, kind: .push(.init(batchSource: "stats_source")))
                )
            }
            project.repository.featureServices.append(
                FeatureService(name: "old", features: [.init(view: "stats", version: 1)])
            )
            try project.apply()
            project.repository.featureViews[0].source = "first_push"
            try project.apply()
            let rows = try PushRows([
                "driver_id": [1], "event_time": [.timestamp(second(95))], "created": [.null],
                "trips": [99], "rate": [.float(0.5)],
            ])
            let result = try project.store.push("second_push", rows: rows, to: .onlineAndOffline)
            #expect(result.accepted == 1 && result.views == ["stats@v1"])
            let old = try project.store.onlineFeatures(
                .features(["stats@v1:trips"]),
                entities: ["driver_id": [1]]
            )
            #expect(old.features[0].values.values == [99])
            #expect(try project.online([1]).statuses == [.notFound])
        }
    }

    @Test("Another store takes up what was applied when it refreshes")
    func refresh() throws {
        try withLoadedProject { project in
            let other = project.anotherStore()
            project.repository.featureViews[0].ttlMicroseconds = 1_000_000
            try other.apply(other.plan(project.files))
            #expect(try project.values([1]) == [10])
            #expect(try project.store.refresh())
            #expect(try !project.store.refresh())
            #expect(try project.online([1]).statuses == [.outsideMaxAge])
        }
    }
}
