import FeatureModel
import TestSupport
import Testing

/// Definitions that were made in code, without places; what files can say is tested with the files.
@Suite struct ValidationTests {
    private let good = FeatureRepository(
        entities: [Entity(name: "airport", joinKeys: [.init(name: "id", type: .int64)])],
        dataSources: [
            DataSource(name: "csv", kind: .csv(.init(path: "a.csv")), timestampField: "at")
        ],
        featureViews: [
            FeatureView(
                name: "weather",
                entities: ["airport"],
                schema: [Field(name: "temp", type: .float32)],
                source: "csv"
            )
        ],
        featureServices: [FeatureService(name: "s", features: [.init(view: "weather")])]
    )

    private func problems(_ change: (inout FeatureRepository) -> Void) -> [String] {
        var repository = self.good
        change(&repository)
        return repository.problems().map(\.message)
    }

    @Test func aGoodRepositoryHasNoProblems() {
        #expect(self.problems { _ in } == [])
        #expect(FeatureRepository().problems() == [])
    }

    @Test func namesThatReferencesCannotUseAreProblems() {
        for name in ["", "a:b", "a@b", "a,b", "a\nb", "a\u{7f}"] {
            let found = self.problems { $0.featureServices[0].name = name }
            #expect(found.count == 1, "\(name)")
        }
        for name in ["a__b", "a_", "_a__"] {
            let found = self.problems { repository in
                repository.featureViews[0].name = name
                repository.featureServices = []
            }
            #expect(found.count == 1, "\(name)")
        }
        #expect(self.problems { $0.featureServices[0].name = "ä b__c_" } == [])
    }

    @Test func aStaticSourceMayHaveACreatedColumn() {
        let found = self.problems { repository in
            repository.dataSources[0].timestampField = nil
            repository.dataSources[0].createdTimestampColumn = "created"
            repository.featureViews[0].filterByCreatedTimestamp = true
        }
        #expect(found == [])
    }

    @Test func aViewThatIsNotOnlineMayBeServed() {
        #expect(self.problems { $0.featureViews[0].online = false } == [])
    }

    @Test func aDatabaseWithoutAPathNeedsAnOfflineStoreWithOne() {
        var repository = self.good
        repository.dataSources[0].kind = .sqlite(.init(relation: .table("t")))
        var configuration = ProjectConfiguration(project: "p")
        #expect(repository.problems() == [])
        #expect(repository.problems(configuration: configuration).count == 1)
        configuration.offlineStore = .sqlite(path: "x.db")
        #expect(repository.problems(configuration: configuration) == [])
    }

    @Test func ofThreeObjectsOfOneNameTwoAreProblems() {
        let found = self.problems { repository in
            repository.entities += [repository.entities[0], repository.entities[0]]
        }
        #expect(
            found == [
                "entity \"airport\" is defined again; it is defined before",
                "entity \"airport\" is defined again; it is defined before",
            ]
        )
    }

    @Test func oneKeyNameHasOneTypeInAProject() {
        let found = self.problems { repository in
            repository.entities.append(
                Entity(name: "other", joinKeys: [.init(name: "id", type: .string)])
            )
            repository.entities.append(
                Entity(name: "same", joinKeys: [.init(name: "id", type: .int64)])
            )
            repository.featureViews[0].entities = ["airport", "other", "same"]
        }
        #expect(
            found == [
                "entity \"other\" gives the join key \"id\" the type string, "
                    + "but entity \"airport\" gives it int64"
            ]
        )
    }

    @Test func aFeatureIsTakenOnceByAService() {
        let twice = self.problems { repository in
            repository.featureServices[0].features = [
                .init(view: "weather", features: ["temp"]), .init(view: "weather"),
                .init(view: "weather", features: ["temp"]),
            ]
        }
        #expect(
            twice == [
                "feature service \"s\" takes the feature \"weather:temp\" more than once",
                "feature service \"s\" takes the feature \"weather:temp\" more than once",
            ]
        )
    }

    @Test func nothingIsSaidAboutWhatCouldNotBeRead() {
        var repository = self.good
        repository.entities[0].joinKeys = []
        repository.dataSources = []
        repository.featureViews[0].entities = ["airport", "city"]
        repository.featureViews[0].schema = []
        repository.featureServices[0].features = [.init(view: "weather", features: ["snow"])]
        #expect(repository.problems().count == 5)

        var unreadable = UnreadableParts()
        unreadable.insert("join_keys", of: .entity, "airport")
        unreadable.insert("schema", of: .featureView, "weather")
        unreadable.insert(objectsOf: .entity)
        unreadable.insert("source", of: .featureView, "weather")
        let found = repository.problems(
            locations: DefinitionLocations(),
            configuration: nil,
            unreadable: unreadable
        )
        #expect(found == [])
    }

    @Test func problemsAreInTheOrderOfTheirPlaces() {
        func problem(_ message: String, _ file: String?, _ line: Int = 1) -> Diagnostic {
            let place = file.map { SourceLocation(file: $0, line: line, column: 1) }
            return Diagnostic(message: message, location: place)
        }
        let mixed = [
            problem("6", nil), problem("4", "b", 2), problem("1", "B", 9), problem("3", "b", 1),
            problem("5", "b", 2), problem("7", nil), problem("2", "a", 10),
        ]
        #expect(mixed.sortedByPlace().map(\.message) == ["1", "2", "3", "4", "5", "6", "7"])
    }

    @Test func fieldsFlattenADefinitionInItsOrder() {
        let source = DataSource(
            name: "s",
            kind: .csv(.init(path: "a.csv", delimiter: "\t", nullValues: ["", "N\nA"])),
            timestampField: "at",
            fieldMapping: ["b": "y", "a": "x"],
            latenessMicroseconds: 5_400_000_000,
            tags: ["t": ""]
        )
        let lines = DefinitionFields(source).fields.map { "\($0.path)=\($0.value)" }
        #expect(
            lines == [
                "type=csv", "path=a.csv", "delimiter=tab", "null_values=[\"\", \"N\\nA\"]",
                "timestamp_field=at", "field_mapping.a=x", "field_mapping.b=y", "lateness=90m",
                "tags.t=\"\"",
            ]
        )
    }
}
