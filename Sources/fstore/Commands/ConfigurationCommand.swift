import ArgumentParser
import FeatureModel
import FeatureStoreKit

struct ConfigurationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "configuration",
        abstract: "Print what feature_store.yaml says, defaults included."
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let settings = Settings(try self.global.store())
        if self.global.json {
            print(try jsonText(settings))
            return
        }
        print("project: \(settings.project)")
        print("directory: \(settings.directory)")
        print("registry: \(settings.registry)")
        print("offline_store: \(settings.offlineStore.text)")
        let rowCache = ByteSizeText.text(settings.rowCacheBytes)
        print("online_store: \(settings.onlineStore.text), row_cache \(rowCache)")
        print("audit_log: \(settings.auditLog ?? "false")")
    }

    private struct Settings: Encodable {
        struct Store: Encodable {
            let type: String
            let path: String?

            var text: String { self.path.map { "\(self.type), \($0)" } ?? self.type }
        }

        let project: String
        let directory: String
        let registry: String
        let offlineStore: Store
        let onlineStore: Store
        let rowCacheBytes: Int
        let auditLog: String?

        init(_ store: FeatureStore) {
            let configuration = store.configuration
            self.project = configuration.project
            self.directory = store.directory
            self.registry = configuration.registry
            switch configuration.offlineStore {
            case .file: self.offlineStore = Store(type: "file", path: nil)
            case .sqlite(let path): self.offlineStore = Store(type: "sqlite", path: path)
            }
            self.rowCacheBytes = configuration.rowCacheBytes
            self.auditLog = store.auditLogPath
            switch configuration.onlineStore {
            case .rocksdb(let path): self.onlineStore = Store(type: "rocksdb", path: path)
            }
        }
    }
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Print the release."
    )

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() throws {
        print(self.json ? try jsonText(["version": FStore.version]) : FStore.version)
    }
}
