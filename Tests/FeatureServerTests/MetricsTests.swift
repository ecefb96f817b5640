import FeatureModel
import FeatureStoreKit
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import FeatureServer

@Suite struct MetricsTests {
    @Test("A latency is in the first bucket whose end it does not pass")
    func countsLatencies() {
        var random = SeededGenerator(seed: 5)
        let counters = LoopCounters()
        var expected = LatencySum()
        for _ in 0..<2_000 {
            // Around every end of a bucket, and past the last one.
            let bound = LatencyHistogram.bounds.randomElement(using: &random) ?? 0
            let time = max(0, bound + Int64.random(in: -2...2, using: &random))
            let scaled = Bool.random(using: &random) ? time : time * 2
            counters.add(.onlineFeatures, status: 200, time: .nanoseconds(scaled))
            let bucket = LatencyHistogram.bounds.filter { $0 < scaled }.count
            expected.buckets[bucket] += 1
            expected.nanoseconds += Int(scaled)
        }
        var sum = LatencySum()
        counters.add(1, to: &sum)
        #expect(sum.buckets == expected.buckets)
        #expect(sum.nanoseconds == expected.nanoseconds)
        var others = LatencySum()
        for index in [0, 2, 3, 4, 5] { counters.add(index, to: &others) }
        #expect(others.count == 0)
    }

    @Test("The numbers of all event loops are added up, by endpoint and class of status")
    func addsLoops() throws {
        let counters = ServerCounters()
        for count in 1...3 {
            let loop = counters.addLoop()
            for _ in 0..<count {
                loop.add(CountedEndpoint(uri: "/push?x=1"), status: 422, time: .milliseconds(1))
                loop.add(.other, status: 404, time: .nanoseconds(1))
            }
            loop.rows(of: "v").addAlone(RowCounts(found: count, expired: 1, nullValues: 2))
            loop.addDiskRead()
        }
        counters.add([ViewRowCounts(name: "v", counts: RowCounts(found: 4, notFound: 5))])
        let latencies = counters.latencies.map { "\($0.endpoint) \($0.status) \($0.sum.count)" }
        #expect(latencies == ["/push 4xx 6", "other 4xx 6"])
        let rows = RowCounts(found: 10, expired: 3, notFound: 5, nullValues: 6)
        #expect(counters.rows == ["v": rows])
        #expect(counters.diskReads == 3)
    }

    @Test("Names, labels and numbers are written as both formats want them")
    func writes() {
        func text(_ format: MetricsFormat) -> String {
            var writer = MetricsWriter(format)
            writer.begin("a", .counter, "A's help.")
            writer.add(1, ["view": "say \"é\\\n\"", "x": ""])
            writer.write("b_seconds", .gauge, "B.", 0.00005)
            writer.begin("c", .summary, "C.")
            writer.add(Double.nan, suffix: "_sum")
            writer.add(-Double.infinity, suffix: "_count")
            writer.finish()
            return String(decoding: writer.output, as: UTF8.self)
        }
        #expect(
            text(.text) == """
                # HELP a_total A's help.
                # TYPE a_total counter
                a_total{view="say \\"é\\\\\\n\\"",x=""} 1
                # HELP b_seconds B.
                # TYPE b_seconds gauge
                b_seconds 5e-05
                # HELP c C.
                # TYPE c summary
                c_sum NaN
                c_count -Inf

                """
        )
        let other = text(.openMetrics)
        #expect(other.hasPrefix("# HELP a A's help.\n# TYPE a counter\na_total{"))
        #expect(other.hasSuffix("c_count -Inf\n# EOF\n"))
    }

    @Test("Each path of the server is counted by its own name, and none that strangers make up")
    func namesEndpoints() {
        let paths = Endpoint.allCases.map(\.rawValue)
        #expect(paths.contains("/metrics"))
        for path in paths {
            #expect(CountedEndpoint(uri: path).name == path)
            #expect(CountedEndpoint(uri: "http://host\(path)?a=b").name == path)
        }
        for stranger in ["/", "/x", "/pushy", "*", "", "/push/", "//push"] {
            #expect(CountedEndpoint(uri: stranger) == .other)
        }
    }

    @Test("The system says what this process takes")
    func readsProcess() {
        let process = ProcessMeasurements()
        #expect(process.residentBytes > 1 << 20)
        #expect(process.virtualBytes >= process.residentBytes)
        #expect(process.openFiles > 2 && process.maximumFiles >= process.openFiles)
        #expect(process.processorSeconds > 0)
        let age = Date().timeIntervalSince1970 - process.startSeconds
        #expect(age > -2 && age < 86_400)
    }

    @Test("Rows are counted as the answers say, read directly or the general way", arguments: 0..<4)
    func countsRows(seed: UInt64) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: seed)
            let project = try DirectProject(
                directory: directory,
                rowCache: seed % 2 == 0 ? "0" : "1MB",
                using: &random
            )
            let counters = ServerCounters()
            let route = DirectRoute(counters.addLoop())
            var expected: [String: RowCounts] = [:]
            var direct = 0
            for _ in 0..<150 {
                let body = DirectProject.body(using: &random)
                var response = ByteBuffer()
                let (outcome, _) = route.answer(
                    Array(body.utf8).span,
                    from: project.store,
                    limits: ServerLimits(),
                    response: &response
                )
                guard
                    let request = try? OnlineFeaturesRequest(
                        json: Array(body.utf8).span,
                        limits: ServerLimits()
                    ), let features = try? project.store.onlineFeatures(request)
                else { continue }
                if case .found = outcome {
                    direct += 1
                } else {
                    counters.add(features.viewRows)
                }
                for view in features.viewRows {
                    expected[view.name, default: RowCounts()] += view.counts
                }
                // By the statuses of the features alone, where the request names them.
                guard case .features(let references) = request.selection else { continue }
                for view in features.viewRows {
                    let columns = zip(references, features.features)
                        .filter { $0.0.hasPrefix(view.name + ":") }.map(\.1)
                    let first = try #require(columns.first).statuses
                    #expect(
                        view.counts
                            == RowCounts(
                                found: first.count { $0 == .present || $0 == .nullValue },
                                expired: first.count { $0 == .outsideMaxAge },
                                notFound: first.count { $0 == .notFound },
                                nullValues: columns.reduce(0) { sum, column in
                                    sum + column.statuses.count { $0 == .nullValue }
                                }
                            )
                    )
                }
            }
            #expect(direct > 50)
            #expect(counters.rows.filter { $0.value != RowCounts() } == expected)
            #expect(expected.values.contains { $0.nullValues > 0 && $0.expired > 0 })
        }
    }
}
