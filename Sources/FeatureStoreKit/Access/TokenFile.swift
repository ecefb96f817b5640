public import FeatureModel
import Glibc
import NativeStorage

/// The file of the tokens that a server accepts: their hashes, and what they may be used for.
///
/// Every change replaces the file as a whole; a server takes it up within a quarter of a second.
public struct TokenFile: Sendable {
    /// Where it is.
    public let path: String

    private struct Content: Codable {
        var version = 1
        var tokens: [AccessToken] = []
    }

    /// The file at a path, whether it is there or not.
    public init(path: String) {
        self.path = path
    }

    /// Whether there is one.
    public var exists: Bool { unsafe access(self.path, F_OK) == 0 }

    /// The tokens, in the order in which they were made; none when there is no file.
    ///
    /// - Throws: `corruptData` for a file that is damaged, `unavailable` for one that cannot be
    ///   read, or that others may write to.
    public func tokens() throws(FeatureStoreError) -> [AccessToken] {
        self.exists ? try self.read() : []
    }

    /// Adds a token.
    ///
    /// - Parameters:
    ///   - name: What it is called.
    ///   - scopes: What it may be used for.
    ///   - project: The project that it is for; `nil` for any.
    ///   - views: Patterns of the views that it is for; none for all.
    ///   - expires: When it ends; `nil` for never.
    ///   - now: When it is made.
    /// - Returns: The token, which is nowhere else.
    /// - Throws: `invalidArgument` for a name that is taken or is none; else as ``tokens()``.
    public func create(
        _ name: String,
        scopes: [AccessScope],
        project: String? = nil,
        views: [String] = [],
        expires: Timestamp? = nil,
        now: Timestamp = .now()
    ) throws(FeatureStoreError) -> String {
        if let problem = AccessToken.problem(ofName: name) {
            throw FeatureStoreError(code: .invalidArgument, message: problem)
        }
        guard !scopes.isEmpty else {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "a token needs a scope: read, push or admin"
            )
        }
        guard project != "", !views.contains("") else {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "a token for the \(project == "" ? "project" : "feature view") \"\" "
                    + "would be for none; give a name, or leave the option out for all"
            )
        }
        if let expires, expires <= now {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "the token would end at \(expires), which is past; give a later time"
            )
        }
        let secret = AccessToken.makeSecret()
        try self.update { (tokens) throws(FeatureStoreError) in
            guard !tokens.contains(where: { $0.name == name }) else {
                throw FeatureStoreError(
                    code: .invalidArgument,
                    message: "there is a token \"\(name)\" already; choose another name, or "
                        + "rotate or revoke that one"
                )
            }
            tokens.append(
                AccessToken(
                    name: name,
                    scopes: scopes,
                    project: project,
                    views: views,
                    created: now,
                    expires: expires,
                    hash: AccessToken.hash(of: secret.utf8)
                )
            )
        }
        return secret
    }

    /// Gives a token another secret; what it may be used for stays.
    ///
    /// - Parameters:
    ///   - name: Which one.
    ///   - graceMicroseconds: How long the secret before goes on working; 0 ends it at once.
    ///   - now: When that is.
    /// - Returns: The new secret, which is nowhere else.
    /// - Throws: `objectNotFound`; else as ``tokens()``.
    public func rotate(
        _ name: String,
        graceMicroseconds: Int64 = 0,
        now: Timestamp = .now()
    ) throws(FeatureStoreError) -> String {
        let secret = AccessToken.makeSecret()
        try self.update { (tokens) throws(FeatureStoreError) in
            let index = try Self.index(of: name, in: tokens)
            let old = tokens[index]
            let end = Timestamp(microseconds: now.microseconds + graceMicroseconds)
            tokens[index] = AccessToken(
                name: old.name,
                scopes: old.scopes,
                project: old.project,
                views: old.views,
                created: now,
                expires: old.expires,
                hash: AccessToken.hash(of: secret.utf8),
                previous: graceMicroseconds > 0
                    ? .init(hash: old.hash, expires: min(end, old.expires ?? end)) : nil
            )
        }
        return secret
    }

    /// Removes a token.
    ///
    /// - Throws: `objectNotFound`; else as ``tokens()``.
    public func revoke(_ name: String) throws(FeatureStoreError) {
        try self.update { (tokens) throws(FeatureStoreError) in
            tokens.remove(at: try Self.index(of: name, in: tokens))
        }
    }

    /// The tokens of a file that must be there.
    func read() throws(FeatureStoreError) -> [AccessToken] {
        let bytes: [UInt8]
        do {
            bytes = try PrivateFile.read(self.path)
        } catch {
            throw FeatureStoreError(
                code: .unavailable,
                message: "the tokens cannot be read: \(error.message)",
                cause: error
            )
        }
        return try self.tokens(in: bytes)
    }

    /// The tokens that some bytes stand for.
    func tokens(in bytes: [UInt8]) throws(FeatureStoreError) -> [AccessToken] {
        func damaged(_ reason: String, _ cause: (any Error)? = nil) -> FeatureStoreError {
            FeatureStoreError(
                code: .corruptData,
                message: "the token file \(self.path) is damaged: \(reason); put back a good one, "
                    + "or move it away and make tokens anew with `fstore token create`",
                cause: cause
            )
        }
        let content: Content
        do {
            content = try ReportJSON.decode(bytes)
        } catch let error as DecodingError {
            throw damaged(error.summary, error)
        } catch {
            throw damaged("\(error)", error)
        }
        guard content.version == 1 else {
            throw damaged("its version is \(content.version), and this release knows 1")
        }
        var names: Set<String> = []
        for token in content.tokens where !names.insert(token.name).inserted {
            throw damaged("it has two tokens \"\(token.name)\"")
        }
        return content.tokens
    }

    private static func index(
        of name: String,
        in tokens: [AccessToken]
    ) throws(FeatureStoreError) -> Int {
        if let index = tokens.firstIndex(where: { $0.name == name }) { return index }
        let names = tokens.map(\.name)
        throw FeatureStoreError(
            code: .objectNotFound,
            message: "there is no token \"\(name)\"; "
                + (names.isEmpty
                    ? "there are none" : suggestion(for: name, among: names, noun: "token"))
        )
    }

    /// Changes the file while no other process does.
    private func update(
        _ change: (inout [AccessToken]) throws(FeatureStoreError) -> Void
    ) throws(FeatureStoreError) {
        do {
            if let slash = self.path.lastIndex(of: "/") {
                try makeFolder(String(self.path[..<slash]))
            }
        } catch {
            throw FeatureStoreError(code: .unavailable, message: error.message, cause: error)
        }
        let lock = try self.lock()
        var content = Content()
        content.tokens = try self.tokens()
        try change(&content.tokens)
        do {
            try PrivateFile.replace(
                self.path,
                with: ReportJSON.encode(content, isIndented: true) + [UInt8(ascii: "\n")]
            )
        } catch let error as FileError {
            throw FeatureStoreError(code: .unavailable, message: error.message, cause: error)
        } catch {
            throw FeatureStoreError(code: .corruptData, message: "\(error)", cause: error)
        }
        _ = consume lock
    }

    private func lock() throws(FeatureStoreError) -> FileLock {
        let deadline = ContinuousClock.now + .seconds(5)
        while true {
            do {
                return try FileLock.acquire(path: self.path + ".lock")
            } catch {
                guard error.holder != nil || error.reason == "it is locked",
                    ContinuousClock.now < deadline
                else {
                    throw FeatureStoreError(
                        code: .conflict,
                        message: "the tokens cannot be changed: \(error)",
                        cause: error
                    )
                }
                usleep(5_000)
            }
        }
    }
}

extension DecodingError {
    /// What is wrong, and where, in a line.
    fileprivate var summary: String {
        let context: Context
        switch self {
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .dataCorrupted(let found):
            context = found
        case .keyNotFound(let key, let found):
            return "it lacks \"\(key.stringValue)\"" + Self.place(found.codingPath)
        @unknown default: return "\(self)"
        }
        return context.debugDescription + Self.place(context.codingPath)
    }

    private static func place(_ path: [any CodingKey]) -> String {
        guard !path.isEmpty else { return "" }
        return " at "
            + path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: " ")
    }
}
