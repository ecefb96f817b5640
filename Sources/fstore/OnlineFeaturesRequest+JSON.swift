import FeatureStoreKit
import Foundation

extension OnlineFeaturesRequest {
    /// The request as the body of `POST /get-online-features`.
    ///
    /// Ids are text, which the store reads as the declared type.
    func jsonBody() throws(FeatureStoreError) -> [UInt8] {
        var object: [String: Any] = ["full_feature_names": self.fullFeatureNames]
        switch self.selection {
        case .features(let features): object["features"] = features
        case .service(let name): object["feature_service"] = name
        }
        var entities: [String: Any] = [:]
        for column in self.entities {
            entities[column.name] = column.values.map { value -> Any in
                if case .string(let text) = value { return text }
                return NSNull()
            }
        }
        object["entities"] = entities
        do {
            let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
            return Array(try JSONSerialization.data(withJSONObject: object, options: options))
        } catch {
            throw FeatureStoreError(code: .invalidArgument, message: "\(error)", cause: error)
        }
    }
}
