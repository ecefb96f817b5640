import SwiftProtobuf

/// Which fields of a message an import carries over, so that every other one can be named.
struct FieldRule {
    /// Fields that are carried over, or that repeat what other fields say.
    let carried: Set<Int>
    /// Times, counts and ids that Feast keeps about an object; an apply makes new ones.
    var bookkeeping: Set<Int> = []
    /// Fields that are not carried over: what they say, and what to do.
    var known: [Int: (problem: String, advice: String)] = [:]

    static let project = FieldRule(carried: [1, 2, 3, 4])
    static let entity = FieldRule(carried: [1, 2, 3, 4, 8, 9, 10])
    static let objectMeta = FieldRule(carried: [], bookkeeping: [1, 2])

    static let column = FieldRule(
        carried: [1, 2, 3, 4],
        known: [
            5: Self.vector,
            6: Self.vector,
            7: Self.vector,
        ]
    )

    static let featureView = FieldRule(
        carried: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
        bookkeeping: [18],
        known: [
            13: ("is written to offline in Feast as well", "push --to offline keeps pushed rows"),
            14: ("is computed from other views", "compute it before, into its source"),
            15: Self.transformation,
            16: Self.mode,
            17: ("is validated while it is loaded", "loads here always check types"),
            19: Self.organisation,
            20: Self.disabled,
        ]
    )

    static let featureViewMeta = FieldRule(
        carried: [],
        bookkeeping: [1, 2, 4, 5, 6],
        known: [3: ("is loaded in Feast's online store", "load it here: fstore materialize")]
    )

    static let streamView = FieldRule(
        carried: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16],
        bookkeeping: [21],
        known: [
            13: Self.transformation,
            14: Self.mode,
            15: ("aggregates its stream", "push rows that are aggregated already"),
            17: Self.transformation,
            18: Self.tiles,
            19: Self.tiles,
            20: ("is validated while it is loaded", "loads here always check types"),
            22: Self.organisation,
            23: Self.disabled,
        ]
    )

    static let service = FieldRule(
        carried: [1, 2, 3, 4, 5, 6],
        known: [
            7: ("logs what it serves", "log requests where they are sent"),
            8: ("is computed ahead of reads", "reads here need no such thing"),
        ]
    )

    static let projection = FieldRule(carried: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])

    static let source = FieldRule(
        carried: [
            1, 2, 3, 5, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 30, 35,
        ],
        bookkeeping: [50],
        known: [
            4: ("has a column of partitions", "a source here is read as a whole"),
            28: ("says the type of its times", "times here are read in every common form"),
        ]
    )

    private static let vector = (
        problem: "is searched by vector in Feast", advice: "search it in a vector database"
    )
    private static let transformation = (
        problem: "is computed by Python code, which is left out",
        advice: "compute it before, into its source"
    )
    private static let mode = (
        problem: "says what runs its code, which nothing here does", advice: ""
    )
    private static let tiles = (problem: "aggregates by tiles, which nothing here does", advice: "")
    private static let organisation = (
        problem: "belongs to an organisation", advice: "keep that as a tag"
    )
    private static let disabled = (
        problem: "is disabled in Feast and would be served here", advice: "remove it, or keep it"
    )
}
