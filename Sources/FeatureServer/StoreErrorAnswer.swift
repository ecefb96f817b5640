import FeatureModel
import FeatureStoreKit
import NIOHTTP1

extension HTTPAnswer {
    /// The answer to a request that the store refused.
    ///
    /// A user's mistake is 4xx: Feast's SDK tries 429 and 5xx again and then hides the message.
    /// Where Feast has a class for the error, the body is a JSON string that holds the JSON of
    /// that class, from which the SDK raises it again.
    ///
    /// - Parameters:
    ///   - error: What the store says.
    ///   - message: What the client is told of it; the error's message when it is `nil`.
    init(_ error: FeatureStoreError, message: String? = nil) {
        let message = (message ?? error.message).shortened(toBytes: maximumMessageBytes)
        switch error.code {
        case .featureViewNotFound:
            self.init(
                feastClass: "FeatureViewNotFoundException",
                message: message,
                status: .notFound
            )
        case .featureServiceNotFound:
            self.init(
                feastClass: "FeatureServiceNotFoundException",
                message: message,
                status: .notFound
            )
        case .pushSourceNotFound:
            self.init(
                feastClass: "PushSourceNotFoundException",
                message: message,
                status: .unprocessableEntity
            )
        case .objectNotFound:
            self.init(
                feastClass: "FeastObjectNotFoundException",
                message: message,
                status: .notFound
            )
        case .featureNameCollision:
            self.init(
                feastClass: "FeatureNameCollisionError",
                message: message,
                status: .badRequest
            )
        case .missingRequestData:
            self.init(
                feastClass: "RequestDataNotFoundInEntityRowsException",
                message: message,
                status: .notFound
            )
        case .invalidArgument, .featureNotFound, .missingJoinKey, .invalidValue, .invalidData:
            self = .detail(message, status: .badRequest)
        case .deadlineExceeded:
            // Not 503: Feast's SDK would ask for the same again.
            self = .detail(message, status: .badRequest, refusal: .time)
        case .readOnly:
            self = .detail(message, status: .forbidden)
        case .conflict:
            self = .detail(message, status: .conflict)
        case .unavailable:
            self = .detail(message, status: .serviceUnavailable)
        case .corruptData:
            self = .detail(message, status: .internalServerError)
        @unknown default:
            self = .detail(message, status: .internalServerError)
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
