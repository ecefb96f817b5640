import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

@Suite("On-demand features against expressions that are computed by hand")
struct OnDemandOracleTests {
    /// The inputs: two features and their like from the request, of each kind.
    private static let features: [Field] = [
        Field(name: "i", type: .int64), Field(name: "x", type: .float64),
        Field(name: "s", type: .string), Field(name: "t", type: .unixTimestamp),
    ]
    private static let request: [Field] = [
        Field(name: "k", type: .int32), Field(name: "y", type: .float32),
        Field(name: "u", type: .string), Field(name: "b", type: .bool),
    ]

    @Test(
        "Training now, serving and a computation by hand agree, cell by cell",
        arguments: UInt64(0)..<80
    )
    func agree(seed: UInt64) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: seed)
            var project = SmallProject(directory: directory)
            let drivers = (0..<6).map { _ in Self.features.map { value($0.type, &random) } }
            try project.write(
                drivers.enumerated().map { driver, values in
                    ([String(driver), second(50).description] + values.map(csvText))
                        .joined(separator: ",")
                },
                header: "driver_id,event_time," + Self.features.map(\.name).joined(separator: ",")
            )
            project.repository.dataSources[0].createdTimestampColumn = nil
            project.repository.featureViews[0].schema = Self.features
            project.repository.dataSources.append(
                DataSource(name: "ask", kind: .request(.init(schema: Self.request)))
            )
            let formulas = (0..<6).map { _ in formula(&random) }
            project.repository.onDemandFeatureViews = [
                OnDemandFeatureView(
                    name: "computed",
                    sources: ["stats", "ask"],
                    features: formulas.enumerated().map { index, formula in
                        OnDemandFeature(
                            name: "f\(index)",
                            type: formula.type,
                            transformation: .expression(formula.expression.sql)
                        )
                    }
                )
            ]
            try project.apply()
            try project.store.materialize()

            let rows = (0..<30).map { _ in
                (
                    driver: Int64.random(in: 0...6, using: &random),
                    request: Self.request.map { value($0.type, &random) }
                )
            }
            let names = formulas.indices.map { "computed:f\($0)" }
            let online = try project.store.onlineFeatures(
                OnlineFeaturesRequest(
                    selection: .features(names),
                    entities: [.init(name: "driver_id", values: rows.map { .integer($0.driver) })]
                        + Self.request.enumerated().map { index, field in
                            .init(name: field.name, values: rows.map { $0.request[index] })
                        }
                )
            )
            let training = try project.store.historicalFeatures(
                .features(names),
                entities: try entityRows(
                    rows.map { ($0.driver, $0.request) },
                    project,
                    asText: Bool.random(using: &random)
                )
            )
            #expect(online.entities.map(\.name) == ["driver_id"])
            for (index, formula) in formulas.enumerated() {
                let feature = online.features[index]
                let historical = try #require(training.table["f\(index)"])
                for (row, (driver, request)) in rows.enumerated() {
                    let known = driver < 6 ? drivers[Int(driver)] : Self.features.map { _ in .null }
                    var inputs: [String: PlainSQL] = [:]
                    for (field, value) in zip(Self.features + Self.request, known + request) {
                        inputs[field.name] = PlainSQL(value)
                        inputs["stats__\(field.name)"] = PlainSQL(value)
                        inputs["ask__\(field.name)"] = PlainSQL(value)
                    }
                    let expected = formula.expression.value(inputs).value(as: formula.type)
                    let comment: Comment =
                        "row \(row) of \(formula.type) = \(formula.expression.sql) with \(inputs)"
                    #expect(exactText(feature.values[row]) == exactText(expected), comment)
                    #expect(exactText(historical[row]) == exactText(expected), comment)
                    let status: FeatureStatus = expected == .null ? .nullValue : .present
                    #expect(feature.statuses[row] == status, comment)
                    #expect(feature.eventTimestamps[row] == .epoch)
                }
                let column = try #require(training.report.columns.first { $0.name == "f\(index)" })
                #expect(column.values + column.nulls == rows.count)
                #expect(column.nulls == (0..<rows.count).count { historical[$0] == .null })
            }
        }
    }

    private func formula(
        _ random: inout SeededGenerator
    ) -> (type: ValueType, expression: RandomExpression) {
        let depth = Int.random(in: 1...4, using: &random)
        let numbers = ["i", "x", "t", "k", "y", "b", "stats__i", "ask__y"]
        if Int.random(in: 0..<4, using: &random) == 0 {
            let expression = RandomExpression.text(
                of: numbers,
                texts: ["s", "u"],
                depth: depth,
                using: &random
            )
            return (.string, expression)
        }
        let types: [ValueType] = [.int32, .int64, .float32, .float64, .bool, .unixTimestamp]
        let expression = RandomExpression.number(
            of: numbers,
            texts: ["s", "u"],
            depth: depth,
            using: &random
        )
        return (types.randomElement(using: &random) ?? .int64, expression)
    }

    private func value(_ type: ValueType, _ random: inout SeededGenerator) -> Value {
        let values: [Value] =
            switch type {
            case .int64:
                [0, 1, -1, 3, -7, .integer(.max), .integer(.min), 9_007_199_254_740_993, nil]
            case .int32: [0, 1, -1, 5, 2_147_483_647, -2_147_483_648, nil]
            case .float64:
                [
                    0.5, -2.5, 3.0, .float(-0.0), .float(0), 0.1, 1e308, .float(.infinity),
                    .float(-.infinity), .float(.nan), nil,
                ]
            case .float32: [0.5, -2.0, .float(Double(Float(0.1))), .float(.nan), 1.0, nil]
            case .bool: [true, false, nil]
            case .unixTimestamp:
                [
                    .timestamp(second(0)), .timestamp(Timestamp(microseconds: -1)),
                    .timestamp(.latest), nil,
                ]
            default: ["a", "Grüße", "日本", "e\u{301}", "1", " x", "\"q\"", nil]
            }
        return values.randomElement(using: &random) ?? .null
    }

    private func csvText(_ value: Value) -> String {
        switch value {
        case .null: ""
        case .integer(let integer): "\(integer)"
        case .bool(let bool): "\(bool)"
        case .timestamp(let time): time.description
        case .string(let text): "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\""
        case .float(let float):
            float.isNaN
                ? "NaN"
                : float.isInfinite
                    ? (float < 0 ? "-Infinity" : "Infinity")
                    : "\(float)"
        default: "?"
        }
    }

    private func entityRows(
        _ rows: [(driver: Int64, request: [Value])],
        _ project: SmallProject,
        asText: Bool
    ) throws -> EntityRowsInput {
        let now = project.clock.now
        guard asText else {
            var columns = [
                Table.NamedColumn(
                    name: "driver_id",
                    column: try Column(type: .int64, values: rows.map { .integer($0.driver) })
                ),
                Table.NamedColumn(
                    name: "event_timestamp",
                    column: try Column(
                        type: .unixTimestamp,
                        values: rows.map { _ in .timestamp(now) }
                    )
                ),
            ]
            for (index, field) in Self.request.enumerated() {
                let values = rows.map { $0.request[index] }
                columns.append(
                    .init(name: field.name, column: try Column(type: field.type, values: values))
                )
            }
            return .table(Table(columns: columns, rowCount: rows.count))
        }
        let header =
            "driver_id,event_timestamp," + Self.request.map(\.name).joined(separator: ",") + "\n"
        let text = rows.map { row in
            (["\(row.driver)", now.description] + row.request.map(csvText)).joined(separator: ",")
        }
        let file = project.directory.appendingPathComponent("entities.csv")
        try Data((header + text.joined(separator: "\n") + "\n").utf8).write(to: file)
        return .file(file.path)
    }
}
