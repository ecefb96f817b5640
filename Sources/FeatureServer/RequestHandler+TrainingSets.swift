import FeatureStoreKit
import NIOCore
import NIOHTTP1

extension RequestHandler {
    /// Makes a training set on a thread: it reads whole sources.
    func trainingSet(_ head: HTTPRequestHead, body: ByteBuffer) -> Outcome {
        guard let format = AnswerFormat.preferred(accept: head.headers["accept"]) else {
            let forms = "application/json, text/csv and application/x-ndjson"
            return .answer(
                .detail("A training set is answered as \(forms).", status: .notAcceptable)
            )
        }
        guard let work = self.beginTrainingSet() else { return self.tooManyTrainingSets }
        return .work(work.pool) {
            defer { work.end() }
            do throws(RequestError) {
                let request = try TrainingSetRequest(json: body.readableBytesUInt8Span)
                return try self.trainingSet(request, as: format)
            } catch {
                return error.answer
            }
        }
    }

    /// Compares what is served with the history on a thread: it makes training sets.
    func verification(_ request: VerificationRequest) -> Outcome {
        guard let work = self.beginTrainingSet() else { return self.tooManyTrainingSets }
        return .work(work.pool) {
            defer { work.end() }
            do throws(FeatureStoreError) {
                let report = try self.serving.verify(views: request.views)
                return HTTPAnswer(status: .ok, body: Array(report.utf8))
            } catch {
                return self.answer(to: error)
            }
        }
    }

    private var tooManyTrainingSets: Outcome {
        let message =
            "\(self.limits.maximumTrainingSets) training sets are made or wait already, which "
            + "is the limit; try again when one is done."
        return .answer(.detail(message, status: .conflict, refusal: .busy))
    }

    private func trainingSet(
        _ request: TrainingSetRequest,
        as format: AnswerFormat
    ) throws(RequestError) -> HTTPAnswer {
        let features = max(1, self.serving.featureCount(of: request.selection))
        let rows = request.rows?.table.rowCount ?? 0
        let limit = self.limits.maximumTrainingSetCells
        guard rows <= limit / features else {
            let message =
                "\(rows) entity rows times \(features) features are more than the limit of "
                + "\(limit) values; send them in several requests, or use the command "
                + "get-historical-features, which has no such limit."
            throw RequestError(answer: .detail(message, status: .payloadTooLarge))
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
            return self.answer(to: error)
        }
    }
}
