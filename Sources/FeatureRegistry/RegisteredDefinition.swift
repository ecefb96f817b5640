package import FeatureModel

/// A definition as the registry holds it.
package struct RegisteredDefinition: Hashable, Sendable {
    /// What it defines.
    package let kind: DefinitionKind
    /// Its name.
    package let name: String
    /// Its JSON, with sorted keys and without white space: equal definitions are equal texts.
    package let text: String
}
