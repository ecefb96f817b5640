import FeatureStoreKit
import NIOHTTP1

extension HTTPAnswer {
    /// The answer to a request that the store refused.
    ///
    /// A user's mistake is 4xx: Feast's SDK tries 429 and 5xx again and then hides the message.
    /// Where Feast has a class for the error, the body is a JSON string that holds the JSON of
    /// that class, from which the SDK raises it again.
    init(_ error: FeatureStoreError) {
        switch error.code {
        case .featureViewNotFound:
            self.init(
                feastClass: "FeatureViewNotFoundException",
                message: error.message,
                status: .notFound
            )
        case .featureServiceNotFound:
            self.init(
                feastClass: "FeatureServiceNotFoundException",
                message: error.message,
                status: .notFound
            )
        case .pushSourceNotFound:
            self.init(
                feastClass: "PushSourceNotFoundException",
                message: error.message,
                status: .unprocessableEntity
            )
        case .objectNotFound:
            self.init(
                feastClass: "FeastObjectNotFoundException",
                message: error.message,
                status: .notFound
            )
        case .featureNameCollision:
            self.init(
                feastClass: "FeatureNameCollisionError",
                message: error.message,
                status: .badRequest
            )
        case .missingRequestData:
            self.init(
                feastClass: "RequestDataNotFoundInEntityRowsException",
                message: error.message,
                status: .notFound
            )
        case .invalidArgument, .featureNotFound, .missingJoinKey, .invalidValue, .invalidData:
            self = .detail(error.message, status: .badRequest)
        case .readOnly:
            self = .detail(error.message, status: .forbidden)
        case .conflict:
            self = .detail(error.message, status: .conflict)
        case .unavailable:
            self = .detail(error.message, status: .serviceUnavailable)
        case .corruptData:
            self = .detail(error.message, status: .internalServerError)
        @unknown default:
            self = .detail(error.message, status: .internalServerError)
        }
    }

    /// `"{\"module\": \"feast.errors\", \"class\": …, \"message\": …}"`.
    private init(feastClass: String, message: String, status: HTTPResponseStatus) {
        var object = Array(#"{"module": "feast.errors", "class": "#.utf8)
        object.append(jsonString: feastClass)
        object.append(contentsOf: #", "message": "#.utf8)
        object.append(jsonString: message)
        object.append(UInt8(ascii: "}"))
        var body: [UInt8] = []
        body.append(jsonString: String(decoding: object, as: UTF8.self))
        self.init(status: status, body: body)
    }
}
