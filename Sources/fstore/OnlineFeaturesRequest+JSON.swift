import FeatureServer
import FeatureStoreKit

extension OnlineFeaturesRequest {
    /// The request as the body of `POST /get-online-features`.
    ///
    /// Ids are text, which the store reads as the declared type. The columns keep their order,
    /// because the answer has them in the order of the body.
    func jsonBody() -> [UInt8] {
        var body: [UInt8] = []
        switch self.selection {
        case .features(let features):
            body.append(contentsOf: #"{"features":["#.utf8)
            for (index, feature) in features.enumerated() {
                if index > 0 { body.append(UInt8(ascii: ",")) }
                body.append(jsonString: feature)
            }
            body.append(contentsOf: "],".utf8)
        case .service(let name):
            body.append(contentsOf: #"{"feature_service":"#.utf8)
            body.append(jsonString: name)
            body.append(UInt8(ascii: ","))
        }
        body.append(contentsOf: #""entities":{"#.utf8)
        for (index, column) in self.entities.enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            body.append(jsonString: column.name)
            body.append(contentsOf: ":[".utf8)
            for (row, value) in column.values.enumerated() {
                if row > 0 { body.append(UInt8(ascii: ",")) }
                if case .string(let text) = value {
                    body.append(jsonString: text)
                } else {
                    body.append(contentsOf: "null".utf8)
                }
            }
            body.append(UInt8(ascii: "]"))
        }
        body.append(contentsOf: #"},"full_feature_names":\#(self.fullFeatureNames)}"#.utf8)
        return body
    }
}
