/// The trace that a request belongs to, by the header `traceparent` of the W3C, which OpenTelemetry
/// sends.
struct TraceContext: Equatable, Sendable {
    /// 32 hexadecimal digits, not all zero.
    let traceID: String
    /// What the client asks for, two hexadecimal digits; `01` for a trace that is recorded.
    let flags: String
    /// What this server calls its part, 16 hexadecimal digits.
    let spanID: String

    /// Reads `version-trace id-parent id-flags`; `nil` for anything else, as the recommendation
    /// demands: such a header is ignored.
    ///
    /// - Parameters:
    ///   - text: The value of the header.
    ///   - spanID: What to call this server's part.
    init?(traceparent text: String, spanID: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, isHexadecimal(parts[0], 2), parts[0] != "ff",
            // Later versions may say more.
            parts.count == 4 || parts[0] != "00",
            isHexadecimal(parts[1], 32), parts[1].contains(where: { $0 != "0" }),
            isHexadecimal(parts[2], 16), parts[2].contains(where: { $0 != "0" }),
            isHexadecimal(parts[3], 2)
        else { return nil }
        self.traceID = String(parts[1])
        self.flags = String(parts[3])
        self.spanID = spanID
    }

    /// The value of the header `traceresponse`.
    var response: String { "00-\(self.traceID)-\(self.spanID)-\(self.flags)" }
}

/// Sixteen random hexadecimal digits.
func randomDigits() -> String {
    let digits = String(UInt64.random(in: 1 ... .max), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}

private func isHexadecimal(_ text: Substring, _ count: Int) -> Bool {
    text.utf8.count == count
        && text.utf8.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
        }
}
