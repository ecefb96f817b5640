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
        guard self.keys.insert(key).inserted else {
            throw .invalid("value_error", at: [.key(key)], "The key is given twice")
        }
        return key
    }
}

/// Values of one kind; each names the place where another kind stands.
extension JSONParser {
    /// Takes a string; `nil` for null.
    mutating func takeOptionalString(
        at location: @autoclosure () -> [RequestError.LocationStep]
    ) throws(RequestError) -> String? {
        switch try self.peek() {
        case .null:
            try self.takeNull()
            return nil
        case .string: return try self.takeString()
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

    /// Takes a list of strings; `nil` for null.
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
            strings.append(try self.takeString())
        }
        return strings
    }
}
