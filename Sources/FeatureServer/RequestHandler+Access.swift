import FeatureStoreKit
import NIOHTTP1

/// Who a request comes from, and what it may do.
struct Requester: Sendable {
    /// What the token allows; `nil` for everything.
    var grant: AccessGrant?
    /// Who sends requests without a token over the connection.
    let peer: Caller

    /// Who asks, for the audit log.
    func caller(of head: HTTPRequestHead) -> Caller {
        var caller = self.grant.map { Caller(name: "token \($0.name)") } ?? self.peer
        // What a client calls its request is taken when it is short and plain.
        if let identifier = head.headers.first(name: "x-request-id"),
            (1...128).contains(identifier.utf8.count),
            identifier.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        {
            caller.requestID = identifier
        }
        return caller
    }
}

/// Judges the requests of one connection by their tokens.
struct ConnectionAdmission {
    private var access: AccessMemory
    /// Who sent the last request that was admitted.
    private(set) var requester: Requester

    /// - Parameters:
    ///   - access: What the tokens are held against.
    ///   - peer: Who sends requests without one.
    init(_ access: AccessMemory, peer: Caller) {
        self.access = access
        self.requester = Requester(peer: peer)
    }

    /// Whether a read may go on.
    ///
    /// - Parameters:
    ///   - authorization: Where the value of that header stands; `nil` when there is none.
    ///   - bytes: What it stands in.
    ///   - handler: Knows the project.
    /// - Returns: False when it must be answered the general way, which says why not.
    mutating func admitsRead(
        _ authorization: Range<Int>?,
        in bytes: Span<UInt8>,
        by handler: RequestHandler
    ) -> Bool {
        switch self.access.judge(authorization, in: bytes) {
        case .everything: self.requester.grant = nil
        case .granted(let grant):
            guard grant.denial(.read, project: handler.serving.project) == nil else {
                return false
            }
            self.requester.grant = grant
        case .missing, .refused: return false
        }
        return true
    }

    /// Judges a request by its head.
    ///
    /// - Returns: The answer to a request that may not go on; `nil` when it may.
    mutating func refusal(of head: HTTPRequestHead, by handler: RequestHandler) -> HTTPAnswer? {
        self.requester.grant = nil
        // Two of them are as good as one that is wrong.
        let given = head.headers["authorization"]
        let bytes = Array((given.count == 1 ? given[0] : "").utf8)
        let verdict = self.access.judge(given.isEmpty ? nil : bytes.indices, in: bytes.span)
        if case .everything = verdict { return nil }
        let need = Route.need(method: head.method, uri: head.uri)
        if case .nothing = need { return nil }
        switch verdict {
        case .everything: return nil
        case .missing:
            return .unauthorized(
                "This server needs a token: send the header Authorization: Bearer TOKEN.",
                isInvalid: false
            )
        case .refused(let reason): return .unauthorized(reason, isInvalid: true)
        case .granted(let grant):
            let denial: String? =
                switch need {
                case .scope(let scope): grant.denial(scope, project: handler.serving.project)
                case .nothing, .token: nil
                }
            self.requester.grant = grant
            return denial.map { .forbidden($0) }
        }
    }
}

extension RequestHandler {
    /// The answer to bytes that are no request, or one whose head is too large.
    func answer(to error: HTTPParserError) -> HTTPAnswer {
        guard error == .headerOverflow else {
            return .detail(
                "Invalid HTTP request received.",
                status: .badRequest,
                refusal: .malformed
            )
        }
        return .detail(
            "The head of the request is larger than the limits of "
                + "\(self.limits.maximumHeaderBytes) bytes and "
                + "\(self.limits.maximumHeaderFields) fields; send fewer or shorter fields.",
            status: .requestHeaderFieldsTooLarge,
            refusal: .head
        )
    }

    /// The answer to a request for views that its token is not for; `nil` when it is.
    func denial(_ requester: Requester, _ target: AccessTarget) -> HTTPAnswer? {
        guard let grant = requester.grant, !grant.coversAllViews else { return nil }
        return grant.denial(views: self.serving.viewNames(of: target)).map { .forbidden($0) }
    }
}
