public import FeatureModel
import Foundation
import Yams

extension LoadedRepository {
    /// Writes a proposed schema into the file that defines its view, and reads everything again.
    ///
    /// The lines go before the view's `source`, with the comment lines above it. All other bytes of
    /// the file stay as they are.
    ///
    /// - Returns: The repository as it is then.
    /// - Throws: When the view is not written in block style, one key a line, or when the
    ///   definitions would not be the same but for the schema; then the file is as it was.
    public func inserting(_ proposal: SchemaProposal) throws(DiagnosticsError) -> LoadedRepository {
        guard let place = self.locations.location(of: .featureView, proposal.view) else {
            throw DiagnosticsError(
                "no file defines the feature view \"\(proposal.view)\"",
                fix: "write the schema where the view is made"
            )
        }
        let path = URL(fileURLWithPath: "\(self.directory)/\(place.file)")
            .resolvingSymlinksInPath().path
        guard let data = FileManager.default.contents(atPath: path) else {
            throw DiagnosticsError(
                "\(place.file) cannot be read",
                fix: "check that you may read the file",
                at: place
            )
        }
        let old = Array(data)
        let new = try SchemaInsertion(file: place.file, bytes: old, view: proposal.view)
            .inserting(proposal)
        try Self.write(new, to: path, file: place.file)
        do throws(DiagnosticsError) {
            let reread = try LoadedRepository(directory: self.directory)
            guard reread.repository == self.repository(with: proposal) else {
                throw DiagnosticsError(
                    "the schema of \"\(proposal.view)\" cannot be written here: the file would "
                        + "define something else",
                    fix: "paste it into the view by hand",
                    at: place
                )
            }
            return reread
        } catch {
            try Self.write(old, to: path, file: place.file)
            throw error
        }
    }

    private func repository(with proposal: SchemaProposal) -> FeatureRepository {
        var repository = self.repository
        for index in repository.featureViews.indices
        where repository.featureViews[index].name == proposal.view {
            repository.featureViews[index].schema = proposal.features.map {
                Field(name: $0.name, type: $0.type)
            }
        }
        return repository
    }

    /// Replaces a file by another of the same mode, at once.
    private static func write(
        _ bytes: [UInt8],
        to path: String,
        file: String
    ) throws(DiagnosticsError) {
        do {
            let manager = FileManager.default
            let mode = try manager.attributesOfItem(atPath: path)[.posixPermissions]
            try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
            if let mode {
                try manager.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            }
        } catch {
            throw DiagnosticsError(
                "\(file) cannot be written",
                fix: "check that you may write the file and its folder",
                at: SourceLocation(file: file, line: 1, column: 1)
            )
        }
    }
}

extension DiagnosticsError {
    fileprivate init(_ message: String, fix: String, at place: SourceLocation? = nil) {
        self.init(diagnostics: [Diagnostic(message: message, fix: fix, location: place)])
    }
}

/// Finds where in the bytes of a file the schema of a view belongs.
private struct SchemaInsertion {
    let file: String
    let bytes: [UInt8]
    let view: String

    /// The file with the schema in it.
    func inserting(_ proposal: SchemaProposal) throws(DiagnosticsError) -> [UInt8] {
        let mapping = try self.mapping()
        let place = mapping.place
        // The first key may share its line with the dash of the list.
        let keys = mapping.keys.dropFirst()
        guard mapping.style != .flow,
            let key = keys.first(where: { $0.scalar?.string == "source" }) ?? keys.first,
            let start = self.startOfLine(of: key)
        else {
            throw DiagnosticsError(
                "feature view \"\(self.view)\" is not written with one key a line, so its schema "
                    + "cannot be written into it",
                fix: "run `fstore infer-schema \(self.view)` and paste what it prints",
                at: place
            )
        }
        let indentation = key.place(in: self.file).column - 1
        let insertion = self.startOfComments(above: start, indentation: indentation)
        let isWindows =
            insertion >= 2 && self.bytes[insertion - 2] == UInt8(ascii: "\r")
            && self.bytes[insertion - 1] == UInt8(ascii: "\n")
        let end = isWindows ? "\r\n" : "\n"
        let text = proposal.yaml(indentation: indentation).map { $0 + end }.joined()
        return Array(self.bytes[..<insertion]) + Array(text.utf8) + Array(self.bytes[insertion...])
    }

    private struct View {
        let keys: [Node]
        let style: Node.Mapping.Style
        let place: SourceLocation
    }

    /// The view's map as it is written.
    private func mapping() throws(DiagnosticsError) -> View {
        var text = String(decoding: self.bytes, as: UTF8.self)
        if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        let roots: [Node]
        do {
            roots = try YAMLDocuments.roots(of: text, file: self.file)
        } catch {
            throw DiagnosticsError(error.message, fix: error.fix, at: error.place)
        }
        for root in roots {
            let list = root.mapping?[Node(DefinitionKind.featureView.listKey)]
            for node in list?.sequence.map(Array.init) ?? [] {
                guard let mapping = node.mapping, mapping[Node("name")]?.scalar?.string == self.view
                else { continue }
                return View(
                    keys: mapping.map(\.key),
                    style: mapping.style,
                    place: node.place(in: self.file)
                )
            }
        }
        throw DiagnosticsError(
            "\(self.file) does not define the feature view \"\(self.view)\" any more",
            fix: "run the command again"
        )
    }

    /// Where the line of a key starts; `nil` when there is more than spaces before the key.
    private func startOfLine(of key: Node) -> Int? {
        let place = key.place(in: self.file)
        var start = 0
        for _ in 1..<max(1, place.line) {
            guard let end = self.bytes[start...].firstIndex(of: UInt8(ascii: "\n")) else {
                return nil
            }
            start = end + 1
        }
        let line = self.bytes[start...].prefix(while: { $0 != UInt8(ascii: "\n") })
        let margin = line.prefix(while: { $0 == UInt8(ascii: " ") })
        guard margin.count == place.column - 1,
            line.dropFirst(margin.count).starts(with: (key.scalar?.string ?? "\n").utf8)
        else { return nil }
        return start
    }

    /// The start of the comment lines that stand right above a line, as far in as it.
    private func startOfComments(above start: Int, indentation: Int) -> Int {
        var start = start
        while start > 0 {
            let before = self.bytes[..<(start - 1)]
            let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            let line = before[lineStart...]
            let margin = line.prefix(while: { $0 == UInt8(ascii: " ") })
            guard margin.count == indentation, line.dropFirst(margin.count).first == 0x23 else {
                return start
            }
            start = lineStart
        }
        return start
    }
}
