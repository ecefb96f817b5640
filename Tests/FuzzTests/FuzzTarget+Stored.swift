import FeatureModel
import Foundation
import NativeStorage

@testable import FeatureRegistry
@testable import OfflineStores
@testable import OnlineStores

/// Reads a row of a schema that the first byte chooses.
///
/// The bytes get a right checksum, unless the
/// highest bit says no: a changed byte alone would always be found by it.
func readRow(_ bytes: [UInt8]) {
    guard let choice = bytes.first else { return }
    let types: [ValueType] = [
        .string, .int32, .bool, .float64, .bytes, .int64, .float32, .unixTimestamp, .json,
    ]
    let fields = (0..<Int(choice & 15)).map { index in
        RowField(name: "f\(index)", type: types[(index + Int(choice >> 4 & 7)) % types.count])
    }
    let layout = RowLayout(schema: RowSchema(id: 1, fields: fields))
    var row = Array(bytes.dropFirst())
    if choice & 128 == 0, row.count >= 4 {
        let end = row.count - 4
        let sum = checksum(row.span.extracting(0..<end))
        for index in 0..<4 { row[end + index] = UInt8(truncatingIfNeeded: sum >> (8 * index)) }
    }
    let isValid = (try? layout.validate(row.span)) != nil
    for index in fields.indices {
        do {
            if case .bytes(let range) = try layout.cell(index, in: row.span) {
                precondition(range.upperBound <= row.count, "a cell lies in its row")
            }
        } catch {
            precondition(!isValid, "the cells of a valid row can be read")
        }
    }
    _ = compareAge(row.span, row.span)
}

/// Reads a key of join keys that the first byte chooses; a key that is understood is the one that
/// its values make.
func readKey(_ bytes: [UInt8]) {
    guard let choice = bytes.first else { return }
    let kinds: [[ValueType]] = [
        [], [.int64], [.int32], [.string], [.bytes, .string], [.int64, .unixTimestamp],
        [.string, .int64], [.unixTimestamp, .bytes, .int32],
    ]
    let joinKeys = kinds[Int(choice) % kinds.count].enumerated().map { index, type in
        Entity.JoinKey(name: "k\(9 - index)", type: type)
    }
    let key = Array(bytes.dropFirst())
    guard let encoder = try? EntityKeyEncoder(joinKeys: joinKeys, viewID: 7),
        let values = try? encoder.decode(key.span)
    else { return }
    var again: [UInt8] = []
    do {
        try encoder.append(values: values, into: &again)
    } catch {
        preconditionFailure("the values of a key make a key: \(error)")
    }
    precondition(again == key, "a key is decoded to what it was made from")
}

/// Reads the list of the views of an online store, and writes it again.
func readCatalogue(_ bytes: [UInt8]) {
    guard let catalogue = try? Catalogue(bytes: bytes, project: "p") else { return }
    guard let text = try? catalogue.encoded() else { return }
    precondition((try? Catalogue(bytes: text, project: "p")) != nil, "what is written is read")
}

/// Reads a registry file, or, of other bytes, the lines `kind TAB name TAB definition` as its rows.
func readRegistry(_ bytes: [UInt8], in workspace: FuzzWorkspace) {
    if bytes.starts(with: Array("SQLite format 3".utf8)) {
        let path = workspace.write(bytes, to: "registry.db")
        let registry = Registry(path: path)
        if let snapshot = try? registry.snapshot() { _ = snapshot.repository.problems() }
        _ = try? registry.history()
        for suffix in ["", "-wal", "-shm", "-journal"] {
            try? FileManager.default.removeItem(atPath: path + suffix)
        }
        return
    }
    let rows = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { line in
        let parts = line.split(separator: "\t", maxSplits: 2, omittingEmptySubsequences: false)
        return RegistryTables.ObjectRow(
            kind: parts.first.map(String.init) ?? "",
            name: parts.dropFirst().first.map(String.init) ?? "",
            position: 0,
            definition: parts.dropFirst(2).first.map(String.init) ?? ""
        )
    }
    if let repository = try? RegistryCoding.repository(of: rows) { _ = repository.problems() }
    _ = try? RegistryCoding.generations(of: rows, names: rows.map(\.name))
}

/// Opens a cache and reads all of its groups.
///
/// The checksums of header, stamp and tail are made
/// right first, or nothing behind them would ever be read.
func readCache(_ bytes: [UInt8], in workspace: FuzzWorkspace) {
    let path = workspace.write(withCacheChecksums(bytes), to: "c.cache")
    defer { try? FileManager.default.removeItem(atPath: path) }
    guard let file = try? CacheFile(path: path) else { return }
    let groups = file.directory.groups
    let columns = Array(groups.types.indices)
    var reader = CacheGroupReader(file.file, groups, columns: columns)
    for group in 0..<groups.count {
        guard (try? reader.load(group)) != nil else { continue }
        let rows = (0..<Int32(groups.rows(in: group))).map { $0 }
        for column in columns {
            var cells = CacheCells(type: groups.types[column].anyType)
            reader.append(rows, of: column, to: &cells)
        }
    }
}

extension PhysicalType {
    fileprivate var anyType: ValueType {
        switch self {
        case .integer: .int64
        case .float: .float64
        case .bytes: .string
        }
    }
}

private func withCacheChecksums(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.count >= 56 else { return bytes }
    var file = bytes
    func word(_ position: Int) -> Int {
        Int(truncatingIfNeeded: bytes.word(at: position))
    }
    func set(_ sum: UInt64, at position: Int) {
        for index in 0..<8 {
            file[position + index] = UInt8(truncatingIfNeeded: sum >> (8 * index))
        }
    }
    let stamp = word(16)
    if stamp >= 8, stamp <= bytes.count - 56 {
        set(blockChecksum(bytes.span.extracting(64..<(56 + stamp))), at: 56)
    }
    let tail = word(24)
    if tail >= 56, tail <= bytes.count {
        set(blockChecksum(file.span.extracting(tail..<file.count)), at: 40)
    }
    set(blockChecksum(file.span.extracting(0..<48)), at: 48)
    return file
}

/// Reads the records of a run, a file of a load that memory has no room for.
func readRun(_ bytes: [UInt8], in workspace: FuzzWorkspace) {
    let path = workspace.write(bytes, to: "run")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let run = Run(path: path, index: RunIndex(), byteCount: bytes.count)
    guard let reader = try? RunFileReader(run, index: 0, bufferLength: 64) else { return }
    while (try? reader.advance()) == true {
        precondition(reader.record.length <= bytes.count, "a record lies in its file")
    }
}
