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

    private enum Input {
        case part(HTTPServerRequestPart)
        /// The bytes are no HTTP, or more than may be; nothing follows that could be read.
        case malformed(HTTPAnswer)
        /// The client will send no more.
        case ended
    }

    private enum State {
        /// Between two requests.
        case idle
        /// The head of a request is there, its end is not.
        case receiving(HTTPRequestHead)
        /// A whole request is there, its answer is not.
        case answering(HTTPRequestHead)
        /// The last answer has been written; what comes in is dropped.
        case closing
    }

    private let handler: RequestHandler
    private let scratch: LoopScratch
    private var admission: ConnectionAdmission
    private var state = State.idle
    private var body = ByteBuffer()
    private var waiting = CircularBuffer<Input>()
    private var isDraining: Bool
    /// Whether the answer waits until the client has read what was written before.
    private var awaitsWritability = false
    private var isReadHeld = false
    private var hasUnflushedAnswer = false
    private var hasInputEnded = false
    private var hasOutputEnded = false
    private var context: ChannelHandlerContext?
    /// Whether the client has sent anything since its last whole request.
    var hasUnfinishedInput = false
    /// When the client must have sent its request; `nil` while the server has the word.
    private var deadline: NIODeadline?
    private var timer: Scheduled<Void>?

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
        self.state = .receiving(head)
        self.restartDeadline()
        if let answer = self.admission.refusal(of: head, by: self.handler) {
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
    ///   - authorization: Where the value of that header stands; `nil` when there is none.
    ///   - head: The bytes that it stands in.
    /// - Returns: False when the decoder must have the request.
    func answerPlainRead(
        _ body: ByteBuffer,
        authorization: Range<Int>?,
        in head: Span<UInt8>
    ) -> Bool {
        guard let context = self.context, case .idle = self.state, !self.isDraining,
            body.readableBytes <= self.handler.limits.maximumBodyBytes,
            context.channel.isWritable,
            self.admission.admitsRead(authorization, in: head, by: self.handler),
            let outcome = self.handler.directOutcome(
                ofRead: body,
                from: self.admission.requester,
                scratch: self.scratch,
                allocator: context.channel.allocator
            )
        else { return false }
        switch outcome {
        case .response(let response): self.write(response, context: context)
        case .work(let pool, let work):
            let head = HTTPRequestHead(
                version: .http1_1,
                method: .POST,
                uri: "/get-online-features"
            )
            self.state = .answering(head)
            self.deadline = nil
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
        if self.takesWholeResponse(head),
            let outcome = self.handler.directOutcome(
                ofRead: body,
                from: self.admission.requester,
                scratch: self.scratch,
                allocator: context.channel.allocator
            )
        {
            self.answer(head, with: outcome, context: context)
        } else {
            let outcome = self.handler.outcome(
                of: head,
                body: body,
                from: self.admission.requester,
                encoder: &self.scratch.encoder
            )
            self.answer(head, with: outcome, context: context)
        }
    }

    /// Whether it is a read whose answer needs nothing in its head but the length.
    private func takesWholeResponse(_ head: HTTPRequestHead) -> Bool {
        head.method == .POST && head.version == .http1_1 && head.uri == "/get-online-features"
            && !self.isLast(head) && OnlineAnswerFormat.wanted(by: head.headers) == .json
    }

    /// Whether the answer to a request is the last one of its connection.
    private func isLast(_ head: HTTPRequestHead) -> Bool {
        // After an upgrade that is refused, the decoder reads no more.
        self.isDraining || !head.isKeepAlive || head.method == .CONNECT
            || head.headers.contains(name: "upgrade")
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
        case .response(let response): self.write(response, context: context)
        case .work(let pool, let work): self.perform(work, on: pool, for: head, context: context)
        }
    }

    private func perform(
        _ work: @escaping @Sendable () -> HTTPAnswer,
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

    private func finish(_ head: HTTPRequestHead, with result: Result<HTTPAnswer, any Error>) {
        // The connection may be gone by now.
        guard let context = self.context, case .answering = self.state else { return }
        let answer =
            switch result {
            case .success(let answer): answer
            case .failure: HTTPAnswer.detail("The server is stopping.", status: .serviceUnavailable)
            }
        self.write(answer, to: head, context: context)
        self.resume(context: context)
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

    private var isAnswering: Bool {
        if case .answering = self.state { return true }
        return false
    }

    private func write(
        _ answer: HTTPAnswer,
        to head: HTTPRequestHead,
        context: ChannelHandlerContext
    ) {
        if let refusal = answer.refusal { self.handler.refusals.add(refusal) }
        let isLast = self.isLast(head)
        var buffer = context.channel.allocator.buffer(capacity: 256 + answer.body.count)
        buffer.writeResponse(
            answer,
            connection: isLast ? "close" : head.version == .http1_0 ? "keep-alive" : nil,
            omitsBody: head.method == .HEAD
        )
        if isLast {
            self.writeLast(buffer, context: context)
        } else {
            self.write(buffer, context: context)
        }
    }

    /// Writes a whole answer that is not the last one.
    private func write(_ response: ByteBuffer, context: ChannelHandlerContext) {
        self.state = .idle
        self.restartDeadline()
        self.hasUnflushedAnswer = true
        context.write(Self.wrapOutboundOut(response), promise: nil)
    }

    /// Answers before the request has come in whole, and ends the connection.
    private func refuse(_ answer: HTTPAnswer, context: ChannelHandlerContext) {
        self.body = ByteBuffer()
        if let refusal = answer.refusal { self.handler.refusals.add(refusal) }
        self.handler.logger.debug("refused", metadata: ["status": "\(answer.status.code)"])
        var buffer = context.channel.allocator.buffer(capacity: 256 + answer.body.count)
        buffer.writeResponse(answer, connection: "close")
        self.writeLast(buffer, context: context)
    }

    /// Writes the last answer; then ends the output, and the rest when the client has too: what it
    /// still sends would otherwise make the kernel drop the answer.
    private func writeLast(_ buffer: ByteBuffer, context: ChannelHandlerContext) {
        self.state = .closing
        self.deadline = nil
        for input in self.waiting {
            if case .ended = input { self.hasInputEnded = true }
        }
        self.waiting.removeAll()
        self.hasUnflushedAnswer = false
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in
            self.endOutput()
        }
        context.writeAndFlush(Self.wrapOutboundOut(buffer), promise: written)
    }

    private func endOutput() {
        guard let context = self.context else { return }
        self.hasOutputEnded = true
        guard !self.hasInputEnded else {
            context.close(promise: nil)
            return
        }
        context.close(mode: .output, promise: nil)
        context.eventLoop.assumeIsolated().scheduleTask(
            in: self.handler.limits.lingerTimeout
        ) {
            self.context?.close(promise: nil)
        }
        if self.isReadHeld {
            self.isReadHeld = false
            context.read()
        }
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

    private func beginDraining(context: ChannelHandlerContext) {
        self.isDraining = true
        guard case .idle = self.state else { return }
        context.eventLoop.assumeIsolated().scheduleTask(
            in: self.handler.limits.shutdownGrace
        ) {
            if let context = self.context, case .idle = self.state {
                self.writeLast(ByteBuffer(), context: context)
            }
        }
    }

    // MARK: Time

    private func restartDeadline() {
        self.deadline = .now() + self.handler.limits.idleTimeout
    }

    /// One timer for a connection, which is set again when it fires, and not for every request.
    private func scheduleTimer(context: ChannelHandlerContext) {
        let time = self.deadline ?? .now() + self.handler.limits.idleTimeout
        self.timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: time) {
            self.timerFired()
        }
    }

    private func timerFired() {
        guard let context = self.context else { return }
        guard let deadline = self.deadline, deadline <= .now() else {
            self.scheduleTimer(context: context)
            return
        }
        var isReceiving = self.hasUnfinishedInput
        if case .receiving = self.state { isReceiving = true }
        if isReceiving, !self.isAnswering {
            let seconds = self.handler.limits.idleTimeout.nanoseconds / 1_000_000_000
            let message = "The request was not complete after \(seconds) seconds."
            let answer = HTTPAnswer.detail(message, status: .requestTimeout, refusal: .slow)
            self.refuse(answer, context: context)
        } else {
            context.close(promise: nil)
        }
    }
}
