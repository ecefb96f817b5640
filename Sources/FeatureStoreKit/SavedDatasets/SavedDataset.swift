public import FeatureModel

/// A training set that was kept, with all that is needed to make it again byte for byte.
///
/// This is also the file `manifest.json` in the set's folder.
public struct SavedDataset: Codable, Hashable, Sendable {
    /// A file of the set's folder.
    public struct File: Codable, Hashable, Sendable {
        /// The name in the folder.
        public let name: String
        /// Its bytes.
        public let size: Int
        /// The SHA-256 of its bytes, in hexadecimal.
        public let sha256: String
    }

    /// Which features the set has.
    public struct Features: Codable, Hashable, Sendable {
        /// References such as `view:feature`; `nil` when a service was named.
        public let references: [String]?
        /// The feature service; `nil` when features were named.
        public let service: String?
    }

    /// How the set was made.
    public struct Options: Codable, Hashable, Sendable {
        /// The entity column of the times.
        public let timestampField: String
        /// Whether columns are called `view__feature`.
        public let fullFeatureNames: Bool
        /// Whether created times were obeyed in every view.
        public let filterByCreatedTimestamp: Bool
        /// Whether what cannot be read was an error.
        public let strict: Bool

        private enum CodingKeys: String, CodingKey {
            case timestampField = "timestamp_field"
            case fullFeatureNames = "full_feature_names"
            case filterByCreatedTimestamp = "filter_by_created_timestamp"
            case strict
        }
    }

    /// Where the entity rows came from, and where they are kept.
    public struct EntityRows: Codable, Hashable, Sendable {
        /// What they came from.
        public enum Origin: String, Codable, Sendable {
            /// A file.
            case file
            /// Standard input.
            case standardInput = "standard_input"
            /// A table that was made in code.
            case table
            /// The keys of the views.
            case keys
        }

        /// What they came from.
        public let origin: Origin
        /// The path as it was given; `nil` for anything but a file.
        public let path: String?
        /// The first event time whose keys counted; `nil` for the beginning.
        public let start: Timestamp?
        /// The last one; `nil` for rows that were given.
        public let end: Timestamp?
        /// How far the moments lie apart, in microseconds; `nil` for one moment.
        public let everyMicroseconds: Int64?
        /// The rows: the bytes that were given, unpacked, or the rows that were made as CSV.
        public internal(set) var file: File

        private enum CodingKeys: String, CodingKey {
            case origin
            case path
            case start
            case end
            case everyMicroseconds = "every_microseconds"
            case file
        }
    }

    /// One definition that the set depends on.
    public struct Definition: Codable, Hashable, Sendable {
        /// What it is: `featureView`.
        public let kind: String
        /// Its name.
        public let name: String
        /// The SHA-256 of its JSON as the registry holds it.
        public let sha256: String
    }

    /// One thing that was read.
    public struct Input: Codable, Hashable, Sendable {
        /// What it is.
        public enum Kind: String, Codable, Sendable {
            /// A file; its size is in bytes.
            case file
            /// A table; its size is in rows.
            case table
            /// The rows of a query; its size is in rows.
            case query
        }

        /// The data source that it belongs to.
        public let source: String
        /// What it is.
        public let kind: Kind
        /// The file or database, relative to the repository where it lies in it.
        public let path: String
        /// The table's name, or the query.
        public let relation: String?
        /// How much there was: bytes of a file, else rows.
        public let size: Int
        /// The SHA-256 of what was there.
        public let sha256: String
    }

    /// Rows that were removed, because their entities were forgotten.
    public struct Redaction: Codable, Hashable, Sendable {
        /// When.
        public let time: Timestamp
        /// How many rows of the set.
        public let rows: Int
        /// How many of its entity rows.
        public let entityRows: Int

        private enum CodingKeys: String, CodingKey {
            case time
            case rows
            case entityRows = "entity_rows"
        }
    }

    /// The version of this format.
    public internal(set) var format = SavedDatasetFormat.newest
    /// The set's name.
    public let name: String
    /// The project.
    public let project: String
    /// When it was saved.
    public let created: Timestamp
    /// The registry's version whose definitions it was made by.
    public let registryVersion: Int
    /// Which features it has.
    public let features: Features
    /// How it was made.
    public let options: Options
    /// The entity rows.
    public internal(set) var entityRows: EntityRows
    /// The definitions that it depends on, by kind and name.
    public let definitions: [Definition]
    /// What was read, in the order of the views and of reading.
    public internal(set) var inputs: [Input]
    /// The columns, in order.
    public let columns: [String]
    /// How many rows it has.
    public internal(set) var rows: Int
    /// The set itself, as CSV.
    public internal(set) var trainingSet: File
    /// Which rows were removed since, because entities were forgotten; `nil` when none were.
    public internal(set) var forgotten: [Redaction]?

    private enum CodingKeys: String, CodingKey {
        case format
        case name
        case project
        case created
        case registryVersion = "registry_version"
        case features
        case options
        case entityRows = "entity_rows"
        case definitions
        case inputs
        case columns
        case rows
        case trainingSet = "training_set"
        case forgotten
    }
}

extension SavedDataset.Input: CustomStringConvertible {
    /// `file data/stats.csv of the data source "stats"`.
    public var description: String {
        let place =
            switch self.kind {
            case .file: "file \(self.path)"
            case .table: "table \"\(self.relation ?? "")\" of \(self.path)"
            case .query: "query over \(self.path)"
            }
        return "\(place) of the data source \"\(self.source)\""
    }
}

/// How an input differs from what a saved dataset was made from.
public struct InputChange: Codable, Hashable, Sendable, CustomStringConvertible {
    /// What happened to an input.
    public enum Kind: String, Codable, Sendable {
        /// Something was added at the end, and what was there before is the same.
        case grew
        /// What was there before is no longer the same.
        case changed
        /// It is not there any more.
        case gone
        /// It was not there before.
        case appeared
    }

    /// The input: as it was, or one that appeared as it is.
    public let input: SavedDataset.Input
    /// What happened.
    public let kind: Kind
    /// How large it is now.
    public let size: Int

    /// One line that says it all.
    public var description: String {
        let unit = self.input.kind == .file ? "bytes" : "rows"
        switch self.kind {
        case .grew:
            return "\(self.input) grew by \(self.size - self.input.size) \(unit); the "
                + "\(self.input.size) \(unit) of before are the same"
        case .changed:
            return "\(self.input) changed: it had \(self.input.size) \(unit) and has "
                + "\(self.size) now, with other contents"
        case .gone: return "\(self.input) is gone"
        case .appeared: return "\(self.input) is new, with \(self.size) \(unit)"
        }
    }
}

/// A saved dataset that was made again.
public struct RebuiltDataset: Sendable {
    /// What was saved.
    public let dataset: SavedDataset
    /// How the inputs differ from those of the saved set; empty when they are the same.
    public let changedInputs: [InputChange]
    /// What was made now; `nil` when inputs changed and that was not allowed.
    public let trainingSet: TrainingSet?
    /// Where the two differ first; `nil` when they are the same byte for byte, or nothing was made.
    public let difference: String?

    /// Whether the set was made again byte for byte.
    public var isIdentical: Bool { self.trainingSet != nil && self.difference == nil }
}
