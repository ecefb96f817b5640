import FeatureModel

/// The members of a request's body, which must be one object with each key once.
struct MemberReader {
    private var keys: Set<String> = []

    /// Takes the `{` of the body.
    init(_ parser: inout JSONParser) throws(RequestError) {
        if parser.isEmpty { throw .invalid("missing", at: [], "Field required") }
        guard try parser.peek() == .object else {
            throw .invalid(
                "model_attributes_type",
                at: [],
                "Input should be a valid dictionary or object to extract fields from"
            )
        }
        try parser.enterObject()
    }

    /// Takes the next key; `nil` at the end of the body.
    mutating func next(_ parser: inout JSONParser) throws(RequestError) -> String? {
        guard let key = try parser.nextKey() else { return nil }
        guard key.utf8.count <= maximumNameBytes else { throw .nameTooLong(at: [.key(key)]) }
        guard self.keys.count < maximumMembers else {
            throw .invalid(
                "too_long",
                at: [],
                "An object should have at most \(maximumMembers) keys"
            )
        }
        guard self.keys.insert(key).inserted else {
            throw .invalid("value_error", at: [.key(key)], "The key is given twice")
        }
        return key
    }
}

extension MemberReader {
    /// Refuses a key that an endpoint of fstore's own does not have: whoever misspells `dry_run`
    /// must not get the real thing.
    static func unknown(_ key: String, known: [String]) -> RequestError {
        let near = nearestNames(to: key, among: known).first.map { "; did you mean \"\($0)\"?" }
        let names = known.map { "\"\($0)\"" }.joined(separator: ", ")
        let others = known.isEmpty ? "; there are no keys" : "; the keys are: \(names)"
        return .invalid("extra_forbidden", at: [.key(key)], "Unknown key\(near ?? others)")
    }
}

/// Checks the body of an endpoint that takes no parts: nothing, or an empty object.
func checkEmptyBody(_ json: Span<UInt8>) throws(RequestError) {
    guard !json.isEmpty else { return }
    var parser = JSONParser(json)
    var members = try MemberReader(&parser)
    if let key = try members.next(&parser) { throw MemberReader.unknown(key, known: []) }
    try parser.finish()
}

/// Values of one kind; each names the place where another kind stands.
extension JSONParser {
    /// Takes a string that is a name or as short as one; `nil` for null.
    mutating func takeOptionalString(
        at location: @autoclosure () -> [RequestError.LocationStep]
    ) throws(RequestError) -> String? {
        switch try self.peek() {
        case .null:
            try self.takeNull()
            return nil
        case .string:
            let string = try self.takeString()
            guard string.utf8.count <= maximumNameBytes else { throw .nameTooLong(at: location()) }
            return string
        default: throw .invalid("string_type", at: location(), "Input should be a valid string")
        }
    }

    /// Takes true or false; `nil` for null.
    mutating func takeOptionalBoolean(
        at location: @autoclosure () -> [RequestError.LocationStep]
    ) throws(RequestError) -> Bool? {
        switch try self.peek() {
        case .null:
            try self.takeNull()
            return nil
        case .boolean: return try self.takeBoolean()
        default: throw .invalid("bool_type", at: location(), "Input should be a valid boolean")
        }
    }

    /// Takes true or false; null is neither.
    mutating func takeBoolean(
        at location: @autoclosure () -> [RequestError.LocationStep]
    ) throws(RequestError) -> Bool {
        guard let value = try self.takeOptionalBoolean(at: location()) else {
            throw .invalid("bool_type", at: location(), "Input should be a valid boolean")
        }
        return value
    }

    /// Takes a list of names; `nil` for null.
    mutating func takeStrings(
        at location: @autoclosure () -> [RequestError.LocationStep]
    ) throws(RequestError) -> [String]? {
        switch try self.peek() {
        case .null:
            try self.takeNull()
            return nil
        case .array: try self.enterArray()
        default: throw .invalid("list_type", at: location(), "Input should be a valid list")
        }
        var strings: [String] = []
        while try self.hasElement() {
            guard try self.peek() == .string else {
                throw .invalid(
                    "string_type",
                    at: location() + [.index(strings.count)],
                    "Input should be a valid string"
                )
            }
            let string = try self.takeString()
            guard string.utf8.count <= maximumNameBytes else {
                throw .nameTooLong(at: location() + [.index(strings.count)])
            }
            strings.append(string)
        }
        return strings
    }
}
