extension FeatureRepository {
    /// Everything that is wrong with the definitions, in the order of their places.
    ///
    /// Checked are names, references from one object to another, and rules that one object alone
    /// cannot break. Whether files, tables and columns exist is not checked.
    ///
    /// - Parameters:
    ///   - locations: Where the parts are written; empty for definitions that were made in code.
    ///   - configuration: The project's configuration, for rules that depend on it; without it they
    ///     are not checked.
    /// - Returns: The problems; empty when there are none.
    public func problems(
        locations: DefinitionLocations = DefinitionLocations(),
        configuration: ProjectConfiguration? = nil
    ) -> [Diagnostic] {
        self.problems(
            locations: locations,
            configuration: configuration,
            unreadable: UnreadableParts()
        )
    }

    /// Everything that is wrong, but for what follows from parts that could not be read.
    package func problems(
        locations: DefinitionLocations,
        configuration: ProjectConfiguration?,
        unreadable: UnreadableParts
    ) -> [Diagnostic] {
        var validator = RepositoryValidator(
            repository: self,
            configuration: configuration,
            locations: locations,
            unreadable: unreadable
        )
        return validator.problems().sortedByPlace()
    }
}

extension [Diagnostic] {
    /// The diagnostics by file, line and column; equal places keep their order, and those without a
    /// place come last.
    package func sortedByPlace() -> [Diagnostic] {
        let sorted = self.enumerated().sorted { left, right in
            guard let leftPlace = left.element.location else {
                return right.element.location == nil && left.offset < right.offset
            }
            guard let rightPlace = right.element.location else { return true }
            if leftPlace.file != rightPlace.file {
                return leftPlace.file.utf8.lexicographicallyPrecedes(rightPlace.file.utf8)
            }
            return (leftPlace.line, leftPlace.column, left.offset)
                < (rightPlace.line, rightPlace.column, right.offset)
        }
        return sorted.map(\.element)
    }
}
