import NIOCore
import NIOPosix

/// The scratch space of one event loop.
final class LoopScratch {
    var encoder = OnlineResponseEncoder()
    let direct: DirectRoute
    let counters: LoopCounters

    init(_ counters: LoopCounters) {
        self.counters = counters
        self.direct = DirectRoute(counters)
    }
}

/// The scratch space of each event loop of a group.
struct LoopScratches: Sendable {
    private let boxes: [ObjectIdentifier: NIOLoopBoundBox<LoopScratch>]

    private let counters: ServerCounters

    init(_ group: MultiThreadedEventLoopGroup, counters: ServerCounters) {
        self.counters = counters
        var boxes: [ObjectIdentifier: NIOLoopBoundBox<LoopScratch>] = [:]
        for eventLoop in group.makeIterator() {
            boxes[ObjectIdentifier(eventLoop)] =
                .makeBoxSendingValue(LoopScratch(counters.addLoop()), eventLoop: eventLoop)
        }
        self.boxes = boxes
    }

    /// The space of an event loop; called on it.
    subscript(eventLoop: any EventLoop) -> LoopScratch {
        self.boxes[ObjectIdentifier(eventLoop)]?.value ?? LoopScratch(self.counters.addLoop())
    }
}
