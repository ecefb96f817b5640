import Glibc

/// Who asks for something, for the audit log.
///
/// A server says so around each change that it makes for a client:
///
/// ```swift
/// Caller.$current.withValue(Caller(name: "token ingest", requestID: "17")) {
///     try store.push(request)
/// }
/// ```
public struct Caller: Hashable, Sendable {
    /// `token` and its name, `uid` and a number, or where an unknown client came from.
    public var name: String
    /// What tells the request from all others, where there is one.
    public var requestID: String?
    /// Whether it comes over the network, so that messages to it say nothing about folders.
    public var isRemote: Bool

    /// A caller.
    public init(name: String, requestID: String? = nil, isRemote: Bool = false) {
        self.name = name
        self.requestID = requestID
        self.isRemote = isRemote
    }

    /// The user that this process runs as.
    public static let thisUser = Caller(name: "uid \(getuid())")

    /// Who asks for what is being done.
    @TaskLocal public static var current = Caller.thisUser
}
