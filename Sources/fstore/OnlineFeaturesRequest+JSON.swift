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
        body.append(entities: self.entities)
        body.append(contentsOf: #","full_feature_names":\#(self.fullFeatureNames)}"#.utf8)
        return body
    }
}

extension ForgetRequest {
    /// The request as the body of `POST /forget`.
    func jsonBody() -> [UInt8] {
        var columns: [OnlineFeaturesRequest.EntityColumn] = []
        for entity in self.entities {
            if let index = columns.firstIndex(where: { $0.name == entity.joinKey }) {
                columns[index].values.append(entity.id)
            } else {
                columns.append(.init(name: entity.joinKey, values: [entity.id]))
            }
        }
        var body: [UInt8] = [UInt8(ascii: "{")]
        body.append(entities: columns)
        body.append(contentsOf: #","dry_run":\#(self.isDryRun)}"#.utf8)
        return body
    }
}

extension [UInt8] {
    /// Appends the member `entities`; ids that are no text are null.
    fileprivate mutating func append(entities: [OnlineFeaturesRequest.EntityColumn]) {
        self.append(contentsOf: #""entities":{"#.utf8)
        for (index, column) in entities.enumerated() {
            if index > 0 { self.append(UInt8(ascii: ",")) }
            self.append(jsonString: column.name)
            self.append(contentsOf: ":[".utf8)
            for (row, value) in column.values.enumerated() {
                if row > 0 { self.append(UInt8(ascii: ",")) }
                if case .string(let text) = value {
                    self.append(jsonString: text)
                } else {
                    self.append(contentsOf: "null".utf8)
                }
            }
            self.append(UInt8(ascii: "]"))
        }
        self.append(UInt8(ascii: "}"))
    }
}
