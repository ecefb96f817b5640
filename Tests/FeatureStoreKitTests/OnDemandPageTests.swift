import FeatureModel
import FeatureStoreKit
import Foundation
import NativeStorage
import TestSupport
import Testing

@Suite("What the page about on-demand feature views says of the library")
struct OnDemandPageTests {
    private func page() throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let path = root.appendingPathComponent("docs/on-demand-feature-views.md")
        return try String(contentsOf: path, encoding: .utf8)
    }

    private func store(_ files: LoadedRepository) -> FeatureStore {
        // page begin
        let functions = [
            "discount": OnDemandFunction(inputs: ["price", "loyalty__level"]) { row in
                guard let price = try row.float("price") else { return .null }
                let level = try row.integer("loyalty__level") ?? 0
                return .float(price * (level > 3 ? 0.75 : 1))
            }
        ]
        let store = FeatureStore(files, functions: functions)
        // page end
        return store
    }

    @Test("The closure works, and stands on the page as it stands here")
    func function() throws {
        try withTemporaryDirectory { directory in
            let ask = DataSource(
                name: "ask",
                kind: .request(.init(schema: [Field(name: "price", type: .float64)]))
            )
            let loyalty = DataSource(
                name: "loyalty",
                kind: .request(.init(schema: [Field(name: "level", type: .int32)]))
            )
            let view = OnDemandFeatureView(
                name: "prices",
                sources: ["ask", "loyalty"],
                features: [
                    OnDemandFeature(
                        name: "discounted",
                        type: .float64,
                        transformation: .function("discount")
                    )
                ]
            )
            let files = LoadedRepository(
                directory: directory.path,
                configuration: ProjectConfiguration(project: "shop"),
                repository: FeatureRepository(
                    dataSources: [ask, loyalty],
                    onDemandFeatureViews: [view]
                )
            )
            let store = store(files)
            try store.apply(store.plan(files))
            let online = try store.onlineFeatures(
                .features(["prices:discounted"]),
                entities: ["price": [10, 10, nil], "level": [5, nil, 5]]
            )
            #expect(online.features[0].values.values == [7.5, 10.0, nil])
        }
        let source = try String(contentsOfFile: #filePath, encoding: .utf8)
        let begin = try #require(source.range(of: "// page begin\n"))
        let end = try #require(source.range(of: "        // page end\n"))
        let lines = source[begin.upperBound..<end.lowerBound].split(separator: "\n")
        let example = lines.map { $0.dropFirst(8) + "\n" }.joined()
        #expect(try page().contains("```swift\n\(example)```"))
    }

    @Test("Every function of expressions is on the page")
    func functions() throws {
        let page = try page()
        for function in SQLExpression.functionNames {
            #expect(page.contains("`\(function)`"), "\(function)")
        }
    }

    @Test(
        "The table of nulls, overflow and division by zero is right",
        arguments: [
            ("7 / 2", Value.float(3)), ("-7 / 2", -3.0), ("7 / 2.0", 3.5), ("7 / 0", nil),
            ("7 % 0", nil),
            ("7 / 0.0", nil), ("NULL OR 1", 1.0), ("NULL AND 0", 0.0), ("NULL AND 1", nil),
            ("9223372036854775807 + 1", 9_223_372_036_854_775_808.0),
            ("abs(-9223372036854775807 - 1)", nil), ("9e999 - 9e999", nil), ("'7' + 1", 8.0),
            ("'x' + 1", 1.0), ("9 < 'a'", 1.0), ("length((1.0 / 3) || '')", 17.0),
            ("length('a' || char(0) || 'b')", 1.0),
            ("length(upper('é')) + (upper('é') = 'é')", 2.0),
        ]
    )
    func table(expression: String, value: Value) throws {
        try withTemporaryDirectory { directory in
            var project = SmallProject(directory: directory)
            try project.write([])
            project.repository.dataSources.append(
                DataSource(
                    name: "ask",
                    kind: .request(.init(schema: [Field(name: "a", type: .int64)]))
                )
            )
            project.repository.onDemandFeatureViews = [
                OnDemandFeatureView(
                    name: "v",
                    sources: ["ask"],
                    features: [
                        OnDemandFeature(
                            name: "f",
                            type: .float64,
                            transformation: .expression(expression)
                        )
                    ]
                )
            ]
            try project.apply()
            let online = try project.store.onlineFeatures(
                .features(["v:f"]),
                entities: ["a": [1]]
            )
            #expect(online.features[0].values.values == [value])
        }
    }
}
