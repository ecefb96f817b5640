/// Tells definitions apart: equal for equal definitions, on every machine and at all times.
///
/// It is the SHA-256 of the JSON that the registry stores, whose keys are sorted.
public enum DefinitionHash {
    /// The hash of a definition: 64 hexadecimal digits.
    public static func text(of definition: some Encodable) throws(RegistryError) -> String {
        ContentHash.text(of: Array(try RegistryCoding.text(definition).utf8))
    }
}
