import ArgumentParser
import FeatureModel
import FeatureServer
import FeatureStoreKit
import Glibc
import Logging

/// The forms of the log.
enum LogFormat: String, CaseIterable, ExpressibleByArgument {
    case text
    case json
}

/// Writes each line of the log as one JSON object to standard error.
///
/// `time`, `level` and `message` come first; what else is known stands beside them, as texts. What
/// would have one of these names has an underscore behind it.
struct JSONLogHandler: LogHandler {
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var metadata = self.metadata
        metadata.merge(self.metadataProvider?.get() ?? [:]) { $1 }
        metadata.merge(event.metadata ?? [:]) { $1 }
        var members = [
            ("time", Timestamp.now().description), ("level", event.level.rawValue),
            ("message", event.message.description),
        ]
        let reserved = Set(members.map(\.0))
        members += metadata.sorted { $0.key < $1.key }.map { key, value in
            (reserved.contains(key) ? "\(key)_" : key, value.description)
        }
        var line: [UInt8] = []
        for (name, value) in members {
            line.append(UInt8(ascii: line.isEmpty ? "{" : ","))
            line.append(jsonString: name)
            line.append(UInt8(ascii: ":"))
            line.append(jsonString: value)
        }
        line += Array("}\n".utf8)
        // One write, so that lines of several threads do not mix.
        _ = unsafe line.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
    }
}
