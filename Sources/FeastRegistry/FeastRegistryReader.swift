import FeastProtos
import FeatureModel
import SwiftProtobuf

/// Turns Feast's messages of one project into definitions, and notes what is not as it was.
struct FeastRegistryReader {
    let registry: FeastProtoRegistry
    let project: String
    var repository = FeatureRepository()
    private(set) var notes: [FeastNote] = []
    private var noted: Set<FeastNote> = []
    var missingFiles: [FeastImport.MissingFile] = []
    var code: [String: String] = [:]
    var projectName = ""
    var projectDescription = ""

    /// The sources that are in use anywhere, each once.
    var sources: [FeastProtoDataSource] = []
    /// Views of all kinds that are carried over as feature views.
    var views: [ViewMessage] = []
    var sourceNames: NameTable
    var viewNames: NameTable
    var entityNames: NameTable
    /// Names of features, join keys and request values.
    var columnNames: NameTable
    /// Feast's entities → ours; several may be one.
    var entities: [String: String] = [:]
    /// Names of CSV files that stand for something else.
    var takenPaths: Set<String> = []
    private var bookkept = 0

    init(_ registry: FeastProtoRegistry, project: String) {
        self.registry = registry
        self.project = project
        self.sourceNames = NameTable([], rule: .plain)
        self.viewNames = NameTable([], rule: .view)
        self.entityNames = NameTable([], rule: .plain)
        self.columnNames = NameTable([], rule: .plain)
    }

    mutating func read() {
        self.readProject()
        self.views = self.viewMessages()
        self.collectSources()
        self.makeNames()
        self.readEntities()
        self.readSources()
        self.readViews()
        self.readOnDemandViews()
        self.readServices()
        self.noteOtherObjects()
        self.noteNames()
        self.dropUnusedMissingFiles()
    }

    /// Whether an object belongs to the project; those inside of others need not say so.
    func isOwn(_ project: String) -> Bool {
        project.isEmpty || project == self.project
    }

    /// Notes something, once.
    mutating func note(_ subject: String, _ problem: String, advice: String = "") {
        let note = FeastNote(subject, problem, advice: advice)
        if self.noted.insert(note).inserted {
            self.notes.append(note)
        }
    }

    /// Notes every field of a message that the rule does not carry over.
    mutating func noteFields(of message: some Message, _ rule: FieldRule, _ subject: String) {
        var hasBookkeeping = false
        for number in WireFields.numbers(of: message) where !rule.carried.contains(number) {
            if rule.bookkeeping.contains(number) {
                hasBookkeeping = true
            } else if let known = rule.known[number] {
                self.note(subject, known.problem, advice: known.advice)
            } else {
                self.note(
                    subject,
                    "has a field that this version does not know, number \(number) of Feast's "
                        + "\(type(of: message).protoMessageName)"
                )
            }
        }
        self.bookkept += hasBookkeeping ? 1 : 0
    }

    // MARK: The project

    private mutating func readProject() {
        let allowed = self.project.map { character in
            let isWord = character.isASCII && (character.isLetter || character.isNumber)
            return isWord || character == "-" ? character : "_"
        }
        let name = String(allowed.drop { $0 == "_" || $0 == "-" })
        self.projectName = name.isEmpty ? "feast" : name
        let subject = "project \"\(self.project)\""
        if self.projectName != self.project {
            self.note(subject, "is called \"\(self.projectName)\" here")
        }
        for message in self.registry.projects where message.spec.name == self.project {
            self.noteFields(of: message.spec, .project, subject)
            self.noteFields(of: message.meta, .objectMeta, subject)
            self.projectDescription = message.spec.description_p
            if !message.spec.tags.isEmpty || !message.spec.owner.isEmpty {
                let tags = message.spec.tags.sorted { $0.key < $1.key }
                    .map { "\($0.key): \($0.value)" }
                let texts =
                    (message.spec.owner.isEmpty ? [] : ["owner \(message.spec.owner)"]) + tags
                self.note(
                    subject,
                    "has labels, which projects here do not have: \(texts.joined(separator: ", "))"
                )
            }
        }
    }

    // MARK: Names

    private mutating func makeNames() {
        self.sourceNames = NameTable(self.sources.map(\.name), rule: .plain)
        let onDemand = self.registry.onDemandFeatureViews.filter { self.isOwn($0.spec.project) }
        self.viewNames = NameTable(
            self.views.map(\.spec.name) + onDemand.map(\.spec.name),
            rule: .view
        )
        let entities = self.registry.entities.filter { self.isOwn($0.spec.project) }
        self.entityNames = NameTable(
            entities.map { $0.spec.tags[FStoreTag.entity] ?? $0.spec.name },
            rule: .plain
        )
        var columns = entities.map(\.spec.joinKey)
        for view in self.views {
            columns += view.spec.features.map(\.name) + view.spec.entityColumns.map(\.name)
        }
        for source in self.sources {
            columns += source.requestDataOptions.schema.map(\.name)
            columns += source.requestDataOptions.deprecatedSchema.keys.sorted()
        }
        self.columnNames = NameTable(columns, rule: .plain)
    }

    private mutating func noteNames() {
        let tables = [
            ("entity", self.entityNames), ("data source", self.sourceNames),
            ("feature view", self.viewNames), ("column", self.columnNames),
        ]
        for (kind, table) in tables {
            for change in table.changes {
                self.note(
                    "\(kind) \"\(change.original)\"",
                    "is called \"\(change.name)\" here, because its name separates or hides parts "
                        + "of references",
                    advice: "use the new name in requests"
                )
            }
        }
    }

    // MARK: What has no place here

    private mutating func noteOtherObjects() {
        let registry = self.registry
        func own(_ objects: [FeastProtoNamedObject]) -> [String] {
            objects.filter { self.isOwn($0.spec.project) }.map(\.spec.name)
        }
        for name in own(registry.savedDatasets) {
            self.note(
                "saved dataset \"\(name)\"",
                "is left out: training sets are files here",
                advice: "make it anew: fstore get-historical-features --output FILE"
            )
        }
        for name in own(registry.permissions) {
            self.note(
                "permission \"\(name)\"",
                "is left out: the server has no roles",
                advice: "guard the server with a proxy"
            )
        }
        for name in own(registry.labelViews) {
            self.note(
                "label view \"\(name)\"",
                "is left out: there are no views that people edit",
                advice: "define a feature view with a push source, and push the labels"
            )
        }
        for reference in registry.validationReferences where self.isOwn(reference.project) {
            self.note(
                "validation reference \"\(reference.name)\"",
                "is left out: training sets are not validated against profiles"
            )
        }
        // The first version of a view is the view itself.
        let earlier = registry.featureViewVersionHistory.records.filter {
            self.isOwn($0.projectID) && $0.versionNumber > 0
        }
        for name in Set(earlier.map(\.featureViewName)).sorted() {
            self.note(
                "feature view \"\(name)\"",
                "has earlier versions in Feast, which are left out",
                advice: "define those that are in use as views of their own"
            )
        }
        if !registry.featureTables.isEmpty {
            self.note("registry", "has feature tables, which Feast itself does not read any more")
        }
        if !registry.infra.isEmpty {
            self.note(
                "registry",
                "says which online tables Feast made; their rows are left out",
                advice: "load them here: fstore materialize"
            )
        }
        for number in WireFields.numbers(of: registry) where number > 19 {
            self.note("registry", "has objects that this version does not know, field \(number)")
        }
        if self.bookkept > 0 {
            self.note(
                "registry",
                "times of change, version numbers and ids of \(self.bookkept) objects are left out",
                advice: "fstore apply gives new ones"
            )
        }
    }

    /// A source that nothing carried over reads needs no file.
    private mutating func dropUnusedMissingFiles() {
        let paths = Set(
            self.repository.dataSources.compactMap { source -> String? in
                guard case .csv(let options) = source.kind else { return nil }
                return options.path
            }
        )
        self.missingFiles.removeAll { !paths.contains($0.path) }
    }
}
