import FeatureStoreKit
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// What a server tells those who watch it, besides its counters.
struct Monitor: Sendable {
    /// The release of the program.
    let version: String
    let staleness: StalenessLimits
    let connections: ConnectionRegistry
    /// A thread that other requests do not wait for.
    let pool: NIOThreadPool
}

extension RequestHandler {
    /// Reads features the general way, and counts what became of the rows.
    func onlineFeatures(
        _ request: OnlineFeaturesRequest
    ) throws(FeatureStoreError) -> OnlineFeatures {
        var request = request
        request.deadline = .now + self.limits.maximumComputeTime
        let features = try self.serving.onlineFeatures(request)
        self.counters.add(features.viewRows)
        return features
    }

    /// Whether requests should come here: 200, or 503 and, for who may read, why not.
    func readiness(for requester: Requester) -> HTTPAnswer {
        struct Body: Encodable {
            let status: String
            var problems: [ReadinessProblem]?
        }
        let problems = self.serving.currentReadiness.problems(self.monitor.staleness)
        let body =
            problems.isEmpty
            ? Body(status: "ready")
            : Body(status: "not_ready", problems: requester.mayRead ? problems : nil)
        return HTTPAnswer(
            status: problems.isEmpty ? .ok : .serviceUnavailable,
            body: (try? ReportJSON.encode(body)) ?? []
        )
    }

    /// All numbers; made on a thread, because the log of pushes is a file.
    func metrics(_ head: HTTPRequestHead, for requester: Requester) -> Outcome {
        let format = MetricsFormat.preferred(accept: head.headers["accept"]) ?? .text
        return .work(self.monitor.pool) {
            do throws(FeatureStoreError) {
                return .answer(
                    HTTPAnswer(
                        status: .ok,
                        body: try self.metrics(format),
                        contentType: format.contentType
                    )
                )
            } catch {
                return .answer(self.answer(to: error, for: requester))
            }
        }
    }

    private func metrics(_ format: MetricsFormat) throws(FeatureStoreError) -> [UInt8] {
        let measurements = try self.serving.currentMeasurements()
        var writer = MetricsWriter(format)
        writer.begin("fstore_build_info", .gauge, "The release of the program.")
        writer.add(1, ["version": self.monitor.version, "project": self.serving.project])
        let problems = measurements.readiness.problems(self.monitor.staleness)
        writer.write(
            "fstore_ready",
            .gauge,
            "Whether /readyz answers 200.",
            problems.isEmpty ? 1 : 0
        )
        writer.write(
            self.counters,
            refusals: self.refusals.all.map { ($0.key.rawValue, $0.value) },
            queues: [
                .init(name: "reads", waiting: self.reads.waiting, running: self.reads.running),
                .init(name: "pushes", waiting: self.pushes.waiting, running: self.pushes.running),
                .init(name: "loads", waiting: self.loads.waiting, running: self.loads.running),
                .init(
                    name: "training_sets",
                    waiting: self.trainingSets.waiting,
                    running: self.trainingSets.running
                ),
            ],
            connectionCount: self.monitor.connections.count,
            maximumConnections: self.limits.maximumConnections
        )
        writer.write(measurements)
        writer.write(ProcessMeasurements())
        writer.finish()
        return writer.output
    }

    /// The answer to a load that failed.
    ///
    /// A message may name cells of bad rows, which are nothing for a log; that of a file or store
    /// that cannot be read names none. What the client got wrong, such as the name of a view, is no
    /// failure.
    func answer(toLoad error: FeatureStoreError, for requester: Requester) -> HTTPAnswer {
        var answer = HTTPAnswer(error, message: self.message(of: error, for: requester))
        guard ![403, 404, 422].contains(answer.status.code) else { return answer }
        let partial = error.cause as? PartialMaterialization
        let failed = (partial?.report.views ?? []).filter { $0.error != nil }.map(\.name)
        answer.failure =
            "\(error.code)" + (failed.isEmpty ? "" : " in " + failed.joined(separator: ", "))
            + (partial?.failures ?? [error]).filter { $0.code == .unavailable }
            .map { ": \($0.message)" }.joined()
        return answer
    }

    /// What a requester is told of an error.
    func message(of error: FeatureStoreError, for requester: Requester) -> String {
        self.serving.message(of: error, for: requester.peer)
    }

    /// A JSON text that the store made, as a requester gets it.
    func body(_ json: String, for requester: Requester) -> [UInt8] {
        Array((requester.peer.isRemote ? self.serving.withoutFolders(json) : json).utf8)
    }

    /// Writes the line of a request into the log: at error when it failed, else at debug.
    ///
    /// Keys and values of features are in no line: a path that the server does not know may be
    /// anything, and is `other`.
    func log(
        _ answer: HTTPAnswer,
        to endpoint: CountedEndpoint,
        of identity: RequestIdentity?,
        after time: TimeAmount
    ) {
        guard self.logsRequests || answer.failure != nil else { return }
        var metadata: Logger.Metadata = [
            "endpoint": "\(endpoint.name)", "status": "\(answer.status.code)",
            "microseconds": "\(time.nanoseconds / 1000)",
        ]
        if let identity {
            metadata["request_id"] = "\(identity.id)"
            if let trace = identity.trace {
                metadata["trace_id"] = "\(trace.traceID)"
                metadata["span_id"] = "\(trace.spanID)"
            }
        }
        if let failure = answer.failure {
            metadata["failure"] = "\(failure)"
            self.logger.error("request failed", metadata: metadata)
        } else {
            self.logger.debug("request", metadata: metadata)
        }
    }
}
