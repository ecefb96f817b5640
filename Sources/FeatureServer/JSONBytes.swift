import FeatureCompute

extension [UInt8] {
    /// Appends a string in quotes; only what RFC 8259 demands is escaped.
    package mutating func append(jsonString text: String) {
        let bytes = Array(text.utf8)
        JSONString.encode(bytes.span, to: &self)
    }
}
