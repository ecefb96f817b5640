#if GRPC
import FeastProtos
import FeatureServer
import FeatureStoreKit
import GRPCCore
import Logging
import NIOPosix

/// Answers reads with the limits of the HTTP server.
struct OnlineFeatureReader: Sendable {
    let serving: any FeatureServing
    let limits: ServerLimits
    let logger: Logger

    /// The bytes of a `GetOnlineFeaturesResponse`.
    ///
    /// `grant` is what the token of the call allows; `nil` for everything.
    func answer(
        _ message: FeastServingGetOnlineFeaturesRequest,
        grant: AccessGrant?
    ) async throws(RPCError) -> [UInt8] {
        let request: OnlineFeaturesRequest
        do throws(FeatureStoreError) {
            request = try OnlineFeaturesRequest(message)
        } catch {
            throw self.error(for: error)
        }
        if let grant, !grant.coversAllViews,
            let denial = grant.denial(
                views: self.serving.viewNames(of: .selection(request.selection))
            )
        {
            throw RPCError(code: .permissionDenied, message: denial.message)
        }
        let features = self.serving.featureCount(of: request.selection)
        if let problem = self.limits.problem(of: request)
            ?? self.limits.problem(of: request, features: features)
        {
            throw RPCError(code: .invalidArgument, message: problem)
        }
        let cells = request.cellCount(features: features)
        guard
            cells > self.limits.maximumCellsOnEventLoop
                || self.serving.computesFeatures(of: request.selection)
        else { return try self.read(request).get() }
        // It would hold up the calls that share the thread.
        do {
            return try await NIOThreadPool.singleton.runIfActive {
                self.read(request)
            }.get()
        } catch let error as RPCError {
            throw error
        } catch {
            throw RPCError(code: .unavailable, message: "The server is stopping.")
        }
    }

    private func read(_ request: OnlineFeaturesRequest) -> Result<[UInt8], RPCError> {
        var request = request
        request.deadline = .now + self.limits.maximumComputeTime
        do throws(FeatureStoreError) {
            let features = try self.serving.onlineFeatures(request)
            return .success(try OnlineResponseMessage.encode(features))
        } catch {
            return .failure(self.error(for: error))
        }
    }

    /// The status of a call that the store refused, with the store's words; what is not the
    /// client's mistake is logged.
    private func error(for error: FeatureStoreError) -> RPCError {
        let code: RPCError.Code =
            switch error.code {
            case .featureViewNotFound, .featureServiceNotFound, .featureNotFound,
                .pushSourceNotFound, .objectNotFound:
                .notFound
            case .featureNameCollision, .missingJoinKey, .missingRequestData,
                .invalidArgument, .invalidValue, .invalidData:
                .invalidArgument
            case .readOnly: .permissionDenied
            case .conflict: .aborted
            case .unavailable: .unavailable
            case .corruptData: .dataLoss
            case .deadlineExceeded: .deadlineExceeded
            @unknown default: .internalError
            }
        if [.unavailable, .dataLoss, .internalError].contains(code) {
            self.logger.error(
                "request failed",
                metadata: ["code": "\(error.code)", "reason": "\(error.message)"]
            )
        }
        let caller = Caller(name: "grpc", isRemote: true)
        return RPCError(code: code, message: self.serving.message(of: error, for: caller))
    }
}
#endif
