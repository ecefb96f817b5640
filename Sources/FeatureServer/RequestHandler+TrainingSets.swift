import FeatureStoreKit
import NIOCore
import NIOHTTP1

extension RequestHandler {
    /// Makes a training set on a thread: it reads whole sources.
    func trainingSet(
        _ head: HTTPRequestHead,
        body: ByteBuffer,
        from requester: Requester
    ) -> Outcome {
        guard let format = AnswerFormat.preferred(accept: head.headers["accept"]) else {
            let forms = "application/json, text/csv and application/x-ndjson"
            return .answer(
                .detail("A training set is answered as \(forms).", status: .notAcceptable)
            )
        }
        return self.trainingSets.outcome {
            do throws(RequestError) {
                let request = try TrainingSetRequest(json: body.readableBytesUInt8Span)
                if let denial = self.denial(requester, .selection(request.selection)) {
                    return denial
                }
                return try self.trainingSet(request, as: format, for: requester)
            } catch {
                return error.answer
            }
        }
    }

    /// Compares what is served with the history on a thread: it makes training sets.
    func verification(_ request: VerificationRequest, for requester: Requester) -> Outcome {
        self.running(on: self.trainingSets, for: requester) { (serving) throws(FeatureStoreError) in
            try serving.verify(views: request.views)
        }
    }

    private func trainingSet(
        _ request: TrainingSetRequest,
        as format: AnswerFormat,
        for requester: Requester
    ) throws(RequestError) -> HTTPAnswer {
        let features = max(1, self.serving.featureCount(of: request.selection))
        let rows = request.rows?.table.rowCount ?? 0
        let limit = self.limits.maximumTrainingSetCells
        guard rows <= limit / features else {
            let message =
                "\(rows) entity rows times \(features) features are more than the limit of "
                + "\(limit) values; send them in several requests, or use the command "
                + "get-historical-features, which has no such limit."
            throw RequestError(
                answer: .detail(message, status: .payloadTooLarge, refusal: .size)
            )
        }
        var options = request.options
        options.maximumGeneratedRows = limit / features
        do throws(FeatureStoreError) {
            let set = try self.serving.trainingSet(
                request.selection,
                entities: request.entities,
                options: options
            )
            return HTTPAnswer(
                status: .ok,
                body: try TrainingSetEncoder(set, rows: request.rows).body(format),
                contentType: format.contentType
            )
        } catch {
            return self.answer(to: error, for: requester)
        }
    }
}
