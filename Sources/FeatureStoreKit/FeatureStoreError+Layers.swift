import FeatureModel
import FeatureRegistry
import OfflineStores
import OnlineStores

// The only places where an error of a layer below becomes one of this layer.

extension FeatureStoreError {
    init(_ error: RegistryError) {
        let code: Code =
            switch error.code {
            case .unavailable: .unavailable
            case .busy, .conflict: .conflict
            case .notARegistry, .newerFormat: .corruptData
            case .otherProject, .unknownVersion: .invalidArgument
            }
        self.init(code: code, message: error.message, cause: error)
    }

    init(_ error: OnlineStoreError) {
        let code: Code =
            switch error.code {
            case .unavailable, .notInMemory: .unavailable
            case .locked, .superseded: .conflict
            case .corruptFiles, .corruptRow, .corruptKey, .corruptCatalogue: .corruptData
            case .invalidRow, .invalidKey: .invalidValue
            case .otherProject: .invalidArgument
            }
        self.init(code: code, message: error.message, cause: error)
    }

    init(_ error: OfflineStoreError) {
        let code: Code =
            switch error.code {
            case .inputOutput, .damagedCache: .unavailable
            // A source that is not there may come again; a file that a user names is a mistake.
            case .missingFile where error.missingPath != nil: .unavailable
            case .missingFile, .outsideRepository, .missingColumn, .missingTable, .invalidSQL,
                .unknownTimeZone,
                .tooManyRows, .memoryLimit:
                .invalidArgument
            case .malformedFile, .notADatabase, .badRows: .invalidData
            }
        self.init(code: code, message: error.message, cause: error)
    }

    init(_ error: DiagnosticsError) {
        self.init(code: .invalidArgument, message: error.description, cause: error)
    }
}

extension FeatureStoreError {
    /// Whether another process has the online store open.
    package var isAboutOwner: Bool { (self.cause as? OnlineStoreError)?.code == .locked }
}
