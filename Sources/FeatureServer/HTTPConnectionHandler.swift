import FeatureStoreKit
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Asks a connection to end: it answers what it has begun, and then closes.
struct ConnectionShouldDrain: Sendable {}

/// One connection: takes the decoder's request parts, answers one request after the other in their
/// order, and writes each answer as one buffer of bytes.
///
/// While an answer is awaited, from a thread or because the client does not read the one before,
/// further parts wait in `waiting` and nothing more is read from the socket, so a client can make
/// the server hold no more than a few reads' worth of bytes.
final class HTTPConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Input {
        case part(HTTPServerRequestPart)
        /// The bytes are no HTTP, or more than may be; nothing follows that could be read.
        case malformed(HTTPAnswer)
        /// The client will send no more.
        case ended
    }

    enum State {
        /// Between two requests.
        case idle
        /// The head of a request is there, its end is not.
        case receiving(HTTPRequestHead)
        /// A whole request is there, its answer is not.
        case answering(HTTPRequestHead)
        /// The last answer has been written; what comes in is dropped.
        case closing
    }

    let handler: RequestHandler
    let scratch: LoopScratch
    private var admission: ConnectionAdmission
    var state = State.idle
    private var body = ByteBuffer()
    var waiting = CircularBuffer<Input>()
    var isDraining: Bool
    /// The answer that is the last one, unless another request comes soon; only while draining.
    var heldAnswer: (answer: HTTPAnswer, head: HTTPRequestHead)?
    var heldCount = 0
    /// Whether the answer waits until the client has read what was written before.
    private var awaitsWritability = false
    var isReadHeld = false
    var hasUnflushedAnswer = false
    var hasInputEnded = false
    var hasOutputEnded = false
    var context: ChannelHandlerContext?
    /// Whether the client has sent anything since its last whole request.
    private(set) var hasUnfinishedInput = false
    /// When the client must have sent its request; `nil` while the server has the word.
    var deadline: NIODeadline?
    var timer: Scheduled<Void>?
    /// When the work on the request began whose answer comes next.
    private var began = NIODeadline.now()
    /// What the request is called that is answered the general way.
    private var identity: RequestIdentity?

    /// - Parameters:
    ///   - handler: Answers requests.
    ///   - scratch: That of the event loop.
    ///   - admission: Judges requests by their tokens.
    ///   - isDraining: Whether the server is stopping.
    init(
        handler: RequestHandler,
        scratch: LoopScratch,
        admission: ConnectionAdmission,
        isDraining: Bool
    ) {
        self.handler = handler
        self.admission = admission
        self.scratch = scratch
        self.isDraining = isDraining
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.restartDeadline()
        self.scheduleTimer(context: context)
        if self.isDraining { self.beginDraining(context: context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.timer?.cancel()
        self.timer = nil
    }

    // MARK: Input

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.receive(.part(Self.unwrapInboundIn(data)), context: context)
    }

    /// Bytes have come in: the requests in them are worked on from now, and the time of one that is
    /// not whole runs from its first byte.
    func beginRead() {
        self.began = .now()
        if !self.hasUnfinishedInput {
            self.hasUnfinishedInput = true
            if case .idle = self.state {
                self.deadline = self.began + self.handler.limits.idleTimeout
            }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.flushAnswers(context: context)
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case let error as HTTPParserError:
            self.receive(.malformed(self.handler.answer(to: error)), context: context)
        // What follows malformed bytes; they have been answered, or will be.
        case is ByteToMessageDecoderError: break
        default:
            if error is NIOSSLError || error is BoringSSLError {
                self.handler.refusals.add(.handshake)
            }
            context.close(promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ConnectionShouldDrain: self.beginDraining(context: context)
        case ChannelEvent.inputClosed: self.receive(.ended, context: context)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    private func receive(_ input: Input, context: ChannelHandlerContext) {
        if case .answering = self.state {
            self.waiting.append(input)
        } else {
            self.handle(input, context: context)
        }
    }

    private func handle(_ input: Input, context: ChannelHandlerContext) {
        switch (input, self.state) {
        case (.ended, .closing):
            self.hasInputEnded = true
            if self.hasOutputEnded { context.close(promise: nil) }
        case (.ended, _):
            // A request that the end cuts short has come as malformed before.
            self.hasInputEnded = true
            self.releaseHeldAnswer(isLast: false, context: context)
            self.writeLast(ByteBuffer(), context: context)
        case (_, .closing):
            break
        case (.malformed(let answer), _):
            self.refuse(answer, context: context)
        case (.part(.head(let head)), _):
            self.begin(head, context: context)
        case (.part(.body(let bytes)), .receiving(let head)):
            self.take(bytes, of: head, context: context)
        case (.part(.end), .receiving(let head)):
            self.state = .answering(head)
            self.hasUnfinishedInput = false
            self.deadline = nil
            self.answer(head, context: context)
        case (.part, _):
            // The rest of a request that was refused.
            break
        }
    }

    private func begin(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
        self.releaseHeldAnswer(isLast: false, context: context)
        self.state = .receiving(head)
        self.identity = RequestIdentity(head.headers)
        // While the server had the word, it did not run.
        if self.deadline == nil { self.restartDeadline() }
        if let answer = self.handler.problem(of: head)
            ?? self.admission.refusal(of: head, by: self.handler)
        {
            self.refuse(answer, context: context)
        } else if let text = head.headers.first(name: "content-length"),
            Int(text) ?? .max > self.handler.limits.maximumBodyBytes
        {
            self.refuse(self.bodyTooLarge, context: context)
        } else if head.version == .http1_1,
            head.headers[canonicalForm: "expect"].contains(where: {
                $0.lowercased() == "100-continue"
            })
        {
            let line = context.channel.allocator.buffer(string: "HTTP/1.1 100 Continue\r\n\r\n")
            context.writeAndFlush(Self.wrapOutboundOut(line), promise: nil)
        }
    }

    private func take(
        _ bytes: ByteBuffer,
        of head: HTTPRequestHead,
        context: ChannelHandlerContext
    ) {
        let limit = self.handler.limits.maximumBodyBytes
        guard self.body.readableBytes + bytes.readableBytes <= limit else {
            self.refuse(self.bodyTooLarge, context: context)
            return
        }
        if self.body.readableBytes == 0 {
            self.body = bytes
        } else {
            self.body.writeImmutableBuffer(bytes)
        }
    }

    private var bodyTooLarge: HTTPAnswer {
        .detail(
            "The body is larger than the limit of \(self.handler.limits.maximumBodyBytes) bytes; "
                + "send it in several requests.",
            status: .payloadTooLarge,
            refusal: .body
        )
    }

    // MARK: Answers

    /// Answers a plain read whose bytes did not go through the decoder.
    ///
    /// - Parameters:
    ///   - body: The body of a POST of HTTP/1.1 that keeps the connection.
    ///   - requestID: Where the value of that header stands; `nil` when there is none.
    ///   - authorization: Where the value of that header stands; `nil` when there is none.
    ///   - head: The bytes that it stands in.
    /// - Returns: False when the decoder must have the request.
    func answerPlainRead(
        _ body: ByteBuffer,
        requestID: Range<Int>?,
        authorization: Range<Int>?,
        in head: Span<UInt8>
    ) -> Bool {
        guard let context = self.context, case .idle = self.state, !self.isDraining,
            !self.handler.logsRequests,
            body.readableBytes <= self.handler.limits.maximumBodyBytes,
            context.channel.isWritable,
            self.admission.admitsRead(authorization, in: head, by: self.handler),
            let outcome = self.handler.directOutcome(
                ofRead: body,
                requestID: ResponseField(requestID: requestID, in: head),
                from: self.admission.requester,
                scratch: self.scratch,
                allocator: context.channel.allocator
            )
        else { return false }
        switch outcome {
        case .response(let response): self.writeRead(response, context: context)
        case .work(let pool, let work):
            let head = HTTPRequestHead(
                version: .http1_1,
                method: .POST,
                uri: "/get-online-features"
            )
            self.state = .answering(head)
            self.deadline = nil
            self.identity = nil
            self.perform(work, on: pool, for: head, context: context)
        case .answer, .encoded: return false
        }
        self.hasUnfinishedInput = false
        return true
    }

    private func answer(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
        guard context.channel.isWritable else {
            self.awaitsWritability = true
            self.restartDeadline()
            self.flushAnswers(context: context)
            return
        }
        let body = self.body
        self.body = ByteBuffer()
        self.began = .now()
        if self.takesWholeResponse(head), let identity = self.identity,
            let outcome = self.handler.directOutcome(
                ofRead: body,
                requestID: ResponseField(identity),
                from: self.requester,
                scratch: self.scratch,
                allocator: context.channel.allocator
            )
        {
            self.answer(head, with: outcome, context: context)
        } else {
            let outcome = self.handler.outcome(
                of: head,
                body: body,
                from: self.requester,
                encoder: &self.scratch.encoder
            )
            self.answer(head, with: outcome, context: context)
        }
    }

    /// Who sent the request whose answer comes next.
    private var requester: Requester {
        var requester = self.admission.requester
        requester.requestID = self.identity?.id
        return requester
    }

    private func answer(
        _ head: HTTPRequestHead,
        with outcome: RequestHandler.Outcome,
        context: ChannelHandlerContext
    ) {
        switch outcome {
        case .answer(let answer): self.write(answer, to: head, context: context)
        case .encoded:
            let answer = HTTPAnswer(status: .ok, body: self.scratch.encoder.output)
            self.write(answer, to: head, context: context)
        case .response(let response): self.writeRead(response, context: context)
        case .work(let pool, let work): self.perform(work, on: pool, for: head, context: context)
        }
    }

    private func perform(
        _ work: @escaping @Sendable () -> RequestHandler.Outcome,
        on pool: NIOThreadPool,
        for head: HTTPRequestHead,
        context: ChannelHandlerContext
    ) {
        // Answers before this one need not wait for it.
        self.flushAnswers(context: context)
        pool.runIfActive(eventLoop: context.eventLoop, work)
            .assumeIsolated()
            .whenComplete { result in
                self.finish(head, with: result)
            }
    }

    private func finish(
        _ head: HTTPRequestHead,
        with result: Result<RequestHandler.Outcome, any Error>
    ) {
        // The connection may be gone by now.
        guard let context = self.context, case .answering = self.state else { return }
        let outcome =
            switch result {
            case .success(let outcome): outcome
            case .failure:
                RequestHandler.Outcome.answer(
                    .detail("The server is stopping.", status: .serviceUnavailable)
                )
            }
        self.answer(head, with: outcome, context: context)
        if !self.isAnswering { self.resume(context: context) }
    }

    /// Takes up what came in while an answer was awaited.
    private func resume(context: ChannelHandlerContext) {
        while let input = self.nextWaiting() {
            self.handle(input, context: context)
        }
        self.flushAnswers(context: context)
        if self.isReadHeld, !self.isAnswering {
            self.isReadHeld = false
            context.read()
        }
    }

    private func nextWaiting() -> Input? {
        self.isAnswering ? nil : self.waiting.popFirst()
    }

    var isAnswering: Bool {
        if case .answering = self.state { return true }
        return false
    }

    /// Counts an answer, puts what the request is called into it, and writes it.
    private func write(
        _ answer: HTTPAnswer,
        to head: HTTPRequestHead,
        context: ChannelHandlerContext
    ) {
        var answer = answer
        self.identity?.add(to: &answer)
        self.count(answer, to: CountedEndpoint(uri: head.uri))
        guard self.isDraining, !self.isLast(head) else {
            self.write(answer, to: head, isLast: self.isLast(head), context: context)
            return
        }
        self.state = .idle
        self.hold(answer, to: head, context: context)
    }

    /// Writes an answer that was counted.
    func write(
        _ answer: HTTPAnswer,
        to head: HTTPRequestHead,
        isLast: Bool,
        context: ChannelHandlerContext
    ) {
        var buffer = context.channel.allocator.buffer(capacity: 256 + answer.body.count)
        buffer.writeResponse(
            answer,
            connection: isLast ? "close" : head.version == .http1_0 ? "keep-alive" : nil,
            omitsBody: head.method == .HEAD
        )
        if isLast {
            self.writeLast(buffer, context: context)
        } else {
            self.state = .idle
            self.restartDeadline()
            self.write(buffer, context: context)
        }
    }

    /// Writes the whole answer to a read that was answered directly; nothing else is.
    private func writeRead(_ response: ByteBuffer, context: ChannelHandlerContext) {
        let now = NIODeadline.now()
        self.scratch.counters.add(.onlineFeatures, status: 200, time: now - self.began)
        // What else came in with the request is worked on from now.
        self.began = now
        self.state = .idle
        self.deadline = now + self.handler.limits.idleTimeout
        self.write(response, context: context)
    }

    private func write(_ response: ByteBuffer, context: ChannelHandlerContext) {
        self.hasUnflushedAnswer = true
        context.write(Self.wrapOutboundOut(response), promise: nil)
    }

    private func count(_ answer: HTTPAnswer, to endpoint: CountedEndpoint) {
        if let refusal = answer.refusal { self.handler.refusals.add(refusal) }
        let now = NIODeadline.now()
        self.scratch.counters.add(endpoint, status: answer.status.code, time: now - self.began)
        self.handler.log(answer, to: endpoint, of: self.identity, after: now - self.began)
        self.handler.auditRefusal(answer, of: endpoint, by: self.requester)
        self.began = now
    }

    /// Answers before the request has come in whole, and ends the connection.
    func refuse(_ answer: HTTPAnswer, context: ChannelHandlerContext) {
        self.body = ByteBuffer()
        var answer = answer
        var endpoint = CountedEndpoint.other
        if case .receiving(let head) = self.state {
            endpoint = CountedEndpoint(uri: head.uri)
            self.identity?.add(to: &answer)
        } else {
            self.identity = nil
        }
        self.count(answer, to: endpoint)
        self.releaseHeldAnswer(isLast: false, context: context)
        var buffer = context.channel.allocator.buffer(capacity: 256 + answer.body.count)
        buffer.writeResponse(answer, connection: "close")
        self.writeLast(buffer, context: context)
    }

    private func flushAnswers(context: ChannelHandlerContext) {
        if self.hasUnflushedAnswer {
            self.hasUnflushedAnswer = false
            context.flush()
        }
    }

    // MARK: Flow

    func read(context: ChannelHandlerContext) {
        if self.isAnswering {
            self.isReadHeld = true
        } else {
            context.read()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if self.awaitsWritability, context.channel.isWritable,
            case .answering(let head) = self.state
        {
            self.awaitsWritability = false
            self.deadline = nil
            self.answer(head, context: context)
            self.resume(context: context)
        }
        context.fireChannelWritabilityChanged()
    }
}
