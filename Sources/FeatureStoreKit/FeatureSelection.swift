/// Which features are wanted: a list, or what a service names.
public enum FeatureSelection: Hashable, Sendable {
    /// References such as `view:feature`, in the order of the answer.
    case features([String])
    /// The name of a feature service.
    case service(String)
}
