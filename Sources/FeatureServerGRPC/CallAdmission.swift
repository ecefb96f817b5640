#if GRPC
import FeatureStoreKit
import GRPCCore

/// Judges calls by the token in their metadata, by the rules of HTTP.
struct CallAdmission: Sendable {
    /// The tokens; `nil` for none.
    let control: AccessControl?
    /// The project that is served.
    let project: String

    /// What the token of a call for reading allows.
    ///
    /// - Returns: `nil` for everything.
    /// - Throws: `unauthenticated` without a token that counts, `permissionDenied` for one without
    ///   the scope.
    func grant(for metadata: Metadata) throws(RPCError) -> AccessGrant? {
        let given = Array(metadata[stringValues: "authorization"])
        let bytes = Array((given.count == 1 ? given[0] : "").utf8)
        var memory = AccessMemory(self.control)
        switch memory.judge(given.isEmpty ? nil : bytes.indices, in: bytes.span) {
        case .everything: return nil
        case .missing:
            throw RPCError(
                code: .unauthenticated,
                message: "This server needs a token: send the metadata authorization: Bearer TOKEN."
            )
        case .refused(let reason): throw RPCError(code: .unauthenticated, message: reason)
        case .granted(let grant):
            if let denial = grant.denial(.read, project: self.project) {
                throw RPCError(code: .permissionDenied, message: denial.message)
            }
            return grant
        }
    }
}
#endif
