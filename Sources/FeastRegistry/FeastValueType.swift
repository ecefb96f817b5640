import FeastProtos
import FeatureModel

typealias FeastValueType = FeastProtoValueType.Enum

extension FeastValueType {
    /// Feast's type for one of ours; every one has its own.
    init(_ type: ValueType) {
        switch type {
        case .int32: self = .int32
        case .int64: self = .int64
        case .float32: self = .float
        case .float64: self = .double
        case .string: self = .string
        case .bytes: self = .bytes
        case .bool: self = .bool
        case .unixTimestamp: self = .unixTimestamp
        case .map: self = .map
        case .json: self = .json
        case .uuid: self = .uuid
        case .decimal: self = .decimal
        case .array(let element):
            switch element {
            case .int32: self = .int32List
            case .int64: self = .int64List
            case .float32: self = .floatList
            case .float64: self = .doubleList
            case .string: self = .stringList
            case .bytes: self = .bytesList
            case .bool: self = .boolList
            case .unixTimestamp: self = .unixTimestampList
            // No array has elements of these types.
            case .map, .json, .uuid, .decimal, .array: self = .invalid
            }
        }
    }

    /// The type here, and why it is not quite the same one; `nil` for a type of no meaning here.
    var translation: (type: ValueType, loss: String?)? {
        switch self {
        case .int32: (.int32, nil)
        case .int64: (.int64, nil)
        case .float: (.float32, nil)
        case .double: (.float64, nil)
        case .string: (.string, nil)
        case .bytes: (.bytes, nil)
        case .bool: (.bool, nil)
        case .unixTimestamp: (.unixTimestamp, nil)
        case .map: (.map, nil)
        case .json: (.json, nil)
        case .uuid: (.uuid, nil)
        case .decimal: (.decimal, nil)
        case .int32List: (.array(.int32), nil)
        case .int64List: (.array(.int64), nil)
        case .floatList: (.array(.float32), nil)
        case .doubleList: (.array(.float64), nil)
        case .stringList: (.array(.string), nil)
        case .bytesList: (.array(.bytes), nil)
        case .boolList: (.array(.bool), nil)
        case .unixTimestampList: (.array(.unixTimestamp), nil)
        case .int32Set: (.array(.int32), "a set")
        case .int64Set: (.array(.int64), "a set")
        case .floatSet: (.array(.float32), "a set")
        case .doubleSet: (.array(.float64), "a set")
        case .stringSet: (.array(.string), "a set")
        case .bytesSet: (.array(.bytes), "a set")
        case .boolSet: (.array(.bool), "a set")
        case .unixTimestampSet: (.array(.unixTimestamp), "a set")
        case .uuidSet, .timeUuidSet, .decimalSet: (.array(.string), "a set of texts")
        case .uuidList, .timeUuidList, .decimalList: (.array(.string), "a list of such texts")
        case .timeUuid: (.uuid, "a UUID with a time in it")
        case .struct: (.map, "a structure with named fields")
        case .mapList, .structList, .jsonList, .valueList, .valueSet:
            (.json, "a list of structured values")
        case .scalarMap: (.json, "a map with keys other than text")
        case .zonedTimestamp: (.unixTimestamp, "a time with its zone")
        case .invalid, .null, .UNRECOGNIZED: nil
        }
    }

    /// The name that Feast gives the type: `INT64_LIST`; the number for one that is not known.
    var title: String { feastName("\(self)", number: self.rawValue) }
}

extension FeastProtoDataSource.SourceType {
    /// The name that Feast gives the type: `BATCH_FILE`; the number for one that is not known.
    var title: String { feastName("\(self)", number: self.rawValue) }
}

/// `INT64_LIST` for `int64List`.
private func feastName(_ name: String, number: Int) -> String {
    guard !name.hasPrefix("UNRECOGNIZED") else { return "number \(number)" }
    var title = ""
    for character in name {
        title += character.isUppercase ? "_\(character)" : character.uppercased()
    }
    return title
}
