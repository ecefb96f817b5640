import FoundationEssentials

// The key 0x00 "catalogue" holds the list of the views as JSON:
//
//   { "version": 1, "project": "p", "nextViewID": 7, "garbage": [3, 5], "views": [ StoredView… ] }
//
// A store belongs to the project that wrote it first. The catalogue is one entry, so that every
// change of it is atomic, alone or together with rows. View ids in
// `garbage` belong to generations that nobody can see any more; their rows are being deleted.

/// What the store knows of its views, as it lies in the database.
struct Catalogue: Codable {
    static let currentVersion = 1
    static let key: [UInt8] = [Keyspace.metadata] + Array("catalogue".utf8)

    var version = Catalogue.currentVersion
    var project: String
    var nextViewID: UInt32
    var garbage: [UInt32]
    var views: [StoredView]

    /// The catalogue that `bytes` hold; an empty one of the project for `nil`.
    init(bytes: [UInt8]?, project: String) throws(OnlineStoreError) {
        guard let bytes else {
            self.init(project: project, nextViewID: 1, garbage: [], views: [])
            return
        }
        let decoder = JSONDecoder()
        do {
            let version = try decoder.decode(Version.self, from: Data(bytes)).version
            guard version == Catalogue.currentVersion else {
                throw OnlineStoreError(
                    .corruptCatalogue,
                    "the online store has format \(version), and this fstore knows "
                        + "\(Catalogue.currentVersion); use a newer fstore, or remove the folder "
                        + "and materialize again"
                )
            }
            self = try decoder.decode(Catalogue.self, from: Data(bytes))
        } catch let error as OnlineStoreError {
            throw error
        } catch {
            throw OnlineStoreError(
                .corruptCatalogue,
                "the online store's list of views cannot be read; remove the folder and "
                    + "materialize again",
                cause: error
            )
        }
    }

    init(project: String, nextViewID: UInt32, garbage: [UInt32], views: [StoredView]) {
        self.project = project
        self.nextViewID = nextViewID
        self.garbage = garbage
        self.views = views
    }

    /// The bytes to store.
    ///
    /// A load changes one view of perhaps thousands; the others' texts are there from before.
    func encoded() throws(OnlineStoreError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var frame = self
        frame.views = []
        do {
            var bytes = Array(try encoder.encode(frame))
            // The key of the views is the last.
            let end = Array("]}".utf8)
            precondition(bytes.suffix(2) == end[...], "the text ends with an empty list of views")
            bytes.removeLast(end.count)
            for (index, view) in self.views.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                bytes += try view.encoded(with: encoder)
            }
            return bytes + end
        } catch {
            throw OnlineStoreError(
                .unavailable,
                "the online store's list of views cannot be written",
                cause: error
            )
        }
    }

    private struct Version: Codable {
        var version: Int
    }
}
