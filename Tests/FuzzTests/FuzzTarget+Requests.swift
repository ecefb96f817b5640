import FeatureCompute
import FeatureDefinitions
import FeatureModel
import FeatureStoreKit
import Foundation
import NIOCore
import NIOHTTP1

@testable import FeatureServer

/// A store with a view of every type of feature, and one with a composite key.
final class RequestProject {
    let store: FeatureStore
    let route = DirectRoute()

    private static let definitions = """
        entities:
          - { name: driver, join_keys: [driver_id], value_type: int64 }
          - name: place
            join_keys: [city, area]
            value_type: { city: string, area: int32 }
        data_sources:
          - { name: d, type: csv, path: d.csv, timestamp_field: t }
          - { name: p, type: csv, path: p.csv, timestamp_field: t }
          - name: r
            type: request
            schema: [{ name: v, dtype: int64 }]
        feature_views:
          - name: drivers
            entities: [driver]
            source: d
            schema:
              - { name: i, dtype: int32 }
              - { name: x, dtype: float64 }
              - { name: s, dtype: string }
              - { name: a, dtype: array(float32) }
          - name: places
            entities: [place]
            ttl: 50s
            source: p
            schema: [{ name: b, dtype: bool }]
        on_demand_feature_views:
          - name: sums
            sources: [drivers, r]
            features: [{ name: sum, dtype: float64, expression: "x + v" }]
        feature_services:
          - { name: one, features: [drivers] }
          - { name: both, features: [drivers, places, sums] }

        """

    init(directory: String) {
        let now = Timestamp(microseconds: 1_700_000_100_000_000)
        let files = [
            "feature_store.yaml": "project: f\nonline_store: { type: rocksdb, row_cache: 1MB }\n",
            "a.yaml": Self.definitions,
            "d.csv": """
            driver_id,t,i,x,s,a
            1,1700000000,-5,0.1,"é""\\","[0.1,2]"
            2,1700000001,,,,

            """,
            "p.csv": """
            city,area,t,b
            Ulm,1,1700000099,true
            "",2,1700000000,false

            """,
        ]
        do {
            try FileManager.default.createDirectory(
                atPath: directory,
                withIntermediateDirectories: true
            )
            for (name, text) in files {
                try Data(text.utf8).write(to: URL(fileURLWithPath: directory + "/" + name))
            }
            let loaded = try LoadedRepository(directory: directory)
            self.store = FeatureStore(
                directory: directory,
                configuration: loaded.configuration,
                now: { now }
            )
            try self.store.apply(self.store.plan(loaded))
            try self.store.materialize(to: now)
        } catch {
            preconditionFailure("the project cannot be made: \(error)")
        }
    }
}

/// Reads a body as that of every endpoint; a read is answered by a store, in both ways.
func readRequests(_ bytes: [UInt8], in workspace: FuzzWorkspace) {
    let limits = ServerLimits()
    _ = try? MaterializationRequest(json: bytes.span, isIncremental: false)
    _ = try? MaterializationRequest(json: bytes.span, isIncremental: true)
    _ = try? VerificationRequest(json: bytes.span)
    _ = try? TrainingSetRequest(json: bytes.span)
    for isView in [false, true] {
        let push = try? PushRequest(
            json: bytes.span,
            isView: isView,
            headerKey: nil,
            limits: limits
        )
        if let push { readCells(push) }
    }
    let project = workspace.project
    var general: [UInt8]?
    if let request = try? OnlineFeaturesRequest(json: bytes.span, limits: limits),
        limits.problem(
            of: request,
            features: project.store.featureCount(of: request.selection)
        ) == nil,
        let features = try? project.store.onlineFeatures(request)
    {
        general = OnlineResponseEncoder.encode(features)
    }
    var response = ByteBuffer()
    let (outcome, _) = project.route.answer(
        bytes.span,
        from: project.store,
        limits: limits,
        response: &response
    )
    if case .found = outcome {
        var expected = ByteBuffer()
        guard let general else { preconditionFailure("an error is answered") }
        expected.writeResponse(HTTPAnswer(status: .ok, body: general))
        precondition(response == expected, "both ways give one answer")
    }
}

/// Reads the cells of a push as every type.
private func readCells(_ push: PushRequest) {
    var parser = CellParser()
    for column in push.rows.columns {
        for cell in column.cells.prefix(8) {
            for kind in [CellKind.int32, .int64, .bool, .unixTimestamp] {
                _ = parser.integer(cell, kind: kind)
            }
            _ = parser.float(cell, kind: .float32)
            _ = parser.float(cell, kind: .float64)
            for name in ["string", "bytes", "array(int64)", "map", "json", "uuid", "decimal"] {
                guard let type = ValueType(name) else { continue }
                var text: [UInt8] = []
                _ = parser.appendCanonical(cell, type: CellType(type), to: &text)
            }
            var text: [UInt8] = []
            cell.append(to: &text)
        }
    }
}

/// Reads the head of a request: the plain way, its route, and what it accepts.
func readHead(_ bytes: [UInt8]) {
    if let head = PlainRequestHead(bytes.span) {
        precondition(head.length <= bytes.count, "a head is among the bytes")
        precondition(head.bodyLength >= 0, "a body has no negative length")
        let end = bytes[..<head.length].suffix(4)
        precondition(end.elementsEqual(Array("\r\n\r\n".utf8)), "a head ends with an empty line")
    }
    let text = String(decoding: bytes, as: UTF8.self)
    let words = text.split(separator: " ", maxSplits: 2).map(String.init)
    for method in [HTTPMethod.GET, .POST] {
        _ = Route(method: method, uri: words.dropFirst().first ?? text)
    }
    _ = AnswerFormat.preferred(accept: [text])
    _ = OnlineAnswerFormat.preferred(accept: text.components(separatedBy: "\n"))
}
