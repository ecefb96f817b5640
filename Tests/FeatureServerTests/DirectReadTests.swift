import FeatureModel
import FeatureStoreKit
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import FeatureServer

@Suite struct DirectReadTests {
    /// The response to a body the general way; `nil` when it is an error.
    private func general(_ body: String, _ store: FeatureStore) -> String? {
        guard
            let request = try? OnlineFeaturesRequest(
                json: Array(body.utf8).span,
                limits: ServerLimits()
            ), let features = try? store.onlineFeatures(request)
        else { return nil }
        var buffer = ByteBuffer()
        buffer.writeResponse(
            HTTPAnswer(status: .ok, body: OnlineResponseEncoder.encode(features))
        )
        return String(buffer: buffer)
    }

    @Test(
        "An answer copied from texts is the general one, byte for byte",
        arguments: 0..<18
    )
    func isTheGeneralAnswer(seed: UInt64) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: seed)
            let sizes = ["0", "3KB", "256MB"]
            let project = try DirectProject(
                directory: directory,
                rowCache: sizes[Int(seed) % sizes.count],
                using: &random
            )
            let route = DirectRoute()
            var found = 0
            var bodies: [String] = []
            for step in 0..<120 {
                // Again and again the same ones, so that templates are known and rows are kept.
                let body =
                    step % 3 == 2
                    ? bodies.randomElement(using: &random) ?? ""
                    : DirectProject.body(using: &random)
                bodies.append(body)
                let isGeneralFirst = Bool.random(using: &random)
                var expected = isGeneralFirst ? self.general(body, project.store) : nil
                var response = ByteBuffer()
                let (outcome, _) = route.answer(
                    Array(body.utf8).span,
                    from: project.store,
                    limits: ServerLimits(),
                    response: &response
                )
                if !isGeneralFirst { expected = self.general(body, project.store) }
                switch outcome {
                case .found:
                    found += 1
                    #expect(String(buffer: response) == expected, "\(body)")
                case .needsFiles: Issue.record("the rows are in memory")
                case .unfit: break
                }
            }
            #expect(found > 50)
        }
    }

    @Test("An apply changes what direct reads find, and so does a push")
    func followsChanges() throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: 1)
            let project = try DirectProject(
                directory: directory,
                rowCache: "1MB",
                using: &random
            )
            let body = #"{"features":["known:f0","known:f5"],"entities":{"driver_id":[1,2,77]}}"#
            let route = DirectRoute()
            func direct() -> String? {
                for _ in 0..<2 {
                    var response = ByteBuffer()
                    let (outcome, _) = route.answer(
                        Array(body.utf8).span,
                        from: project.store,
                        limits: ServerLimits(),
                        response: &response
                    )
                    if case .found = outcome { return String(buffer: response) }
                }
                return nil
            }
            let first = try #require(direct())
            #expect(first == self.general(body, project.store))

            let text =
                #"{"feature_view_name":"known","df":{"driver_id":[77],"t":["1700000099"],"#
                + #""c":["1700000099"],"f0":[7],"f5":["pushed"]}}"#
            let rows = try PushRequest(
                json: Array(text.utf8).span,
                isView: true,
                headerKey: nil,
                limits: ServerLimits()
            )
            _ = try project.store.push(rows)
            let second = try #require(direct())
            #expect(second.contains("\"pushed\""))
            #expect(second == self.general(body, project.store))

            // Another type of a feature is another generation, which has no rows yet.
            let file = directory.appendingPathComponent("a.yaml")
            let definitions = try String(contentsOf: file, encoding: .utf8)
                .replacingOccurrences(of: "source: known\n", with: "source: known\n    ttl: 1s\n")
            try Data(definitions.utf8).write(to: file)
            try project.apply()
            let third = try #require(direct())
            #expect(third != second)
            #expect(third == self.general(body, project.store))
        }
    }

    @Test(
        "Whatever is not plain is left to the general way",
        arguments: [
            #"{"features":["known:f0"],"entities":{"driver_id":[]}}"#,
            #"{"features":["known:f0"],"entities":{"driver_id":["1"]}}"#,
            #"{"features":["known:f0"],"entities":{"driver_id":[1.0]}}"#,
            #"{"features":["known:f0"],"entities":{"driver_id":[1,null]}}"#,
            #"{"features":["known:f0"],"entities":{"driver_id":[01]}}"#,
            #"{"features":["known:f0"],"entities":{"driver_id":[-0]}}"#,
            #"{"features":["known:f0"],"entities":{"driver_id":[1],"x":[1]}}"#,
            #"{"features":["known:f0"],"entities":{"driver":[1]}}"#,
            #"{"features":["known:f0"],"entities":{"driver_id":[1]}"#,
            #"{"features":["known:f0"],"entities":{"driver_id":[1]}}}"#,
            #"{"features":["known:f0"],"entities":{"driver_id":[1],"driver_id":[1]}}"#,
            #"{"features":["nowhere:f0"],"entities":{"driver_id":[1]}}"#,
            #"{"features":["places:f3"],"entities":{"city":["\u0055lm"],"area":[1]}}"#,
            #"{"features":["places:f3"],"entities":{"city":["Ulm"],"area":[2147483648]}}"#,
            #"{"features":["places:f3"],"entities":{"city":["Ulm","Ulm"],"area":[1]}}"#,
            "", "[]", #"{"entities":{}}"#,
        ]
    )
    func leavesTheRest(body: String) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: 1)
            let project = try DirectProject(
                directory: directory,
                rowCache: "1MB",
                using: &random
            )
            let route = DirectRoute()
            let plain = [
                #"{"features":["known:f0"],"entities":{"driver_id":[1]}}"#,
                #"{"features":["places:f3"],"entities":{"city":["Ulm"],"area":[1]}}"#,
            ]
            for (text, isFit) in plain.map({ ($0, true) }) + [(body, false)] {
                var response = ByteBuffer()
                let (outcome, _) = route.answer(
                    Array(text.utf8).span,
                    from: project.store,
                    limits: ServerLimits(),
                    response: &response
                )
                switch outcome {
                case .found: #expect(isFit, "\(text)")
                case .unfit, .needsFiles: #expect(!isFit, "\(text)")
                }
            }
        }
    }
}
