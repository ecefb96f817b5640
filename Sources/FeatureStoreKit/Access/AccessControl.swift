import FeatureModel
import NativeStorage
import Synchronization

/// The tokens that a server accepts, as their file says now.
///
/// Without a file everybody may do everything. Once there is one, it stays in force: if it becomes
/// unreadable, damaged, or disappears, the tokens that were read last are those that count; and
/// none, when there were none before.
public final class AccessControl: Sendable {
    /// Where the tokens are.
    public let file: TokenFile

    private struct State {
        var tokens: TokenSet?
        var stamp: FileStamp?
    }

    private let state: Mutex<State>
    /// 0 without tokens; grows with every change of them.
    private let count = Atomic<UInt64>(0)

    /// The tokens of a file.
    ///
    /// - Parameters:
    ///   - file: Where they are.
    ///   - mustExist: Whether the file must be there; else tokens are in force once it is.
    /// - Throws: When it cannot be read.
    public init(_ file: TokenFile, mustExist: Bool) throws(FeatureStoreError) {
        self.file = file
        self.state = Mutex(State())
        guard mustExist || file.exists else { return }
        try self.refresh(mustExist: true)
    }

    /// Whether tokens are in force.
    public var isInForce: Bool { self.generation > 0 }

    /// Takes up the file if it has changed; cheap when it has not.
    ///
    /// - Throws: Why it cannot be taken up. The tokens that were read last stay in force.
    public func refresh() throws(FeatureStoreError) {
        try self.refresh(mustExist: self.isInForce)
    }

    private func refresh(mustExist: Bool) throws(FeatureStoreError) {
        try self.state.withLock { (state) throws(FeatureStoreError) in
            // Taken before the file is read: a change meanwhile is seen the next time.
            let stamp = FileStamp(path: self.file.path)
            guard stamp != nil || self.file.exists || mustExist else { return }
            guard stamp == nil || stamp != state.stamp else { return }
            do throws(FeatureStoreError) {
                state.tokens = TokenSet(try self.file.read())
                state.stamp = stamp
            } catch {
                // Somebody wants tokens: until they can be read, nobody comes in.
                guard state.tokens == nil else { throw error }
                state.tokens = TokenSet([])
                self.count.add(1, ordering: .releasing)
                throw error
            }
            self.count.add(1, ordering: .releasing)
        }
    }

    /// Which state of the tokens is in force; 0 when none are.
    package var generation: UInt64 { self.count.load(ordering: .acquiring) }

    /// Looks a token up.
    func find(_ secret: Span<UInt8>, now: Timestamp) -> TokenSet.Finding {
        let tokens = self.state.withLock { $0.tokens }
        return tokens?.find(secret, now: now) ?? .unknown
    }
}
