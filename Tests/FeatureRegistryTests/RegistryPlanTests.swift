import FeatureModel
import FeatureRegistry
import Foundation
import TestSupport
import Testing

@Suite struct RegistryPlanTests {
    private let base = FeatureRepository(
        entities: [
            Entity(name: "airport", joinKeys: [.init(name: "airport_id", type: .int64)]),
            Entity(name: "city", joinKeys: [.init(name: "city", type: .string)]),
        ],
        dataSources: [
            DataSource(
                name: "weather_csv",
                kind: .csv(.init(path: "weather.csv")),
                timestampField: "time"
            )
        ],
        featureViews: [
            FeatureView(
                name: "weather",
                entities: ["airport"],
                ttlMicroseconds: 86_400_000_000,
                schema: [
                    Field(name: "temp", type: .float32), Field(name: "wind", type: .float64),
                    Field(name: "rain", type: .bool),
                ],
                source: "weather_csv",
                tags: ["team": "a"]
            )
        ],
        featureServices: [
            FeatureService(
                name: "delays",
                features: [.init(view: "weather", features: ["temp", "wind"])]
            ),
            FeatureService(name: "all", features: [.init(view: "weather")]),
        ]
    )

    private func plan(_ change: (inout FeatureRepository) -> Void) -> RegistryPlan {
        var target = self.base
        change(&target)
        let applied = RegistrySnapshot(version: 3, project: "p", repository: self.base)
        return RegistryPlan(from: applied, to: target, project: "p")
    }

    @Test func aFirstPlanListsEverything() {
        let plan = RegistryPlan(from: RegistrySnapshot(), to: self.base, project: "p")
        #expect(
            plan.description == """
                  + entity airport
                      join_keys: airport_id int64
                  + entity city
                      join_keys: city string
                  + data source weather_csv
                      type: csv
                      path: weather.csv
                      timestamp_field: time
                  + feature view weather
                      entities: airport
                      ttl: 1d
                      schema.temp: float32
                      schema.wind: float64
                      schema.rain: bool
                      online: true
                      source: weather_csv
                      tags.team: a
                  + feature service delays
                      features: weather:temp, weather:wind
                  + feature service all
                      features: weather:*
                Plan: 6 to create, 0 to change, 0 to delete.
                """
        )
        #expect(!plan.isDestructive)
    }

    @Test func changesNameTheirValuesAndTheirLosses() {
        let plan = self.plan { target in
            target.featureViews[0].ttlMicroseconds = 172_800_000_000
            target.featureViews[0].schema.remove(at: 1)
            target.featureViews[0].schema[1].type = .int32
            target.featureViews[0].schema.append(Field(name: "snow", type: .bool))
            target.featureViews[0].description = "now\nhere"
            target.featureViews[0].tags = [:]
            target.entities.remove(at: 1)
            target.dataSources.append(
                DataSource(name: "more", kind: .sqlite(.init(relation: .table("t"))))
            )
            target.featureServices = []
        }
        #expect(
            plan.description == """
                  + data source more
                      type: sqlite
                      table: t
                  ~ feature view weather
                      ttl: 1d → 2d
                    - schema.wind: float64
                      schema.rain: bool → int32
                    + schema.snow: bool
                    + description: now\\nhere
                    - tags.team: a
                    ! starts generation 2: drops feature "wind", changes feature "rain" from bool \
                to int32
                  - feature service delays
                  - feature service all
                  - entity city
                Plan: 1 to create, 1 to change, 3 to delete.
                """
        )
        #expect(plan.isDestructive)
        #expect(plan.baseVersion == 3)
    }

    @Test func compatibleChangesLoseNothing() {
        let plan = self.plan { target in
            target.featureViews[0].schema.append(Field(name: "snow", type: .bool))
            target.featureViews[0].ttlMicroseconds = 0
            target.featureServices.remove(at: 0)
            target.entities[0].owner = "me"
            target.entities.remove(at: 1)
        }
        #expect(plan.changes.map(\.action) == [.changed, .changed, .deleted, .deleted])
        #expect(!plan.isDestructive)
    }

    @Test func anOrderOfFeaturesIsAChangeAndAnOrderOfObjectsIsNone() {
        let reordered = self.plan { target in
            target.featureViews[0].schema.reverse()
            target.featureViews[0].schema[0].tags = ["a": "b"]
        }
        #expect(
            reordered.description == """
                  ~ feature view weather
                    + schema.rain.tags.a: b
                      schema: temp, wind, rain → rain, wind, temp
                Plan: 0 to create, 1 to change, 0 to delete.
                """
        )
        #expect(!reordered.isDestructive)
        #expect(self.plan { $0.entities.reverse() }.isEmpty)
    }

    @Test func rekeyingAndAnotherSourceAreLosses() {
        let plan = self.plan { target in
            target.entities[0].joinKeys = [.init(name: "iata", type: .string)]
            target.featureViews[0].entities = ["airport", "city"]
            target.featureViews[0].source = "other"
            target.dataSources.append(
                DataSource(name: "other", kind: .csv(.init(path: "weather2.csv")))
            )
        }
        #expect(
            plan.changes.flatMap(\.destructiveReasons) == [
                "starts generation 2: changes the join keys from [airport_id int64] to "
                    + "[iata string, city string], changes the source from \"weather_csv\" to "
                    + "\"other\"",
                "feature services \"delays\", \"all\" use the view unpinned and would get nothing "
                    + "from it until the next load; pin \"weather@v1\" in them to stay with "
                    + "generation 1",
            ]
        )
    }

    @Test func deletingAViewIsALoss() {
        let plan = self.plan { target in
            target.featureViews = []
            target.featureServices.remove(at: 0)
        }
        #expect(
            plan.changes.flatMap(\.destructiveReasons) == [
                "deletes the view and its rows, which feature services \"delays\", \"all\" use"
            ]
        )
        #expect(plan.changes.map(\.name) == ["delays", "weather"])
    }

    @Test func theReportIsStableJSON() throws {
        let plan = self.plan { $0.featureViews[0].schema.removeLast(2) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let json = String(decoding: try encoder.encode(plan.report), as: UTF8.self)
        #expect(
            json == """
                {"base_version":3,"changed":1,"changes":[{"action":"changed",\
                "definition_hash":\
                "79389f75b36655310a37c99ef1f323f2f31d46f3db55e0e861c8c2b6979bcda8",\
                "destructive_reasons":["starts generation 2: drops feature \\"wind\\", drops \
                feature \\"rain\\"","feature services \\"delays\\", \\"all\\" use the view unpinned \
                and would get nothing from it until the next load; pin \\"weather@v1\\" in them \
                to stay with generation 1"],"fields":[{"old":"float64","path":"schema.wind"},\
                {"old":"bool","path":"schema.rain"}],\
                "generation":{"number":2,"reasons":["drops feature \\"wind\\"","drops feature \
                \\"rain\\""]},\
                "kind":"featureView","name":"weather"}],\
                "created":0,"deleted":0,"destructive":true,"project":"p"}
                """
        )
    }

    /// A change is in the plan exactly when a definition differs, and a changed one says where.
    @Test(arguments: UInt64(0)..<150)
    func plansAreExact(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let old = random.repository()
        let new = random.repository()
        let applied = RegistrySnapshot(version: 1, project: "p", repository: old)
        let plan = RegistryPlan(from: applied, to: new, project: "p")

        var expected: Set<String> = []
        func compare<Definition: Hashable>(
            _ kind: DefinitionKind,
            _ path: KeyPath<FeatureRepository, [Definition]>,
            _ name: KeyPath<Definition, String>
        ) {
            for definition in old[keyPath: path] where !new[keyPath: path].contains(definition) {
                expected.insert("\(kind) \(definition[keyPath: name])")
            }
            for definition in new[keyPath: path] where !old[keyPath: path].contains(definition) {
                expected.insert("\(kind) \(definition[keyPath: name])")
            }
        }
        compare(.entity, \.entities, \.name)
        compare(.dataSource, \.dataSources, \.name)
        compare(.featureView, \.featureViews, \.name)
        compare(.featureService, \.featureServices, \.name)

        #expect(Set(plan.changes.map { "\($0.kind) \($0.name)" }) == expected)
        #expect(plan.changes.count == expected.count)
        for change in plan.changes where change.action == .changed {
            #expect(change.fields.allSatisfy { $0.old != $0.new })
        }
        let report = try JSONEncoder().encode(plan.report)
        #expect(try JSONDecoder().decode(RegistryPlan.Report.self, from: report) == plan.report)
    }
}
