import FeatureStoreKit
import Glibc
import NIOCore

/// Answers plain reads of online features from the bytes of their bodies; one for each event loop.
///
/// A body is a template around the value of `entities`. What a template asks for is compiled when
/// it is seen first, by the general way; from then on a body of that template is told by its bytes,
/// and only the ids in it are read.
final class DirectRoute {
    private struct Template {
        /// The body up to the value of `entities`, and after it.
        let prefix: [UInt8]
        let suffix: [UInt8]
        /// Whether such requests must be answered the general way.
        let isUnfit: Bool
        /// Where the rows of each view are counted.
        let counters: [RowCounters]
        /// The feature views that it reads, by the definitions that `read` goes by.
        let views: [String]
        weak var read: DirectRead?
    }

    private static let maximumTemplates = 64

    /// Those that were used last come first.
    private var templates: [Template] = []
    /// When the last template was found to be unfit; definitions may change.
    private var unfitUntil = NIODeadline.uptimeNanoseconds(0)
    private(set) var entities = DirectEntities()
    private var rows = DirectRows()
    private var writer = DirectAnswerWriter()
    private let counters: LoopCounters

    /// - Parameter counters: Those of the event loop.
    init(_ counters: LoopCounters = LoopCounters()) {
        self.counters = counters
    }

    /// Answers a request.
    ///
    /// - Parameters:
    ///   - body: The body of the request.
    ///   - serving: The store.
    ///   - limits: What the request may ask for.
    ///   - field: What its head has besides type and length.
    ///   - grant: What its token allows; `nil` for everything.
    ///   - response: Gets the whole response of status 200, its head included.
    /// - Returns: What became of it, and what was read.
    func answer(
        _ body: Span<UInt8>,
        from serving: any DirectServing,
        limits: ServerLimits,
        field: ResponseField = .none,
        grant: AccessGrant? = nil,
        response: inout ByteBuffer
    ) -> (outcome: DirectOutcome, read: DirectRead?) {
        guard
            let (read, counters) = self.read(
                for: body,
                serving: serving,
                limits: limits,
                grant: grant
            )
        else { return (.unfit, nil) }
        let rowCount = self.entities.rowCount
        guard rowCount <= limits.maximumEntityRows, read.columns.count <= limits.maximumFeatures,
            rowCount * read.columns.count <= limits.maximumCellsOnEventLoop
        else { return (.unfit, nil) }
        let outcome = serving.read(
            read,
            entities: self.entities,
            body: body,
            mayReadFiles: false,
            into: &self.rows
        )
        switch outcome {
        case .needsFiles: self.counters.addDiskRead()
        case .unfit:
            // What was compiled may be out of date; it is compiled again if it is wanted again.
            self.templates.removeAll { $0.read === read }
        case .found:
            self.writer.write(
                read,
                self.rows,
                self.entities,
                body: body,
                head: field,
                to: &response
            )
            for view in counters.indices {
                counters[view].addAlone(self.writer.counts(view, of: self.rows))
            }
        }
        return (outcome, read)
    }

    /// Finds or compiles what a body asks for, and reads its ids.
    private func read(
        for body: Span<UInt8>,
        serving: any DirectServing,
        limits: ServerLimits,
        grant: AccessGrant?
    ) -> (DirectRead, [RowCounters])? {
        for index in self.templates.indices {
            let suffixStart = body.count - self.templates[index].suffix.count
            let prefixEnd = self.templates[index].prefix.count
            guard prefixEnd <= suffixStart,
                isEqual(body, from: 0, self.templates[index].prefix),
                isEqual(body, from: suffixStart, self.templates[index].suffix)
            else { continue }
            if self.templates[index].isUnfit {
                if self.unfitUntil > .now() { return nil }
                self.templates.removeAll { $0.isUnfit }
                break
            }
            guard let read = self.templates[index].read else {
                self.templates.remove(at: index)
                break
            }
            guard grant.covers(self.templates[index].views),
                self.entities.parse(body, from: prefixEnd, for: read) == suffixStart
            else { return nil }
            let counters = self.templates[index].counters
            if index > 0 { self.templates.swapAt(index, index - 1) }
            return (read, counters)
        }
        return self.compile(body, serving: serving, limits: limits, grant: grant)
    }

    private func compile(
        _ body: Span<UInt8>,
        serving: any DirectServing,
        limits: ServerLimits,
        grant: AccessGrant?
    ) -> (DirectRead, [RowCounters])? {
        guard let request = try? OnlineFeaturesRequest(json: body, limits: limits),
            let range = try? entitiesRange(of: body)
        else { return nil }
        let read = serving.directRead(for: request)
        let counters = (read?.viewNames ?? []).map { self.counters.rows(of: $0) }
        // Asked for afterwards: when the definitions change in between, the read is stale.
        let views = serving.viewNames(of: .selection(request.selection))
        if self.templates.count >= Self.maximumTemplates { self.templates.removeLast() }
        self.templates.insert(
            Template(
                prefix: bytes(body, 0..<range.lowerBound),
                suffix: bytes(body, range.upperBound..<body.count),
                isUnfit: read == nil,
                counters: counters,
                views: views,
                read: read
            ),
            at: 0
        )
        guard let read else {
            self.unfitUntil = .now() + .seconds(1)
            return nil
        }
        guard grant.covers(views) else { return nil }
        let end = self.entities.parse(body, from: range.lowerBound, for: read)
        return end == range.upperBound ? (read, counters) : nil
    }
}

extension AccessGrant? {
    /// Whether all of these views may be read.
    fileprivate func covers(_ views: [String]) -> Bool {
        guard let grant = self, !grant.coversAllViews else { return true }
        return views.allSatisfy { grant.covers(view: $0) }
    }
}

/// Where the value of `entities` stands in a body.
private func entitiesRange(of body: Span<UInt8>) throws(RequestError) -> Range<Int>? {
    var parser = JSONParser(body)
    var members = try MemberReader(&parser)
    var range: Range<Int>?
    while let key = try members.next(&parser) {
        // The parser stands at the value, or at white space before it.
        let start = parser.position
        try parser.skipValue()
        if key == "entities" { range = start..<parser.position }
    }
    try parser.finish()
    return range
}

private func bytes(_ body: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
    let part = body.extracting(range)
    return unsafe part.withUnsafeBufferPointer { unsafe Array($0) }
}

/// Whether the bytes from a place on begin with others.
private func isEqual(_ body: Span<UInt8>, from start: Int, _ other: [UInt8]) -> Bool {
    unsafe body.withUnsafeBytes { body in
        unsafe other.withUnsafeBytes { other in
            let part = unsafe UnsafeRawBufferPointer(
                rebasing: body[start..<start + other.count]
            )
            guard let left = part.baseAddress, let right = other.baseAddress else { return true }
            return unsafe memcmp(left, right, other.count) == 0
        }
    }
}
