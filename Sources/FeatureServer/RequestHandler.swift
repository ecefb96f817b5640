import FeatureStoreKit
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// Turns requests into answers, apart from the connections that they come over.
///
/// Small reads of stored features are answered on the event loop: they take microseconds, and a hop
/// to a thread costs more. Requests with large bodies, reads that are large or compute something,
/// and loads are work for a thread.
final class RequestHandler: Sendable {
    /// How a request is to be answered.
    enum Outcome: Sendable {
        /// With this, now.
        case answer(HTTPAnswer)
        /// With status 200 and what the encoder holds, now.
        case encoded
        /// With this whole response, now.
        case response(ByteBuffer)
        /// With what a thread of the pool says.
        case work(NIOThreadPool, @Sendable () -> Outcome)
    }

    let limits: ServerLimits
    let logger: Logger
    let serving: any FeatureServing
    /// The same store, when it can be read directly.
    private let directServing: (any DirectServing)?
    let refusals: RefusalCounts
    /// What is counted of requests.
    let counters: ServerCounters
    /// What is told to whoever watches the server.
    let monitor: Monitor
    /// Whether each request has its line in the log.
    let logsRequests: Bool
    let reads: WorkQueue
    let trainingSets: WorkQueue
    let loads: WorkQueue
    let pushes: WorkQueue

    init(
        serving: any FeatureServing,
        readPool: NIOThreadPool,
        loadPool: NIOThreadPool,
        trainingPool: NIOThreadPool,
        pushPool: NIOThreadPool,
        limits: ServerLimits,
        refusals: RefusalCounts,
        counters: ServerCounters,
        monitor: Monitor,
        logger: Logger
    ) {
        self.serving = serving
        self.counters = counters
        self.monitor = monitor
        self.logsRequests = logger.logLevel <= .debug
        self.directServing = serving as? any DirectServing
        self.reads = WorkQueue(
            on: readPool,
            maximumCount: limits.maximumQueuedReads,
            maximumWait: limits.maximumQueueTime,
            full: .busy(
                "\(limits.maximumQueuedReads) large reads run or wait already, which is the limit; "
                    + "try again later."
            )
        )
        self.pushes = WorkQueue(
            on: pushPool,
            maximumCount: limits.maximumQueuedPushes,
            maximumWait: limits.maximumQueueTime,
            full: .busy(
                "\(limits.maximumQueuedPushes) pushes run or wait already, which is the limit; try "
                    + "again later."
            )
        )
        // Not 503: Feast's SDK would try again at once, and these take long.
        self.loads = WorkQueue(
            on: loadPool,
            maximumCount: limits.maximumLoads,
            full: .detail(
                "\(limits.maximumLoads) loads run or wait already, which is the limit; try again "
                    + "when one has ended.",
                status: .conflict,
                refusal: .busy
            )
        )
        self.trainingSets = WorkQueue(
            on: trainingPool,
            maximumCount: limits.maximumTrainingSets,
            full: .detail(
                "\(limits.maximumTrainingSets) training sets are made or wait already, which is "
                    + "the limit; try again when one is done.",
                status: .conflict,
                refusal: .busy
            )
        )
        self.refusals = refusals
        self.limits = limits
        self.logger = logger
    }

    /// Whether no thread works on a request.
    var isIdle: Bool {
        [self.reads, self.loads, self.trainingSets, self.pushes].allSatisfy(\.isIdle)
    }

    /// Answers one request that was admitted, or says who will.
    ///
    /// - Parameters:
    ///   - head: The head of the request.
    ///   - body: Its body; a large one is not read here.
    ///   - requester: Who sends it.
    ///   - encoder: Gets the answer of the outcome `encoded`.
    /// - Returns: The answer, or what makes it.
    func outcome(
        of head: HTTPRequestHead,
        body: ByteBuffer,
        from requester: Requester,
        encoder: inout OnlineResponseEncoder
    ) -> Outcome {
        guard body.readableBytes > self.limits.maximumBytesOnEventLoop,
            CountedEndpoint(uri: head.uri).endpoint?.readsBodyOnEventLoop ?? false
        else {
            return self.outcome(
                of: head,
                body: body,
                from: requester,
                isOnThread: false,
                encoder: &encoder
            )
        }
        return self.reads.decided {
            var encoder = OnlineResponseEncoder()
            let outcome = self.outcome(
                of: head,
                body: body,
                from: requester,
                isOnThread: true,
                encoder: &encoder
            )
            guard case .encoded = outcome else { return outcome }
            return .answer(HTTPAnswer(status: .ok, body: encoder.output))
        }
    }

    /// The same; with `isOnThread` it may take its time already.
    private func outcome(
        of head: HTTPRequestHead,
        body: ByteBuffer,
        from requester: Requester,
        isOnThread: Bool,
        encoder: inout OnlineResponseEncoder
    ) -> Outcome {
        do throws(RequestError) {
            switch Route(method: head.method, uri: head.uri) {
            case .onlineFeatures:
                let request = try OnlineFeaturesRequest(
                    json: body.readableBytesUInt8Span,
                    limits: self.limits
                )
                if let denial = self.denial(requester, .selection(request.selection)) {
                    return .answer(denial)
                }
                if OnlineAnswerFormat.wanted(by: head.headers) == .matrix {
                    return self.matrix(request, from: requester, isOnThread: isOnThread)
                }
                return self.read(
                    request,
                    from: requester,
                    isOnThread: isOnThread,
                    encoder: &encoder
                )
            case .historicalFeatures:
                return self.trainingSet(head, body: body, from: requester)
            case .materialize(let isIncremental, let wantsSummary):
                let request = try MaterializationRequest(
                    json: body.readableBytesUInt8Span,
                    isIncremental: isIncremental
                )
                if let denial = self.denial(requester, .views(request.views)) {
                    return .answer(denial)
                }
                return self.load(request, for: requester, wantsSummary: wantsSummary)
            case .verify:
                let request = try VerificationRequest(json: body.readableBytesUInt8Span)
                if let denial = self.denial(requester, .views(request.views)) {
                    return .answer(denial)
                }
                return self.verification(request, for: requester)
            case .push(let isView, let listsAll):
                return self.push(head, body, from: requester, isView: isView, listsAll: listsAll)
            case .health:
                let status: HTTPResponseStatus = self.serving.health() ? .ok : .serviceUnavailable
                return .answer(HTTPAnswer(status: status))
            case .status:
                return self.running(on: self.reads, for: requester) {
                    (serving) throws(FeatureStoreError) in try serving.statusSummary()
                }
            case .snapshot:
                // It concerns every view.
                if let denial = self.denial(requester, .views(nil)) { return .answer(denial) }
                try checkEmptyBody(body.readableBytesUInt8Span)
                return self.running(on: self.loads, for: requester) {
                    (serving) throws(FeatureStoreError) in try serving.stagedSnapshot()
                }
            case .live: return .answer(HTTPAnswer(body: Array(#"{"status":"live"}"#.utf8)))
            case .ready: return .answer(self.readiness(for: requester))
            case .metrics: return self.metrics(head, for: requester)
            case .forget:
                // It concerns every view.
                if let denial = self.denial(requester, .views(nil)) { return .answer(denial) }
                let request = try ForgetRequest(
                    json: body.readableBytesUInt8Span,
                    limits: self.limits
                )
                return self.running(on: self.loads, for: requester) {
                    (serving) throws(FeatureStoreError) in try serving.forgetSummary(request)
                }
            case .collectGarbage:
                // It concerns every view.
                if let denial = self.denial(requester, .views(nil)) { return .answer(denial) }
                let request = try GarbageRequest(json: body.readableBytesUInt8Span)
                return self.running(on: self.loads, for: requester) {
                    (serving) throws(FeatureStoreError) in
                    try serving.garbageSummary(isDryRun: request.isDryRun)
                }
            case .refresh:
                try checkEmptyBody(body.readableBytesUInt8Span)
                return self.running(on: self.reads, for: requester) {
                    (serving) throws(FeatureStoreError) in
                    try serving.refreshDefinitions()
                    return "null"
                }
            case .otherMethod(let allowed):
                return .answer(
                    .detail("Method Not Allowed", status: .methodNotAllowed).with("allow", allowed)
                )
            case .unknown:
                return .answer(.detail("Not Found", status: .notFound))
            case .unknownQuery(let query):
                throw RequestError.unknownQuery(query)
            }
        } catch {
            return .answer(error.answer)
        }
    }

    /// Answers a read of online features from the bytes of its body.
    ///
    /// - Parameters:
    ///   - body: The body of a request whose answer is a response of HTTP/1.1 that keeps the
    ///     connection.
    ///   - requestID: What the head of the response says of the request.
    ///   - requester: Who may read.
    ///   - scratch: That of the event loop.
    ///   - allocator: Makes the response.
    /// - Returns: `nil` when it must be answered the general way.
    func directOutcome(
        ofRead body: ByteBuffer,
        requestID: ResponseField,
        from requester: Requester,
        scratch: LoopScratch,
        allocator: ByteBufferAllocator
    ) -> Outcome? {
        guard let serving = self.directServing,
            body.readableBytes <= self.limits.maximumBytesOnEventLoop
        else { return nil }
        var response = allocator.buffer(capacity: 0)
        let (outcome, read) = scratch.direct.answer(
            body.readableBytesUInt8Span,
            from: serving,
            limits: self.limits,
            field: requestID,
            grant: requester.grant,
            response: &response
        )
        switch outcome {
        case .found: return .response(response)
        case .unfit: return nil
        case .needsFiles:
            guard let read else { return nil }
            let entities = scratch.direct.entities
            return self.reads.outcome {
                self.answer(
                    read,
                    entities: entities,
                    body: body,
                    from: serving,
                    to: requester
                )
            }
        }
    }

    /// Answers a direct read on a thread that may wait for disks.
    private func answer(
        _ read: DirectRead,
        entities: DirectEntities,
        body: ByteBuffer,
        from serving: any DirectServing,
        to requester: Requester
    ) -> HTTPAnswer {
        var rows = DirectRows()
        let bytes = body.readableBytesUInt8Span
        if case .found = serving.read(
            read,
            entities: entities,
            body: bytes,
            mayReadFiles: true,
            into: &rows
        ) {
            let answer = DirectAnswerWriter.body(read, rows, entities, body: bytes)
            self.counters.add(answer.counts)
            return HTTPAnswer(status: .ok, body: answer.bytes)
        }
        do {
            let request = try OnlineFeaturesRequest(json: bytes, limits: self.limits)
            if let denial = self.denial(requester, .selection(request.selection)) { return denial }
            let features = try self.onlineFeatures(request)
            return HTTPAnswer(status: .ok, body: OnlineResponseEncoder.encode(features))
        } catch let error as FeatureStoreError {
            return self.answer(to: error, for: requester)
        } catch let error as RequestError {
            return error.answer
        } catch {
            var answer = HTTPAnswer.detail("\(error)", status: .internalServerError)
            answer.failure = "\(error)"
            return answer
        }
    }

    /// Whether a read takes no longer than an event loop can spare.
    func isQuick(_ request: OnlineFeaturesRequest, features: Int) -> Bool {
        request.cellCount(features: features) <= self.limits.maximumCellsOnEventLoop
            && !self.serving.computesFeatures(of: request.selection)
    }

    private func read(
        _ request: OnlineFeaturesRequest,
        from requester: Requester,
        isOnThread: Bool,
        encoder: inout OnlineResponseEncoder
    ) -> Outcome {
        let features = self.serving.featureCount(of: request.selection)
        if let message = self.limits.problem(of: request, features: features) {
            return .answer(.detail(message, status: .badRequest, refusal: .size))
        }
        guard isOnThread || self.isQuick(request, features: features) else {
            return self.reads.outcome {
                do throws(FeatureStoreError) {
                    let features = try self.onlineFeatures(request)
                    return HTTPAnswer(status: .ok, body: OnlineResponseEncoder.encode(features))
                } catch {
                    return self.answer(to: error, for: requester)
                }
            }
        }
        do throws(FeatureStoreError) {
            encoder.encode(try self.onlineFeatures(request))
            return .encoded
        } catch {
            return .answer(self.answer(to: error, for: requester))
        }
    }

    /// Reads and writes on a thread: a large body would hold up an event loop as the disk would.
    private func push(
        _ head: HTTPRequestHead,
        _ body: ByteBuffer,
        from requester: Requester,
        isView: Bool,
        listsAll: Bool
    ) -> Outcome {
        let headerKey = head.headers.first(name: "idempotency-key")
        return self.pushes.outcome {
            let request: PushRequest
            do throws(RequestError) {
                request = try PushRequest(
                    json: body.readableBytesUInt8Span,
                    isView: isView,
                    headerKey: headerKey,
                    limits: self.limits
                )
            } catch {
                return error.answer
            }
            if let denial = self.denial(requester, .push(request.destination)) { return denial }
            return Caller.$current.withValue(requester.caller) {
                do throws(FeatureStoreError) {
                    let result = try self.serving.push(request)
                    let body = listsAll ? result : result.withoutAccepted
                    return HTTPAnswer(status: result.status(isView: isView), body: body.jsonBytes)
                } catch {
                    return self.answer(to: error, for: requester)
                }
            }
        }
    }

    private func load(
        _ request: MaterializationRequest,
        for requester: Requester,
        wantsSummary: Bool
    ) -> Outcome {
        self.loads.outcome {
            Caller.$current.withValue(requester.caller) {
                do throws(FeatureStoreError) {
                    let summary = try self.load(request)
                    return HTTPAnswer(
                        status: .ok,
                        body: self.body(wantsSummary ? summary : "null", for: requester)
                    )
                } catch {
                    return self.answer(toLoad: error, for: requester)
                }
            }
        }
    }

    /// Answers with a JSON text that a thread makes.
    func running(
        on queue: WorkQueue,
        for requester: Requester,
        _ body: @escaping @Sendable (any FeatureServing) throws(FeatureStoreError) -> String
    ) -> Outcome {
        queue.outcome {
            Caller.$current.withValue(requester.caller) {
                do throws(FeatureStoreError) {
                    let json = try body(self.serving)
                    return HTTPAnswer(status: .ok, body: self.body(json, for: requester))
                } catch {
                    return self.answer(to: error, for: requester)
                }
            }
        }
    }

    private func load(_ request: MaterializationRequest) throws(FeatureStoreError) -> String {
        if request.isIncremental {
            return try self.serving.materializeIncremental(
                to: request.end,
                views: request.views,
                strict: request.isStrict
            )
        }
        return try self.serving.materialize(
            from: request.start,
            to: request.end,
            views: request.views,
            strict: request.isStrict
        )
    }

    /// The answer to an error of the store; what is not the client's mistake is for the log.
    func answer(to error: FeatureStoreError, for requester: Requester) -> HTTPAnswer {
        var answer = HTTPAnswer(error, message: self.message(of: error, for: requester))
        if answer.status.code >= 500 {
            answer.failure = "\(error.code): \(error.message)"
        }
        return answer
    }
}

extension PushResult {
    /// A push fails when nothing of it could be used.
    ///
    /// A write to a view fails with its first bad row: Feast's SDK looks at the status alone.
    fileprivate func status(isView: Bool) -> HTTPResponseStatus {
        guard self.rejected > 0 else { return .ok }
        return isView || self.accepted + self.stale == 0 ? .unprocessableEntity : .ok
    }
}
