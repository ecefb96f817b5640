import Crypto

/// Tells definitions apart: equal for equal definitions, on every machine and at all times.
///
/// It is the SHA-256 of the JSON that the registry stores, whose keys are sorted.
public enum DefinitionHash {
    /// The hash of a definition: 64 hexadecimal digits.
    public static func text(of definition: some Encodable) throws(RegistryError) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in SHA256.hash(data: Array(try RegistryCoding.text(definition).utf8)) {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
