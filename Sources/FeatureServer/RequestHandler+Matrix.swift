import FeatureStoreKit
import NIOHTTP1

extension RequestHandler {
    /// Reads features as a matrix of float32.
    ///
    /// `isOnThread` when it may take its time already.
    func matrix(
        _ request: OnlineFeaturesRequest,
        from requester: Requester,
        isOnThread: Bool
    ) -> Outcome {
        let features = self.serving.featureCount(of: request.selection)
        if let message = self.limits.problem(of: request, features: features) {
            return .answer(.detail(message, status: .badRequest, refusal: .size))
        }
        if isOnThread || self.isQuick(request, features: features) {
            return .answer(self.matrixAnswer(to: request, for: requester))
        }
        return self.reads.outcome { self.matrixAnswer(to: request, for: requester) }
    }

    private func matrixAnswer(
        to request: OnlineFeaturesRequest,
        for requester: Requester
    ) -> HTTPAnswer {
        do throws(FeatureStoreError) {
            let features = try self.onlineFeatures(request)
            let unfit = FeatureMatrixEncoder.unfit(features)
            guard unfit.isEmpty else {
                let list = unfit.map { "\"\($0.name)\" is \($0.type)" }.joined(separator: ", ")
                let message =
                    "\(FeatureMatrixEncoder.contentType) holds numbers, booleans and times, but "
                    + "\(list); leave out what is no number, make a number of it in an on-demand "
                    + "feature view, or ask for application/json."
                return .detail(message, status: .notAcceptable)
            }
            return HTTPAnswer(
                status: .ok,
                body: FeatureMatrixEncoder.encode(features),
                contentType: FeatureMatrixEncoder.contentType
            )
        } catch {
            return self.answer(to: error, for: requester)
        }
    }
}
