import FeatureStoreKit
import NIOHTTP1
import NIOPosix

/// Who a request comes from, and what it may do.
struct Requester: Sendable {
    /// What the token allows; `nil` for everything.
    var grant: AccessGrant?
    /// Whether it may read, and so be told the names of views.
    var mayRead = true
    /// Who sends requests without a token over the connection.
    let peer: Caller
    /// What the request is called in the log, the audit log and the answer.
    var requestID: String?

    init(peer: Caller) {
        self.peer = peer
    }

    /// Who asks, for the audit log.
    var caller: Caller {
        var caller = self.peer
        if let grant = self.grant { caller.name = "token \(grant.name)" }
        caller.requestID = self.requestID
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
        self.requester.mayRead = false
        // Two of them are as good as one that is wrong.
        let given = head.headers["authorization"]
        let bytes = Array((given.count == 1 ? given[0] : "").utf8)
        let verdict = self.access.judge(given.isEmpty ? nil : bytes.indices, in: bytes.span)
        let project = handler.serving.project
        switch verdict {
        case .everything: self.requester.mayRead = true
        case .granted(let grant):
            self.requester.mayRead = grant.denial(.read, project: project) == nil
        case .missing, .refused: break
        }
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
            let denial: AccessDenial? =
                switch need {
                case .scope(let scope): grant.denial(scope, project: project)
                case .nothing, .token: nil
                }
            self.requester.grant = grant
            return denial.map { .forbidden($0) }
        }
    }
}

extension RequestHandler {
    /// The answer to a head that leaves in doubt whom it is for or where its body ends; `nil` when
    /// it does not.
    func problem(of head: HTTPRequestHead) -> HTTPAnswer? {
        let hosts = head.headers["host"].count
        guard head.version != .http1_1 || hosts == 1 else {
            return .detail(
                "A request of HTTP/1.1 has one header Host, and this one has \(hosts).",
                status: .badRequest,
                refusal: .malformed
            )
        }
        let codings = head.headers[canonicalForm: "transfer-encoding"]
        guard codings.allSatisfy({ $0.lowercased() == "chunked" }) else {
            return .detail(
                "The transfer coding of the body is not known here; send it as it is, or chunked.",
                status: .notImplemented,
                refusal: .malformed
            )
        }
        return nil
    }

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

    /// Writes the line of the audit log about a change that a token does not allow.
    ///
    /// A request without a token that counts has none: strangers could fill the disk.
    func auditRefusal(_ answer: HTTPAnswer, of endpoint: CountedEndpoint, by requester: Requester) {
        guard let denial = answer.denial, let action = endpoint.endpoint?.auditAction else {
            return
        }
        let caller = requester.caller
        // Not on the event loop, as it is a file; also when the threads are about to end.
        self.monitor.pool.submit { _ in
            Caller.$current.withValue(caller) {
                self.serving.auditRefusal(of: action, denial)
            }
        }
    }
}
