import FeatureStoreKit

/// Rows as requests give them: an object that has a list of values for each column.
extension JSONParser {
    /// Takes the beginning of the columns.
    ///
    /// - Parameters:
    ///   - key: The member of the body that holds them.
    ///   - noun: What a column stands for, for messages: `join key`.
    /// - Returns: Whether there are any; not for null, which is taken.
    /// - Throws: ``RequestError`` when it is neither an object nor null.
    mutating func enterColumns(_ key: String, of noun: String) throws(RequestError) -> Bool {
        switch try self.peek() {
        case .null:
            try self.takeNull()
            return false
        case .object:
            try self.enterObject()
            return true
        default:
            throw .invalid(
                "dict_type",
                at: [.key(key)],
                "Input should be a valid dictionary: a list of values for each \(noun)"
            )
        }
    }

    /// Takes the name of the next column and the beginning of its list; `nil` when there is none.
    ///
    /// - Parameters:
    ///   - key: The member of the body that holds the columns.
    ///   - index: How many were taken before.
    /// - Returns: The name.
    /// - Throws: ``RequestError`` for a name that is too long, one column too many, or no list.
    mutating func nextColumn(_ key: String, index: Int) throws(RequestError) -> String? {
        guard let name = try self.nextKey() else { return nil }
        guard name.utf8.count <= maximumNameBytes else {
            throw .nameTooLong(at: [.key(key), .key(name)])
        }
        guard index < maximumColumns else {
            throw .invalid(
                "too_long",
                at: [.key(key)],
                "There should be at most \(maximumColumns) columns"
            )
        }
        guard try self.peek() == .array else {
            throw .invalid(
                "list_type",
                at: [.key(key), .key(name)],
                "Input should be a valid list"
            )
        }
        try self.enterArray()
        return name
    }
}

extension FeatureSelection {
    /// What a request asks for: a service, or else its list of features.
    ///
    /// - Throws: The answer to a request that names neither.
    init(service: String?, features: [String]?) throws(RequestError) {
        if let service {
            self = .service(service)
        } else if let features, !features.isEmpty {
            self = .features(features)
        } else {
            throw .badRequest(
                "No features specified for retrieval: give \"features\": [\"view:feature\"] or "
                    + "\"feature_service\": \"name\"."
            )
        }
    }
}
