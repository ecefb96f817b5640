import NIOCore
import NIOHTTP1

/// How connections end: after an answer that says so, at the end of the server, and for their time.
extension HTTPConnectionHandler {
    /// Writes the last answer; then ends the output, and the rest when the client has too: what it
    /// still sends would otherwise make the kernel drop the answer.
    func writeLast(_ buffer: ByteBuffer, context: ChannelHandlerContext) {
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

    func endOutput() {
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

    // MARK: The end of the server

    /// Answers what has been asked, and then ends the connection with an answer that says so.
    ///
    /// What the client has sent before it can know is answered too: an answer is held back until
    /// nothing more has come for a moment. A client that sends several requests at a time and waits
    /// for their answers gets all of them.
    func beginDraining(context: ChannelHandlerContext) {
        self.isDraining = true
        guard case .idle = self.state else { return }
        context.eventLoop.assumeIsolated().scheduleTask(
            in: self.handler.limits.shutdownGrace
        ) {
            if let context = self.context, case .idle = self.state, self.heldAnswer == nil {
                self.writeLast(ByteBuffer(), context: context)
            }
        }
    }

    /// Holds an answer back, until another request comes or none does.
    func hold(_ answer: HTTPAnswer, to head: HTTPRequestHead, context: ChannelHandlerContext) {
        self.heldAnswer = (answer, head)
        self.heldCount += 1
        let number = self.heldCount
        context.eventLoop.assumeIsolated().scheduleTask(
            in: self.handler.limits.shutdownQuiet
        ) {
            // One that is receiving or answering the next request releases it when it holds that.
            if let context = self.context, case .idle = self.state, self.heldCount == number {
                self.releaseHeldAnswer(isLast: true, context: context)
            }
        }
    }

    /// Writes the answer that is held back, if there is one.
    func releaseHeldAnswer(isLast: Bool, context: ChannelHandlerContext) {
        guard let held = self.heldAnswer else { return }
        self.heldAnswer = nil
        self.write(held.answer, to: held.head, isLast: isLast, context: context)
    }

    // MARK: Time

    func restartDeadline() {
        self.deadline = .now() + self.handler.limits.idleTimeout
    }

    /// One timer for a connection, which is set again when it fires, and not for every request.
    func scheduleTimer(context: ChannelHandlerContext) {
        let time = self.deadline ?? .now() + self.handler.limits.idleTimeout
        self.timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: time) {
            self.timerFired()
        }
    }

    func timerFired() {
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
