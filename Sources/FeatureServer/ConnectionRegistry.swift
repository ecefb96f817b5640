import NIOCore
import Synchronization

/// The open connections: counts them, and ends them together.
final class ConnectionRegistry: Sendable {
    /// What becomes of a new connection.
    enum Admission {
        case accepted
        /// It may bring one request, which is then its last.
        case draining
        /// There are as many as there may be, but it may be told so.
        case refused
        /// As many as may be are being told so.
        case closed
    }

    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        /// The connections that are being refused.
        var refusedCount = 0
        /// Fulfilled when the last connection is gone; `nil` until draining begins.
        var drained: EventLoopPromise<Void>?
    }

    private let state = Mutex(State())
    private let maximumCount: Int
    private let maximumRefusedCount: Int

    init(maximumCount: Int, maximumRefusedCount: Int) {
        self.maximumCount = maximumCount
        self.maximumRefusedCount = maximumRefusedCount
    }

    /// How many connections are open.
    var count: Int { self.state.withLock { $0.channels.count } }

    /// Enters a connection; it leaves by itself when it closes.
    func add(_ channel: any Channel) -> Admission {
        let identifier = ObjectIdentifier(channel)
        let admission = self.state.withLock { state -> Admission in
            guard state.channels.count < self.maximumCount else {
                guard state.refusedCount < self.maximumRefusedCount, state.drained == nil else {
                    return .closed
                }
                state.refusedCount += 1
                return .refused
            }
            state.channels[identifier] = channel
            return state.drained == nil ? .accepted : .draining
        }
        switch admission {
        case .accepted, .draining:
            channel.closeFuture.whenComplete { _ in self.remove(identifier) }
        case .refused:
            channel.closeFuture.whenComplete { _ in
                self.state.withLock { $0.refusedCount -= 1 }
            }
        case .closed: break
        }
        return admission
    }

    private func remove(_ identifier: ObjectIdentifier) {
        let promise = self.state.withLock { state -> EventLoopPromise<Void>? in
            state.channels[identifier] = nil
            return state.channels.isEmpty ? state.drained : nil
        }
        promise?.succeed()
    }

    /// Lets every connection answer what it has begun, and closes those that are open after
    /// `timeout` all the same; called once.
    ///
    /// - Returns: A future that comes when no connection is open.
    func drain(on eventLoop: any EventLoop, timeout: TimeAmount) -> EventLoopFuture<Void> {
        let promise = eventLoop.makePromise(of: Void.self)
        let channels = self.state.withLock { state in
            state.drained = promise
            return Array(state.channels.values)
        }
        if channels.isEmpty { promise.succeed() }
        for channel in channels {
            channel.pipeline.fireUserInboundEventTriggered(ConnectionShouldDrain())
        }
        let timer = eventLoop.scheduleTask(in: timeout) {
            for channel in self.state.withLock({ Array($0.channels.values) }) {
                channel.close(promise: nil)
            }
        }
        promise.futureResult.whenComplete { _ in timer.cancel() }
        return promise.futureResult
    }
}
